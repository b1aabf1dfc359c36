/*
 * Each form of damage ends the process with one line that names it, and SIGABRT. The damage is done to
 * the words around and inside freed objects, as a program would that writes where it must not.
 */
#include <malloc.h>
#include <string.h>

#include "death.h"
#include "malloc_state.h"
#include "ptmalloc.h"

/* Large enough for no cache and no fast bin, and not mapped. */
#define LARGE 40000u

/* An object with one behind it, so that it does not border on the top. */
static void *fenced(size_t bytes)
{
    void *p = keep(bytes);
    keep(LARGE);
    return p;
}

static void without_cache(void)
{
    cache_flush(false);
    for (unsigned i = 0; i < CACHE_BINS; i++)
        cache.bins[i].limit = 0;
}

/* --- the damage --- */

static void free_twice_into_the_cache(void)
{
    void *p = fenced(40);
    free(p);
    free(p);
}

static void free_twice_with_another_between(void)
{
    void *p = fenced(40), *q = fenced(40);
    free(p);
    free(q);
    free(p);
}

static void free_twice_into_a_fast_bin(void)
{
    without_cache();
    void *p = fenced(40);
    free(p);
    free(p);
}

static void free_twice_into_a_fast_bin_with_another_between(void)
{
    without_cache();
    void *p = fenced(40), *q = fenced(40);
    free(p);
    free(q);
    free(p);
}

/* The cache has no room for all of them: some go to the arena, and are merged there. */
static void free_twice_what_left_the_cache(void)
{
    void *p[200];
    for (unsigned i = 0; i < ARRAY_SIZE(p); i++)
        p[i] = keep(500);
    for (unsigned i = 0; i < ARRAY_SIZE(p); i++)
        free(p[i]);
    free(p[100]);
}

static void free_twice_what_lies_between_free_ones(void)
{
    without_cache();
    void *p = keep(500), *between = keep(500), *q = fenced(500);
    free(p);
    free(q);
    free(between);
    free(between);
}

static void *free_of(void *p)
{
    free(p);
    return NULL;
}

static void in_a_thread(void *(*what)(void *), void *p)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, what, p) == 0)
        pthread_join(thread, NULL);
}

static void free_twice_first_by_another_thread(void)
{
    void *p = fenced(40);
    in_a_thread(free_of, p);
    free(p);
}

/* Between, the program wrote to it, so that the cache cannot know it. */
static void free_twice_what_is_kept_of_large_ones(void)
{
    void *p = fenced(4000);
    free(p);
    free(p);
}

static void size_of_what_is_kept_of_large_ones(void)
{
    char *p = fenced(4000);
    free(p);
    *(size_t *)(p - sizeof(size_t)) += 32;
    keep(4000);
}

static void *take_free_twice_and_end(void *unused)
{
    (void)unused;
    void *p = keep(40);
    free(p);
    memset(p, 0x41, 2 * sizeof(size_t));
    free(p);
    return NULL;
}

static void free_twice_what_is_left_to_the_arena(void)
{
    in_a_thread(take_free_twice_and_end, NULL);
}

static void free_twice_what_was_merged(void)
{
    void *p = fenced(LARGE);
    free(p);
    free(p);
}

static void free_what_became_the_top(void)
{
    void *p = keep(LARGE);
    free(p);
    free(p);
}

static void free_of_no_memory(void)
{
    void *volatile p = (void *)(uintptr_t)0x10;
    free(p);
}

static void free_inside_an_object(void)
{
    char *p = fenced(LARGE);
    free(p + 8);
}

static void size_of(char *p, size_t size)
{
    memcpy(p - sizeof(size), &size, sizeof(size));
    free(p);
}

static void size_too_small(void)
{
    size_of(fenced(LARGE), 16 | PREV_INUSE);
}

static void size_too_large(void)
{
    size_of(fenced(LARGE), (size_t)1 << 40 | PREV_INUSE);
}

static void size_misaligned(void)
{
    size_of(fenced(LARGE), (LARGE + 8) | 8 | PREV_INUSE);
}

