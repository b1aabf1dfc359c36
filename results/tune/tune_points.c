/* Which points a phase brings into the race. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "tune_internal.h"

unsigned tune_points_n_set(const struct tune_point *p)
{
    unsigned n = 0;
    for (unsigned k = 0; k < TUNE_KNOBS_MAX; k++)
        n += p->level[k] > 0;
    return n;
}

static unsigned find(const struct tune *t, const struct tune_point *p)
{
    for (unsigned i = 0; i < t->n_runners; i++)
        if (memcmp(&t->runners[i].point, p, sizeof(*p)) == 0)
            return i;
    return UINT_MAX;
}

int tune_points_add(struct tune *t, const struct tune_point *p, unsigned *out, struct err *err)
{
    *out = find(t, p);
    if (*out != UINT_MAX || t->n_runners == TUNE_POINTS_MAX)
        return 0;
    struct tune_runner *more = reallocarray(t->runners, t->n_runners + 1, sizeof(*more));
    if (!more)
        return err_set(err, ENOMEM, "no memory for the points of a search");
    t->runners = more;
    *out = t->n_runners++;
    more[*out] = (struct tune_runner){.point = *p};
    return 0;
}

/* `n` of the levels from 1 on, spread evenly from the first to the last; one alone is the middle one. */
static unsigned spread_level(unsigned n_levels, unsigned n, unsigned i)
{
    unsigned most = n_levels - 1;
    return n == 1 ? (most + 1) / 2 : 1 + (2 * i * (most - 1) + (n - 1)) / (2 * (n - 1));
}

static void choose_levels(struct tune *t, unsigned knob, unsigned n_levels)
{
    t->plan.grid_levels[knob] = n_levels;
    t->grid_levels[knob][0] = 0;
    for (unsigned i = 0; i + 1 < n_levels; i++)
        t->grid_levels[knob][i + 1] =
            (uint8_t)spread_level(t->space.knobs[knob].n_levels, n_levels - 1, i);
}

void tune_points_thin(struct tune *t, double trials)
{
    unsigned n[2] = {t->space.knobs[0].n_levels,
                     t->space.n_grid > 1 ? t->space.knobs[1].n_levels : 1};
    while (n[0] * n[1] > 2 && n[0] * n[1] > trials) {
        unsigned larger = n[1] > n[0];
        n[larger]--;
        t->plan.is_thinned = true;
    }
    choose_levels(t, 0, n[0]);
    if (t->space.n_grid > 1)
        choose_levels(t, 1, n[1]);
    else
        t->plan.grid_levels[1] = 1;
    t->plan.n_grid_points = n[0] * n[1];
}

int tune_points_grid(struct tune *t, struct err *err)
{
    int rc = 0;
    for (unsigned a = 0; a < t->plan.grid_levels[0]; a++)
        for (unsigned b = 0; rc == 0 && b < t->plan.grid_levels[1]; b++) {
            unsigned ignored;
            struct tune_point p = {{0}};
            p.level[0] = t->grid_levels[0][a];
            if (t->space.n_grid > 1)
                p.level[1] = t->grid_levels[1][b];
            rc = tune_points_add(t, &p, &ignored, err);
        }
    return rc;
}

/* Adds what is new, or has left by rank alone, up to a number of points. */
struct adding {
    struct tune *t;
    unsigned left; /* so many more */
    struct err *err;
};

static int add(struct adding *a, const struct tune_point *p)
{
    unsigned n = a->t->n_runners, at;
    if (a->left == 0)
        return 0;
    int rc = tune_points_add(a->t, p, &at, a->err);
    if (rc < 0 || at == UINT_MAX)
        return rc;
    bool comes_back = at < n && a->t->runners[at].state == TUNE_OUTRANKED;
    if (comes_back)
        a->t->runners[at].state = TUNE_RACING;
    a->left -= comes_back || at == n;
    return 0;
}

static struct adding adding_of(struct tune *t, unsigned most, struct err *err)
{
    return (struct adding){t, most, err};
}

/*
 * How many levels of each of the other knobs can be tried beside each of n points; 0: not even one, and then
 * fewer knobs are.
 */
static unsigned levels_that_fit(const struct tune *t, unsigned n_from, unsigned most)
{
    unsigned n;
    for (n = TUNE_LEVELS_MAX - 1; n > 0; n--) {
        unsigned sum = 0;
        for (unsigned k = t->space.n_grid; k < t->space.n_knobs; k++) {
            unsigned all = t->space.knobs[k].n_levels - 1;
            sum += all < n ? all : n;
        }
        if (sum * n_from <= most)
            break;
    }
    return n;
}

