#include "resident.h"

#include <errno.h>
#include <sys/mman.h>

#include "os.h"

#define PAGE 4096u

static _Atomic uint8_t has_large[SHADOW_REGIONS];
static struct spool_thread *teller;

bool resident_wants(struct spool_thread *self, size_t bytes)
{
    uint32_t tick = atomic_load_explicit(recorder_tick, memory_order_relaxed);
    if (bytes >= SPOOL_HUGE_BYTES)
        return true;
    if (self->watched_tick != tick) {
        self->watched_tick = tick;
        self->n_watched = 0;
    }
    return self->n_watched++ < RESIDENT_PER_TICK;
}

static _Atomic uint64_t *size_word(const void *p)
{
    return shadow_of((uintptr_t)p + 16);
}

static _Atomic uint64_t *base_word(const void *p)
{
    return shadow_of((uintptr_t)p + 32);
}

bool resident_begin(void *p, size_t bytes, uint64_t base_pages)
{
    _Atomic uint64_t *size = size_word(p), *base = base_word(p);
    if (!size || !base)
        return false;
    atomic_store_explicit(base, WORD_OTHER | base_pages, memory_order_relaxed);
    atomic_store_explicit(size, WORD_OTHER | bytes, memory_order_relaxed);
    atomic_store_explicit(&has_large[shadow_region((uintptr_t)p)], 1, memory_order_relaxed);
    return true;
}

/* What the words say now; another thread may be ending the object. */
static struct resident_watch look(const void *p)
{
    _Atomic uint64_t *size = size_word(p), *base = base_word(p);
    struct resident_watch w = {0};
    uint64_t bytes = size ? atomic_load_explicit(size, memory_order_relaxed) : 0;
    uint64_t pages = base ? atomic_load_explicit(base, memory_order_relaxed) : 0;
    if (!(bytes & pages & WORD_OTHER))
        return w;
    w.bytes = bytes & WORD_VALUE;
    w.base_pages = pages & WORD_VALUE;
    uint64_t now = resident_pages(p, w.bytes);
    w.pages = now > w.base_pages ? now - w.base_pages : 0;
    return w;
}

struct resident_watch resident_end(void *p)
{
    struct resident_watch w = look(p);
    if (w.bytes > 0) {
        atomic_store_explicit(size_word(p), 0, memory_order_relaxed);
        atomic_store_explicit(base_word(p), 0, memory_order_relaxed);
    }
    return w;
}

uint64_t resident_pages(const void *p, size_t bytes)
{
    unsigned char there[2048];
    size_t page = os_page_bytes();
    uintptr_t begin = (uintptr_t)p & ~(page - 1), end = round_up((uintptr_t)p + bytes, page);
    uint64_t n = 0;
    bool previous = true, last = true;
    int old_errno = errno;
    while (begin < end) {
        size_t length = end - begin;
        if (length > sizeof(there) * page)
            length = sizeof(there) * page;
        bool told = mincore((void *)begin, length, there) == 0;
        for (size_t i = 0; i < length / page; i++) {
            previous = last;
            last = !told || there[i] & 1;
            n += last;
        }
        begin += length;
    }
    errno = old_errno;
    bool shares_last = ((uintptr_t)p + bytes) % page != 0;
    n -= shares_last && last && !previous;
    return n * (page / PAGE);
}

void resident_forget(void *p, size_t bytes)
{
    uintptr_t page = os_page_bytes();
    uintptr_t begin = ((uintptr_t)p + page - 1) & ~(page - 1);
    uintptr_t end = ((uintptr_t)p + bytes) & ~(page - 1);
    int old_errno = errno;
    if (begin < end)
        madvise((void *)begin, end - begin, MADV_DONTNEED);
    errno = old_errno;
}

static bool holds_large(size_t region)
{
    return atomic_load_explicit(&has_large[region], memory_order_relaxed);
}

static void tell(uintptr_t address, uint64_t word)
{
    if (!(word & WORD_LARGE) || word & WORD_OTHER)
        return;
    struct resident_watch w = look((void *)address);
    if (w.bytes == 0)
        return; /* it has just ended */
    uint64_t operands[] = {recorder_distance(teller, word & WORD_VALUE), w.pages};
    recorder_put(teller, SPOOL_RESIDENT_LIVE, 0, operands, 2);
}

void resident_tell_living(struct spool_thread *self)
{
    static atomic_flag told = ATOMIC_FLAG_INIT; /* two threads may end the program */
    if (atomic_flag_test_and_set(&told))
        return;
    teller = self;
    shadow_each(holds_large, tell);
}
