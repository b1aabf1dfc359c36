#include "store_series.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <zstd.h>

#include "store_internal.h"

/* Samples are kept as differences in memory of the same shape. */
static_assert(sizeof(struct trial_sample) == 3 * sizeof(uint64_t), "a sample is three numbers");

/* A day at 1 ms; what a file claims beyond that is not worth the memory. */
#define SAMPLES_MAX ((size_t)100 * 1000 * 1000)

#define LEVEL 3

static void difference(const struct trial_sample *samples, size_t n, struct trial_sample *out)
{
    struct trial_sample last = {0};
    for (size_t i = 0; i < n; i++) {
        out[i].t_ns = htole64(samples[i].t_ns - last.t_ns);
        out[i].ops = htole64(samples[i].ops - last.ops);
        out[i].rss_bytes = htole64(samples[i].rss_bytes - last.rss_bytes);
        last = samples[i];
    }
}

static void accumulate(struct trial_sample *samples, size_t n)
{
    struct trial_sample sum = {0};
    for (size_t i = 0; i < n; i++) {
        sum.t_ns += le64toh(samples[i].t_ns);
        sum.ops += le64toh(samples[i].ops);
        sum.rss_bytes += le64toh(samples[i].rss_bytes);
        samples[i] = sum;
    }
}

int store_series_pack(const struct trial_sample *samples, size_t n, struct store_blob *out,
                      struct err *err)
{
    *out = (struct store_blob){0};
    if (n == 0)
        return 0;
    if (n > SAMPLES_MAX)
        return err_set(err, EINVAL, "a series of %zu samples is too long to store", n);
    size_t n_bytes = n * sizeof(*samples), bound = ZSTD_compressBound(n_bytes);
    struct trial_sample *differences = malloc(n_bytes);
    out->data = malloc(bound);
    if (differences && out->data) {
        difference(samples, n, differences);
        out->n_bytes = ZSTD_compress(out->data, bound, differences, n_bytes, LEVEL);
    }
    bool failed = !differences || !out->data || ZSTD_isError(out->n_bytes);
    free(differences);
    if (failed) {
        free(out->data);
        *out = (struct store_blob){0};
        return err_set(err, ENOMEM, "no memory to store a series of %zu samples", n);
    }
    out->n_samples = n;
    return 0;
}

int store_series_unpack(const struct store_blob *blob, struct trial_sample **samples,
                        struct err *err)
{
    *samples = NULL;
    size_t n_bytes = blob->n_samples * sizeof(**samples);
    if (blob->n_samples == 0 || blob->n_samples > SAMPLES_MAX ||
        ZSTD_getFrameContentSize(blob->data, blob->n_bytes) != n_bytes)
        return err_set(err, EINVAL, "a stored series is damaged: its length is not what it says");
    struct trial_sample *out = malloc(n_bytes);
    if (!out)
        return err_set(err, ENOMEM, "no memory for a series of %zu samples", blob->n_samples);
    if (ZSTD_decompress(out, n_bytes, blob->data, blob->n_bytes) != n_bytes) {
        free(out);
        return err_set(err, EINVAL, "a stored series is damaged: it cannot be decompressed");
    }
    accumulate(out, blob->n_samples);
    *samples = out;
    return 0;
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
