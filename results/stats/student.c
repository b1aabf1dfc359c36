#include "student.h"

#include <math.h>

/*
 * The finite sums of Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 26.7.3 and 26.7.4:
 * terms in even powers of the cosine for even degrees, in odd ones else.
 */
double student_two_tails(double t, unsigned degrees)
{
    double theta = atan(fabs(t) / sqrt(degrees));
    double c = cos(theta), term = degrees % 2 ? c : 1, sum = degrees == 1 ? 0 : term;
    for (unsigned k = degrees % 2 ? 3 : 2; k < degrees; k += 2) {
        term *= c * c * (k - 1) / k;
        sum += term;
    }
    double inside = sin(theta) * sum;
    if (degrees % 2)
        inside = (theta + inside) * M_2_PI;
    return fmax(1 - inside, 0);
}
