#include "page_share.h"

#include "trace.h"

#define WHOLE 65536u

/* PAGE_SHARE_CLASSES: none. */
static unsigned class_of(uint64_t bytes)
{
    if (bytes < SPOOL_LARGE_BYTES || bytes >= SPOOL_HUGE_BYTES)
        return PAGE_SHARE_CLASSES;
    unsigned log2 = log2_floor(bytes);
    unsigned quarter = (unsigned)(bytes >> (log2 - 2)) & 3;
    return (log2 - log2_floor(SPOOL_LARGE_BYTES)) * 4 + quarter;
}

void page_share_note(struct page_share *s, bool of_realloc, uint64_t bytes, uint32_t pages)
{
    unsigned class = class_of(bytes);
    uint64_t most = trace_pages_max(bytes);
    if (class < PAGE_SHARE_CLASSES)
        s->share[of_realloc][class] = (uint32_t)((pages < most ? pages : most) * WHOLE / most) + 1;
}

uint32_t page_share_guess(const struct page_share *s, bool of_realloc, uint64_t bytes)
{
    unsigned class = class_of(bytes);
    if (class >= PAGE_SHARE_CLASSES || s->share[of_realloc][class] == 0)
        return TRACE_PAGES_ALL;
    uint64_t share = s->share[of_realloc][class] - 1;
    return (uint32_t)((share * trace_pages_max(bytes) + WHOLE - 1) / WHOLE);
}
