/* Allocation in the destructors of a thread's own data, in all their rounds; nothing is lost. */
#include "contract.h"

#include <limits.h>
#include <stdatomic.h>

enum { THREADS = 3000, MORE = 8, BLOCKS = 10 };

struct cargo {
    unsigned round;
    void *blocks[BLOCKS];
};

static pthread_key_t keys[MORE + 1];
static atomic_uint n_rounds;

static struct cargo *load(unsigned round)
{
    struct cargo *c = contract_malloc(sizeof(*c));
    c->round = round;
    for (size_t i = 0; i < BLOCKS; i++)
        contract_fill(c->blocks[i] = contract_malloc(1 + i * 100), 1 + i * 100, round + i);
    return c;
}

static void unload(struct cargo *c)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        contract_check(c->blocks[i], 1 + i * 100, c->round + i, "until a thread's data ended");
        free(c->blocks[i]);
    }
    free(c);
}

static void turn_over(void *value, pthread_key_t key)
{
    struct cargo *c = value;
    unsigned round = c->round;
    unload(c);
    atomic_fetch_add(&n_rounds, 1);
    if (round < PTHREAD_DESTRUCTOR_ITERATIONS)
        pthread_setspecific(key, load(round + 1));
    else
        unload(load(round + 1)); /* the last round: nothing of it stays */
}

/* The first key was made before the others, the last one after: the allocator's may be between. */
static void end_first(void *value)
{
    turn_over(value, keys[0]);
}

static void end_last(void *value)
{
    turn_over(value, keys[MORE]);
}

static __attribute__((constructor(101))) void make_first_key(void)
{
    pthread_key_create(&keys[0], end_first);
}

static void *run(void *argument)
{
    pthread_setspecific(keys[0], load(1));
    pthread_setspecific(keys[MORE], load(1));
    return argument;
}

static void *visit(void *argument)
{
    free(contract_malloc(10));
    return argument;
}

void clause(void)
{
    size_t early = 0;
    contract_join(contract_thread(visit, NULL)); /* the allocator has made its key, if it has one */
    for (unsigned i = 1; i <= MORE; i++)
        if (pthread_key_create(&keys[i], i == MORE ? end_last : NULL) != 0)
            contract_skip("no keys for a thread's data are left");
    atomic_store(&n_rounds, 0);
    for (unsigned i = 0; i < THREADS; i++) {
        contract_join(contract_thread(run, NULL));
        if (i == THREADS / 4)
            early = contract_resident_bytes();
    }
    if (atomic_load(&n_rounds) != 2 * THREADS * PTHREAD_DESTRUCTOR_ITERATIONS)
        contract_skip("%u rounds of destructors ran, not %d", atomic_load(&n_rounds),
                      2 * THREADS * PTHREAD_DESTRUCTOR_ITERATIONS);
    contract_no_growth(early, 4 * MIB, "threads that allocated while they ended");
}