static void size_of_what_is_mapped(void)
{
    size_of(keep(MIB), 2 * MIB);
}

static void previous_size_does_not_match(void)
{
    char *p = fenced(LARGE);
    keep(LARGE);
    char *next = (char *)object_chunk(p) + chunk_bytes(object_chunk(p)); /* the fence behind p */
    free(p);
    *(size_t *)next = 64; /* the size that p repeats at its end */
    free(next + CHUNK_HEADER_BYTES);
}

static void list_link(size_t offset, size_t bytes, size_t wanted)
{
    without_cache();
    char *p = fenced(bytes);
    free(p);
    memset(p + offset, 0x41, sizeof(size_t));
    keep(wanted);
    keep(wanted);
}

static void forward_link_of_a_large_chunk(void)
{
    list_link(0, LARGE, LARGE);
}

static void backward_link_of_a_large_chunk(void)
{
    list_link(8, LARGE, LARGE);
}

static void link_of_a_small_chunk(void)
{
    list_link(0, 500, 500);
}

/* Memory of the heap that is reserved but was never opened. */
static size_t unopened(const void *p)
{
    return (size_t)heap_for_ptr(p) + HEAP_MAX_BYTES / 2;
}

static void sizes_behind_each_other_to_unopened_memory(void)
{
    char *p = fenced(37000), *between = fenced(37100), *q = fenced(37200); /* all of one bin */
    free(p);
    free(q);
    keep(3 * LARGE); /* sorts them */
    *(size_t *)(q + 16) = unopened(q);
    free(between);
    keep(3 * LARGE);
}

static void link_to_unopened_memory(void)
{
    char *p = fenced(LARGE);
    free(p);
    *(size_t *)(p + 8) = unopened(p);
    keep(LARGE);
}

static void link_in_a_fast_bin_to_unopened_memory(void)
{
    without_cache();
    char *p = fenced(40);
    free(p);
    *(size_t *)p = unopened(p) ^ ((uintptr_t)p >> 12);
    keep(40);
}

static void size_to_unopened_memory(void)
{
    char *p = keep(LARGE);
    struct malloc_state *m = (struct malloc_state *)arena_thread.arena;
    m->arena.system_mem +=
        HEAP_MAX_BYTES; /* as if there were many heaps, so that the sum does not tell */
    size_of(p, (HEAP_MAX_BYTES / 2) | PREV_INUSE);
}

static void size_of_the_next_to_unopened_memory(void)
{
    char *p = keep(LARGE), *q = fenced(LARGE);
    struct malloc_state *m = (struct malloc_state *)arena_thread.arena;
    m->arena.system_mem += HEAP_MAX_BYTES;
    object_chunk(q)->size = (HEAP_MAX_BYTES / 2) | PREV_INUSE;
    free(p);
}

static void size_of_the_top_before_a_free(void)
{
    char *p = keep(LARGE);
    ((struct malloc_state *)arena_thread.arena)->top->size -= 4096;
    free(p);
}

static void list_is_walked_by_a_trim(void)
{
    char *p = fenced(LARGE);
    free(p);
    memset(p, 0x41, sizeof(size_t));
    malloc_trim(0);
}

static void link_of_sizes(void)
{
    char *p = fenced(LARGE);
    free(p);
    keep(2 * LARGE); /* sorts it */
    memset(p + 16, 0x41, sizeof(size_t));
    keep(LARGE);
}

static void size_of_the_top(void)
{
    char *p = keep(LARGE);
    size_t size = ~(size_t)0 & ~(size_t)0xe;
    memcpy(p + malloc_usable_size(p), &size, sizeof(size));
    keep(16 * KIB);
}

static void link_in_the_cache(void)
{
    char *p = fenced(40);
    free(p);
    memset(p, 0x41, sizeof(size_t));
    keep(40);
}

static void link_in_the_cache_to_the_stack(void)
{
    size_t words[16] = {0, 0x31};
    char *p = fenced(40);
    free(p);
    *(uintptr_t *)p = (uintptr_t)&words[2] ^ ((uintptr_t)p >> 12); /* mangled as it should be */
    keep(40);
    keep(40);
}

