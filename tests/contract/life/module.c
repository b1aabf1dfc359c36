/* The library that dlclose unloads. It allocates when it is loaded, used, and unloaded. */
#include "contract.h"

static void *own;

static __attribute__((constructor)) void begin(void)
{
    own = malloc(3000);
}

static __attribute__((destructor)) void end(void)
{
    free(own);
    free(hidden(malloc(3000)));
}

/* The array's first entry says how many blocks are to be put into it. For pthread_create. */
EXPORT void *module_fill(void *array);
EXPORT void *module_fill(void *array)
{
    void **blocks = array;
    size_t n = (uintptr_t)blocks[0];
    for (size_t i = 0; i < n; i++) {
        blocks[i] = contract_malloc(1 + i * 50);
        contract_fill(blocks[i], 1 + i * 50, i);
    }
    return NULL;
}
