/*
 * Surveys in the store: at most one of a cell with a subject. What store.h says of trials holds of them: written
 * whole, checked when read.
 */
#pragma once

#include "store.h"
#include "survey.h"

/*
 * Stores a survey that has ended, whatever its status; what it found may be nothing (NULL). Samples and
 * statistics of the result are not kept. -EEXIST when this cell and subject have one already; -EINVAL for
 * what cannot be (survey_check) and for TRIAL_INTERRUPTED.
 */
int store_add_survey(struct store *s, int64_t run_id, uint32_t cell, uint32_t subject,
                     const struct trial_result *result, const struct survey *found,
                     struct err *err) MUST_CHECK;

typedef int store_done_survey_fn(void *context, uint32_t cell, uint32_t subject, struct err *err);

/* The surveys that need not be executed again. */
int store_done_surveys(struct store *s, int64_t run_id, store_done_survey_fn *each, void *context,
                       struct err *err) MUST_CHECK;

/* A survey without its rows. */
struct store_survey {
    int64_t id;
    uint32_t cell, subject;     /* ordinals */
    struct trial_result result; /* without samples and statistics */
    uint32_t n_marks, n_latencies;
    uint64_t clock_ns; /* these as in struct survey */
    uint32_t latency_period;
    char purge[64], held_source[64];
};

/* What the callback gets lives until it returns. */
typedef int store_survey_fn(void *context, const struct store_survey *survey, struct err *err);

/* By cell and subject. */
int store_each_survey(struct store *s, int64_t run_id, store_survey_fn *each, void *context,
                      struct err *err) MUST_CHECK;

/*
 * All that a survey found. The caller releases *out with survey_release(), on failure too. -ENOENT without
 * such a survey, -EINVAL for one that cannot be.
 */
int store_load_survey(struct store *s, int64_t survey_id, struct survey *out,
                      struct err *err) MUST_CHECK;

/* The fields of struct survey_mark that are numbers, with their columns' names; ends with a row without a name. */
extern const struct store_number store_mark_numbers[];

static inline uint64_t store_mark_number_of(const struct survey_mark *m,
                                            const struct store_number *n)
{
    return *(const uint64_t *)((const char *)m + n->offset);
}