static void link_in_a_fast_bin_to_itself(void)
{
    without_cache();
    char *p = fenced(40);
    free(p);
    *(uintptr_t *)p = (uintptr_t)(p - CHUNK_HEADER_BYTES) ^ ((uintptr_t)p >> 12);
    mallinfo2();
}

static void link_in_a_fast_bin(void)
{
    without_cache();
    char *p = fenced(40);
    free(p);
    memset(p, 0x41, sizeof(size_t));
    keep(40);
}

static void resize_of_a_stranger(void)
{
    size_t words[16] = {0, 0x41};
    void *volatile p = &words[2];
    hold(realloc(p, 100));
}

static void resize_of_what_is_cached(void)
{
    void *p = fenced(1000);
    free(p);
    hold(realloc(p, 990));
}

static void resize_of_what_is_kept_of_large_ones(void)
{
    void *p = fenced(3000);
    free(p);
    hold(realloc(p, 2000));
}

static const struct death deaths[] = {
    {"free(): double free detected in a thread cache", free_twice_into_the_cache},
    {"free(): double free detected in a thread cache", free_twice_with_another_between},
    {"double free or corruption (fasttop)", free_twice_into_a_fast_bin},
    {"double free or corruption (fast)", free_twice_into_a_fast_bin_with_another_between},
    {"double free or corruption (merged)", free_twice_what_left_the_cache},
    {"double free or corruption (merged)", free_twice_what_lies_between_free_ones},
    {"free(): double free detected in a thread cache", free_twice_first_by_another_thread},
    {"free(): double free detected in a thread cache", free_twice_what_is_kept_of_large_ones},
    {"malloc(): corrupted size in a thread cache", size_of_what_is_kept_of_large_ones},
    {"free(): double free detected in a list of a thread cache",
     free_twice_what_is_left_to_the_arena},
    {"double free or corruption (!prev)", free_twice_what_was_merged},
    {"double free or corruption (top)", free_what_became_the_top},
    {"free(): invalid pointer", free_of_the_stack},
    {"free(): invalid pointer", free_of_static_memory},
    {"free(): invalid pointer", free_of_no_memory},
    {"free(): invalid pointer", free_inside_an_object},
    {"free(): invalid size", size_too_small},
    {"free(): invalid size", size_too_large},
    {"free(): invalid size", size_misaligned},
    {"munmap_chunk(): invalid pointer", size_of_what_is_mapped},
    {"corrupted size vs. prev_size while consolidating", previous_size_does_not_match},
    {"malloc(): unsorted double linked list corrupted", forward_link_of_a_large_chunk},
    {"corrupted double-linked list", backward_link_of_a_large_chunk},
    {"malloc(): unsorted double linked list corrupted", link_of_a_small_chunk},
    {"corrupted double-linked list", link_to_unopened_memory},
    {"malloc(): unaligned fastbin chunk detected", link_in_a_fast_bin_to_unopened_memory},
    {"malloc(): largebin double linked list corrupted (nextsize)",
     sizes_behind_each_other_to_unopened_memory},
    {"free(): invalid size", size_to_unopened_memory},
    {"free(): invalid next size (normal)", size_of_the_next_to_unopened_memory},
    {"malloc(): corrupted top size", size_of_the_top_before_a_free},
    {"corrupted double-linked list", list_is_walked_by_a_trim},
    {"corrupted double-linked list (not small)", link_of_sizes},
    {"malloc(): corrupted top size", size_of_the_top},
    {"malloc(): corrupted link in a thread cache", link_in_the_cache},
    {"malloc(): corrupted link in a thread cache", link_in_the_cache_to_the_stack},
    {"malloc(): unaligned fastbin chunk detected", link_in_a_fast_bin},
    {"malloc(): a list of a fast bin runs in a circle", link_in_a_fast_bin_to_itself},
    {"realloc(): invalid pointer", resize_of_a_stranger},
    {"realloc(): object is free", resize_of_what_is_cached},
    {"realloc(): object is free", resize_of_what_is_kept_of_large_ones},
};

DEATH_MAIN("ptmalloc", deaths)
