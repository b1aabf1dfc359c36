#include "trend.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "stats.h"

struct point {
    double t, value;
};

struct points {
    struct point *at;
    unsigned n;
};

/* As they are, or where they are too many, the mean of each of some equal stretches. */
static int take(const double *values, unsigned n, struct points *out)
{
    unsigned stretch = (n + TREND_MOST - 1) / TREND_MOST;
    out->n = 0;
    out->at = calloc(TREND_MOST + 1, sizeof(*out->at));
    if (!out->at)
        return -ENOMEM;
    for (unsigned first = 0; first < n; first += stretch) {
        struct point sum = {0};
        unsigned n_there = 0;
        for (unsigned i = first; i < first + stretch && i < n; i++)
            if (isfinite(values[i])) {
                sum.t += i;
                sum.value += values[i];
                n_there++;
            }
        if (n_there > 0)
            out->at[out->n++] = (struct point){sum.t / n_there, sum.value / n_there};
    }
    return 0;
}

/*
 * Chance of |S| >= s for n numbers in random order. Of k numbers, the k-th adds 0 to k - 1 pairs
 * that fall, each as likely: the distribution of their number is built up number by number.
 */
static double exact_chance(unsigned n, int64_t s)
{
    enum { PAIRS = TREND_EXACT * (TREND_EXACT - 1) / 2 };
    double now[PAIRS + 1] = {1}, next[PAIRS + 1];
    for (unsigned k = 2; k <= n; k++) {
        unsigned n_pairs = k * (k - 1) / 2;
        double window = 0;
        for (unsigned i = 0; i <= n_pairs; i++) {
            window += i <= n_pairs - (k - 1) ? now[i] : 0;
            window -= i >= k ? now[i - k] : 0;
            next[i] = window / k;
        }
        for (unsigned i = 0; i <= n_pairs; i++)
            now[i] = next[i];
    }
    int64_t n_pairs = (int64_t)n * (n - 1) / 2;
    double chance = 0;
    for (int64_t falls = 0; falls <= (n_pairs - llabs(s)) / 2; falls++)
        chance += now[falls];
    return fmin(1, 2 * chance);
}

/* Normal, with the correction for continuity; each group of t equal values takes its part off the variance. */
static double normal_chance(const double *ascending, unsigned n, int64_t s)
{
    double variance = (double)n * (n - 1) * (2.0 * n + 5);
    for (unsigned first = 0, next; first < n; first = next) {
        for (next = first + 1; next < n && ascending[next] == ascending[first];)
            next++;
        double t = next - first;
        variance -= t * (t - 1) * (2 * t + 5);
    }
    if (s == 0 || variance <= 0)
        return 1;
    return erfc((double)(llabs(s) - 1) / sqrt(variance / 18) / M_SQRT2);
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Fills everything; `slopes` has room for every pair. */
static void judge(const struct points *p, double *slopes, struct trend *out)
{
    size_t n_slopes = 0;
    bool has_ties = false;
    for (unsigned i = 0; i < p->n; i++)
        for (unsigned j = i + 1; j < p->n; j++) {
            double rise = p->at[j].value - p->at[i].value;
            out->s += (rise > 0) - (rise < 0);
            has_ties |= rise == 0;
            slopes[n_slopes++] = rise / (p->at[j].t - p->at[i].t);
        }
    out->slope = stats_median(slopes, n_slopes);
    if (!has_ties && p->n <= TREND_EXACT) {
        out->chance = exact_chance(p->n, out->s);
        return;
    }
    for (unsigned i = 0; i < p->n; i++)
        slopes[i] = p->at[i].value;
    qsort(slopes, p->n, sizeof(*slopes), compare_doubles);
    out->chance = normal_chance(slopes, p->n, out->s);
}

int trend_find(const double *values, unsigned n, struct trend *out, struct err *err)
{
    *out = (struct trend){.slope = NAN, .chance = 1};
    struct points p;
    int result = take(values, n, &p);
    double *slopes = NULL;
    if (result == 0 && p.n > 1) {
        slopes = malloc(((size_t)p.n * (p.n + 1) / 2) * sizeof(*slopes));
        result = slopes ? 0 : -ENOMEM;
    }
    if (slopes)
        judge(&p, slopes, out);
    free(slopes);
    free(p.at);
    return result < 0 ? err_set(err, ENOMEM, "no memory for a trend of %u numbers", n) : 0;
}
