/*
 * A fuzz target for libFuzzer: the bytes of an input are operations on the malloc family of one allocator,
 * which stands beside the process's own malloc under other names (own_malloc). What is alive is known here as
 * well, with a pattern in every byte: two objects that overlap, content that is lost, a law that is broken (the
 * allocator is built with HEAP_CHECK) or a line of heap_fatal ends the process.
 *
 * An operation is one byte, whose low bits choose it, a byte for the slot, and what it needs beyond.
 */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "fatal.h"

#define N_SLOTS      64u
#define LIVE_MAX     (16 * MIB)
#define FILLED_BYTES 4096u /* at each end of an object */

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct input {
    const uint8_t *at, *end;
};

static struct slot {
    unsigned char *p;
    size_t bytes;
    unsigned char pattern;
} slots[N_SLOTS];
static size_t live_bytes;

static unsigned next_byte(struct input *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

/* Mostly small; the top bits of the first byte give the magnitude. */
static size_t next_size(struct input *in)
{
    unsigned magnitude = next_byte(in);
    size_t low = next_byte(in) | next_byte(in) << 8;
    switch (magnitude >> 5) {
    case 0:
    case 1:
        return low & 0xff;
    case 2:
    case 3:
        return low & 0x7ff;
    case 4:
    case 5:
        return low;
    case 6:
        return low * 16;
    default:
        return magnitude & 1 ? SIZE_MAX - low * 17 : low * 64;
    }
}

static void fill(const struct slot *s)
{
    size_t edge = s->bytes < FILLED_BYTES ? s->bytes : FILLED_BYTES;
    memset(s->p, s->pattern, edge);
    memset(s->p + s->bytes - edge, s->pattern, edge);
}

static void must_be_filled(const struct slot *s, size_t bytes)
{
    size_t edge = bytes < FILLED_BYTES ? bytes : FILLED_BYTES;
    for (size_t i = 0; i < edge; i++) {
        if (s->p[i] != s->pattern)
            heap_fatal("an object has lost its start");
    }
    if (edge > s->bytes || bytes != s->bytes)
        return;
    for (size_t i = s->bytes - edge; i < s->bytes; i++) {
        if (s->p[i] != s->pattern)
            heap_fatal("an object has lost its end");
    }
}

static void must_not_overlap(const struct slot *s)
{
    for (const struct slot *other = slots; other < slots + N_SLOTS; other++) {
        if (other != s && other->p && s->p < other->p + other->bytes && other->p < s->p + s->bytes)
            heap_fatal("two objects overlap");
    }
}

static void must_be_zero(const struct slot *s)
{
    for (size_t i = 0; i < s->bytes; i++) {
        if (s->p[i])
            heap_fatal("calloc() left something behind");
    }
}

/* p is what the allocator gave for s->bytes, or NULL. */
static void adopt(struct slot *s, void *p, size_t alignment)
{
    s->p = p;
    if (!p) {
        if (errno != ENOMEM)
            heap_fatal("NULL without ENOMEM");
        if (s->bytes < GIB)
            heap_fatal("NULL for a small request");
        return;
    }
    if (s->bytes > PTRDIFF_MAX)
        heap_fatal("an object that cannot be");
    if ((uintptr_t)p % alignment != 0)
        heap_fatal("misaligned");
    if (malloc_usable_size(p) < s->bytes)
        heap_fatal("too short");
    must_not_overlap(s);
    live_bytes += s->bytes;
    fill(s);
}

static void make(struct input *in, struct slot *s, unsigned how)
{
    size_t alignment = how == 2 ? (size_t)16 << next_byte(in) % 18 : 16;
    s->bytes = next_size(in);
    s->pattern = (unsigned char)(in->at - in->end);
    if (s->bytes < GIB && live_bytes + s->bytes > LIVE_MAX)
        return;
    errno = 0;
    if (how == 1) {
        struct slot zeroed = *s;
        zeroed.p = calloc(1, s->bytes);
        if (zeroed.p)
            must_be_zero(&zeroed);
        adopt(s, zeroed.p, 16);
        return;
    }
    adopt(s, how == 2 ? memalign(alignment, s->bytes) : malloc(s->bytes), alignment);
}

static void drop(struct slot *s)
{
    must_be_filled(s, s->bytes);
    live_bytes -= s->bytes;
    int saved = errno = 4711;
    free(s->p);
    if (errno != saved)
        heap_fatal("free() changed errno");
    s->p = NULL;
}

static void resize(struct input *in, struct slot *s)
{
    size_t bytes = next_size(in);
    if (bytes < GIB && live_bytes - s->bytes + bytes > LIVE_MAX)
        return;
    errno = 0;
    unsigned char *p = realloc(s->p, bytes);
    if (!p && bytes > 0) {
        if (errno != ENOMEM || bytes < GIB)
            heap_fatal("realloc() refused");
        must_be_filled(s, s->bytes);
        return;
    }
    live_bytes -= s->bytes;
    s->p = p;
    if (!p) /* freed */
        return;
    must_be_filled(s, bytes < s->bytes ? bytes : s->bytes);
    s->bytes = bytes;
    must_not_overlap(s);
    live_bytes += bytes;
    fill(s);
}

static void *drop_in_thread(void *slot)
{
    drop(slot);
    void *p = malloc(100);
    free(p);
    return NULL;
}

static void drop_elsewhere(struct slot *s)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, drop_in_thread, s) == 0)
        pthread_join(thread, NULL);
}

static void set(struct input *in)
{
    static const int params[] = {M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD,
                                 M_MMAP_MAX,       M_MXFAST,  M_PERTURB};
    unsigned which = next_byte(in) % ARRAY_SIZE(params);
    int value = (int)next_byte(in)
                << (params[which] == M_PERTURB || params[which] == M_MMAP_MAX ? 0 : 9);
    mallopt(params[which], value);
}

static void do_operation(struct input *in)
{
    unsigned what = next_byte(in);
    struct slot *s = &slots[next_byte(in) % N_SLOTS];
    if (what >= 252)
        set(in);
    else if (what >= 248)
        malloc_trim(next_byte(in) * (size_t)512);
    else if (!s->p)
        make(in, s, what % 3);
    else if (what < 2)
        drop_elsewhere(s);
    else if (what % 3 == 0)
        resize(in, s);
    else
        drop(s);
}

/* Each input begins with an empty heap and the settings of the last one set back. */
static void begin_anew(void)
{
    for (struct slot *s = slots; s < slots + N_SLOTS; s++) {
        if (s->p)
            drop(s);
    }
    mallopt(M_TRIM_THRESHOLD, DEFAULT_TRIM_THRESHOLD);
    mallopt(M_TOP_PAD, DEFAULT_TOP_PAD);
    mallopt(M_MMAP_THRESHOLD, DEFAULT_MMAP_THRESHOLD);
    mallopt(M_MMAP_MAX, DEFAULT_MMAP_MAX);
    mallopt(M_MXFAST, 128);
    mallopt(M_PERTURB, 0);
    malloc_trim(0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct input in = {data, data + n};
    while (in.at < in.end)
        do_operation(&in);
    begin_anew();
    for (struct arena *a = arena_main(); a; a = arena_after(a)) {
        arena_lock(a);
        must_hold(arena_check(a));
        arena_unlock(a);
    }
    return 0;
}
