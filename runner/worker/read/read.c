#include "read.h"

#include <stddef.h>

read_setting *read_find(void)
{
    if (read_has_jemalloc())
        return read_jemalloc;
    if (read_has_mimalloc())
        return read_mimalloc;
    return read_has_tcmalloc() ? read_tcmalloc : NULL;
}
