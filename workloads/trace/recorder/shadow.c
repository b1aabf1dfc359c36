#include "shadow.h"

#include <errno.h>
#include <sys/mman.h>

#include "os.h"

_Atomic(_Atomic uint64_t *) shadow_regions[SHADOW_REGIONS];

#define REGION_BYTES   (SHADOW_WORDS * sizeof(uint64_t))
#define WORDS_PER_PAGE (4096 / sizeof(uint64_t))

_Atomic uint64_t *shadow_make(size_t region)
{
    int old_errno = errno;
    _Atomic uint64_t *words = os_map(REGION_BYTES, OS_RESERVE), *there = NULL;
    errno = old_errno;
    if (!words)
        return NULL;
    (void)madvise((void *)words, REGION_BYTES, MADV_NOHUGEPAGE); /* a word would cost 2 MiB */
    errno = old_errno;
    if (atomic_compare_exchange_strong(&shadow_regions[region], &there, words))
        return words;
    os_unmap((void *)words, REGION_BYTES);
    return there;
}

static uintptr_t address_of(size_t region, size_t index)
{
    size_t pair = index & (SHADOW_WORDS / 2 - 1), odd = index / (SHADOW_WORDS / 2);
    return (uintptr_t)region << SHADOW_REGION_LOG2 | pair << 4 | odd << 3;
}

static void page_each(size_t region, _Atomic uint64_t *words, size_t first,
                      void (*each)(uintptr_t, uint64_t))
{
    for (size_t i = first; i < first + WORDS_PER_PAGE; i++) {
        uint64_t word = atomic_load_explicit(&words[i], memory_order_relaxed);
        if (word != 0)
            each(address_of(region, i), word);
    }
}

static void region_each(size_t region, _Atomic uint64_t *words, void (*each)(uintptr_t, uint64_t))
{
    static unsigned char resident[SHADOW_WORDS / WORDS_PER_PAGE];
    size_t step = os_page_bytes() / 4096;
    if (mincore((void *)words, REGION_BYTES, resident) < 0)
        return;
    for (size_t page = 0; page < ARRAY_SIZE(resident); page++)
        if (resident[page / step] & 1)
            page_each(region, words, page * WORDS_PER_PAGE, each);
}

void shadow_each(bool (*wanted)(size_t), void (*each)(uintptr_t, uint64_t))
{
    for (size_t region = 0; region < SHADOW_REGIONS; region++) {
        _Atomic uint64_t *words = atomic_load(&shadow_regions[region]);
        if (words && wanted(region))
            region_each(region, words, each);
    }
}
