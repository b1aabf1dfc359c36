#include "recorder.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os.h"
#include "real.h"
#include "resident.h"
#include "spool_file.h"

_Thread_local struct spool_thread recorder_self;
static const _Atomic uint32_t no_tick;
const _Atomic uint32_t *recorder_tick = &no_tick;

enum state { NEW, STARTING, ON, OFF };
static _Atomic int state;
static _Atomic bool resolved;
static pthread_key_t end_key;

/*
 * Not 0 in the process that was told that it is recorded; the kernel empties it in a copy that was
 * made past fork (clone, _Fork), which would go on writing into its parent's chunks.
 */
static _Atomic uint32_t always = 1, *original = &always;

static void mark_original(void)
{
    size_t page = os_page_bytes();
    _Atomic uint32_t *mark = os_map(page, OS_PLAIN);
    if (!mark)
        return;
    if (madvise((void *)mark, page, MADV_WIPEONFORK) < 0) {
        os_unmap((void *)mark, page);
        return;
    }
    atomic_store(mark, 1);
    original = mark;
}

static enum trace_clock clock_kind(void)
{
    return spool_file.header->clock == TRACE_CLOCK_TSC ? TRACE_CLOCK_TSC : TRACE_CLOCK_MONOTONIC;
}

static uint64_t stamp(void)
{
    return stamp_now(clock_kind());
}

/* There was no room, and nothing after that counts. */
static void note_loss(void)
{
    struct spool_header *h = spool_file.header;
    uint64_t now = stamp(), first = atomic_load(&h->lost_stamp);
    while (now < first && !atomic_compare_exchange_weak(&h->lost_stamp, &first, now))
        ;
}

static void take_chunk(struct spool_thread *self, struct spool_chunk *chunk)
{
    size_t guard = SPOOL_RECORD_BYTES / sizeof(uint16_t);
    self->chunk = chunk;
    self->chunk_bytes = chunk->bytes;
    self->next = chunk->units;
    self->end = chunk->units + spool_chunk_units(chunk->bytes) - guard;
    self->stamp = chunk->stamp = stamp();
    chunk->made = self->made;
}

static void drop_chunk(struct spool_thread *self)
{
    if (self->chunk)
        munmap(self->chunk, self->chunk_bytes);
    self->chunk = NULL;
    self->next = NULL;
    self->pause = NULL;
    self->end = NULL;
}

/* Small chunks for threads that come and go, large ones for those that allocate all day. */
static uint32_t next_chunk_bytes(const struct spool_thread *self)
{
    if (self->outside == MODE_ENDED || self->chunk_bytes == 0)
        return SPOOL_UNIT_BYTES;
    return self->chunk_bytes < SPOOL_CHUNK_BYTES ? 2 * self->chunk_bytes : SPOOL_CHUNK_BYTES;
}

static void next_chunk(struct spool_thread *self)
{
    uint32_t bytes = next_chunk_bytes(self);
    struct spool_chunk *chunk = spool_file_claim(self->number, bytes);
    drop_chunk(self);
    if (chunk)
        take_chunk(self, chunk);
    else
        note_loss();
}

static unsigned put_operand(uint16_t *out, uint64_t value)
{
    unsigned n = 0;
    for (; value >> SPOOL_OPERAND_BITS; value >>= SPOOL_OPERAND_BITS)
        out[n++] = (uint16_t)(value | 1u << SPOOL_OPERAND_BITS);
    out[n++] = (uint16_t)value;
    return n;
}

/* The record's first unit goes last: a program may die in between. */
static void store(struct spool_thread *self, enum spool_kind kind, unsigned aux,
                  const uint64_t *operands, unsigned n)
{
    unsigned used = 1;
    for (unsigned i = 0; i < n; i++)
        used += put_operand(self->next + used, operands[i]);
    atomic_signal_fence(memory_order_release);
    self->next[0] = (uint16_t)(aux << 8 | (unsigned)kind << SPOOL_FORM_BITS | (unsigned)SPOOL_LONG);
    self->next += used;
}

