/* Bytes as the store keeps them: one zstd frame that states its size. */
#pragma once

#include "err.h"

struct store_packed {
    void *data; /* the caller frees it */
    size_t n_bytes;
};

/* 0 or -ENOMEM; without bytes there is no data. */
int store_pack(const void *bytes, size_t n, struct store_packed *out, struct err *err) MUST_CHECK;

/* Fills exactly `n` bytes. -EINVAL for what was not packed from as many. */
int store_unpack(const void *packed, size_t n_packed, void *out, size_t n,
                 struct err *err) MUST_CHECK;
