/* calloc returns zeroes, also where the memory was used before. */
#include "contract.h"

enum { ROUNDS = 2, LIVE = 6 };

static void check_zero(const unsigned char *p, size_t n, size_t each)
{
    if (!p)
        contract_fail("calloc(%zu, %zu) returned NULL", n, each);
    for (size_t i = 0; i < n * each; i++)
        if (p[i] != 0)
            contract_fail("calloc(%zu, %zu): byte %zu is %d, not 0", n, each, i, p[i]);
}

static void dirty(size_t bytes)
{
    void *live[LIVE];
    for (unsigned i = 0; i < LIVE; i++)
        memset(live[i] = contract_malloc(bytes), 0xa5, bytes);
    for (unsigned i = 0; i < LIVE; i++)
        free(live[i]);
}

static void try_size(size_t n, size_t each)
{
    unsigned char *live[LIVE];
    dirty(n * each);
    for (unsigned i = 0; i < LIVE; i++) {
        check_zero(live[i] = hidden(calloc(n, each)), n, each);
        memset(live[i], 0xa5, n * each); /* dirty for the next */
    }
    for (unsigned i = 0; i < LIVE; i++)
        free(live[i]);
}

void clause(void)
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (size_t bytes = 1; bytes <= 4096; bytes++)
            try_size(1, bytes);
        for (size_t bytes = 8192; bytes <= 4 * MIB; bytes *= 2) {
            try_size(8, bytes / 8 - 1);
            try_size(bytes / 16, 16);
        }
    }
}
