/* realloc keeps the content at every growth and every shrink. */
#include "contract.h"

#include "rng.h"

#define MOST_BYTES (16 * MIB)

static char *resize(char *p, size_t from, size_t to)
{
    contract_fill(p, from, from);
    char *moved = hidden(realloc(p, to));
    if (!moved)
        contract_fail("realloc from %zu to %zu bytes returned NULL", from, to);
    contract_check(moved, from < to ? from : to, from, "in realloc");
    return moved;
}

static char *by_ones(char *p, size_t from, size_t to)
{
    for (size_t bytes = from; bytes != to; bytes += from < to ? 1 : -1)
        p = resize(p, bytes, bytes + (from < to ? 1 : -1));
    return p;
}

static void by_factors(void)
{
    size_t bytes = 1;
    char *p = contract_malloc(bytes);
    for (; bytes < MOST_BYTES; bytes = bytes * 3 / 2 + 1)
        p = resize(p, bytes, bytes * 3 / 2 + 1);
    for (; bytes > 1; bytes = bytes * 2 / 3)
        p = resize(p, bytes, bytes * 2 / 3);
    free(p);
}

/* Many blocks at once, so that few can grow where they are. */
static void at_random(void)
{
    enum { BLOCKS = 64, STEPS = 4000 };
    char *blocks[BLOCKS];
    size_t sizes[BLOCKS];
    struct rng rng;
    rng_seed(&rng, 1);
    for (unsigned i = 0; i < BLOCKS; i++)
        blocks[i] = contract_malloc(sizes[i] = 1 + i);
    for (unsigned i = 0; i < STEPS; i++) {
        unsigned b = (unsigned)rng_below(&rng, BLOCKS);
        size_t to = 1 + rng_below(&rng, (size_t)16 << rng_below(&rng, 14));
        blocks[b] = resize(blocks[b], sizes[b], to);
        sizes[b] = to;
    }
    for (unsigned i = 0; i < BLOCKS; i++)
        free(blocks[i]);
}

void clause(void)
{
    char *p = by_ones(contract_malloc(1), 1, 4096);
    free(by_ones(p, 4096, 1));
    by_factors();
    at_random();
}
