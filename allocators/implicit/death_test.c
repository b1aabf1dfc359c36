/*
 * Each form of damage ends the process with one line that names it, and SIGABRT. The damage is done to
 * the tags around freed objects and objects in use, as a program would that writes where it must not.
 */
#include <malloc.h>

#include "death.h"
#include "implicit.h"

#define BYTES 1000u

/* An object with one behind it, so that it does not border on what is free. */
static char *fenced(void)
{
    char *p = keep(BYTES);
    keep(BYTES);
    return p;
}

static void tag_of(char *p, size_t tag)
{
    memcpy(p - TAG_BYTES, &tag, sizeof(tag));
}

/* --- free() --- */

static void free_twice(void)
{
    char *p = fenced();
    free(p);
    free(p);
}

static void free_twice_what_was_merged_with_the_one_before(void)
{
    char *p = keep(BYTES), *q = fenced();
    free(p);
    free(q);
    free(q);
}

static void free_twice_what_was_merged_with_the_one_behind(void)
{
    char *p = keep(BYTES), *q = fenced();
    free(q);
    free(p);
    free(q);
}

static void free_of_what_a_tag_revives(void)
{
    char *p = fenced();
    free(p);
    tag_of(p, block_for(BYTES) | BLOCK_IN_USE);
    free(p);
}

static void free_inside_an_object(void)
{
    free(fenced() + 8);
}

static void free_beyond_the_heap(void)
{
    char *p = fenced();
    free(p + HEAP_MAX_BYTES / 2);
}

static void size_too_small(void)
{
    char *p = fenced();
    tag_of(p, BLOCK_IN_USE);
    free(p);
}

static void size_too_large(void)
{
    char *p = fenced();
    tag_of(p, (size_t)1 << 40 | BLOCK_IN_USE);
    free(p);
}

static void size_misaligned(void)
{
    char *p = fenced();
    tag_of(p, block_for(BYTES) | 8 | BLOCK_IN_USE);
    free(p);
}

static void size_of_the_next(void)
{
    char *p = keep(BYTES), *q = fenced();
    free(q);
    tag_of(q, (size_t)1 << 40);
    free(p);
}

static void footer_does_not_match(void)
{
    char *p = keep(BYTES), *q = fenced();
    free(p);
    ((size_t *)q)[-2] = 64; /* the last word before q's tag */
    free(q);
}

static void footer_leads_out_of_the_heap(void)
{
    char *p = keep(BYTES), *q = fenced();
    free(p);
    ((size_t *)q)[-2] = 32 * MIB;
    free(q);
}

static void free_of_what_is_mapped_by_another_size(void)
{
    char *p = keep(MIB);
    tag_of(p, 2 * MIB);
    free(p);
}

/* --- the search --- */

static void size_leads_the_search_out_of_the_heap(void)
{
    tag_of(fenced(), (size_t)1 << 40 | BLOCK_IN_USE);
    keep(BYTES);
}

static void size_stops_the_search(void)
{
    tag_of(fenced(), BLOCK_IN_USE);
    keep(BYTES);
}

/* The block that the search finds is longer than its span. */
static void size_of_a_free_block_leads_out_of_the_heap(void)
{
    char *p = fenced();
    free(p);
    tag_of(p, (size_t)1 << 40);
    keep(BYTES);
}

static void size_of_a_free_block_is_another_one(void)
{
    char *p = fenced();
    free(p);
    tag_of(p, block_for(BYTES) - 64);
    keep(BYTES / 2);
}

/* Before the first object lies the header of the span. */
static void end_of_a_span(void)
{
    struct implicit_arena *m = (struct implicit_arena *)arena_thread.arena;
    m->oldest->end += MIB;
    keep(BYTES);
}

static size_t room_left(void)
{
    const struct implicit_arena *m = (struct implicit_arena *)arena_thread.arena;
    return block_previous_bytes(span_epilogue(m->newest)) - TAG_BYTES;
}

/* What lies behind the last object, which takes all that was left, is the epilogue. */
static void epilogue(void)
{
    keep(room_left() / 2); /* the whole would be mapped */
    char *p = keep(room_left());
    memset(p + malloc_usable_size(p), 0x41, TAG_BYTES);
    keep(BYTES);
}

/* --- realloc() --- */

static void resize_of_a_stranger(void)
{
    size_t words[16] = {0, 0x41};
    void *volatile p = &words[2];
    hold(realloc(p, 100));
}

static void resize_of_what_is_free(void)
{
    char *p = fenced();
    free(p);
    hold(realloc(p, 100));
}

static void resize_of_a_damaged_size(void)
{
    char *p = fenced();
    tag_of(p, (size_t)1 << 40 | BLOCK_IN_USE);
    hold(realloc(p, 2 * BYTES));
}

static const struct death deaths[] = {
    {"free(): double free detected", free_twice},
    {"free(): double free detected", free_twice_what_was_merged_with_the_one_before},
    {"free(): double free detected", free_twice_what_was_merged_with_the_one_behind},
    {"double free or corruption (!prev)", free_of_what_a_tag_revives},
    {"free(): invalid pointer", free_of_the_stack},
    {"free(): invalid pointer", free_of_static_memory},
    {"free(): invalid pointer", free_inside_an_object},
    {"free(): invalid pointer", free_beyond_the_heap},
    {"free(): invalid size", size_too_small},
    {"free(): invalid size", size_too_large},
    {"free(): invalid size", size_misaligned},
    {"free(): invalid next size", size_of_the_next},
    {"corrupted size vs. prev_size while consolidating", footer_does_not_match},
    {"corrupted size vs. prev_size while consolidating", footer_leads_out_of_the_heap},
    {"munmap_chunk(): invalid pointer", free_of_what_is_mapped_by_another_size},
    {"corrupted size of a block", size_leads_the_search_out_of_the_heap},
    {"corrupted size of a block", size_stops_the_search},
    {"corrupted size of a block", size_of_a_free_block_leads_out_of_the_heap},
    {"corrupted size vs. prev_size of a free block", size_of_a_free_block_is_another_one},
    {"corrupted start of a span", end_of_a_span},
    {"corrupted epilogue", epilogue},
    {"realloc(): invalid pointer", resize_of_a_stranger},
    {"realloc(): object is free", resize_of_what_is_free},
    {"realloc(): invalid old size", resize_of_a_damaged_size},
};

DEATH_MAIN("implicit", deaths)
