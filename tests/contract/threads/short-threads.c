/* 10 000 threads that allocate, free and end leave nothing behind. */
#include "contract.h"

enum { ROUNDS = 1250, THREADS = 8, BLOCKS = 20 };

static void *run(void *argument)
{
    void *blocks[BLOCKS];
    (void)argument;
    for (size_t i = 0; i < BLOCKS; i++) {
        size_t bytes = (i + 1) * (i + 1) * 10;
        memset(blocks[i] = contract_malloc(bytes), 1, bytes);
    }
    for (size_t i = 0; i < BLOCKS; i++)
        free(blocks[i]);
    return NULL;
}

void clause(void)
{
    size_t early = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        pthread_t threads[THREADS];
        for (unsigned t = 0; t < THREADS; t++)
            threads[t] = contract_thread(run, NULL);
        for (unsigned t = 0; t < THREADS; t++)
            contract_join(threads[t]);
        if (round == ROUNDS / 5)
            early = contract_resident_bytes();
    }
    contract_no_growth(early, 4 * MIB, "8 000 threads, 2 000 before");
}
