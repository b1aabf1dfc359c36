#include "forms.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "heap_words.h"

#define ANY_SIZE SIZE_MAX

/* --- values to write over others --- */

static uint64_t bad_size(struct driver *d, uint64_t old)
{
    uint64_t flags = old & 15;
    switch (rng_below(&d->rng, 10)) {
    case 0:
        return flags; /* too small */
    case 1:
        return rng_below(&d->rng, 32);
    case 2:
        return ((uint64_t)1 << (20 + rng_below(&d->rng, 40))) | flags; /* too large */
    case 3:
        return old + 8; /* misaligned */
    case 4:
        return rng_next(&d->rng);
    case 5:
        return (~(uint64_t)0 & ~(uint64_t)15) | flags;
    case 6:
        return old ^ (uint64_t)1 << rng_below(&d->rng, 3);
    case 7:
        return (16 + 16 * rng_below(&d->rng, 64)) | flags; /* of another small object */
    case 8:
        return old + 16 * (1 + rng_below(&d->rng, 8));
    default:
        return 16 * rng_below(&d->rng, 16 * KIB) | flags; /* of another large one */
    }
}

/* Memory in the address space of p's heap, opened or not. */
static uint64_t near_heap(struct driver *d, const void *p)
{
    if (heap_place(p) == PLACE_HEAP)
        return (uintptr_t)heap_for_ptr(p) + 16 * rng_below(&d->rng, HEAP_MAX_BYTES / 16);
    return (uintptr_t)p - MIB / 2 + 16 * rng_below(&d->rng, MIB / 16);
}

static uint64_t bad_pointer(struct driver *d, uint64_t old, const void *at)
{
    static _Alignas(16) char data[512];
    struct slot *live = driver_live(d, ANY_SIZE);
    void *freed = driver_freed(d);
    char on_stack[64];
    switch (rng_below(&d->rng, 11)) {
    case 0:
        return 0;
    case 1:
        return rng_next(&d->rng);
    case 2:
        return rng_next(&d->rng) & (((uint64_t)1 << 46) - 16);
    case 3:
        return (uintptr_t)on_stack & ~(uintptr_t)15;
    case 4:
        return (uintptr_t)data;
    case 5:
        return (uintptr_t)mmap(NULL, 512, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                               0);
    case 6:
        return live ? (uintptr_t)live->p : 0;
    case 7:
        return live ? (uintptr_t)live->p - 16 : 0;
    case 8:
        return freed ? (uintptr_t)freed - 16 : 0;
    case 9:
        return near_heap(d, at);
    default:
        return old ^ 16 * (1 + rng_below(&d->rng, 15));
    }
}

/* Half of the pointers are mangled as some lists do it. */
static uint64_t bad_link(struct driver *d, uint64_t old, const void *at)
{
    uint64_t pointer = bad_pointer(d, old, at);
    return rng_below(&d->rng, 2) ? pointer : pointer ^ (uintptr_t)at >> 12;
}

/* Of the small numbers side by side one changes, or one bit, or all. */
static uint64_t bad_facts(struct driver *d, uint64_t old)
{
    unsigned shift = 8 * (unsigned)rng_below(&d->rng, 4);
    switch (rng_below(&d->rng, 4)) {
    case 0:
        return old ^ (uint64_t)1 << rng_below(&d->rng, 64);
    case 1:
        return rng_next(&d->rng);
    case 2:
        return (old & ~((uint64_t)255 << shift)) | rng_below(&d->rng, 256) << shift;
    default:
        return (old & ~((uint64_t)255 << shift)) | rng_below(&d->rng, 12) << shift;
    }
}

/* --- free and realloc of what is no object --- */

static bool free_twice(struct driver *d)
{
    struct slot *s = driver_live(d, ANY_SIZE);
    if (!s)
        return false;
    void *p = s->p;
    driver_drop(d, s);
    free(p);
    return true;
}