static void read_clock(struct spool_thread *self)
{
    const size_t most = SPOOL_CLOCK_BYTES / sizeof(uint16_t);
    uint64_t now = stamp(), since = now > self->stamp ? now - self->stamp : 0;
    self->stamp += since;
    store(self, SPOOL_CLOCK, 0, &since, 1);
    self->pause = self->next + most < self->end ? self->next + most : self->end;
}

static void tell_inner_calls(struct spool_thread *self)
{
    if (atomic_load_explicit(&self->inner_calls, memory_order_relaxed) > 0)
        atomic_fetch_add(&spool_file.header->inner_calls, atomic_exchange(&self->inner_calls, 0));
}

/* The process is a copy that nobody asked to record. */
static void go_silent(struct spool_thread *self)
{
    drop_chunk(self);
    atomic_store(&state, OFF);
    self->outside = MODE_OFF;
}

/* The chunk is full, or the clock is due. */
static void pause_for_clock(struct spool_thread *self)
{
    if (atomic_load_explicit(original, memory_order_relaxed) == 0) {
        go_silent(self);
        return;
    }
    self->tick = atomic_load_explicit(recorder_tick, memory_order_relaxed);
    tell_inner_calls(self);
    if (self->next >= self->end)
        next_chunk(self);
    if (self->next)
        read_clock(self);
}

void recorder_put(struct spool_thread *self, enum spool_kind kind, unsigned aux,
                  const uint64_t *operands, unsigned n)
{
    int old_errno = errno;
    bool of_thread = kind >= SPOOL_SPAWN && kind <= SPOOL_END;
    if (of_thread || !recorder_is_easy(self)) /* who lived when is known by the clock alone */
        pause_for_clock(self);
    if (self->next)
        store(self, kind, aux, operands, n);
    else if (self->outside != MODE_OFF)
        atomic_fetch_add(&spool_file.header->lost_events, 1);
    if (self->outside == MODE_ENDED)
        drop_chunk(self);
    errno = old_errno;
}

static bool is_main_thread(void)
{
    return syscall(SYS_gettid) == getpid();
}

static void introduce(struct spool_thread *self, uint32_t number)
{
    self->number = number;
    self->made = spool_first_token(number);
    self->outside = MODE_ON;
}

static _Atomic bool main_known;

static void introduce_unknown(struct spool_thread *self)
{
    struct spool_header *h = spool_file.header;
    bool first = is_main_thread() && !atomic_exchange(&main_known, true);
    introduce(self, first ? h->first_thread : atomic_fetch_add(&h->n_threads, 1));
    recorder_enter_library(self);
    pthread_setspecific(end_key, self);
    recorder_leave_library(self);
}

/*
 * Other destructors of the thread may still allocate and free, so the end is put off to the last
 * round that the system makes.
 */
static void thread_ends(void *self_pointer)
{
    struct spool_thread *self = self_pointer;
    if (++self->rounds < PTHREAD_DESTRUCTOR_ITERATIONS) {
        pthread_setspecific(end_key, self);
        return;
    }
    recorder_break_off(self); /* exit or cancellation in a handler */
    if (!recorder_enter(self))
        return;
    _Atomic uint64_t *handle = shadow_find((uintptr_t)pthread_self());
    if (handle && atomic_load(handle) == (WORD_OTHER | self->number))
        atomic_fetch_or(handle, WORD_ENDED);
    recorder_put(self, SPOOL_END, 0, NULL, 0);
    tell_inner_calls(self);
    drop_chunk(self);
    self->outside = MODE_ENDED;
    recorder_leave(self);
}

struct spool_chunk *recorder_prepare_thread(void)
{
    uint32_t number = atomic_fetch_add(&spool_file.header->n_threads, 1);
    struct spool_chunk *chunk = spool_file_claim(number, SPOOL_UNIT_BYTES);
    return chunk;
}

void recorder_adopt(struct spool_chunk *chunk)
{
    struct spool_thread *self = &recorder_self;
    recorder_enter_library(self);
    introduce(self, chunk->thread);
    take_chunk(self, chunk);
    _Atomic uint64_t *handle = shadow_of((uintptr_t)pthread_self());
    if (handle)
        atomic_store(handle, WORD_OTHER | chunk->thread);
    pthread_setspecific(end_key, self);
    self->mode = MODE_ON;
}

