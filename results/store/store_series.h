/* Series of samples as the store keeps them; the form is in store_schema.h. */
#pragma once

#include "err.h"
#include "trial.h"

struct store_blob {
    void *data; /* the caller frees it */
    size_t n_bytes, n_samples;
};

/* Without samples the blob is empty. 0 or -ENOMEM. */
int store_series_pack(const struct trial_sample *samples, size_t n, struct store_blob *out,
                      struct err *err) MUST_CHECK;

/* *samples is the caller's to free. 0, -ENOMEM, or -EINVAL for a blob that was not made by pack. */
int store_series_unpack(const struct store_blob *blob, struct trial_sample **samples,
                        struct err *err) MUST_CHECK;
