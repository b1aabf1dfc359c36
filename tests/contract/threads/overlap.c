/* A million blocks live at once, on 8 threads: none shares a byte with another. */
#include "contract.h"

#include "rng.h"

enum { THREADS = 8, BLOCKS = 125000 };

struct block {
    void *p;
    uint32_t bytes;
};

static struct block blocks[THREADS][BLOCKS];
static pthread_barrier_t barrier;

static void make(unsigned thread, uint32_t i, struct rng *rng)
{
    bool is_large = rng_below(rng, 500) == 0;
    struct block *b = &blocks[thread][i];
    b->bytes = (uint32_t)(1 + rng_below(rng, is_large ? 8192 : 128));
    b->p = contract_malloc(b->bytes);
    contract_fill(b->p, b->bytes, (uint64_t)thread << 32 | i);
}

static void check(unsigned thread)
{
    for (uint32_t i = 0; i < BLOCKS; i++)
        contract_check(blocks[thread][i].p, blocks[thread][i].bytes, (uint64_t)thread << 32 | i,
                       "among a million blocks");
}

/* Each checks the blocks of its neighbour, then makes half of its own anew. */
static void *run(void *argument)
{
    unsigned thread = (unsigned)(uintptr_t)argument;
    struct rng rng;
    rng_seed(&rng, thread);
    for (uint32_t i = 0; i < BLOCKS; i++)
        make(thread, i, &rng);
    pthread_barrier_wait(&barrier);
    check((thread + 1) % THREADS);
    pthread_barrier_wait(&barrier);

    for (uint32_t i = 0; i < BLOCKS; i += 2)
        free(blocks[thread][i].p);
    for (uint32_t i = 0; i < BLOCKS; i += 2)
        make(thread, i, &rng);
    pthread_barrier_wait(&barrier);
    check((thread + 1) % THREADS);
    pthread_barrier_wait(&barrier);
    for (uint32_t i = 0; i < BLOCKS; i++)
        free(blocks[thread][i].p);
    return NULL;
}

void clause(void)
{
    pthread_t threads[THREADS];
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (uintptr_t t = 0; t < THREADS; t++)
        threads[t] = contract_thread(run, (void *)t);
    for (unsigned t = 0; t < THREADS; t++)
        contract_join(threads[t]);
}
