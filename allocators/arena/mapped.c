#include "mapped.h"

#include <errno.h>
#include <string.h>

#include "arena_internal.h"
#include "fatal.h"
#include "os.h"

#define IS_MMAPPED      2u
#define MIN_CHUNK_BYTES 32u
#define TABLE_FIRST     128u /* entries; a power of two, as all later sizes */

/* The two words before an object, as in the picture. */
struct header {
    size_t front, size;
};
static_assert(sizeof(struct header) == MAPPED_HEADER_BYTES, "two words");

/* What the header says once more, where a program that writes before its object cannot reach. */
struct mapped {
    char *object; /* NULL: the entry is empty */
    size_t front, size;
};

/*
 * Open addressing: an object stands in the first entry free from its hash on. At most three quarters
 * are in use, those included that are promised to a mapping in the making.
 */
static struct {
    struct lock lock;
    struct mapped *entries;
    size_t n_entries, n_used;
} table;

static _Atomic size_t total;

size_t mapped_total(void)
{
    return atomic_load_explicit(&total, memory_order_relaxed);
}

/* --- the table; all under its lock --- */

static size_t place_of(const char *object, size_t n_entries)
{
    uint64_t mixed = ((uintptr_t)object >> 4) * 0x9e3779b97f4a7c15u; /* 2^64 / golden ratio */
    return mixed >> (64 - log2_floor(n_entries));
}

/* The entry of `object`, or the empty one where it belongs. */
static struct mapped *entry_of(const char *object)
{
    size_t at = place_of(object, table.n_entries);
    while (table.entries[at].object && table.entries[at].object != object)
        at = (at + 1) & (table.n_entries - 1);
    return &table.entries[at];
}

static bool table_grow(void)
{
    struct mapped *old = table.entries;
    size_t n_old = table.n_entries, n = n_old ? 2 * n_old : TABLE_FIRST;
    struct mapped *entries = os_map(n * sizeof(*entries), OS_PLAIN);
    if (!entries)
        return false;
    table.entries = entries;
    table.n_entries = n;
    for (size_t i = 0; i < n_old; i++) {
        if (old[i].object)
            *entry_of(old[i].object) = old[i];
    }
    os_unmap(old, n_old * sizeof(*old));
    return true;
}

/* Promises an entry to the caller; false: no memory. */
static bool table_promise(void)
{
    if (table.n_used >= table.n_entries / 4 * 3 && !table_grow())
        return false;
    table.n_used++;
    return true;
}

/* Empties an entry, and moves up those behind it that would no longer be found. */
static void table_empty(struct mapped *entry)
{
    size_t mask = table.n_entries - 1, hole = (size_t)(entry - table.entries);
    for (size_t at = (hole + 1) & mask; table.entries[at].object; at = (at + 1) & mask) {
        size_t wanted = place_of(table.entries[at].object, table.n_entries);
        if (((at - wanted) & mask) < ((at - hole) & mask))
            continue;
        table.entries[hole] = table.entries[at];
        hole = at;
    }
    table.entries[hole].object = NULL;
}

/* --- the same with the lock --- */

static bool promise(void)
{
    lock_take(&table.lock);
    bool promised = table_promise();
    lock_release(&table.lock);
    return promised;
}

static void take_promise_back(void)
{
    lock_take(&table.lock);
    table.n_used--;
    lock_release(&table.lock);
}

static void put(struct mapped m)
{
    lock_take(&table.lock);
    *entry_of(m.object) = m;
    lock_release(&table.lock);
}

static bool find(const void *p, struct mapped *out)
{
    lock_take(&table.lock);
    *out = table.entries ? *entry_of(p) : (struct mapped){.object = NULL};
    lock_release(&table.lock);
    return out->object != NULL;
}

/* As find, and its entry is the caller's: to be put anew, or taken back. */
static bool take_out(const void *p, struct mapped *out)
{
    lock_take(&table.lock);
    struct mapped *entry = table.entries ? entry_of(p) : NULL;
    bool found = entry && entry->object;
    if (found) {
        *out = *entry;
        table_empty(entry);
    }
    lock_release(&table.lock);
    return found;
}

/* --- mappings --- */

static void raise_to(_Atomic size_t *most, size_t value)
{
    size_t seen = atomic_load_explicit(most, memory_order_relaxed);
    while (value > seen && !atomic_compare_exchange_weak_explicit(
                               most, &seen, value, memory_order_relaxed, memory_order_relaxed)) {
    }
}

static void count_bytes(size_t added, size_t gone)
{
    size_t change = added - gone;
    size_t now = atomic_fetch_add_explicit(&mp_.mmapped_mem, change, memory_order_relaxed) + change;
    raise_to(&mp_.max_mmapped_mem, now);
}

static void count_new(size_t bytes)
{
    atomic_fetch_add_explicit(&total, 1, memory_order_relaxed);
    size_t n = atomic_fetch_add_explicit(&mp_.n_mmaps, 1, memory_order_relaxed) + 1;
    raise_to(&mp_.max_n_mmaps, n);
    count_bytes(bytes, 0);
}

static char *mapping_of(const struct mapped *m)
{
    return m->object - MAPPED_HEADER_BYTES - m->front;
}

static void write_header(const struct mapped *m)
{
    struct header *h = (struct header *)(m->object - MAPPED_HEADER_BYTES);
    *h = (struct header){.front = m->front, .size = m->size | IS_MMAPPED};
}

