/* Threads end with live blocks: these stay whole, others free them, and the memory is used again. */
#include "contract.h"

enum { THREADS = 8, BLOCKS = 1000, ROUNDS = 30 };

static void *blocks[THREADS][BLOCKS];

static void *run(void *argument)
{
    uintptr_t thread = (uintptr_t)argument;
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[thread][i] = contract_malloc(i + 1);
        contract_fill(blocks[thread][i], i + 1, thread * BLOCKS + i);
    }
    return NULL;
}

/* By the first thread in one round, by a new one in the next. */
static void *free_all(void *argument)
{
    (void)argument;
    for (size_t t = 0; t < THREADS; t++) {
        for (size_t i = 0; i < BLOCKS; i++) {
            contract_check(blocks[t][i], i + 1, t * BLOCKS + i, "after its thread ended");
            free(blocks[t][i]);
        }
    }
    return NULL;
}

void clause(void)
{
    size_t early = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        pthread_t threads[THREADS];
        for (uintptr_t t = 0; t < THREADS; t++)
            threads[t] = contract_thread(run, (void *)t);
        for (unsigned t = 0; t < THREADS; t++)
            contract_join(threads[t]);
        if (round % 2)
            contract_join(contract_thread(free_all, NULL));
        else
            free_all(NULL);
        if (round == ROUNDS / 3)
            early = contract_resident_bytes();
    }
    contract_no_growth(early, 16 * MIB, "blocks of threads that ended");
}
