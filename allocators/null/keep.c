#include "keep.h"

#include <stdatomic.h>

#include "family.h"
#include "os.h"

/*
 *      region                                          region + n_bytes
 *      +--------------+- - -+--------+-----------+- - -------+
 *      | head         | pad | bytes  | object    |  unused   |
 *      +--------------+- - -+--------+-----------+- - -------+
 *                             16      aligned     ^ next
 */
struct region {
    size_t n_bytes;
    _Atomic size_t next; /* offset of the first byte never handed out; at most n_bytes */
};

struct object_head {
    _Alignas(FAMILY_ALIGNMENT) size_t bytes;
};

#define REGION_BYTES        (64 * GIB)
#define REGION_MODEST_BYTES (64 * MIB)

static _Atomic(struct region *) the_region;

/* Two threads may come here at once: the first to publish its region wins, the other gives its own
 * back. */
static COLD struct region *region_new(void)
{
    size_t n_bytes = REGION_BYTES;
    struct region *fresh = os_map(n_bytes, OS_RESERVE);
    if (!fresh) {
        n_bytes = REGION_MODEST_BYTES;
        fresh = os_map(n_bytes, OS_RESERVE);
    }
    if (!fresh)
        return NULL;
    fresh->n_bytes = n_bytes;
    fresh->next = sizeof(*fresh);

    struct region *winner = NULL;
    if (atomic_compare_exchange_strong(&the_region, &winner, fresh))
        return fresh;
    os_unmap(fresh, n_bytes);
    return winner;
}

/* Where in the region the object goes if the first `used` bytes are taken; region and object page
 * aligned alike. */
static uintptr_t place(const struct region *r, size_t used, size_t alignment)
{
    return round_up((uintptr_t)r + used + sizeof(struct object_head), alignment);
}

void *keep_alloc(size_t alignment, size_t bytes)
{
    struct region *r = the_region;
    if (!r && !(r = region_new()))
        return NULL;
    if (bytes > r->n_bytes || alignment > r->n_bytes)
        return family_fail(ENOMEM);

    size_t used = r->next, end;
    uintptr_t object;
    do {
        object = place(r, used, alignment);
        end = object - (uintptr_t)r + round_up(bytes, FAMILY_ALIGNMENT);
        if (end > r->n_bytes)
            return family_fail(ENOMEM);
    } while (!atomic_compare_exchange_weak(&r->next, &used, end));

    ((struct object_head *)object - 1)->bytes = bytes;
    return (void *)object;
}

size_t keep_bytes(const void *p)
{
    const struct region *r = the_region;
    if (!r || (uintptr_t)p - (uintptr_t)r >= r->n_bytes)
        return 0;
    return ((const struct object_head *)p - 1)->bytes;
}
