#include "bins.h"

#include "arena.h"
#include "fatal.h"

static const char ring_fault[] = "malloc(): largebin double linked list corrupted (nextsize)";

void bins_init(struct bins *b)
{
    for (unsigned i = 0; i <= N_BINS; i++)
        b->heads[i].fd = b->heads[i].bk = bin_at(b, i);
    for (unsigned i = 0; i < BINMAP_WORDS; i++)
        b->map[i] = 0;
}

unsigned large_bin(size_t bytes)
{
    static const struct {
        unsigned shift, steps, base;
    } ranges[] = {{6, 48, 48}, {9, 20, 91}, {12, 10, 110}, {15, 4, 119}, {18, 2, 124}};
    for (unsigned i = 0; i < ARRAY_SIZE(ranges); i++) {
        if (bytes >> ranges[i].shift <= ranges[i].steps)
            return ranges[i].base + (unsigned)(bytes >> ranges[i].shift);
    }
    return N_BINS - 1;
}

static void mark(struct bins *b, unsigned bin)
{
    b->map[bin / 64] |= (uint64_t)1 << bin % 64;
}

static bool is_head(const struct bins *b, const struct chunk *c)
{
    return (uintptr_t)c + CHUNK_HEADER_BYTES - (uintptr_t)b->heads < sizeof(b->heads) &&
           chunk_is_aligned(c);
}

static bool is_held(const struct chunk *c, size_t bytes)
{
    struct piece piece = arena_piece(c);
    return chunk_is_aligned(c) && piece_room(&piece, c) >= bytes;
}

/* Whether it may be followed: aligned, and a head of ours or memory that an arena holds. */
static bool is_link(const struct bins *b, const struct chunk *c)
{
    return is_head(b, c) || is_held(c, sizeof(*c));
}

static void must_be_link(const struct bins *b, const struct chunk *c, const char *fault)
{
    if (UNLIKELY(!is_link(b, c)))
        heap_fatal(fault);
}

/* The same of a link out of a chunk, in most cases by a look at the piece around that. */
static inline void must_be_near(const struct bins *b, struct piece around, const struct chunk *c,
                                const char *fault)
{
    bool is_near = chunk_is_aligned(c) && (uintptr_t)c - around.start < around.bytes - sizeof(*c);
    if (UNLIKELY(!is_near && !is_head(b, c)))
        must_be_link(b, c, fault);
}

/* Of the two one is a head, or was followed; the other must be a link. */
static void link_between(struct chunk *c, struct chunk *before, struct chunk *after)
{
    if (UNLIKELY(before->fd != after || after->bk != before))
        heap_fatal("malloc(): corrupted double-linked list");
    c->bk = before;
    c->fd = after;
    before->fd = c;
    after->bk = c;
}

void bins_put_unsorted(struct bins *b, struct chunk *c)
{
    struct chunk *head = bin_at(b, BIN_UNSORTED);
    if (!is_small_chunk(chunk_bytes(c)))
        c->fd_nextsize = c->bk_nextsize = NULL;
    link_between(c, head, head->fd);
}

/*
 * The first chunk of the largest size in a large bin that is not above `bytes`; there is one. By the ring of
 * sizes, which falls all the way.
 */
static struct chunk *first_not_above(const struct bins *b, struct chunk *first, size_t bytes)
{
    struct chunk *at = first;
    struct piece around = arena_piece(first);
    while (bytes < chunk_bytes(at)) {
        struct chunk *smaller = at->fd_nextsize;
        must_be_near(b, around, smaller, ring_fault);
        if (UNLIKELY(chunk_bytes(smaller) >= chunk_bytes(at)))
            heap_fatal(ring_fault);
        at = smaller;
    }
    return at;
}

/* c is the first of its size, before `smaller` in the ring of sizes. */
static void link_size(const struct bins *b, struct chunk *c, struct chunk *smaller)
{
    struct chunk *larger = smaller->bk_nextsize;
    must_be_near(b, arena_piece(smaller), larger, ring_fault);
    if (UNLIKELY(larger->fd_nextsize != smaller))
        heap_fatal(ring_fault);
    c->fd_nextsize = smaller;
    c->bk_nextsize = larger;
    larger->fd_nextsize = c;
    smaller->bk_nextsize = c;
}