/* What happens in between may move it from a cache to the arena, and merge it with others. */
static bool free_twice_others_between(struct driver *d)
{
    struct slot *s = driver_live(d, ANY_SIZE);
    if (!s)
        return false;
    void *p = s->p;
    driver_drop(d, s);
    for (struct slot *other = d->slots; other < d->slots + N_SLOTS; other++) {
        if (other->p && rng_below(&d->rng, 2))
            driver_drop(d, other);
    }
    if (rng_below(&d->rng, 4) == 0)
        malloc_trim(0);
    free(p);
    return true;
}

/* More of its size than a cache keeps. */
static bool free_twice_many_alike_between(struct driver *d)
{
    void *alike[200];
    size_t bytes = rng_below(&d->rng, 1100), n = 1 + rng_below(&d->rng, ARRAY_SIZE(alike));
    for (size_t i = 0; i < n; i++)
        alike[i] = malloc(bytes);
    for (size_t i = 0; i < n; i++)
        free(alike[i]);
    free(alike[rng_below(&d->rng, n)]);
    return true;
}

static bool free_of_what_was_freed_long_ago(struct driver *d)
{
    struct slot *s = driver_live(d, ANY_SIZE);
    if (!s)
        return false;
    void *p = s->p;
    driver_drop(d, s);
    drive(d, (unsigned)rng_below(&d->rng, 200));
    free(p);
    return true;
}

static bool realloc_of_what_is_free(struct driver *d)
{
    void *p = driver_freed(d);
    struct slot *s = d->slots;
    while (s < d->slots + N_SLOTS && s->p)
        s++;
    if (!p || s == d->slots + N_SLOTS)
        return false;
    s->bytes = rng_below(&d->rng, 3000);
    s->p = realloc(p, s->bytes);
    return true;
}

static bool free_inside(struct driver *d)
{
    struct slot *s = driver_live(d, ANY_SIZE);
    if (!s || s->bytes < 32)
        return false;
    char *inside = s->p + 16 * (1 + rng_below(&d->rng, s->bytes / 16 - 1));
    uint64_t header = bad_size(d, 16 * rng_below(&d->rng, 40) + rng_below(&d->rng, 8));
    if (rng_below(&d->rng, 2)) /* what the program has written there looks like a header */
        memcpy(inside - sizeof(header), &header, sizeof(header));
    free(inside);
    d->sizes_may_lie = true;
    return true;
}

static bool free_misaligned(struct driver *d)
{
    struct slot *s = driver_live(d, ANY_SIZE);
    if (!s)
        return false;
    free(s->p + 1 + rng_below(&d->rng, 15));
    return true;
}

/* Memory that looks like a row of objects of one size. */
static char *stranger(struct driver *d, char *on_stack, size_t bytes)
{
    static _Alignas(16) char data[512];
    char *p = rng_below(&d->rng, 2) ? on_stack : data;
    if (rng_below(&d->rng, 3) == 0)
        p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t size = 16 * (2 + rng_below(&d->rng, 6)) + 1;
    for (size_t i = 0; i + sizeof(size) <= bytes; i += sizeof(size))
        memcpy(p + i, &size, sizeof(size));
    return p + 32;
}

static bool free_of_a_stranger(struct driver *d)
{
    _Alignas(16) char on_stack[512];
    free(stranger(d, on_stack, sizeof(on_stack)));
    return true;
}

static bool realloc_of_a_stranger(struct driver *d)
{
    _Alignas(16) char on_stack[512];
    d->slots[0].p = realloc(stranger(d, on_stack, sizeof(on_stack)), 1 + rng_below(&d->rng, 3000));
    return true;
}

/* --- words that the allocator keeps --- */

/* A word of that kind about p; NULL: it keeps none. */
static uint64_t *word_about(struct driver *d, void *p, bool is_free, enum word_kind kind)
{
    struct heap_word words[HEAP_WORDS_MAX];
    uint64_t *of_kind[HEAP_WORDS_MAX];
    size_t n = p ? heap_words(p, is_free, words) : 0, n_of_kind = 0;
    for (size_t i = 0; i < n; i++) {
        if (words[i].kind == kind)
            of_kind[n_of_kind++] = words[i].at;
    }
    return n_of_kind > 0 ? of_kind[rng_below(&d->rng, n_of_kind)] : NULL;
}

