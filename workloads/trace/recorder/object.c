#include "object.h"

#include "real.h"
#include "resident.h"

static void put_conflict(struct spool_thread *self, uint64_t word)
{
    uint64_t operand = recorder_distance(self, word & WORD_VALUE);
    recorder_put(self, SPOOL_FREE, 1, &operand, 1);
}

/* The new object's word; what still stands there is an object whose end nobody saw. */
static void set_word(struct spool_thread *self, _Atomic uint64_t *word, bool watched)
{
    uint64_t old = atomic_load_explicit(word, memory_order_relaxed);
    if (word_is_token(old))
        put_conflict(self, old);
    atomic_store_explicit(word, self->made | (watched ? WORD_LARGE : 0), memory_order_relaxed);
}

static bool is_to_be_watched(struct spool_thread *self, const _Atomic uint64_t *word, size_t bytes)
{
    return word && bytes >= SPOOL_LARGE_BYTES && resident_wants(self, bytes);
}

void object_begin_slow(struct spool_thread *self, void *p, enum spool_kind kind,
                       unsigned align_log2, size_t bytes)
{
    _Atomic uint64_t *word = shadow_of((uintptr_t)p);
    bool watched = is_to_be_watched(self, word, bytes) && resident_begin(p, bytes, 0);
    uint64_t operand = bytes;
    if (word)
        set_word(self, word, watched);
    if (watched && kind != SPOOL_REALLOC_IN)
        resident_forget(p, bytes);
    recorder_put(self, kind, align_log2, &operand, 1);
    self->made++;
}

static void put_pages(struct spool_thread *self, uint64_t pages)
{
    recorder_put(self, SPOOL_RESIDENT, 0, &pages, 1);
}

void object_end_slow(struct spool_thread *self, void *p, uint64_t word)
{
    if (word == WORD_LIBRARY)
        return;
    if (!word_is_token(word)) {
        recorder_put(self, SPOOL_UNKNOWN, 0, NULL, 0);
    } else {
        struct resident_watch w = {0};
        if (word & WORD_LARGE)
            w = resident_end(p);
        if (w.bytes > 0)
            put_pages(self, w.pages);
        uint64_t operand = recorder_distance(self, word & WORD_VALUE);
        recorder_put(self, SPOOL_FREE, 0, &operand, 1);
    }
}

void *object_begin_inner(const struct spool_thread *self, void *p)
{
    _Atomic uint64_t *word = p && self->mode == MODE_THREADS ? shadow_of((uintptr_t)p) : NULL;
    if (word)
        atomic_store_explicit(word, WORD_LIBRARY, memory_order_relaxed);
    return p;
}

void object_end_inner(struct spool_thread *self, void *p)
{
    if (self->mode != MODE_THREADS)
        return;
    uint64_t word = object_take(p);
    if (!word_is_token(word))
        return;
    recorder_leave_library(self);
    object_end_slow(self, p, word);
    self->mode = MODE_THREADS;
}

struct object_leaving object_leave(struct spool_thread *self, void *p, size_t bytes)
{
    struct object_leaving l = {.place = p, .word = object_take(p)};
    if (bytes >= SPOOL_LARGE_BYTES && real.usable_size)
        l.usable_bytes = real.usable_size(p);
    if (!word_is_token(l.word)) {
        if (l.word != WORD_LIBRARY)
            recorder_put(self, SPOOL_UNKNOWN, 0, NULL, 0);
        l.word = 0;
    }
    if (l.word & WORD_LARGE)
        l.watch = resident_end(p);
    return l;
}

/* What the library left behind the old object is given back; what it moved or copied does not count. */
static bool watch_moved(const struct object_leaving *l, void *moved, size_t bytes)
{
    if (l->usable_bytes > 0 && l->usable_bytes < bytes)
        resident_forget((char *)moved + l->usable_bytes, bytes - l->usable_bytes);
    return resident_begin(moved, bytes, resident_pages(moved, bytes));
}

void object_move(struct spool_thread *self, const struct object_leaving *l, void *moved,
                 size_t bytes)
{
    _Atomic uint64_t *word = shadow_of((uintptr_t)moved);
    if (l->word == 0) {
        object_begin_slow(self, moved, SPOOL_REALLOC_IN, 0, bytes);
        return;
    }
    bool watched = is_to_be_watched(self, word, bytes) && watch_moved(l, moved, bytes);
    if (word)
        set_word(self, word, watched);
    if (l->watch.bytes > 0)
        put_pages(self, l->watch.pages); /* directly before what ends the object */
    uint64_t operands[] = {recorder_distance(self, l->word & WORD_VALUE), bytes};
    recorder_put(self, SPOOL_REALLOC, 0, operands, 2);
    self->made++;
}

void object_stay(const struct object_leaving *l)
{
    _Atomic uint64_t *word = l->word ? shadow_find((uintptr_t)l->place) : NULL;
    if (!word)
        return;
    if (l->watch.bytes > 0)
        resident_begin(l->place, l->watch.bytes, l->watch.base_pages);
    atomic_store_explicit(word, l->word, memory_order_relaxed);
}

void object_gone(struct spool_thread *self, const struct object_leaving *l)
{
    if (l->word == 0)
        return;
    if (l->watch.bytes > 0)
        put_pages(self, l->watch.pages);
    uint64_t operand = recorder_distance(self, l->word & WORD_VALUE);
    recorder_put(self, SPOOL_FREE, 0, &operand, 1);
}
