#include "dip.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "rng.h"

/*
 * The distinct numbers, with how many are below each (the foot of the step that the distribution
 * function makes there) and how many are not above it (its head); and the two hulls of what is left.
 */
struct steps {
    double *at;
    unsigned *foot, *head;
    unsigned n;
    unsigned *minorant, *majorant; /* indices of the corners, ascending */
    unsigned n_minorant, n_majorant;
};

static int steps_make(struct steps *s, const double *ascending, unsigned n)
{
    *s = (struct steps){.at = malloc(n * sizeof(double)),
                        .foot = malloc(n * sizeof(unsigned)),
                        .head = malloc(n * sizeof(unsigned)),
                        .minorant = malloc(n * sizeof(unsigned)),
                        .majorant = malloc(n * sizeof(unsigned))};
    if (!s->at || !s->foot || !s->head || !s->minorant || !s->majorant)
        return -ENOMEM;
    for (unsigned i = 0; i < n; i++) {
        if (i == 0 || ascending[i] != ascending[i - 1]) {
            s->at[s->n] = ascending[i];
            s->foot[s->n++] = i;
        }
        s->head[s->n - 1] = i + 1;
    }
    return 0;
}

static void steps_release(struct steps *s)
{
    free(s->at);
    free(s->foot);
    free(s->head);
    free(s->minorant);
    free(s->majorant);
}

/* Whether corner b is needed between a and c: in a hull from below the slope grows there, from above it falls. */
static bool bends(const struct steps *s, const unsigned *y, bool below, const unsigned *corners,
                  unsigned n, unsigned c)
{
    unsigned a = corners[n - 2], b = corners[n - 1];
    double first = ((double)y[b] - y[a]) * (s->at[c] - s->at[b]);
    double second = ((double)y[c] - y[b]) * (s->at[b] - s->at[a]);
    return below ? second > first : second < first;
}

/* The greatest convex minorant of the feet, or the least concave majorant of the heads, over [low, high]. */
static unsigned hull(const struct steps *s, bool below, unsigned low, unsigned high,
                     unsigned *corners)
{
    const unsigned *y = below ? s->foot : s->head;
    unsigned n = 0;
    for (unsigned i = low; i <= high; i++) {
        while (n >= 2 && !bends(s, y, below, corners, n, i))
            n--;
        corners[n++] = i;
    }
    return n;
}

/* The hull's height at step i, which lies between its corners a and b. */
static double height(const struct steps *s, const unsigned *y, unsigned a, unsigned b, unsigned i)
{
    if (a == b)
        return y[a];
    return y[a] + ((double)y[b] - y[a]) * (s->at[i] - s->at[a]) / (s->at[b] - s->at[a]);
}

/* The two hulls furthest apart, and the steps between which the mode then lies. */
struct gap {
    double size;
    unsigned low, high;
};

/* At the corners of one hull, the distance to the other, which runs on ahead beside them. */
static void widest_at(const struct steps *s, bool at_minorant, struct gap *gap)
{
    const unsigned *own = at_minorant ? s->minorant : s->majorant;
    const unsigned *other = at_minorant ? s->majorant : s->minorant;
    unsigned n_own = at_minorant ? s->n_minorant : s->n_majorant, k = 0;
    for (unsigned i = 0; i < n_own; i++) {
        while (other[k] < own[i])
            k++;
        unsigned before = other[k] == own[i] ? other[k] : other[k - 1];
        double size = at_minorant ? height(s, s->head, before, other[k], own[i]) - s->foot[own[i]]
                                  : s->head[own[i]] - height(s, s->foot, before, other[k], own[i]);
        if (size > gap->size)
            *gap =
                (struct gap){size, at_minorant ? own[i] : before, at_minorant ? other[k] : own[i]};
    }
}

/*
 * How far the step function is from a hull over [low, high], both of which are its corners, but at
 * `mode`, which is one of the two: equal numbers there may be the mode itself, where a jump is allowed.
 */
static double depth(const struct steps *s, bool below, unsigned low, unsigned high, unsigned mode)
{
    const unsigned *corners = below ? s->minorant : s->majorant;
    double most = 0;
    unsigned k = 0;
    while (corners[k] < low)
        k++;
    for (unsigned i = low; i <= high; i++) {
        if (corners[k] < i)
            k++;
        unsigned a = corners[k] == i ? corners[k] : corners[k - 1];
        double here = below ? s->head[i] - height(s, s->foot, a, corners[k], i)
                            : height(s, s->head, a, corners[k], i) - s->foot[i];
        most = i == mode ? most : fmax(most, here);
    }
    return most;
}

/*
 * Left of the mode a distribution function is convex, right of it concave. The interval of the mode
 * shrinks to where the hulls are furthest apart, as long as they are further apart there than what lies outside
 * is from them already.
 */
static double dip_of_steps(struct steps *s)
{
    unsigned low = 0, high = s->n - 1;
    double dip = 1;
    for (;;) {
        struct gap gap = {0};
        s->n_minorant = hull(s, true, low, high, s->minorant);
        s->n_majorant = hull(s, false, low, high, s->majorant);
        widest_at(s, true, &gap);
        widest_at(s, false, &gap);
        if (gap.size <= dip)
            return dip;
        dip = fmax(dip, depth(s, true, low, gap.low, gap.low));
        dip = fmax(dip, depth(s, false, gap.high, high, gap.high));
        if (gap.low == low && gap.high == high)
            return dip;
        low = gap.low;
        high = gap.high;
    }
}

int dip_of(const double *ascending, unsigned n, double *out, struct err *err)
{
    struct steps s;
    int result = steps_make(&s, ascending, n);
    if (result == 0)
        *out = dip_of_steps(&s) / (2.0 * n);
    steps_release(&s);
    return result < 0 ? err_set(err, ENOMEM, "no memory for the dip of %u numbers", n) : 0;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* n uniform numbers, ascending: sums of exponential spacings need no sorting. */
static void draw(struct rng *rng, double *sample, unsigned n)
{
    double sum = 0;
    for (unsigned i = 0; i < n; i++)
        sample[i] = sum -= log1p(-rng_unit(rng));
}

int dip_null_make(unsigned n, uint64_t seed, struct dip_null *out, struct err *err)
{
    unsigned most = DIP_SAMPLES_N / n + 1;
    *out = (struct dip_null){.n_samples = most < DIP_SAMPLES ? most : DIP_SAMPLES, .n = n};
    out->ascending = malloc(out->n_samples * sizeof(*out->ascending));
    double *sample = malloc(n * sizeof(*sample));
    struct rng rng;
    rng_seed(&rng, seed);
    int result =
        out->ascending && sample
            ? 0
            : err_set(err, ENOMEM, "no memory for %u dips of %u numbers", out->n_samples, n);
    for (unsigned i = 0; i < out->n_samples && result == 0; i++) {
        draw(&rng, sample, n);
        result = dip_of(sample, n, &out->ascending[i], err);
    }
    if (result == 0)
        qsort(out->ascending, out->n_samples, sizeof(*out->ascending), compare_doubles);
    free(sample);
    return result;
}

void dip_null_release(struct dip_null *null)
{
    free(null->ascending);
    *null = (struct dip_null){0};
}

double dip_chance(const struct dip_null *null, double dip)
{
    unsigned first = 0, beyond = null->n_samples; /* the first that is as deep */
    while (first < beyond) {
        unsigned middle = first + (beyond - first) / 2;
        if (null->ascending[middle] < dip)
            first = middle + 1;
        else
            beyond = middle;
    }
    return (1.0 + (null->n_samples - first)) / (1.0 + null->n_samples);
}