/* Among those of one size it goes second, so that the ring of sizes stays as it is. */
static void sort_into_large(const struct bins *b, struct chunk *head, struct chunk *c, size_t bytes)
{
    struct chunk *first = head->fd, *last = head->bk;
    if (first == head) {
        c->fd_nextsize = c->bk_nextsize = c;
        link_between(c, head, head);
        return;
    }
    if (bytes < chunk_bytes(last)) { /* the new smallest */
        link_between(c, last, head);
        link_size(b, c, first);
        return;
    }
    struct chunk *at = first_not_above(b, first, bytes);
    if (bytes == chunk_bytes(at)) {
        c->fd_nextsize = c->bk_nextsize = NULL;
        must_be_near(b, arena_piece(at), at->fd, ring_fault);
        link_between(c, at, at->fd);
        return;
    }
    must_be_near(b, arena_piece(at), at->bk, ring_fault);
    link_between(c, at->bk, at);
    link_size(b, c, at);
}

void bins_sort_in(struct bins *b, struct chunk *c, size_t bytes)
{
    unsigned bin = bin_of(bytes);
    struct chunk *head = bin_at(b, bin);
    mark(b, bin);
    if (is_small_chunk(bytes))
        link_between(c, head, head->fd);
    else
        sort_into_large(b, head, c, bytes);
}

static void unlink_size(const struct bins *b, struct chunk *c, struct chunk *after)
{
    const char *fault = "corrupted double-linked list (not small)";
    must_be_link(b, c->fd_nextsize, fault);
    must_be_link(b, c->bk_nextsize, fault);
    if (UNLIKELY(c->fd_nextsize->bk_nextsize != c || c->bk_nextsize->fd_nextsize != c))
        heap_fatal(fault);
    /* A head counts as having one: the word there is the next head's, never NULL. */
    if (after->fd_nextsize) { /* c was alone of its size */
        c->fd_nextsize->bk_nextsize = c->bk_nextsize;
        c->bk_nextsize->fd_nextsize = c->fd_nextsize;
        return;
    }
    if (c->fd_nextsize == c) {
        after->fd_nextsize = after->bk_nextsize = after;
        return;
    }
    after->fd_nextsize = c->fd_nextsize;
    after->bk_nextsize = c->bk_nextsize;
    c->fd_nextsize->bk_nextsize = after;
    c->bk_nextsize->fd_nextsize = after;
}

void bins_unlink(struct bins *b, struct chunk *c)
{
    const char *fault = "corrupted double-linked list";
    struct chunk *fd = c->fd, *bk = c->bk;
    size_t bytes = chunk_bytes(c);
    if (UNLIKELY(bytes != chunk_next(c)->prev_size))
        heap_fatal("corrupted size vs. prev_size");
    struct piece around = arena_piece(c);
    must_be_near(b, around, fd, fault);
    must_be_near(b, around, bk, fault);
    if (UNLIKELY(fd->bk != c || bk->fd != c))
        heap_fatal(fault);
    fd->bk = bk;
    bk->fd = fd;
    if (!is_small_chunk(bytes) && c->fd_nextsize)
        unlink_size(b, c, fd);
}

struct chunk *bins_take_small(struct bins *b, unsigned bin)
{
    struct chunk *head = bin_at(b, bin), *c = head->bk;
    if (c == head)
        return NULL;
    size_t bytes = bin * (size_t)CHUNK_ALIGNMENT;
    if (UNLIKELY(!is_held(c, bytes + CHUNK_HEADER_BYTES)))
        heap_fatal("malloc(): smallbin double linked list corrupted");
    if (UNLIKELY(chunk_bytes(c) != bytes))
        heap_fatal("malloc(): corrupted size in a small bin");
    bins_unlink(b, c);
    return c;
}

