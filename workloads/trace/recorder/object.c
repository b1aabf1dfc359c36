#include "object.h"

#include "real.h"
#include "resident.h"

static void put_conflict(struct spool_thread *self, uint64_t word)
{
    uint64_t operand = recorder_distance(self, word & WORD_VALUE);
    recorder_put(self, SPOOL_FREE, 1, &operand, 1);
}

/*
 * The new object's word; what still stands there is an object whose end nobody saw. Whether its pages
 * are watched.
 */
static bool set_word(struct spool_thread *self, _Atomic uint64_t *word, void *p, size_t bytes)
{
    uint64_t old = atomic_load_explicit(word, memory_order_relaxed);
    uint64_t token = self->made;
    if (word_is_token(old))
        put_conflict(self, old);
    bool watched = bytes >= SPOOL_LARGE_BYTES && resident_wants(self, bytes);
    _Atomic uint64_t *size = watched ? resident_size_word(p) : NULL;
    if (size) {
        atomic_store_explicit(size, WORD_OTHER | bytes, memory_order_relaxed);
        resident_note(p);
        token |= WORD_LARGE;
    }
    atomic_store_explicit(word, token, memory_order_relaxed);
    return size != NULL;
}

void object_begin_slow(struct spool_thread *self, void *p, enum spool_kind kind,
                       unsigned align_log2, size_t bytes)
{
    _Atomic uint64_t *word = shadow_of((uintptr_t)p);
    uint64_t operand = bytes;
    if (word && set_word(self, word, p, bytes) && kind != SPOOL_REALLOC_IN)
        resident_forget(p, bytes);
    recorder_put(self, kind, align_log2, &operand, 1);
    self->made++;
}

/* The pages of the watched object at `p`, whose word of a size is emptied. */
static uint64_t take_pages(void *p, uint64_t *size_word)
{
    _Atomic uint64_t *size = resident_size_word(p);
    *size_word = size ? atomic_load_explicit(size, memory_order_relaxed) : 0;
    if (!(*size_word & WORD_OTHER))
        return *size_word = 0;
    atomic_store_explicit(size, 0, memory_order_relaxed);
    return resident_pages(p, *size_word & WORD_VALUE);
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
        uint64_t size_word = 0, pages = word & WORD_LARGE ? take_pages(p, &size_word) : 0;
        if (size_word)
            put_pages(self, pages);
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
        l.pages = take_pages(p, &l.size_word);
    return l;
}

void object_move(struct spool_thread *self, const struct object_leaving *l, void *moved,
                 size_t bytes)
{
    _Atomic uint64_t *word = shadow_of((uintptr_t)moved);
    if (l->word == 0) {
        object_begin_slow(self, moved, SPOOL_REALLOC_IN, 0, bytes);
        return;
    }
    bool watched = word && set_word(self, word, moved, bytes);
    if (watched && l->usable_bytes > 0 && l->usable_bytes < bytes)
        resident_forget((char *)moved + l->usable_bytes, bytes - l->usable_bytes);
    if (l->size_word)
        put_pages(self, l->pages); /* directly before what ends the object */
    uint64_t operands[] = {recorder_distance(self, l->word & WORD_VALUE), bytes};
    recorder_put(self, SPOOL_REALLOC, 0, operands, 2);
    self->made++;
}

void object_stay(const struct object_leaving *l)
{
    _Atomic uint64_t *word = l->word ? shadow_find((uintptr_t)l->place) : NULL;
    if (!word)
        return;
    if (l->size_word)
        atomic_store_explicit(resident_size_word(l->place), l->size_word, memory_order_relaxed);
    atomic_store_explicit(word, l->word, memory_order_relaxed);
}

void object_gone(struct spool_thread *self, const struct object_leaving *l)
{
    if (l->word == 0)
        return;
    if (l->size_word)
        put_pages(self, l->pages);
    uint64_t operand = recorder_distance(self, l->word & WORD_VALUE);
    recorder_put(self, SPOOL_FREE, 0, &operand, 1);
}
