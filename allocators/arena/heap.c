#include "heap.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "os.h"

_Atomic uint8_t heap_places[(size_t)1 << (PLACE_BITS - HEAP_MAX_BITS)];

/*
 * Behind a heap that happened to be aligned lies the other half of what was reserved, aligned as
 * well: the next heap asks for it first, and saves two system calls.
 */
static _Atomic(char *) aligned_heap_area;

static bool is_aligned(const void *p)
{
    return (uintptr_t)p % HEAP_MAX_BYTES == 0;
}

/* The aligned heap inside twice as much address space; what is over on both sides goes back. */
static char *reserve_and_cut(void)
{
    char *all = os_reserve(2 * HEAP_MAX_BYTES);
    if (!all)
        return NULL;
    size_t front = -(uintptr_t)all & (HEAP_MAX_BYTES - 1);
    char *heap = all + front;
    if (front > 0)
        os_unmap(all, front);
    else
        atomic_store_explicit(&aligned_heap_area, heap + HEAP_MAX_BYTES, memory_order_relaxed);
    os_unmap(heap + HEAP_MAX_BYTES, HEAP_MAX_BYTES - front);
    return heap;
}

static char *reserve_heap(void)
{
    char *area = atomic_exchange_explicit(&aligned_heap_area, NULL, memory_order_relaxed);
    char *heap = area ? os_reserve_at(area, HEAP_MAX_BYTES) : NULL;
    if (!heap)
        heap = reserve_and_cut();
    if (heap)
        return heap;
    /* No room for two in a row; one may still lie well by chance. */
    heap = os_reserve(HEAP_MAX_BYTES);
    if (!heap || is_aligned(heap))
        return heap;
    os_unmap(heap, HEAP_MAX_BYTES);
    return NULL;
}

static void set_place(const void *heap, enum place place)
{
    atomic_store_explicit(&heap_places[(uintptr_t)heap >> HEAP_MAX_BITS], (uint8_t)place,
                          memory_order_relaxed);
}

struct heap_info *new_heap(size_t bytes)
{
    char *start = bytes <= HEAP_MAX_BYTES ? reserve_heap() : NULL;
    if (!start)
        goto no_memory;
    bytes = round_up(bytes, os_page_bytes());
    if (((uintptr_t)start >> HEAP_MAX_BITS) >= ARRAY_SIZE(heap_places) ||
        os_open(start, bytes) < 0) {
        os_unmap(start, HEAP_MAX_BYTES);
        goto no_memory;
    }
    struct heap_info *h = (struct heap_info *)start;
    h->size = bytes;
    h->opened = bytes;
    set_place(h, PLACE_HEAP);
    return h;

no_memory:
    errno = ENOMEM;
    return NULL;
}

int grow_heap(struct heap_info *h, size_t bytes)
{
    if (bytes > HEAP_MAX_BYTES - h->size)
        return -ENOMEM;
    size_t size = h->size + bytes;
    if (size > h->opened) {
        if (os_open((char *)h + h->opened, size - h->opened) < 0)
            return -ENOMEM;
        h->opened = size;
    }
    h->size = size;
    return 0;
}

/*
 * Whether the system counts every page that may be written (vm.overcommit_memory=2). Then what is
 * only discarded is still held; elsewhere it is not, and to keep it open saves the next growth a
 * call.
 */
static bool overcommit_is_strict(void)
{
    static _Atomic int known = -1;
    int strict = atomic_load_explicit(&known, memory_order_relaxed);
    if (strict >= 0)
        return strict;
    char mode = '0';
    int fd = open("/proc/sys/vm/overcommit_memory", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        strict = read(fd, &mode, 1) == 1 && mode == '2';
        close(fd);
    } else {
        strict = false;
    }
    atomic_store_explicit(&known, strict, memory_order_relaxed);
    return strict;
}

void shrink_heap(struct heap_info *h, size_t bytes)
{
    char *end = (char *)h + h->size - bytes;
    h->size -= bytes;
    /* What is given back must read as zero when it comes again, whatever the system refuses. */
    bool closed = overcommit_is_strict() && os_close(end, h->opened - h->size) == 0;
    if (!closed && os_discard(end, bytes) < 0) {
        closed = os_close(end, h->opened - h->size) == 0;
        if (!closed)
            memset(end, 0, bytes);
    }
    if (closed)
        h->opened = h->size;
}

void delete_heap(struct heap_info *h)
{
    char *end = (char *)h + HEAP_MAX_BYTES;
    set_place(h, PLACE_NONE);
    /* The place behind is no longer known to be free of what others map. */
    atomic_compare_exchange_strong_explicit(&aligned_heap_area, &end, NULL, memory_order_relaxed,
                                            memory_order_relaxed);
    os_unmap(h, HEAP_MAX_BYTES);
}

static const char *check_one(const struct heap_info *h)
{
    size_t page = os_page_bytes();
    if (!is_aligned(h))
        return "heap alignment";
    if (heap_place(h) != PLACE_HEAP)
        return "heap place";
    if (h->size < sizeof(*h) || h->size > h->opened || h->opened > HEAP_MAX_BYTES ||
        h->size % page != 0 || h->opened % page != 0)
        return "heap sizes";
    return NULL;
}

const char *heap_check(const struct heap_info *h)
{
    const struct arena *a = h->arena;
    for (; h; h = h->prev) {
        const char *broken = check_one(h);
        if (broken)
            return broken;
        if (h->arena != a)
            return "heap arena";
    }
    return NULL;
}
