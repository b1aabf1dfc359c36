#include "thin.h"

#include <stdlib.h>

#include "rng.h"
#include "unit.h"

#define N 5000u

static void fill(struct trial_sample *samples, size_t n)
{
    struct rng rng;
    rng_seed(&rng, 3);
    for (size_t i = 0; i < n; i++)
        samples[i] = (struct trial_sample){.t_ns = i * 1000,
                                           .ops = i,
                                           .rss_bytes = 1000 + rng_below(&rng, 1000),
                                           .live_bytes = 500 + rng_below(&rng, 400)};
}

START_TEST(a_short_series_is_kept_whole)
{
    struct trial_sample samples[THIN_MOST];
    size_t kept[THIN_MOST];
    fill(samples, THIN_MOST);
    ck_assert_uint_eq(thin(samples, 0, kept), 0);
    ck_assert_uint_eq(thin(samples, THIN_MOST, kept), THIN_MOST);
    for (size_t i = 0; i < THIN_MOST; i++)
        ck_assert_uint_eq(kept[i], i);
}
END_TEST

START_TEST(ends_and_peaks_are_kept_in_order)
{
    struct trial_sample *samples = calloc(N, sizeof(*samples));
    size_t kept[THIN_MOST];
    fill(samples, N);
    samples[1234].rss_bytes = 9999; /* one sample wide */
    samples[2345].rss_bytes = 1;
    samples[3456].live_bytes = 7777;
    samples[3457].live_bytes = TRIAL_LIVE_UNKNOWN; /* is no peak */
    size_t n = thin(samples, N, kept);
    ck_assert_uint_le(n, THIN_MOST);
    ck_assert_uint_gt(n, THIN_MOST / 2);
    ck_assert_uint_eq(kept[0], 0);
    ck_assert_uint_eq(kept[n - 1], N - 1);
    unsigned n_found = 0;
    for (size_t i = 0; i < n; i++) {
        ck_assert(i == 0 || kept[i] > kept[i - 1]);
        n_found += kept[i] == 1234 || kept[i] == 2345 || kept[i] == 3456;
        ck_assert_uint_ne(kept[i], 3457);
    }
    ck_assert_uint_eq(n_found, 3);
    free(samples);
}
END_TEST

/* Of each stretch, so that no part of the series is empty. */
START_TEST(no_stretch_is_left_out)
{
    struct trial_sample *samples = calloc(N, sizeof(*samples));
    size_t kept[THIN_MOST];
    for (size_t i = 0; i < N; i++)
        samples[i].rss_bytes = 4096; /* level: nothing stands out */
    size_t n = thin(samples, N, kept);
    for (size_t i = 1; i < n; i++)
        ck_assert_uint_le(kept[i] - kept[i - 1], N / THIN_STRETCHES + 1);
    free(samples);
}
END_TEST

UNIT_MAIN("thin", a_short_series_is_kept_whole, ends_and_peaks_are_kept_in_order,
          no_stretch_is_left_out)
