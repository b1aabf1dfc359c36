/* Allocation after main: in handlers of atexit and in destructors. */
#include "contract.h"

enum { BLOCKS = 50 };

static void *kept[BLOCKS];
static unsigned n_ended; /* of the two below */

static void use(const char *when)
{
    void *blocks[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++)
        contract_fill(blocks[i] = contract_malloc(1 + i * i * 20), 1 + i * i * 20, i);
    for (size_t i = 0; i < BLOCKS; i++) {
        contract_check(blocks[i], 1 + i * i * 20, i, when);
        contract_check(kept[i], 1 + i * i * 20, i, when);
        free(blocks[i]);
    }
}

static void at_exit(void)
{
    use("in a handler of atexit");
    n_ended++;
}

/* The destructor without a number runs first, that with the least number last. */
static __attribute__((destructor)) void after_main(void)
{
    use("in a destructor");
    n_ended++;
}

static __attribute__((destructor(101))) void after_most(void)
{
    use("in the last destructor");
    for (size_t i = 0; i < BLOCKS; i++)
        free(kept[i]);
    if (n_ended != 2)
        contract_fail("of 2 functions to run after main, %u did", n_ended);
    contract_pass();
}

void clause(void)
{
    for (size_t i = 0; i < BLOCKS; i++)
        contract_fill(kept[i] = contract_malloc(1 + i * i * 20), 1 + i * i * 20, i);
    if (atexit(at_exit) != 0)
        contract_skip("atexit takes no handler");
    exit(1); /* until the last destructor has run, this has not passed */
}
