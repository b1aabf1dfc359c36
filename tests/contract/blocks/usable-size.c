/* malloc_usable_size is no less than was asked for, and all of it may be written. */
#include "contract.h"

enum { LIVE = 16 };

static void try_size(size_t bytes)
{
    void *live[LIVE];
    size_t usable[LIVE];
    unsigned n = bytes > 64 * KIB ? 4 : LIVE;
    for (unsigned i = 0; i < n; i++) {
        live[i] = contract_malloc(bytes);
        usable[i] = malloc_usable_size(live[i]);
        if (usable[i] < bytes)
            contract_fail("malloc_usable_size of a block of %zu bytes is %zu", bytes, usable[i]);
        contract_fill(live[i], usable[i], i);
    }
    for (unsigned i = 0; i < n; i++)
        contract_check(live[i], usable[i], i, "when its neighbours were filled");
    for (unsigned i = 0; i < n; i++)
        free(live[i]);
}

void clause(void)
{
    CONTRACT_SERVED(malloc_usable_size);
    if (malloc_usable_size(NULL) != 0)
        contract_fail("malloc_usable_size(NULL) is %zu, not 0", malloc_usable_size(NULL));
    for (size_t bytes = 1; bytes <= 4096; bytes++)
        try_size(bytes);
    for (size_t bytes = 8192; bytes <= 4 * MIB; bytes *= 2) {
        try_size(bytes - 1);
        try_size(bytes + 1);
    }
}
