#include "occupancy.h"

#include <string.h>

/* Digits of a radix sort from the lowest; addresses of 64 bits, of which a digit that all share costs no pass. */
enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, PASSES = 6 };

static size_t digit_of(const struct extent *e, unsigned pass)
{
    return e->address >> (pass * DIGIT_BITS) & (DIGITS - 1);
}

static void count_digits(const struct extent *extents, size_t n, unsigned pass, size_t *counts)
{
    memset(counts, 0, DIGITS * sizeof(*counts));
    for (size_t i = 0; i < n; i++)
        counts[digit_of(&extents[i], pass)]++;
}

/* From how many there are of each to where the first of each goes. */
static void add_up(size_t *counts)
{
    size_t before = 0;
    for (size_t d = 0; d < DIGITS; d++) {
        size_t here = counts[d];
        counts[d] = before;
        before += here;
    }
}

struct extent *extents_sort(struct extent *extents, struct extent *scratch, size_t n)
{
    size_t counts[DIGITS];
    for (unsigned pass = 0; pass < PASSES && n > 1; pass++) {
        count_digits(extents, n, pass, counts);
        if (counts[digit_of(&extents[0], pass)] == n)
            continue;
        add_up(counts);
        for (size_t i = 0; i < n; i++)
            scratch[counts[digit_of(&extents[i], pass)]++] = extents[i];
        struct extent *sorted = scratch;
        scratch = extents;
        extents = sorted;
    }
    return extents;
}

void occupancy_begin(struct occupancy *o, const struct extent *objects, size_t n,
                     uint64_t page_bytes, struct survey_region *regions)
{
    *o = (struct occupancy){.objects = objects,
                            .n_objects = n,
                            .page_bytes = page_bytes,
                            .regions = regions,
                            .region_pages = 1};
}

static uint64_t end_of(const struct extent *e)
{
    return e->address + e->bytes;
}

/* Live bytes in [from, to). An object that reaches beyond is looked at again for the next page. */
static uint64_t live_in(struct occupancy *o, uint64_t from, uint64_t to)
{
    uint64_t sum = 0;
    while (o->at < o->n_objects && end_of(&o->objects[o->at]) <= from)
        o->at++;
    for (size_t i = o->at; i < o->n_objects && o->objects[i].address < to; i++) {
        uint64_t begin = o->objects[i].address, end = end_of(&o->objects[i]);
        begin = begin > from ? begin : from;
        end = end < to ? end : to;
        sum += end > begin ? end - begin : 0;
    }
    return sum < to - from ? sum : to - from; /* an allocator gone wild has objects that overlap */
}

static uint64_t region_of(const struct occupancy *o, uint64_t address)
{
    return address & ~(o->region_pages * o->page_bytes - 1);
}

/* Makes regions twice as wide, and one of two that are one now. */
static void widen(struct occupancy *o)
{
    uint32_t n = 0;
    o->region_pages *= 2;
    for (uint32_t i = 0; i < o->n_regions; i++) {
        struct survey_region r = o->regions[i];
        r.address = region_of(o, r.address);
        r.n_pages = o->region_pages;
        if (n > 0 && o->regions[n - 1].address == r.address) {
            o->regions[n - 1].resident_pages += r.resident_pages;
            o->regions[n - 1].live_bytes += r.live_bytes;
        } else {
            o->regions[n++] = r;
        }
    }
    o->n_regions = n;
}

static void add_to_region(struct occupancy *o, uint64_t address, uint64_t live)
{
    struct survey_region *last = o->n_regions > 0 ? &o->regions[o->n_regions - 1] : NULL;
    if (last && last->address == region_of(o, address)) {
        last->resident_pages++;
        last->live_bytes += live;
        return;
    }
    while (o->n_regions == SURVEY_REGIONS_MAX)
        widen(o);
    last = o->n_regions > 0 ? &o->regions[o->n_regions - 1] : NULL;
    if (!last || last->address != region_of(o, address)) {
        last = &o->regions[o->n_regions++];
        *last =
            (struct survey_region){.address = region_of(o, address), .n_pages = o->region_pages};
    }
    last->resident_pages++;
    last->live_bytes += live;
}

void occupancy_page(struct occupancy *o, uint64_t address)
{
    uint64_t live = live_in(o, address, address + o->page_bytes);
    uint64_t sixteenth = o->page_bytes / (SURVEY_SHARES - 1);
    o->n_pages++;
    o->pages[(live + sixteenth - 1) / sixteenth]++;
    add_to_region(o, address, live);
}
