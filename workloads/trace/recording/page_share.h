/*
 * How much of an object that was not watched (see SPOOL_LARGE_BYTES) is taken to have been resident:
 * the share of the last watched one of about its size (four steps to a power of two), made in the same
 * way. A thread watches the first few objects of each tick, so the last one is never far.
 */
#pragma once

#include "spool.h"

#define PAGE_SHARE_CLASSES 12u /* from SPOOL_LARGE_BYTES to below SPOOL_HUGE_BYTES */

struct page_share {
    /* Pages of 65 536, plus 1; 0: none was watched. [1]: what realloc made of another object. */
    uint32_t share[2][PAGE_SHARE_CLASSES];
};

/* A watched object of that size had so many pages resident. Sizes out of range are left alone. */
void page_share_note(struct page_share *s, bool of_realloc, uint64_t bytes, uint32_t pages);

/* The pages of one that was not watched; TRACE_PAGES_ALL where nothing is known of its like. */
uint32_t page_share_guess(const struct page_share *s, bool of_realloc, uint64_t bytes);
