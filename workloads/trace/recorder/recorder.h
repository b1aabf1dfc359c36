/*
 * What each thread of the recorded program writes, and where. A thread owns one chunk of the spool
 * at a time and appends to it; nothing is shared between threads but the claim of a new chunk.
 *
 * Which calls count: the outermost ones, made by the program. While a call runs in the real library
 * (mode INSIDE or THREADS) what it calls in turn passes through unrecorded: reallocarray on realloc,
 * the memory that pthread_create takes for a stack. Replayed, the real library makes these again. What
 * it takes in mode THREADS is marked in the shadow, because it may be given back by any later call;
 * what was recorded and is given back there is told. A signal handler that allocates while its
 * thread is inside an allocation is not recorded either (and could not safely allocate); that is
 * counted.
 */
#pragma once

#include "shadow.h"
#include "spool.h"
#include "stamp.h"

enum recorder_mode {
    MODE_NEW, /* a thread that has not been seen, or the recorder has not begun */
    MODE_ON,
    MODE_INSIDE,
    MODE_THREADS, /* inside the library's creation or join of a thread: what it takes is its own */
    MODE_ENDED,   /* past its last destructor: keeps nothing mapped any more */
    MODE_OFF
};

/*
 * Laws: a clock, or a record without one, is stored only where `next` is below `end`, which leaves
 * room for both; `pause` is not behind `end`; without a chunk all three are NULL. A thread that has
 * ended has no chunk between two calls.
 */
struct spool_thread {
    volatile uint32_t mode; /* also read by signal handlers in the same thread */
    uint32_t outside;       /* the mode between two calls: ON or ENDED */
    uint32_t tick;          /* the runner's, when the clock was last read */
    uint16_t *next;
    const uint16_t *pause;     /* from here on the clock is due */
    uint64_t made;             /* the token of the next object */
    const uint16_t *end;       /* of the chunk */
    struct spool_chunk *chunk; /* mapped, or NULL */
    uint64_t stamp;            /* the last one written */
    uint32_t watched_tick;     /* see resident_wants() */
    uint32_t n_watched;
    _Atomic uint64_t inner_calls; /* counted by handlers at any moment */
    uint32_t number;
    uint32_t chunk_bytes; /* of the last one */
    unsigned rounds;      /* of destructors seen */
};

extern HIDDEN _Thread_local struct spool_thread recorder_self;
extern HIDDEN const _Atomic uint32_t *recorder_tick;

/* What the recorder keeps in the word of an address, besides a token. */
#define WORD_LARGE ((uint64_t)1 << 63) /* with a token: see resident.h */
#define WORD_OTHER ((uint64_t)1 << 62) /* no token: a large object's size, or a thread's number */
#define WORD_ENDED ((uint64_t)1 << 61) /* with a thread's number: it has ended */
#define WORD_VALUE (WORD_ENDED - 1)
/* An object that the C library took for a thread; neither its begin nor its end is told. */
#define WORD_LIBRARY (WORD_OTHER | WORD_VALUE)

/* Memory of the static area (real.h): not to be freed. */
#define WORD_SCRAP (WORD_OTHER | (WORD_VALUE - 1))

static inline bool word_is_token(uint64_t word)
{
    return word != 0 && !(word & WORD_OTHER);
}

/*
 * Of a thread that is not ON: starts the recorder or introduces the thread if that is still to be
 * done. Whether the call is to be recorded; then the thread is INSIDE.
 */
bool recorder_enter_slow(struct spool_thread *self) COLD;

static ALWAYS_INLINE bool recorder_enter(struct spool_thread *self)
{
    if (UNLIKELY(self->mode != MODE_ON))
        return recorder_enter_slow(self);
    self->mode = MODE_INSIDE;
    atomic_signal_fence(memory_order_seq_cst);
    return true;
}

/* Of a thread that was ON when it entered and stored what it had to say at once. */
static ALWAYS_INLINE void recorder_leave_on(struct spool_thread *self)
{
    atomic_signal_fence(memory_order_seq_cst);
    self->mode = MODE_ON;
}

static ALWAYS_INLINE void recorder_leave(struct spool_thread *self)
{
    atomic_signal_fence(memory_order_seq_cst);
    self->mode = self->outside;
}

/* Before and behind a call of the library's that makes or joins threads: THREADS, INSIDE again. */
static ALWAYS_INLINE void recorder_enter_library(struct spool_thread *self)
{
    atomic_signal_fence(memory_order_seq_cst);
    self->mode = MODE_THREADS;
    atomic_signal_fence(memory_order_seq_cst);
}

static ALWAYS_INLINE void recorder_leave_library(struct spool_thread *self)
{
    atomic_signal_fence(memory_order_seq_cst);
    self->mode = MODE_INSIDE;
    atomic_signal_fence(memory_order_seq_cst);
}

/* The thread leaves whatever it is in, by a jump or at its end, and does not come back. */
void recorder_break_off(struct spool_thread *self);

/* The real functions are known. False only while they are being looked up. */
bool recorder_ready(void);

/* Whether a short record can be stored at once: there is room, and no clock is due. */
static ALWAYS_INLINE bool recorder_is_easy(const struct spool_thread *self)
{
    uint32_t tick = atomic_load_explicit(recorder_tick, memory_order_relaxed);
    return (self->next < self->pause) & (tick == self->tick);
}

/*
 * A record in its long form, operands as the kind has them (spool.h); a clock before it when one is
 * due. Without room it is counted as lost. Keeps errno. The thread is INSIDE.
 */
void recorder_put(struct spool_thread *self, enum spool_kind kind, unsigned aux,
                  const uint64_t *operands, unsigned n);

static inline uint64_t recorder_distance(const struct spool_thread *self, uint64_t token)
{
    return trace_zigzag((int64_t)(self->made - token));
}

/*
 * A first chunk for a thread that is about to be created, with its number; NULL when there is no
 * room (the thread then introduces itself). recorder_adopt() makes it the calling thread's own;
 * recorder_abandon() gives it up. Called INSIDE.
 */
struct spool_chunk *recorder_prepare_thread(void);
void recorder_adopt(struct spool_chunk *chunk);
void recorder_abandon(struct spool_chunk *chunk);

/* The program ends in good order: tells of the large objects that live. */
void recorder_tell_living(void);
