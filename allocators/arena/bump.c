#include "bump.h"

#include <string.h>

#include "fatal.h"

#ifndef BUMP_ON_HEAPS
#define BUMP_ON_HEAPS false
#endif

const char heap_name[] = "bump";
_Atomic unsigned bump_thread_ends;
size_t bump_word, bump_number = 7;

static struct bump main_bump;

static void init(struct arena *a, char *start, size_t bytes)
{
    struct bump *b = (struct bump *)a;
    b->at = start;
    b->end = start + bytes;
}

static void *take(struct bump *b, size_t bytes)
{
    struct growth grown;
    if ((size_t)(b->end - b->at) < bytes) {
        if (arena_grow(&b->arena, bytes - (size_t)(b->end - b->at), bytes, &grown) < 0)
            return NULL;
        b->at = grown.joined ? b->at : grown.start;
        b->end = grown.start + grown.bytes;
    }
    void *p = b->at;
    b->at += bytes;
    b->in_use += bytes;
    return p;
}

void *bump_alloc(size_t bytes)
{
    if (bytes > PTRDIFF_MAX / 2)
        return NULL;
    bytes = round_up(bytes ? bytes : 1, 16);
    struct arena *a = arena_get(bytes);
    void *p = take((struct bump *)a, bytes);
    if (!p)
        a = arena_get_retry(a, bytes);
    if (!p && a)
        p = take((struct bump *)a, bytes);
    if (a)
        arena_unlock(a);
    return p;
}

static void thread_end(void)
{
    atomic_fetch_add(&bump_thread_ends, 1);
}

static bool trim(struct arena *a, size_t pad)
{
    struct bump *b = (struct bump *)a;
    size_t left = (size_t)(b->end - b->at);
    size_t given = left > pad ? arena_shrink(a, left - pad) : 0;
    b->end -= given;
    return given > 0;
}

static void statistics(struct arena *a, struct statistics_sink *s)
{
    statistics_add(s, STATISTIC_ARENA, a, "bytes_in_use", ((struct bump *)a)->in_use);
}

static const char *check(struct arena *a)
{
    return ((struct bump *)a)->damaged ? "bump damage" : NULL;
}

static void set_word(size_t value)
{
    bump_word = value;
}

static size_t get_word(void)
{
    return bump_word;
}

static void set_number(size_t value)
{
    bump_number = value;
}

static size_t get_number(void)
{
    return bump_number;
}

static const char *const words[] = {"low", "high", NULL};
static const struct tunable tunables[] = {
    {.name = "bump_word", .choices = words, .set = set_word, .get = get_word},
    {.name = "bump_number",
     .least = 1,
     .most = 99,
     .set = set_number,
     .get = get_number,
     .mallopt = BUMP_NUMBER},
    {.name = NULL},
};

const struct arena_kind arena_kind = {
    .arena_bytes = (sizeof(struct bump) + 15) / 16 * 16,
    .main_arena = &main_bump.arena,
    .on_heaps = BUMP_ON_HEAPS,
    .tunables = tunables,
    .init = init,
    .thread_end = thread_end,
    .trim = trim,
    .statistics = statistics,
    .check = check,
};
