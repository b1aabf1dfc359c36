#include "wording.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

void wording_time(char *out, int64_t seconds)
{
    time_t t = (time_t)seconds;
    struct tm utc;
    if (!gmtime_r(&t, &utc) || strftime(out, WORDING_TIME_BYTES, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        snprintf(out, WORDING_TIME_BYTES, "%lld s after 1970", (long long)seconds);
}

void wording_number(char *out, double value)
{
    double size = fabs(value);
    int n_decimals = size < 0.0995 ? 3 : size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
    if (size > 0 && size < 0.00995)
        snprintf(out, WORDING_NUMBER_BYTES, "%.2g", value);
    else
        snprintf(out, WORDING_NUMBER_BYTES, "%.*f", n_decimals, value);
}

void wording_ratio(char *out, const struct interval *ratio, enum verdict verdict)
{
    char estimate[WORDING_NUMBER_BYTES], low[WORDING_NUMBER_BYTES], high[WORDING_NUMBER_BYTES];
    wording_number(estimate, ratio->estimate);
    if (ratio->n_blocks == 1) {
        snprintf(out, WORDING_RATIO_BYTES, "%s (1 block)", estimate);
        return;
    }
    wording_number(low, ratio->low);
    wording_number(high, ratio->high);
    snprintf(out, WORDING_RATIO_BYTES, "%s [%s, %s]%s%s", estimate, low, high,
             verdict == VERDICT_NO_DIFFERENCE ? "=" : "",
             ratio->n_blocks < STATS_FULL_COVERAGE_BLOCKS ? "~" : "");
}
