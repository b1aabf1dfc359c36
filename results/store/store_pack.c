#include "store_pack.h"

#include <errno.h>
#include <stdlib.h>
#include <zstd.h>

#define LEVEL 3

int store_pack(const void *bytes, size_t n, struct store_packed *out, struct err *err)
{
    *out = (struct store_packed){0};
    if (n == 0)
        return 0;
    size_t bound = ZSTD_compressBound(n);
    void *data = malloc(bound);
    size_t n_packed = data ? ZSTD_compress(data, bound, bytes, n, LEVEL) : 0;
    if (!data || ZSTD_isError(n_packed)) {
        free(data);
        return err_set(err, ENOMEM, "no memory to compress %zu bytes", n);
    }
    void *smaller = realloc(data, n_packed);
    *out = (struct store_packed){.data = smaller ? smaller : data, .n_bytes = n_packed};
    return 0;
}

int store_unpack(const void *packed, size_t n_packed, void *out, size_t n, struct err *err)
{
    if (!packed || ZSTD_getFrameContentSize(packed, n_packed) != n)
        return err_set(err, EINVAL, "its length is not what it says");
    if (ZSTD_decompress(out, n, packed, n_packed) != n)
        return err_set(err, EINVAL, "it cannot be decompressed");
    return 0;
}
