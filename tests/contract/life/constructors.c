/* Allocation before main: in the first function of all to run, and in constructors. */
#include "contract.h"

enum { BLOCKS = 50 };

static void *first[BLOCKS], *early[BLOCKS], *late[BLOCKS];

static void make(void *out[static BLOCKS], uint64_t seed)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        out[i] = hidden(i % 2 ? malloc(i * i * 20) : calloc(1, i * i * 20 + 1));
        if (!out[i])
            contract_fail("an allocation of %zu bytes before main returned NULL", i * i * 20);
        contract_fill(out[i], i * i * 20, seed + i);
    }
}

/* Before the constructors of all libraries, the allocator's too. */
static void before_all(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    make(first, 1000);
}
static __attribute__((section(".preinit_array"), used)) void (*const preinit)(int, char **,
                                                                              char **) = before_all;

static __attribute__((constructor(101))) void before_most(void)
{
    make(early, 2000);
}

static __attribute__((constructor)) void before_main(void)
{
    make(late, 3000);
}

static void use_up(void *blocks[static BLOCKS], uint64_t seed)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        contract_check(blocks[i], i * i * 20, seed + i, "between its constructor and main");
        blocks[i] = hidden(realloc(blocks[i], i * i * 30 + 1));
        contract_check(blocks[i], i * i * 20, seed + i, "in realloc");
        free(blocks[i]);
    }
}

void clause(void)
{
    use_up(first, 1000);
    use_up(early, 2000);
    use_up(late, 3000);
}
