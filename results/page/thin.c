#include "thin.h"

static uint64_t live_of(const struct trial_sample *s)
{
    return s->live_bytes == TRIAL_LIVE_UNKNOWN ? 0 : s->live_bytes;
}

static void sort3(size_t *a)
{
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 2 - i; k++)
            if (a[k] > a[k + 1]) {
                size_t t = a[k];
                a[k] = a[k + 1];
                a[k + 1] = t;
            }
}

/* A sample may be chosen for more than one reason; it is kept once. */
static size_t keep(size_t *kept, size_t n_kept, size_t i)
{
    if (n_kept == 0 || kept[n_kept - 1] < i)
        kept[n_kept++] = i;
    return n_kept;
}

size_t thin(const struct trial_sample *samples, size_t n, size_t *kept)
{
    size_t n_kept = 0;
    if (n <= THIN_MOST) {
        for (; n_kept < n; n_kept++)
            kept[n_kept] = n_kept;
        return n_kept;
    }
    n_kept = keep(kept, n_kept, 0);
    for (size_t b = 0; b < THIN_STRETCHES; b++) {
        size_t from = b * n / THIN_STRETCHES, to = (b + 1) * n / THIN_STRETCHES;
        size_t best[3] = {from, from, from}; /* least and greatest resident, greatest live */
        for (size_t i = from; i < to; i++) {
            if (samples[i].rss_bytes < samples[best[0]].rss_bytes)
                best[0] = i;
            if (samples[i].rss_bytes > samples[best[1]].rss_bytes)
                best[1] = i;
            if (live_of(&samples[i]) > live_of(&samples[best[2]]))
                best[2] = i;
        }
        sort3(best);
        for (int k = 0; k < 3; k++)
            n_kept = keep(kept, n_kept, best[k]);
    }
    return keep(kept, n_kept, n - 1);
}
