/* The processor's counters, as files that the runner opened (control.h). They count all threads, made later too. */
#pragma once

#include "control.h"

/* Right before the clock starts, when the threads that the plan begins with are there; and behind its end. */
void counters_begin(const struct control *c);
void counters_end(struct control *c);
