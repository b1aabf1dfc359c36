/*
 * Takes the marks of a survey: decides when one is due, has all lanes stand still, and looks.
 *
 * Evenly spaced marks come by words where the plan is executed once, by time where it is repeated. The
 * thread that finds a mark due takes it. What it looks at is described in occupancy.h, facility.h and self.h.
 */
#pragma once

#include "observe.h"
#include "survey_block.h"

#define SURVEYOR_STEPS 32u /* evenly spaced marks of a plan */

/* Makes what a survey needs, before the baseline; false when there is no memory. */
bool surveyor_make(struct worker *w, struct survey_block *block) MUST_CHECK;

/* The lane has told its sums: a mark that is due now is taken by it. */
void surveyor_look(struct lane *lane);

/* The lane begins a phase of the plan; the one before ends if it is the first of all lanes to. */
void surveyor_phase(struct lane *lane, uint32_t phase);

/* All threads have ended but the caller, the main one: takes the mark. */
void surveyor_drained(struct worker *w);

/* Then, and with nobody calling the allocator: the marks of the tail, in some 5 s. */
void surveyor_tail(struct worker *w);
