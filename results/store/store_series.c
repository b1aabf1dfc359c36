#include "store_series.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>

#include "store_internal.h"
#include "store_pack.h"

/* The numbers of a sample, in the order in which they are kept. */
static const size_t numbers[] = {
    offsetof(struct trial_sample, t_ns),          offsetof(struct trial_sample, ops),
    offsetof(struct trial_sample, rss_bytes),     offsetof(struct trial_sample, live_bytes),
    offsetof(struct trial_sample, address_bytes),
};
static_assert(sizeof(struct trial_sample) == sizeof(uint64_t) * ARRAY_SIZE(numbers),
              "every number of a sample is kept");

/* A day at 1 ms; what a file claims beyond that is not worth the memory. */
#define SAMPLES_MAX ((size_t)100 * 1000 * 1000)

static uint64_t *number_of(const struct trial_sample *sample, size_t k)
{
    return (uint64_t *)((char *)sample + numbers[k]);
}

static void difference(const struct trial_sample *samples, size_t n, uint64_t *out)
{
    for (size_t k = 0; k < ARRAY_SIZE(numbers); k++)
        for (size_t i = 0; i < n; i++)
            *out++ =
                htole64(*number_of(&samples[i], k) - (i > 0 ? *number_of(&samples[i - 1], k) : 0));
}

static void accumulate(const uint64_t *differences, size_t n, struct trial_sample *out)
{
    for (size_t k = 0; k < ARRAY_SIZE(numbers); k++)
        for (size_t i = 0; i < n; i++)
            *number_of(&out[i], k) =
                le64toh(*differences++) + (i > 0 ? *number_of(&out[i - 1], k) : 0);
}

int store_series_pack(const struct trial_sample *samples, size_t n, struct store_blob *out,
                      struct err *err)
{
    *out = (struct store_blob){0};
    if (n == 0)
        return 0;
    if (n > SAMPLES_MAX)
        return err_set(err, EINVAL, "a series of %zu samples is too long to store", n);
    size_t n_bytes = n * sizeof(*samples);
    struct store_packed packed = {0};
    uint64_t *differences = malloc(n_bytes);
    int rc = differences ? 0 : -ENOMEM;
    if (differences)
        difference(samples, n, differences);
    if (rc == 0)
        rc = store_pack(differences, n_bytes, &packed, err);
    free(differences);
    if (rc < 0)
        return err_set(err, ENOMEM, "no memory to store a series of %zu samples", n);
    *out = (struct store_blob){.data = packed.data, .n_bytes = packed.n_bytes, .n_samples = n};
    return 0;
}

int store_series_unpack(const struct store_blob *blob, struct trial_sample **samples,
                        struct err *err)
{
    size_t n = blob->n_samples, n_bytes = n * sizeof(**samples);
    *samples = NULL;
    if (n == 0 || n > SAMPLES_MAX)
        return err_set(err, EINVAL, "a stored series is damaged: its length is not what it says");
    uint64_t *differences = malloc(n_bytes);
    struct trial_sample *out = malloc(n_bytes);
    int rc = differences && out ? store_unpack(blob->data, blob->n_bytes, differences, n_bytes, err)
                                : err_set(err, ENOMEM, "no memory for a series of %zu samples", n);
    if (rc == -EINVAL)
        err_prefix(err, "a stored series is damaged");
    if (rc == 0) {
        accumulate(differences, n, out);
        *samples = out;
    } else {
        free(out);
    }
    free(differences);
    return rc;
}

int store_load_series(struct store *s, int64_t trial_id, struct trial_sample **samples,
                      size_t *n_samples, struct err *err)
{
    *samples = NULL;
    *n_samples = 0;
    sqlite3_stmt *q;
    int result = store_prepare(s, "SELECT n_samples, data FROM series WHERE trial = ?", &q, err);
    if (result == 0) {
        sqlite3_bind_int64(q, 1, trial_id);
        result = store_step(s, q, "read", err);
    }
    if (result > 0) {
        struct store_blob blob = {.data = (void *)sqlite3_column_blob(q, 1),
                                  .n_bytes = (size_t)sqlite3_column_bytes(q, 1),
                                  .n_samples = (size_t)sqlite3_column_int64(q, 0)};
        result = store_series_unpack(&blob, samples, err);
        if (result < 0)
            err_prefix(err, "%s", s->path);
        else
            *n_samples = blob.n_samples;
    }
    sqlite3_finalize(q);
    return result;
}