static int vary(struct adding *a, unsigned base, unsigned knob, unsigned n)
{
    unsigned n_levels = a->t->space.knobs[knob].n_levels;
    int rc = 0;
    n = n < n_levels ? n : n_levels - 1;
    for (unsigned i = 0; rc == 0 && i < n; i++) {
        struct tune_point p = a->t->runners[base].point;
        p.level[knob] = (uint8_t)spread_level(n_levels, n, i);
        rc = add(a, &p);
    }
    return rc;
}

int tune_points_rest(struct tune *t, const unsigned *from, unsigned n_from, unsigned most,
                     struct err *err)
{
    struct adding a = adding_of(t, most, err);
    unsigned n = levels_that_fit(t, n_from, most);
    for (; n_from > 1 && n < 2; n = levels_that_fit(t, n_from, most))
        n_from--;
    t->plan.is_thinned |= n < TUNE_LEVELS_MAX - 1;
    int rc = 0;
    for (unsigned k = t->space.n_grid; k < t->space.n_knobs; k++)
        for (unsigned i = 0; rc == 0 && i < n_from; i++)
            rc = vary(&a, from[i], k, n > 0 ? n : 1);
    return rc;
}

/* What is set in p, and where nothing is, what is set in q. */
static struct tune_point cross(const struct tune_point *p, const struct tune_point *q)
{
    struct tune_point both = *p;
    for (unsigned k = 0; k < TUNE_KNOBS_MAX; k++)
        if (both.level[k] == 0)
            both.level[k] = q->level[k];
    return both;
}

static int add_crosses(struct adding *a, const unsigned *from, unsigned n_from)
{
    int rc = 0;
    for (unsigned i = 0; i < n_from; i++)
        for (unsigned j = i + 1; rc == 0 && j < n_from; j++) {
            const struct tune_runner *r = a->t->runners;
            struct tune_point p = cross(&r[from[i]].point, &r[from[j]].point);
            struct tune_point q = cross(&r[from[j]].point, &r[from[i]].point);
            rc = add(a, &p);
            if (rc == 0)
                rc = add(a, &q);
        }
    return rc;
}

static int add_step(struct adding *a, struct tune_point p, unsigned knob, unsigned level)
{
    p.level[knob] = (uint8_t)level;
    return level < a->t->space.knobs[knob].n_levels ? add(a, &p) : 0;
}

/* Each knob that is set: left out. */
static int add_parts(struct adding *a, unsigned of)
{
    const struct tune_point p = a->t->runners[of].point;
    int rc = 0;
    for (unsigned k = 0; rc == 0 && k < a->t->space.n_knobs; k++)
        if (p.level[k] > 0)
            rc = add_step(a, p, k, 0);
    return rc;
}

/* Each knob that is set: a level lower and higher. */
static int add_neighbours(struct adding *a, unsigned of)
{
    const struct tune_point p = a->t->runners[of].point;
    int rc = 0;
    for (unsigned k = 0; rc == 0 && k < a->t->space.n_knobs; k++) {
        if (p.level[k] == 0 || !a->t->space.knobs[k].is_ordered)
            continue;
        if (p.level[k] > 1)
            rc = add_step(a, p, k, p.level[k] - 1u);
        if (rc == 0)
            rc = add_step(a, p, k, p.level[k] + 1u);
    }
    return rc;
}

/* The best known level of each of the other knobs, one at a time and then all, on top of a point. */
static int add_champions(struct adding *a, unsigned of, const uint8_t *levels)
{
    const struct tune_point p = a->t->runners[of].point;
    struct tune_point all = p;
    int rc = 0;
    for (unsigned k = a->t->space.n_grid; rc == 0 && k < a->t->space.n_knobs; k++) {
        if (levels[k] == 0)
            continue;
        rc = add_step(a, p, k, levels[k]);
        all.level[k] = levels[k];
    }
    return rc == 0 ? add(a, &all) : rc;
}

int tune_points_combine(struct tune *t, const unsigned *from, unsigned n_from, unsigned most,
                        struct err *err)
{
    struct adding a = adding_of(t, most, err);
    uint8_t levels[TUNE_KNOBS_MAX] = {0};
    for (unsigned k = t->space.n_grid; k < t->space.n_knobs; k++)
        levels[k] = tune_race_champion(t, k);
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < n_from; i++)
        rc = add_parts(&a, from[i]);
    for (unsigned i = 0; rc == 0 && i < n_from; i++)
        rc = add_champions(&a, from[i], levels);
    if (rc == 0)
        rc = add_crosses(&a, from, n_from);
    for (unsigned i = 0; rc == 0 && i < n_from; i++)
        rc = add_neighbours(&a, from[i]);
    return rc;
}
