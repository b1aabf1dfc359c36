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

_Atomic uint64_t *resident_size_word(const void *p)
{
    return shadow_of((uintptr_t)p + 16);
}

void resident_note(const void *p)
{
    atomic_store_explicit(&has_large[shadow_region((uintptr_t)p)], 1, memory_order_relaxed);
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
    void *p = (void *)address;
    _Atomic uint64_t *size = resident_size_word(p);
    uint64_t bytes = size ? atomic_load_explicit(size, memory_order_relaxed) : 0;
    if (!(bytes & WORD_OTHER))
        return; /* it has just ended */
    uint64_t operands[] = {recorder_distance(teller, word & WORD_VALUE),
                           resident_pages(p, bytes & WORD_VALUE)};
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