static bool overwrite(struct driver *d, bool is_free, enum word_kind kind)
{
    struct slot *live = is_free ? NULL : driver_live(d, ANY_SIZE);
    uint64_t *at = word_about(d, is_free ? driver_freed(d) : live ? live->p : NULL, is_free, kind);
    if (!at)
        return false;
    if (kind == WORD_LINK)
        *at = bad_link(d, *at, at);
    else
        *at = kind == WORD_FACTS ? bad_facts(d, *at) : bad_size(d, *at);
    d->sizes_may_lie = kind != WORD_LINK;
    return true;
}

static bool overwrite_size(struct driver *d)
{
    return overwrite(d, false, WORD_SIZE);
}

static bool overwrite_size_of_what_is_free(struct driver *d)
{
    return overwrite(d, true, WORD_SIZE);
}

static bool overwrite_next(struct driver *d)
{
    return overwrite(d, rng_below(&d->rng, 2), WORD_NEXT);
}

static bool overwrite_previous(struct driver *d)
{
    return overwrite(d, rng_below(&d->rng, 2), WORD_PREVIOUS);
}

static bool overwrite_link(struct driver *d)
{
    return overwrite(d, true, WORD_LINK);
}

static bool overwrite_top(struct driver *d)
{
    return overwrite(d, false, WORD_TOP);
}

static bool overwrite_facts(struct driver *d)
{
    return overwrite(d, rng_below(&d->rng, 2), WORD_FACTS);
}

/* --- what programs do without aiming --- */

static bool write_to_what_is_free(struct driver *d)
{
    uint64_t *p = driver_freed(d);
    if (!p)
        return false;
    for (unsigned n = 1 + (unsigned)rng_below(&d->rng, 2); n > 0; n--) {
        uint64_t *at = &p[rng_below(&d->rng, 4)];
        *at = bad_link(d, *at, at);
    }
    return true;
}

/* Words from `at` on, as far as they lie in the heap. */
static void run_over(struct driver *d, char *at)
{
    bool same = rng_below(&d->rng, 2);
    uint64_t word = rng_next(&d->rng);
    for (size_t n = 1 + rng_below(&d->rng, 8); n > 0; n--, at += sizeof(word)) {
        const struct arena *a = arena_for_ptr(at);
        word = same ? word : bad_size(d, word);
        if (a && arena_holds(a, at))
            memcpy(at, &word, sizeof(word));
    }
    d->sizes_may_lie = true;
}

static bool run_over_the_end(struct driver *d)
{
    struct slot *s = driver_live(d, ANY_SIZE);
    if (!s)
        return false;
    run_over(d, s->p + malloc_usable_size(s->p));
    return true;
}

static bool run_under_the_start(struct driver *d)
{
    struct slot *s = driver_live(d, ANY_SIZE);
    if (!s)
        return false;
    run_over(d, s->p - 8 * (1 + rng_below(&d->rng, 2)));
    return true;
}

const struct form forms[] = {
    {"an object is freed twice", free_twice, true},
    {"an object is freed twice, others in between", free_twice_others_between, true},
    {"an object is freed twice, many of its size in between", free_twice_many_alike_between, true},
    {"an object is freed again later", free_of_what_was_freed_long_ago, false},
    {"a freed object is resized", realloc_of_what_is_free, false},
    {"a pointer inside an object is freed", free_inside, false},
    {"a misaligned pointer is freed", free_misaligned, true},
    {"a pointer of another origin is freed", free_of_a_stranger, true},
    {"a pointer of another origin is resized", realloc_of_a_stranger, true},
    {"the size of an object is overwritten", overwrite_size, false},
    {"the size of a freed object is overwritten", overwrite_size_of_what_is_free, false},
    {"the size behind an object is overwritten", overwrite_next, false},
    {"the size before an object is overwritten", overwrite_previous, false},
    {"a link of a freed object is overwritten", overwrite_link, false},
    {"the size of the top is overwritten", overwrite_top, false},
    {"the facts of a page are overwritten", overwrite_facts, false},
    {"the first words of a freed object are overwritten", write_to_what_is_free, false},
    {"a program writes beyond the end of its object", run_over_the_end, false},
    {"a program writes before the start of its object", run_under_the_start, false},
};
const unsigned n_forms = ARRAY_SIZE(forms);
