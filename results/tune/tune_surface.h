/* For tests: allocators that do not exist, whose best setting is known. */
#pragma once

#include <math.h>
#include <stdlib.h>

#include "rng.h"
#include "tune_internal.h"
#include "unit.h"

/* What a point does, as factors of the default's figures; a failure is a sentence. */
struct effect {
    double throughput, rss;
    const char *failure;
};

struct surface {
    struct tune_space space;
    struct effect (*at)(const struct tune_point *p);
    double noise; /* standard deviation of the logarithm of each figure, trial by trial */
    double drift; /* likewise of all trials of a block together */
};

/* Two thresholds of 7 and 6 levels, and three knobs besides. */
static const struct tune_space surface_space = {
    .knobs = {{7, true}, {6, true}, {6, true}, {4, true}, {3, false}}, .n_knobs = 5, .n_grid = 2};

static inline double surface_normal(struct rng *rng)
{
    double u = 1 - rng_unit(rng), v = rng_unit(rng);
    return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

static inline struct tune_outcome surface_trial(const struct surface *s, const struct tune_point *p,
                                                double drift, struct rng *rng)
{
    struct effect e = s->at(p);
    struct tune_outcome out = {.weight = 1, .failure = e.failure};
    for (enum tune_measure m = 0; m < TUNE_MEASURES; m++)
        out.figures[m] = NAN;
    out.figures[TUNE_THROUGHPUT] = 1e6 * e.throughput * exp(drift + s->noise * surface_normal(rng));
    out.figures[TUNE_PEAK_RSS] = 1e8 * e.rss * exp(s->noise * surface_normal(rng));
    return out;
}

static inline void surface_block(const struct surface *s, struct tune *t,
                                 const struct tune_block *b, struct rng *rng)
{
    struct err err;
    double drift = s->drift * surface_normal(rng);
    for (unsigned i = 0; i < b->n_points; i++) {
        struct tune_outcome o = surface_trial(s, tune_point(t, b->points[i]), drift, rng);
        ck_assert_int_eq(tune_tell(t, b->points[i], &o, &err), 0);
    }
}

/* Searches to the end; the caller ends *t and releases the answer. */
static inline void surface_search(const struct surface *s, const struct tune_options *options,
                                  struct tune **t, struct tune_answer *answer)
{
    struct err err = {""};
    struct tune_block block;
    struct rng rng;
    rng_seed(&rng, options->seed ^ 0x5eed);
    ck_assert_msg(tune_begin(&s->space, options, t, NULL, &err) == 0, "%s", err.text);
    for (;;) {
        ck_assert_msg(tune_next(*t, &block, &err) == 0, "%s", err.text);
        if (block.phase == TUNE_DONE)
            break;
        surface_block(s, *t, &block, &rng);
    }
    ck_assert_int_eq(tune_answer(*t, answer, &err), 0);
}

static inline struct tune_options surface_options(double budget, uint64_t seed)
{
    return (struct tune_options){
        .objective = {TUNE_PEAK_RSS, TUNE_THROUGHPUT, 0.97}, .budget = budget, .seed = seed};
}
