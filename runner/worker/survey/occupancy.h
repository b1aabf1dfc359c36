/*
 * Page occupancy: live bytes in each resident page of the heap. Works for any allocator, for it needs only
 * where the live objects are and which pages are there.
 *
 * Cost: sorting the objects, O(objects) in up to six passes over 24 bytes each; then O(objects + pages). On a
 * mark that is some 50 ns per object and 10 ns per page of the heap's address space.
 */
#pragma once

#include "survey.h"

/* A live object. */
struct extent {
    uint64_t address, bytes;
    uint32_t holder; /* the thread that has it */
};

/* Sorts by address; `scratch` has room for as many. The result is where the return value points: one of the two. */
struct extent *extents_sort(struct extent *extents, struct extent *scratch, size_t n);

struct occupancy {
    const struct extent *objects; /* ascending */
    size_t n_objects, at;         /* `at`: none before it reaches the page that comes next */
    uint64_t page_bytes;
    /* What was found so far. */
    uint64_t n_pages, pages[SURVEY_SHARES];
    struct survey_region *regions; /* room for SURVEY_REGIONS_MAX */
    uint32_t n_regions, region_pages;
};

void occupancy_begin(struct occupancy *o, const struct extent *objects, size_t n,
                     uint64_t page_bytes, struct survey_region *regions);

/* A resident page; addresses ascend from call to call. */
void occupancy_page(struct occupancy *o, uint64_t address);
