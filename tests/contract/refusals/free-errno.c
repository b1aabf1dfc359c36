/* free leaves errno alone, whatever it does with the memory. */
#include "contract.h"

#include <errno.h>

static void try_free(void *p, const char *what)
{
    errno = EXDEV;
    free(p);
    if (errno != EXDEV)
        contract_fail("free of %s changed errno to %d", what, errno);
}

static void *free_in_thread(void *p)
{
    try_free(p, "another thread's block");
    return NULL;
}

void clause(void)
{
    enum { BLOCKS = 1000 };
    static void *blocks[BLOCKS];
    try_free(NULL, "NULL");
    for (size_t bytes = 1; bytes <= 256 * MIB; bytes *= 4) {
        try_free(contract_malloc(bytes), "a block");
        contract_join(contract_thread(free_in_thread, contract_malloc(bytes)));
    }
    for (unsigned i = 0; i < BLOCKS; i++)
        blocks[i] = contract_malloc(50 * i + 1);
    for (unsigned i = 0; i < BLOCKS; i++)
        try_free(blocks[i], "one of many blocks");
}