void recorder_abandon(struct spool_chunk *chunk)
{
    munmap(chunk, chunk->bytes);
}

/*
 * The child has a copy of the parent's mappings in its hands; it lets go of them before it can
 * write. What the parent allocated is not the child's own: its tokens name threads that the child's
 * recording does not have.
 */
static void start_child(void)
{
    struct spool_thread *self = &recorder_self;
    if (atomic_load(&state) != ON)
        return;
    int old_errno = errno;
    drop_chunk(self);
    atomic_store(&main_known, true);
    atomic_store(&self->inner_calls, 0);
    if (spool_file_begin_child()) {
        atomic_store(original, 1);
        introduce(self, spool_file.header->first_thread);
        self->chunk_bytes = 0;
        recorder_enter_library(self);
        pthread_setspecific(end_key, self); /* the parent may never have seen this thread */
        self->mode = MODE_ON;
    } else {
        atomic_store(&state, OFF);
        self->mode = MODE_OFF;
    }
    errno = old_errno;
}

static bool start_recording(void)
{
    if (!spool_file_take() || pthread_key_create(&end_key, thread_ends) != 0 ||
        pthread_atfork(NULL, NULL, start_child) != 0)
        return false;
    mark_original();
    recorder_tick = spool_file.tick;
    real_describe(spool_file.header->allocator, sizeof(spool_file.header->allocator));
    spool_file_begin(clock_kind());
    return true;
}

/* Runs while the process has one thread: inside its first allocation or thread creation. */
static void start(struct spool_thread *self)
{
    int expected = NEW;
    if (!atomic_compare_exchange_strong(&state, &expected, STARTING))
        return;
    int old_errno = errno;
    recorder_enter_library(self);
    if (!atomic_load(&resolved)) {
        real_resolve();
        atomic_store(&resolved, true);
    }
    if (!environ) /* before libc itself is set up: pass through, try again */
        atomic_store(&state, NEW);
    else
        atomic_store(&state, start_recording() ? ON : OFF);
    self->mode = MODE_NEW;
    errno = old_errno;
}

bool recorder_enter_slow(struct spool_thread *self)
{
    if (self->mode == MODE_INSIDE) {
        atomic_fetch_add_explicit(&self->inner_calls, 1, memory_order_relaxed);
        return false;
    }
    if (self->mode == MODE_OFF || self->mode == MODE_THREADS)
        return false;
    if (atomic_load(&state) == NEW)
        start(self);
    if (atomic_load(&state) != ON) {
        if (atomic_load(&state) == OFF)
            self->mode = MODE_OFF;
        return false;
    }
    if (self->mode == MODE_NEW) {
        int old_errno = errno;
        self->mode = MODE_INSIDE;
        introduce_unknown(self);
        errno = old_errno;
    }
    self->mode = MODE_INSIDE;
    return true;
}

void recorder_break_off(struct spool_thread *self)
{
    if (self->mode != MODE_INSIDE && self->mode != MODE_THREADS)
        return;
    if (self->next) /* what was half stored */
        memset(self->next, 0, SPOOL_RECORD_BYTES / 2);
    self->mode = self->outside;
}

bool recorder_ready(void)
{
    return atomic_load_explicit(&resolved, memory_order_acquire);
}

__attribute__((constructor)) static void start_at_latest(void)
{
    if (recorder_enter(&recorder_self))
        recorder_leave(&recorder_self);
}

/* The program ends in good order: what lives now has been touched as far as it ever will be. */
void recorder_tell_living(void)
{
    struct spool_thread *self = &recorder_self;
    bool own = atomic_load(&state) == ON && spool_file.header->pid == (uint32_t)getpid();
    if (!own || !recorder_enter(self)) /* not own: between vfork and exec */
        return;
    int old_errno = errno;
    self->outside = MODE_ON; /* of one that ended: for many records in a row */
    tell_inner_calls(self);
    resident_tell_living(self);
    recorder_leave(self);
    errno = old_errno;
}

__attribute__((destructor)) static void tell_at_exit(void)
{
    recorder_tell_living();
}
