/* PTRDIFF_MAX bytes and more are refused: NULL, errno ENOMEM, and what there was stays. */
#include "contract.h"

#include <errno.h>

static void expect_refused(void *p, const char *call, size_t bytes)
{
    int code = errno;
    if (hidden(p))
        contract_fail("%s of %zu bytes returned %p, not NULL", call, bytes, p);
    if (code != ENOMEM)
        contract_fail("%s of %zu bytes: errno is %d, not ENOMEM", call, bytes, code);
    errno = 0;
}

static void try_posix_memalign(size_t alignment, size_t bytes)
{
    void *p = &p;
    int code = posix_memalign(&p, alignment, bytes);
    if (code != ENOMEM)
        contract_fail("posix_memalign of %zu bytes returned %d, not ENOMEM", bytes, code);
    if (p != &p)
        contract_fail("posix_memalign of %zu bytes failed but changed the pointer", bytes);
    errno = 0;
}

static void try_size(size_t bytes)
{
    char *p = contract_malloc(1000);
    contract_fill(p, 1000, bytes);
    errno = 0;
    expect_refused(malloc(bytes), "malloc", bytes);
    expect_refused(calloc(1, bytes), "calloc", bytes);
    expect_refused(calloc(bytes, 1), "calloc", bytes);
    expect_refused(realloc(NULL, bytes), "realloc(NULL)", bytes);
    expect_refused(realloc(p, bytes), "realloc", bytes);
    for (size_t alignment = 16; alignment <= 2 * MIB; alignment *= 8) {
        expect_refused(memalign(alignment, bytes), "memalign", bytes);
        expect_refused(aligned_alloc(alignment, bytes), "aligned_alloc", bytes);
        try_posix_memalign(alignment, bytes);
    }
    contract_check(p, 1000, bytes, "when realloc refused");
    free(p);
}

void clause(void)
{
    CONTRACT_SERVED(memalign);
    CONTRACT_SERVED(posix_memalign);
    CONTRACT_SERVED(aligned_alloc);
    for (size_t off = 0; off <= 4096; off = off * 4 + 1) {
        try_size(hidden_size((size_t)PTRDIFF_MAX + off));
        try_size(hidden_size(SIZE_MAX - off));
    }
}
