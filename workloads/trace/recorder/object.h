/*
 * The begin and the end of an object: its word in the shadow, and its record. The calling thread is
 * INSIDE. An allocation is told after it returned; an end before the free is called.
 */
#pragma once

#include "resident.h"

/* Everything but the plain case. */
void object_begin_slow(struct spool_thread *self, void *p, enum spool_kind kind,
                       unsigned align_log2, size_t bytes) COLD;
void object_end_slow(struct spool_thread *self, void *p, uint64_t word) COLD;

static ALWAYS_INLINE void store_unit(struct spool_thread *self, uint32_t form, uint64_t value)
{
    *self->next++ = (uint16_t)(value << SPOOL_FORM_BITS | form);
}

static_assert(SPOOL_LARGE_BYTES <= SPOOL_SHORT_MAX, "a short record has room for a small object");

/* The plain case; false: nothing was done, it is another. So is the next one. */
static ALWAYS_INLINE bool object_begin(struct spool_thread *self, void *p, size_t bytes)
{
    _Atomic uint64_t *word = shadow_find((uintptr_t)p);
    if (UNLIKELY(!word) || UNLIKELY(bytes >= SPOOL_LARGE_BYTES) ||
        UNLIKELY(atomic_load_explicit(word, memory_order_relaxed) != 0) ||
        UNLIKELY(!recorder_is_easy(self)))
        return false;
    atomic_store_explicit(word, self->made++, memory_order_relaxed);
    store_unit(self, SPOOL_MALLOC_SHORT, bytes + 1);
    return true;
}

/* Takes the word away: from here on the place belongs to whoever gets it next. */
static ALWAYS_INLINE uint64_t object_take(void *p)
{
    _Atomic uint64_t *word = shadow_find((uintptr_t)p);
    if (UNLIKELY(!word))
        return 0;
    uint64_t value = atomic_load_explicit(word, memory_order_relaxed);
    atomic_store_explicit(word, 0, memory_order_relaxed);
    return value;
}

static ALWAYS_INLINE bool object_end(struct spool_thread *self, uint64_t word)
{
    uint64_t distance = self->made - word;
    if (UNLIKELY(distance > SPOOL_MEDIUM_MAX) || UNLIKELY(!recorder_is_easy(self)))
        return false;
    if (LIKELY(distance <= SPOOL_SHORT_MAX)) {
        store_unit(self, SPOOL_FREE_SHORT, distance);
        return true;
    }
    self->next[1] = (uint16_t)(distance >> (16 - SPOOL_FORM_BITS));
    atomic_signal_fence(memory_order_release);
    store_unit(self, SPOOL_FREE_MEDIUM, distance);
    self->next++; /* the unit that was written first */
    return true;
}

/* Of a thread that is not to record the call: what it takes in mode THREADS is marked as the library's.
 * Returns `p`, which may be NULL. */
void *object_begin_inner(const struct spool_thread *self, void *p) COLD;
/* Likewise: what was recorded is told to end, and a mark goes. */
void object_end_inner(struct spool_thread *self, void *p) COLD;

/*
 * realloc to so many bytes: before the call, object_leave() takes the object's word and counts the
 * pages of a watched one; behind it, object_move() tells where it went, object_stay() that it stayed what it was, and
 * object_gone() that the call ended it.
 */
struct object_leaving {
    void *place;
    uint64_t word;
    struct resident_watch watch;
    size_t usable_bytes; /* where the new size may be watched; 0: not known */
};

struct object_leaving object_leave(struct spool_thread *self, void *p, size_t bytes);
void object_move(struct spool_thread *self, const struct object_leaving *l, void *moved,
                 size_t bytes);
void object_stay(const struct object_leaving *l);
void object_gone(struct spool_thread *self, const struct object_leaving *l);
