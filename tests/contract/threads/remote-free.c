/* Blocks of one thread are freed by another that never allocates: whole, and not lost. */
#include "contract.h"

#include <semaphore.h>

#include "rng.h"

enum { RING = 256, BLOCKS = 300000 };

static void *ring[RING];
static uint32_t sizes[RING];
static sem_t filled, emptied;
static size_t resident_early;

static void *consume(void *argument)
{
    (void)argument;
    for (uint32_t i = 0; i < BLOCKS; i++) {
        while (sem_wait(&filled) != 0)
            continue;
        contract_check(ring[i % RING], sizes[i % RING], i, "on its way to another thread");
        free(ring[i % RING]);
        sem_post(&emptied);
    }
    return NULL;
}

static void produce(void)
{
    struct rng rng;
    rng_seed(&rng, 1);
    for (uint32_t i = 0; i < BLOCKS; i++) {
        uint32_t bytes = (uint32_t)(1 + rng_below(&rng, rng_below(&rng, 100) == 0 ? 20000 : 600));
        void *p = contract_malloc(bytes);
        contract_fill(p, bytes, i);
        while (sem_wait(&emptied) != 0)
            continue;
        ring[i % RING] = p;
        sizes[i % RING] = bytes;
        sem_post(&filled);
        if (i == BLOCKS / 10)
            resident_early = contract_resident_bytes();
    }
}

void clause(void)
{
    sem_init(&filled, 0, 0);
    sem_init(&emptied, 0, RING);
    pthread_t thread = contract_thread(consume, NULL);
    produce();
    contract_join(thread);
    contract_no_growth(resident_early, 16 * MIB, "300 000 blocks freed by another thread");
}
