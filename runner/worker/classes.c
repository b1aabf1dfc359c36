#include "classes.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "facility.h"

#define STEP \
    8 /* bytes: no allocator's classes are nearer, but of one that tells what was asked for */

/* How much of a block of `bytes` may be used; 0 where there is none. */
static uint64_t usable(uint64_t bytes)
{
    void *p = malloc(bytes);
    uint64_t n = p ? malloc_usable_size(p) : 0;
    free(p); /* and the next block may lie there: the heap stays as small as it was */
    return n;
}

static void add(struct statistics_block *block, uint64_t first, uint64_t bytes)
{
    struct statistic row = {.name = "size_class",
                            .kind = STATISTIC_CLASS,
                            .arena = (uint32_t)(block->n - first),
                            .value = bytes};
    block->rows[block->n++] = row;
}

void classes_tell(struct statistics_block *block, uint64_t up_to)
{
    uint64_t first = block->n, bytes = 1;
    if (!facility_has_usable_size())
        return;
    while (bytes <= up_to && block->n < STATISTICS_ROOM) {
        uint64_t class = usable(bytes);
        if (class < bytes) { /* it cannot be: then nothing that was told need be true */
            block->n = first;
            return;
        }
        if (class > up_to)
            return;
        add(block, first, class);
        bytes = class - bytes < STEP ? bytes + STEP : class + 1;
    }
}