static void must_match_header(const struct mapped *m)
{
    const struct header *h = (const struct header *)(m->object - MAPPED_HEADER_BYTES);
    if (UNLIKELY(h->front != m->front || h->size != (m->size | IS_MMAPPED)))
        heap_fatal("munmap_chunk(): invalid pointer");
}

/* glibc's size of a mapping: that of the chunk and the word that a neighbour would lend it, behind
 * `front` bytes. 0 when it is no size. */
static size_t mapping_bytes(size_t front, size_t bytes)
{
    size_t page = os_page_bytes(), room = PTRDIFF_MAX - 2 * page - MIN_CHUNK_BYTES;
    if (bytes > room || front > room - bytes)
        return 0;
    size_t chunk = round_up(bytes + sizeof(size_t), 16);
    if (chunk < MIN_CHUNK_BYTES)
        chunk = MIN_CHUNK_BYTES;
    return round_up(front + chunk + sizeof(size_t), page);
}

/* Aligned beyond a page: maps more and cuts it down to whole pages around the object. */
static bool map_cut(size_t alignment, size_t bytes, struct mapped *out)
{
    size_t page = os_page_bytes(), front = page - MAPPED_HEADER_BYTES;
    size_t wanted = mapping_bytes(front, bytes), all;
    if (wanted == 0 || __builtin_add_overflow(wanted, alignment, &all) || all > PTRDIFF_MAX)
        return false;
    char *start = os_map(all, OS_PLAIN);
    if (!start)
        return false;
    char *end = start + all, *kept = start + (-((uintptr_t)start + page) & (alignment - 1));
    char *object = kept + page;
    if (kept > start)
        os_unmap(start, (size_t)(kept - start));
    if (end > kept + wanted)
        os_unmap(kept + wanted, (size_t)(end - (kept + wanted)));
    *out = (struct mapped){.object = object, .front = front, .size = wanted - front};
    return true;
}

static bool map(size_t alignment, size_t bytes, struct mapped *out)
{
    if (alignment > os_page_bytes())
        return map_cut(alignment, bytes, out);
    size_t front = alignment - MAPPED_HEADER_BYTES, all = mapping_bytes(front, bytes);
    char *start = all ? os_map(all, OS_PLAIN) : NULL;
    if (!start)
        return false;
    *out = (struct mapped){.object = start + alignment, .front = front, .size = all - front};
    return true;
}

bool mapped_wanted(size_t chunk_bytes)
{
    return chunk_bytes >= PAR_GET(mmap_threshold) && PAR_GET(n_mmaps) < PAR_GET(mmap_max);
}

void *mapped_alloc(size_t alignment, size_t bytes)
{
    struct mapped m;
    if (!promise())
        goto no_memory;
    if (!map(alignment, bytes, &m)) {
        take_promise_back();
        goto no_memory;
    }
    write_header(&m);
    put(m);
    count_new(m.front + m.size);
    return m.object;

no_memory:
    errno = ENOMEM;
    return NULL;
}

/*
 * A program that frees what was mapped will ask for the like again: from now on it comes from an
 * arena, which keeps it. glibc compares with the flag in the low bits of the size.
 */
static void move_threshold(size_t size)
{
    size_t flagged = size | IS_MMAPPED;
    if (PAR_GET(no_dyn_threshold) || flagged <= PAR_GET(mmap_threshold) ||
        flagged > DEFAULT_MMAP_THRESHOLD_MAX)
        return;
    PAR_SET(mmap_threshold, size);
    PAR_SET(trim_threshold, 2 * size);
}

bool mapped_free(void *p)
{
    struct mapped m;
    if (!take_out(p, &m))
        return false;
    int saved = errno;
    take_promise_back();
    must_match_header(&m);
    move_threshold(m.size);
    atomic_fetch_sub_explicit(&mp_.n_mmaps, 1, memory_order_relaxed);
    count_bytes(0, m.front + m.size);
    os_unmap(mapping_of(&m), m.front + m.size);
    errno = saved;
    return true;
}

void *mapped_resize(void *p, size_t bytes)
{
    struct mapped m;
    if (!take_out(p, &m))
        heap_fatal("mremap_chunk(): invalid pointer");
    must_match_header(&m);
    size_t old = m.front + m.size, wanted = mapping_bytes(m.front, bytes);
    char *start = wanted == old ? mapping_of(&m) : NULL;
    /* It stands in the table again only when it is where it will be: the place it leaves may belong
     * to another mapping at once. */
    if (wanted != 0 && wanted != old)
        start = os_remap(mapping_of(&m), old, wanted);
    if (start) {
        m.object = start + m.front + MAPPED_HEADER_BYTES;
        m.size = wanted - m.front;
        write_header(&m);
        count_bytes(wanted, old);
    }
    put(m);
    if (start)
        return m.object;
    errno = ENOMEM;
    return NULL;
}

size_t mapped_usable(const void *p)
{
    struct mapped m;
    return find(p, &m) ? m.size - MAPPED_HEADER_BYTES : 0;
}

void mapped_lock(void)
{
    lock_take(&table.lock);
}

void mapped_unlock(void)
{
    lock_release(&table.lock);
}

void mapped_unlock_child(void)
{
    table.lock = (struct lock){.state = LOCK_FREE};
}
