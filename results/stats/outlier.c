#include "outlier.h"

#include <math.h>

#include "student.h"

unsigned outlier_most(unsigned n)
{
    unsigned quarter = n < OUTLIER_LEAST ? 0 : n / 4;
    return quarter < OUTLIER_MOST ? quarter : OUTLIER_MOST;
}

double outlier_chance(double deviation, unsigned n)
{
    double m = n, square = deviation * deviation;
    double rest = (m - 1) * (m - 1) - m * square;
    if (n < 3)
        return 1;
    if (rest <= 0) /* as far as one of n can be: the others are equal */
        return 0;
    double t = sqrt(m * (m - 2) * square / rest);
    return fmin(1, m * student_two_tails(t, n - 2));
}

static bool is_left(double value, unsigned index, const unsigned *found, unsigned n_found)
{
    for (unsigned i = 0; i < n_found; i++)
        if (found[i] == index)
            return false;
    return isfinite(value);
}

/* The one furthest from the mean of those that are left; returns how unlikely that is. */
static double furthest(const double *values, unsigned n, unsigned *found, unsigned n_found)
{
    double sum = 0, squares = 0, most = -1;
    unsigned m = 0;
    for (unsigned i = 0; i < n; i++)
        if (is_left(values[i], i, found, n_found)) {
            sum += values[i];
            m++;
        }
    for (unsigned i = 0; i < n; i++) {
        double off = values[i] - sum / m;
        if (!is_left(values[i], i, found, n_found))
            continue;
        squares += off * off;
        if (fabs(off) > most) {
            most = fabs(off);
            found[n_found] = i;
        }
    }
    return m > 2 && squares > 0 ? outlier_chance(most / sqrt(squares / (m - 1)), m) : 1;
}

unsigned outlier_find(const double *values, unsigned n, double alpha, unsigned *found)
{
    unsigned n_there = 0, n_outliers = 0;
    for (unsigned i = 0; i < n; i++)
        n_there += isfinite(values[i]) != 0;
    for (unsigned i = 0; i < outlier_most(n_there); i++)
        if (furthest(values, n, found, i) <= alpha)
            n_outliers = i + 1;
    return n_outliers;
}
