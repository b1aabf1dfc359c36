/* The settings and the numbers of ptmalloc: its own rows, mallinfo2, and its part of the statistics. */
#include <limits.h>
#include <malloc.h>

#include "large_cache.h"
#include "malloc_state.h"

extern const struct tunable ptmalloc_tunables[];
extern void ptmalloc_statistics(struct arena *a, struct statistics_sink *s);

#define MAX_MXFAST 160u

/* --- settings --- */

static void set_mxfast(size_t bytes)
{
    size_t most =
        bytes == 0 ? CHUNK_HEADER_BYTES : (bytes + CHUNK_OVERHEAD) & ~(size_t)(CHUNK_ALIGNMENT - 1);
    atomic_store_explicit(&global_max_fast, most, memory_order_relaxed);
}

static size_t get_mxfast(void)
{
    size_t most = atomic_load_explicit(&global_max_fast, memory_order_relaxed);
    return most < MIN_CHUNK_BYTES ? 0 : most;
}

#define CACHE_SETTING(field) \
    static void set_##field(size_t value) \
    { \
        atomic_store_explicit(&field, value, memory_order_relaxed); \
    } \
    static size_t get_##field(void) \
    { \
        return atomic_load_explicit(&field, memory_order_relaxed); \
    }
CACHE_SETTING(cache_count)
CACHE_SETTING(cache_bytes)
CACHE_SETTING(cache_largest)
CACHE_SETTING(cache_large)

const struct tunable ptmalloc_tunables[] = {
    {.name = "mxfast",
     .most = MAX_MXFAST,
     .set = set_mxfast,
     .get = get_mxfast,
     .mallopt = M_MXFAST},
    {.name = "tcache_count", .most = 65535, .set = set_cache_count, .get = get_cache_count},
    {.name = "tcache_bytes", .most = MIB, .set = set_cache_bytes, .get = get_cache_bytes},
    {.name = "tcache_max",
     .most = CACHE_MAX_REQUEST,
     .set = set_cache_largest,
     .get = get_cache_largest},
    {.name = "tcache_large", .most = GIB, .set = set_cache_large, .get = get_cache_large},
    {0},
};

/* --- numbers --- */

struct tally {
    size_t free_chunks, free_bytes; /* in bins, and the top */
    size_t fast_chunks, fast_bytes;
    size_t top_bytes;
};

static struct tally tally_of(struct malloc_state *m)
{
    struct tally t = {0};
    if (!m->top)
        return t;
    t.top_bytes = chunk_bytes(m->top);
    t.free_chunks = 1;
    t.free_bytes = t.top_bytes;
    t.fast_bytes = fast_bytes(&m->fast, &t.fast_chunks);
    t.free_bytes += t.fast_bytes;
    for (unsigned bin = BIN_UNSORTED; bin < N_BINS; bin++) {
        struct chunk *head = bin_at(&m->bins, bin);
        for (struct chunk *c = bins_next(&m->bins, head); c != head; c = bins_next(&m->bins, c)) {
            t.free_chunks++;
            t.free_bytes += chunk_bytes(c);
        }
    }
    return t;
}

void ptmalloc_statistics(struct arena *a, struct statistics_sink *s)
{
    struct malloc_state *m = (struct malloc_state *)a;
    struct tally t = tally_of(m);
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        {"bytes_in_use", a->system_mem - t.free_bytes},
        {"top_bytes", t.top_bytes},
        {"free_chunks", t.free_chunks},
        {"fast_chunks", t.fast_chunks},
        {"fast_bytes", t.fast_bytes},
        {"consolidations", m->consolidations},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        statistics_add(s, STATISTIC_ARENA, a, rows[i].name, rows[i].value);
}

/* Over all arenas, as glibc's; keepcost is the main arena's. */
EXPORT struct mallinfo2 mallinfo2(void)
{
    arena_set_up();
    struct mallinfo2 out = {.hblks = PAR_GET(n_mmaps), .hblkhd = PAR_GET(mmapped_mem)};
    for (struct arena *a = arena_main(); a; a = arena_after(a)) {
        arena_lock(a);
        struct tally t = tally_of((struct malloc_state *)a);
        out.arena += a->system_mem;
        out.ordblks += t.free_chunks;
        out.smblks += t.fast_chunks;
        out.fsmblks += t.fast_bytes;
        out.fordblks += t.free_bytes;
        out.uordblks += a->system_mem - t.free_bytes;
        if (a == arena_main())
            out.keepcost = t.top_bytes;
        arena_unlock(a);
    }
    return out;
}

static int clipped(size_t n)
{
    return n > INT_MAX ? INT_MAX : (int)n;
}

EXPORT struct mallinfo mallinfo(void)
{
    struct mallinfo2 m = mallinfo2();
    return (struct mallinfo){
        .arena = clipped(m.arena),
        .ordblks = clipped(m.ordblks),
        .smblks = clipped(m.smblks),
        .hblks = clipped(m.hblks),
        .hblkhd = clipped(m.hblkhd),
        .fsmblks = clipped(m.fsmblks),
        .uordblks = clipped(m.uordblks),
        .fordblks = clipped(m.fordblks),
        .keepcost = clipped(m.keepcost),
    };
}
