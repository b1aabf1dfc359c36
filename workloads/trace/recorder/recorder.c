#include "recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "real.h"

_Thread_local struct spool_thread recorder_self;
enum trace_clock recorder_clock;

_Atomic int recorder_state;
static _Atomic bool resolved;
static struct spool_header *header; /* mapped for as long as the process lives */
static pthread_key_t end_key;

/* The spool is opened anew for each chunk: programs close descriptors that they do not know. */
static char spool_path[PATH_MAX];
static dev_t spool_device;
static ino_t spool_inode;

static int open_spool(void)
{
    int fd = open(spool_path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;
    if (fd >= 0 && (fstat(fd, &st) < 0 || st.st_dev != spool_device || st.st_ino != spool_inode)) {
        close(fd);
        return -1;
    }
    return fd;
}

/*
 * Claims, backs with disk space and maps `bytes` of the spool, so that no store can find it full.
 */
static struct spool_chunk *map_chunk(uint32_t thread, uint32_t bytes)
{
    if (atomic_load(&header->lost_stamp) != UINT64_MAX)
        return NULL; /* there was no room before, and nothing after that counts */
    uint64_t offset = atomic_fetch_add(&header->claimed_bytes, bytes);
    if (offset + bytes > header->limit_bytes)
        return NULL;
    int fd = open_spool();
    if (fd < 0)
        return NULL;
    struct spool_chunk *chunk = MAP_FAILED;
    if (posix_fallocate(fd, (off_t)offset, bytes) == 0)
        chunk = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset);
    close(fd);
    if (chunk == MAP_FAILED)
        return NULL;
    chunk->thread = thread;
    chunk->bytes = bytes;
    chunk->magic = SPOOL_CHUNK_MAGIC;
    return chunk;
}

static void lose(uint64_t stamp)
{
    atomic_fetch_add(&header->lost_events, 1);
    uint64_t first = atomic_load(&header->lost_stamp);
    while (stamp < first && !atomic_compare_exchange_weak(&header->lost_stamp, &first, stamp))
        ;
}

static void take_chunk(struct spool_thread *self, struct spool_chunk *chunk)
{
    if (self->chunk)
        munmap(self->chunk, self->chunk->bytes);
    self->chunk = chunk;
    self->chunk_bytes = chunk->bytes;
    self->next = chunk->events;
    self->end = chunk->events + spool_chunk_capacity(chunk->bytes);
}

static void drop_chunk(struct spool_thread *self)
{
    if (self->chunk)
        munmap(self->chunk, self->chunk->bytes);
    self->chunk = NULL;
    self->next = self->end = NULL;
}

/* Small chunks for threads that come and go, large ones for those that allocate all day. */
static uint32_t next_chunk_bytes(const struct spool_thread *self)
{
    if (self->ended || self->chunk_bytes == 0)
        return SPOOL_UNIT_BYTES;
    return self->chunk_bytes < SPOOL_CHUNK_BYTES ? 2 * self->chunk_bytes : SPOOL_CHUNK_BYTES;
}

static uint32_t new_number(void)
{
    bool is_main = syscall(SYS_gettid) == getpid();
    return is_main ? 0 : atomic_fetch_add(&header->n_threads, 1);
}

static void append(struct spool_thread *self, uint64_t stamp, uint64_t what, uint64_t size)
{
    if (self->next == self->end) {
        struct spool_chunk *chunk = map_chunk(self->number, next_chunk_bytes(self));
        if (!chunk) {
            lose(stamp);
            return;
        }
        take_chunk(self, chunk);
    }
    recorder_store(self->next++, stamp, what, size);
    if (self->ended)
        drop_chunk(self);
}

void recorder_append_slow(uint64_t stamp, uint64_t what, uint64_t size)
{
    struct spool_thread *self = &recorder_self;
    int old_errno = errno;
    self->depth++;
    if (!self->known) {
        self->known = true;
        self->number = new_number();
        pthread_setspecific(end_key, self);
    }
    append(self, stamp, what, size);
    self->depth--;
    errno = old_errno;
}

/*
 * Other destructors of the thread may still allocate and free, so the end is put off to the last
 * round that the system makes.
 */
