#include "fast.h"

#include "arena.h"
#include "fatal.h"

/* Whether it may be followed. */
static bool is_chunk_of(const struct arena *a, const struct chunk *c)
{
    return chunk_is_aligned(c) && arena_room(a, c) >= MIN_CHUNK_BYTES;
}

void fast_push(struct fast_bins *f, struct chunk *c, size_t bytes)
{
    struct chunk **head = &f->heads[fast_index(bytes)];
    if (UNLIKELY(*head == c))
        heap_fatal("double free or corruption (fasttop)");
    if (UNLIKELY(c->size & IS_UNUSED))
        heap_fatal("double free or corruption (fast)");
    c->size |= IS_UNUSED;
    c->fd = mangle(&c->fd, *head);
    *head = c;
}

struct chunk *fast_next(const struct chunk *c)
{
    struct chunk *next = mangle(&c->fd, c->fd);
    if (UNLIKELY(next && !is_chunk_of(arena_for_ptr(c), next)))
        heap_fatal("malloc(): unaligned fastbin chunk detected");
    return next;
}

struct chunk *fast_pop(struct fast_bins *f, size_t bytes)
{
    struct chunk **head = &f->heads[fast_index(bytes)], *c = *head;
    if (!c)
        return NULL;
    if (UNLIKELY(chunk_bytes(c) != bytes))
        heap_fatal("malloc(): memory corruption (fast)");
    *head = fast_next(c);
    c->size &= ~IS_UNUSED;
    return c;
}

struct chunk *fast_take_all(struct fast_bins *f, unsigned index)
{
    struct chunk *all = f->heads[index];
    f->heads[index] = NULL;
    return all;
}

size_t fast_bytes(const struct fast_bins *f, size_t *n_chunks)
{
    size_t bytes = 0;
    *n_chunks = 0;
    for (unsigned i = 0; i < N_FAST_BINS; i++) {
        const struct chunk *seen = NULL; /* as in check_list() */
        size_t n = 0;
        for (const struct chunk *c = f->heads[i]; c; c = fast_next(c)) {
            if (UNLIKELY(c == seen))
                heap_fatal("malloc(): a list of a fast bin runs in a circle");
            if (is_power_of_two(++n))
                seen = c;
            bytes += chunk_bytes(c);
        }
        *n_chunks += n;
    }
    return bytes;
}

static const char *check_list(const struct chunk *c, size_t bytes)
{
    const struct chunk *seen =
        NULL; /* one of those passed, ever farther on: a list that ends has it once */
    for (size_t n = 1; c; n++, c = mangle(&c->fd, c->fd)) {
        if (c == seen || !chunk_is_aligned(c) || !arena_for_ptr(c))
            return "fast links";
        if (chunk_bytes(c) != bytes || !chunk_in_use(c))
            return "fast size";
        if (is_power_of_two(n))
            seen = c;
    }
    return NULL;
}

const char *fast_check(const struct fast_bins *f)
{
    for (unsigned i = 0; i < N_FAST_BINS; i++) {
        const char *broken = check_list(f->heads[i], (i + 2) * (size_t)CHUNK_ALIGNMENT);
        if (broken)
            return broken;
    }
    return NULL;
}
