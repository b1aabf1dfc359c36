/*
 * What each thread of the recorded program writes, and where. A thread owns one chunk of the spool
 * at a time and appends to it; nothing is shared between threads but the claim of a new chunk.
 *
 * Which calls count: the outermost ones, made by the program. While a call runs in the real library
 * (`depth` > 0) what it calls in turn passes through unrecorded: reallocarray on realloc, the
 * memory that pthread_create takes for a stack. Replayed, the real library makes these again.
 */
#pragma once

#include "spool.h"
#include "stamp.h"

struct spool_thread {
    struct spool_event *next, *end; /* room in the chunk; equal: none */
    struct spool_chunk *chunk;      /* mapped, or NULL */
    uint32_t number;
    uint32_t chunk_bytes; /* of the last one */
    uint32_t depth;       /* calls into the real library that are running */
    bool known;           /* has a number */
    bool ended;           /* past its last destructor: keeps nothing mapped any more */
    unsigned rounds;      /* of destructors seen */
};

extern _Thread_local struct spool_thread recorder_self;
extern enum trace_clock recorder_clock;

enum recorder_state { RECORDER_NEW, RECORDER_STARTING, RECORDER_ON, RECORDER_OFF };
extern _Atomic int recorder_state;

/* Starts recording if that is still to be done; whether it is on. */
bool recorder_wants_slow(void) COLD;

/* Whether this call is to be recorded; the first one starts the recorder. */
static inline bool recorder_wants(void)
{
    if (UNLIKELY(recorder_self.depth != 0))
        return false;
    if (LIKELY(atomic_load_explicit(&recorder_state, memory_order_acquire) == RECORDER_ON))
        return true;
    return recorder_wants_slow();
}

/* The real functions are known. False only while they are being looked up. */
bool recorder_ready(void);

/* Appends an event of the calling thread. Keeps errno. */
void recorder_append_slow(uint64_t stamp, uint64_t what, uint64_t size) COLD;

static inline uint64_t recorder_stamp(void)
{
    return stamp_now(recorder_clock);
}

static inline void recorder_store(struct spool_event *e, uint64_t stamp, uint64_t what,
                                  uint64_t size)
{
    e->stamp = stamp;
    e->size = size;
    atomic_store_explicit(&e->what, what, memory_order_release);
}

static inline void recorder_append(uint64_t stamp, uint64_t what, uint64_t size)
{
    struct spool_thread *self = &recorder_self;
    if (UNLIKELY(self->next == self->end)) {
        recorder_append_slow(stamp, what, size);
        return;
    }
    recorder_store(self->next++, stamp, what, size);
}

/*
 * A first chunk for a thread that is about to be created, with its number; NULL when there is no
 * room (the thread then introduces itself). recorder_adopt() makes it the calling thread's own;
 * recorder_abandon() gives it up.
 */
struct spool_chunk *recorder_prepare_thread(void);
void recorder_adopt(struct spool_chunk *chunk);
void recorder_abandon(struct spool_chunk *chunk);