static void thread_ends(void *self_pointer)
{
    struct spool_thread *self = self_pointer;
    if (atomic_load(&recorder_state) != RECORDER_ON)
        return;
    if (++self->rounds < PTHREAD_DESTRUCTOR_ITERATIONS) {
        pthread_setspecific(end_key, self);
        return;
    }
    recorder_append(recorder_stamp(), spool_what(SPOOL_END, 0, 0), 0);
    drop_chunk(self);
    self->ended = true;
}

struct spool_chunk *recorder_prepare_thread(void)
{
    if (atomic_load(&recorder_state) != RECORDER_ON)
        return NULL;
    return map_chunk(atomic_fetch_add(&header->n_threads, 1), SPOOL_UNIT_BYTES);
}

void recorder_adopt(struct spool_chunk *chunk)
{
    struct spool_thread *self = &recorder_self;
    self->known = true;
    self->number = chunk->thread;
    take_chunk(self, chunk);
    pthread_setspecific(end_key, self);
}

void recorder_abandon(struct spool_chunk *chunk)
{
    munmap(chunk, chunk->bytes);
}

/*
 * The child has a copy of the parent's chunks in its hands; it lets go of them before it can write.
 */
static void stop_in_child(void)
{
    atomic_store(&recorder_state, RECORDER_OFF);
    drop_chunk(&recorder_self);
}

static bool is_variable(const char *entry, const char *name)
{
    size_t n = strlen(name);
    return strncmp(entry, name, n) == 0 && entry[n] == '=';
}

static void remove_variable(char **entry)
{
    for (; *entry; entry++)
        entry[0] = entry[1];
}

/* What the program starts is not recorded, and its environment is what the user gave it. */
static void clean_environment(void)
{
    for (char **entry = environ; *entry;) {
        char *others = is_variable(*entry, "LD_PRELOAD") ? strchr(*entry, ':') : NULL;
        if (is_variable(*entry, SPOOL_ENV) || (is_variable(*entry, "LD_PRELOAD") && !others)) {
            remove_variable(entry);
            continue;
        }
        if (others) { /* the recorder stands first in the list */
            char *list = strchr(*entry, '=') + 1;
            memmove(list, others + 1, strlen(others + 1) + 1);
        }
        entry++;
    }
}

static bool take_spool(void)
{
    const char *path = getenv(SPOOL_ENV);
    if (!path || strlen(path) >= sizeof(spool_path))
        return false;
    memcpy(spool_path, path, strlen(path) + 1);
    int fd = open(spool_path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return false;
    struct stat st;
    void *p = MAP_FAILED;
    if (fstat(fd, &st) == 0 && st.st_size >= SPOOL_UNIT_BYTES)
        p = mmap(NULL, SPOOL_UNIT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (p == MAP_FAILED)
        return false;
    header = p;
    spool_device = st.st_dev;
    spool_inode = st.st_ino;
    return header->magic == SPOOL_MAGIC && header->loaded == 0;
}

static bool start_recording(void)
{
    if (!take_spool() || pthread_key_create(&end_key, thread_ends) != 0 ||
        pthread_atfork(NULL, NULL, stop_in_child) != 0)
        return false;
    recorder_clock = header->clock == TRACE_CLOCK_TSC ? TRACE_CLOCK_TSC : TRACE_CLOCK_MONOTONIC;
    header->start_stamp = recorder_stamp();
    header->start_ns = clock_ns();
    header->loaded = 1;
    return true;
}

/* Runs while the process has one thread: inside its first allocation or thread creation. */
static void start(void)
{
    int expected = RECORDER_NEW;
    if (!atomic_compare_exchange_strong(&recorder_state, &expected, RECORDER_STARTING))
        return;
    int old_errno = errno;
    recorder_self.depth++;
    if (!atomic_load(&resolved)) {
        real_resolve();
        atomic_store(&resolved, true);
    }
    if (!environ) { /* before libc itself is set up: pass through, try again */
        atomic_store(&recorder_state, RECORDER_NEW);
    } else {
        bool started = start_recording();
        clean_environment();
        atomic_store(&recorder_state, started ? RECORDER_ON : RECORDER_OFF);
    }
    recorder_self.depth--;
    errno = old_errno;
}

bool recorder_wants_slow(void)
{
    if (atomic_load(&recorder_state) == RECORDER_NEW)
        start();
    return atomic_load(&recorder_state) == RECORDER_ON;
}

bool recorder_ready(void)
{
    return atomic_load_explicit(&resolved, memory_order_acquire);
}

__attribute__((constructor)) static void start_at_latest(void)
{
    recorder_wants_slow();
}
