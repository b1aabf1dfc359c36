/* Every function that makes or takes blocks comes from the allocator: none gets another's blocks. */
#include "contract.h"

void clause(void)
{
    CONTRACT_SERVED(posix_memalign);
    CONTRACT_SERVED(aligned_alloc);
    CONTRACT_SERVED(memalign);
    CONTRACT_SERVED(malloc_usable_size);
    /* Out of date, but glibc's, left in place, would make glibc's blocks. Its reallocarray calls realloc. */
    const char *valloc_from = contract_stranger((void *)valloc);
    const char *pvalloc_from = contract_stranger((void *)pvalloc);
    if (valloc_from || pvalloc_from)
        contract_differs("%s comes from %s, not from the allocator: free would get its blocks",
                         valloc_from ? "valloc" : "pvalloc",
                         valloc_from ? valloc_from : pvalloc_from);
}
