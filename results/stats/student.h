/* Student's t distribution with whole degrees of freedom. Pure; any thread may call. */
#pragma once

/* The chance of a value further from 0 than |t|, on either side. Exact to some 1e-15; degrees > 0. */
double student_two_tails(double t, unsigned degrees);
