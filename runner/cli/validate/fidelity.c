#include "fidelity.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

int fidelity_values_init(struct fidelity_values *v, unsigned n_subjects, unsigned n_blocks,
                         struct err *err)
{
    size_t n = (size_t)n_subjects * n_blocks;
    *v = (struct fidelity_values){.n_subjects = n_subjects, .n_blocks = n_blocks};
    for (unsigned f = 0; f < FIDELITY_FIGURES; f++)
        for (unsigned s = 0; s < FIDELITY_SIDES; s++) {
            double *values = v->values[f][s] = calloc(n, sizeof(*values));
            if (!values)
                return err_set(err, ENOMEM, "out of memory");
            for (size_t i = 0; i < n; i++)
                values[i] = NAN;
        }
    return 0;
}

void fidelity_values_release(struct fidelity_values *v)
{
    for (unsigned f = 0; f < FIDELITY_FIGURES; f++)
        for (unsigned s = 0; s < FIDELITY_SIDES; s++)
            free(v->values[f][s]);
    *v = (struct fidelity_values){0};
}

/* The median of the values that are known; `room` has space for all. */
static double known_median(const double *values, unsigned n, double *room)
{
    unsigned known = 0;
    for (unsigned i = 0; i < n; i++)
        if (isfinite(values[i]))
            room[known++] = values[i];
    return known ? stats_median(room, known) : NAN;
}

/* Whether the real values of two subjects differ beyond the noise. */
static int differ(const double *a, const double *b, unsigned n_blocks, uint64_t seed, double *room,
                  struct err *err)
{
    struct interval interval;
    const struct bootstrap how = {.seed = seed};
    stats_paired_ratios(a, b, n_blocks, room);
    int rc = stats_cell_interval(room, n_blocks, &how, &interval, err);
    return rc < 0 ? rc : interval.low > 1 || interval.high < 1;
}

/* Fills `counts` for stats_kendall(): pairs known on both sides, and different on the real one. */
static int choose_pairs(const struct fidelity_values *v, unsigned figure,
                        const struct fidelity_order *o, uint64_t seed, bool *counts, double *room,
                        struct err *err)
{
    const double *real = v->values[figure][SIDE_REAL];
    unsigned n = v->n_subjects, blocks = v->n_blocks;
    for (unsigned i = 0; i < n; i++)
        for (unsigned j = i + 1; j < n; j++) {
            if (!isfinite(o->medians[SIDE_REPLAY][i] + o->medians[SIDE_REPLAY][j]))
                continue;
            int rc = differ(real + (size_t)i * blocks, real + (size_t)j * blocks, blocks, seed,
                            room, err);
            if (rc < 0)
                return rc;
            counts[i * n + j] = rc;
        }
    return 0;
}

static int order_of(const struct fidelity_values *v, unsigned figure, uint64_t seed,
                    struct fidelity_order *o, struct err *err)
{
    unsigned n = v->n_subjects;
    bool *counts = calloc((size_t)n * n, sizeof(*counts));
    double *room = calloc(v->n_blocks, sizeof(*room));
    int rc = counts && room ? 0 : err_set(err, ENOMEM, "out of memory");
    for (unsigned s = 0; rc == 0 && s < FIDELITY_SIDES; s++) {
        o->medians[s] = calloc(n, sizeof(*o->medians[s]));
        if (!o->medians[s])
            rc = err_set(err, ENOMEM, "out of memory");
        for (unsigned i = 0; rc == 0 && i < n; i++)
            o->medians[s][i] =
                known_median(v->values[figure][s] + (size_t)i * v->n_blocks, v->n_blocks, room);
    }
    if (rc == 0)
        rc = choose_pairs(v, figure, o, seed, counts, room, err);
    if (rc == 0) {
        o->n_all_pairs = n * (n - 1) / 2;
        o->tau =
            stats_kendall(o->medians[SIDE_REAL], o->medians[SIDE_REPLAY], n, counts, &o->n_pairs);
        o->agreed = o->n_pairs ? (int)lround(o->tau * o->n_pairs) : 0;
    }
    free(counts);
    free(room);
    return rc;
}

static int errors_of(struct fidelity *f, unsigned n, struct err *err)
{
    double *const *medians = f->orders[FIDELITY_MEMORY].medians;
    double *sizes = calloc(n, sizeof(*sizes));
    unsigned known = 0;
    f->errors = calloc(n, sizeof(*f->errors));
    f->median_error = f->worst_error = NAN;
    if (!f->errors || !sizes) {
        free(sizes);
        return err_set(err, ENOMEM, "out of memory");
    }
    for (unsigned i = 0; i < n; i++) {
        double real = medians[SIDE_REAL][i];
        f->errors[i] = real > 0 ? medians[SIDE_REPLAY][i] / real - 1 : NAN;
        if (isfinite(f->errors[i]))
            sizes[known++] = fabs(f->errors[i]);
    }
    if (known > 0) {
        f->median_error = stats_median(sizes, known); /* which sorts them */
        f->worst_error = sizes[known - 1];
    }
    free(sizes);
    return 0;
}

int fidelity_of(const struct fidelity_values *v, uint64_t seed, struct fidelity *out,
                struct err *err)
{
    int rc = 0;
    *out = (struct fidelity){0};
    for (unsigned f = 0; rc == 0 && f < FIDELITY_FIGURES; f++)
        rc = order_of(v, f, seed, &out->orders[f], err);
    return rc < 0 ? rc : errors_of(out, v->n_subjects, err);
}

void fidelity_release(struct fidelity *f)
{
    for (unsigned figure = 0; figure < FIDELITY_FIGURES; figure++)
        for (unsigned s = 0; s < FIDELITY_SIDES; s++)
            free(f->orders[figure].medians[s]);
    free(f->errors);
    *f = (struct fidelity){0};
}
