#include "fragmentation.h"

#include <math.h>

/* A ratio to nothing is not known. */
static double over(double a, double b)
{
    return b > 0 ? a / b : NAN;
}

double fragmentation_internal(double usable, double live)
{
    return over(usable, live) - 1;
}

double fragmentation_unused(double held, double usable, double live)
{
    return over(held - usable, live);
}

double fragmentation_residency(double resident, double live)
{
    return over(resident, live);
}

double fragmentation_ideal(double live, double page_bytes)
{
    return ceil(live / page_bytes) * page_bytes;
}

double fragmentation_blow_up(double peak_resident, double peak_live, double page_bytes)
{
    return over(peak_resident, fragmentation_ideal(peak_live, page_bytes));
}

size_t fragmentation_peak(const double *values, size_t n)
{
    size_t peak = n;
    for (size_t i = 0; i < n; i++)
        if (!isnan(values[i]) && (peak == n || values[i] > values[peak]))
            peak = i;
    return peak;
}

/* By trapezoids between neighbours that are both known, over the time between such. */
struct integral {
    double sum, time;
    double last_t, last; /* NaN: not known, or none yet */
    size_t n_known;
    double only; /* the last one known */
};

static void integral_begin(struct integral *x)
{
    *x = (struct integral){.last_t = NAN, .last = NAN, .only = NAN};
}

static void integral_add(struct integral *x, double t, double value)
{
    double area = (t - x->last_t) * (x->last + value) / 2;
    if (!isnan(area)) {
        x->sum += area;
        x->time += t - x->last_t;
    }
    if (!isnan(value)) {
        x->n_known++;
        x->only = value;
    }
    x->last_t = t;
    x->last = value;
}

/* Where no time passed between any two, the value itself if there is but one. */
static double integral_mean(const struct integral *x)
{
    if (x->time > 0)
        return x->sum / x->time;
    return x->n_known == 1 ? x->only : NAN;
}

double fragmentation_mean(const double *t, const double *values, size_t n)
{
    struct integral x;
    integral_begin(&x);
    for (size_t i = 0; i < n; i++)
        integral_add(&x, t[i], values[i]);
    return integral_mean(&x);
}

/* Held throughout, or else resident. */
static const double *held_or_resident(const struct fragmentation_series *s, bool *by_resident)
{
    *by_resident = s->held == NULL;
    for (size_t i = 0; s->held && i < s->n; i++)
        if (isnan(s->held[i]))
            *by_resident = true;
    return *by_resident ? s->resident : s->held;
}

static double mean_ratio(const struct fragmentation_series *s, const double *held, double least)
{
    struct integral x;
    integral_begin(&x);
    for (size_t i = 0; i < s->n; i++)
        integral_add(&x, s->t[i], s->live[i] >= least ? over(held[i], s->live[i]) : NAN);
    return integral_mean(&x);
}

struct fragmentation_measures fragmentation_measure(const struct fragmentation_series *s)
{
    struct fragmentation_measures m = {.f1 = NAN, .f2 = NAN, .f3 = NAN, .f4 = NAN};
    const double *held = held_or_resident(s, &m.by_resident);
    size_t live_peak = fragmentation_peak(s->live, s->n), peak = fragmentation_peak(held, s->n);
    if (live_peak == s->n || peak == s->n)
        return m;
    double most_live = s->live[live_peak];
    m.f1 = mean_ratio(s, held, FRAGMENTATION_LEAST * most_live) - 1;
    m.f2 = over(held[live_peak], most_live) - 1;
    m.f3 = over(held[peak], s->live[peak]) - 1;
    m.f4 = over(held[peak], most_live) - 1;
    return m;
}

double fragmentation_memory_cost(const struct fragmentation_series *s)
{
    struct integral resident, live;
    integral_begin(&resident);
    integral_begin(&live);
    for (size_t i = 0; i < s->n; i++) {
        bool both = !isnan(s->resident[i]) && !isnan(s->live[i]);
        integral_add(&resident, s->t[i], both ? s->resident[i] : NAN);
        integral_add(&live, s->t[i], both ? s->live[i] : NAN);
    }
    return over(integral_mean(&resident), integral_mean(&live));
}

double fragmentation_realized(const struct fragmentation_series *s)
{
    size_t peak = fragmentation_peak(s->resident, s->n);
    return peak == s->n ? NAN : over(s->resident[peak] - s->live[peak], s->live[peak]);
}
