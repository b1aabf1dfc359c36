/* What a tuning says, for people and for programs. */
#pragma once

#include <stdio.h>

#include "tuning.h"

/* What will be searched, and how long it takes at most. */
void tune_print_plan(FILE *out, const struct tuning *t);

/* Table, recommendation, line to paste, costs. */
int tune_print_answer(FILE *out, const struct tuning *t, const struct tune_answer *a,
                      struct err *err) MUST_CHECK;

int tune_print_json(FILE *out, struct tuning *t, const struct tune_answer *a,
                    struct err *err) MUST_CHECK;

/*
 * What the store keeps of an answer: the same, of the points the Pareto set alone, and the sentence, the lines to paste and
 * the costs as texts. The caller frees it; NULL without memory.
 */
char *tune_answer_to_json(const struct tuning *t, const struct tune_answer *a);

/* One sentence or two. */
void tune_print_verdict(FILE *out, const struct tuning *t, const struct tune_answer *a);

/* The intervals of the chosen point, and a line for each other that was measured again. Nothing where none was. */
void tune_print_confirmation(FILE *out, const struct tuning *t, const struct tune_answer *a);

/*
 * A line that names the settings that held for the point, the user's own among them, and could not be proved; nothing
 * where all were.
 */
void tune_print_unproved(FILE *out, const struct tuning *t, unsigned point, const char *before);

/* What the recommendation costs elsewhere, a line each with `before` in front. */
void tune_print_costs(FILE *out, const struct tune_answer *a, const char *before);

/* The point whose lines are to be pasted: the recommended one, or the best so far; 0: none. */
static inline unsigned tune_print_shown(const struct tune_answer *a)
{
    return a->verdict == TUNE_UNCONFIRMED ? a->best : a->recommended;
}

/*
 * How the point is set: the lines of the environment, each with `before` in front, and calls of mallopt() where the
 * allocator has it.
 */
void tune_print_paste(FILE *out, const struct tuning *t, unsigned point, const char *before);

/* Three sentences about the thresholds of the point; nothing for allocators that have none. */
void tune_print_why(FILE *out, const struct tuning *t, unsigned point);

/* "peak RSS", "throughput", ...: how tables call a measure. */
const char *tune_print_measure(enum tune_measure m);

/* The order of columns and lines. */
extern const enum tune_measure tune_print_order[TUNE_MEASURES];