struct chunk *bins_best_in_large(struct bins *b, unsigned bin, size_t bytes)
{
    struct chunk *head = bin_at(b, bin), *c = head->fd;
    if (c == head)
        return NULL;
    must_be_link(b, c, ring_fault);
    if (chunk_bytes(c) < bytes)
        return NULL;
    struct piece around = arena_piece(c);
    size_t below = 0; /* the ring rises from the smallest */
    for (c = c->bk_nextsize;; c = c->bk_nextsize) {
        must_be_near(b, around, c, ring_fault);
        if (UNLIKELY(chunk_bytes(c) <= below))
            heap_fatal(ring_fault);
        below = chunk_bytes(c);
        if (below >= bytes)
            break;
    }
    /* The second of a size leaves the ring of sizes as it is. */
    if (c != head->bk && is_link(b, c->fd) && chunk_bytes(c->fd) == chunk_bytes(c))
        c = c->fd;
    return c;
}

/* The first bin from `bin` on whose bit is set; N_BINS: none. */
static unsigned marked_from(const struct bins *b, unsigned bin)
{
    for (unsigned word = bin / 64; word < BINMAP_WORDS; word++, bin = word * 64) {
        uint64_t map = b->map[word] & (~(uint64_t)0 << bin % 64);
        if (map)
            return word * 64 + (unsigned)__builtin_ctzll(map);
    }
    return N_BINS;
}

struct chunk *bins_first_above(struct bins *b, unsigned bin)
{
    while ((bin = marked_from(b, bin + 1)) < N_BINS) {
        struct chunk *head = bin_at(b, bin), *c = head->bk;
        if (c != head) {
            must_be_link(b, c, "malloc(): corrupted double-linked list");
            return c;
        }
        b->map[bin / 64] &= ~((uint64_t)1 << bin % 64);
    }
    return NULL;
}

static const char *check_ring(struct bins *b, unsigned bin)
{
    struct chunk *head = bin_at(b, bin), *first = head->fd, *last = NULL;
    for (struct chunk *c = first; c != head; c = c->fd) {
        if (!c->fd_nextsize) { /* no first of its size, so the one before is of that size, too */
            if (!last || chunk_bytes(c) != chunk_bytes(last))
                return "bin order";
            continue;
        }
        if (last && (last->fd_nextsize != c || c->bk_nextsize != last ||
                     chunk_bytes(c) >= chunk_bytes(last)))
            return "bin order";
        last = c;
    }
    return last && (last->fd_nextsize != first || first->bk_nextsize != last) ? "bin order" : NULL;
}

static const char *check_chunk(struct bins *b, unsigned bin, const struct chunk *c)
{
    size_t bytes = chunk_bytes(c);
    if (!is_link(b, c->fd) || !is_link(b, c->bk) || c->fd->bk != c || c->bk->fd != c)
        return "bin links";
    if (bytes < MIN_CHUNK_BYTES || bytes % CHUNK_ALIGNMENT != 0 || !arena_for_ptr(c) ||
        (bin != BIN_UNSORTED && bin_of(bytes) != bin))
        return "bin size";
    if (chunk_in_use(c) || chunk_next(c)->prev_size != bytes)
        return "bin free";
    return NULL;
}

struct chunk *bins_next(struct bins *b, const struct chunk *c)
{
    const char *fault = "corrupted double-linked list";
    struct chunk *next = c->fd;
    must_be_link(b, next, fault);
    if (UNLIKELY(next->bk != c))
        heap_fatal(fault);
    return next;
}

const char *bins_check(struct bins *b)
{
    for (unsigned bin = BIN_UNSORTED; bin < N_BINS; bin++) {
        struct chunk *head = bin_at(b, bin);
        if (!is_link(b, head->fd) || !is_link(b, head->bk) || head->fd->bk != head)
            return "bin links";
        for (struct chunk *c = head->fd; c != head; c = c->fd) {
            const char *broken = check_chunk(b, bin, c);
            if (!broken && bin >= BIN_FIRST_LARGE && c->fd != head &&
                chunk_bytes(c->fd) > chunk_bytes(c))
                broken = "bin order";
            if (broken)
                return broken;
        }
        const char *broken = bin >= BIN_FIRST_LARGE ? check_ring(b, bin) : NULL;
        if (broken)
            return broken;
        if (bin >= BIN_FIRST_SMALL && head->fd != head && !(b->map[bin / 64] >> bin % 64 & 1))
            return "bin map";
    }
    return NULL;
}
