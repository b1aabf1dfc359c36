#include "slow.h"

#include <dlfcn.h>
#include <stdatomic.h>

size_t slow_usable_bytes(void *p)
{
    static size_t (*_Atomic glibcs)(void *);
    if (!glibcs)
        glibcs = (size_t(*)(void *))dlsym(RTLD_NEXT, "malloc_usable_size");
    return glibcs(p);
}
