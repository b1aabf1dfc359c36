#include "broken.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__libc_malloc(size_t bytes);

enum {
    SMALL = 128,
    TWICE_AT = 600000,
    FORGET_AFTER = 100000,
    ORPHAN_BYTES = 777,
    LEFT_BYTES = 1024
};

static const char *const names[FAULTS] = {
    [NONE] = "none",
    [ALIGNMENT] = "alignment",
    [ALIGNED] = "aligned",
    [CALLOC_ZEROES] = "calloc-zeroes",
    [REALLOC_CONTENT] = "realloc-content",
    [USABLE_SIZE] = "usable-size",
    [ZERO] = "zero",
    [HUGE_SIZES] = "huge",
    [CALLOC_OVERFLOW] = "calloc-overflow",
    [REALLOCARRAY] = "reallocarray",
    [REALLOC_EDGES] = "realloc-edges",
    [POSIX_MEMALIGN] = "posix-memalign",
    [FREE_ERRNO] = "free-errno",
    [EXHAUSTION] = "exhaustion",
    [OVERLAP] = "overlap",
    [REMOTE_FREE] = "remote-free",
    [ORPHANS] = "orphans",
    [SHORT_THREADS] = "short-threads",
    [FORK] = "fork",
    [CONSTRUCTORS] = "constructors",
    [DESTRUCTORS] = "destructors",
    [TLS_DESTRUCTORS] = "tls-destructors",
    [DLCLOSE] = "dlclose",
};

static atomic_bool is_set_up, is_child, is_over, has_closed;
static pthread_key_t end_key, orphan_key;

static _Thread_local struct {
    bool allocates, has_ended;
    unsigned n_frees;
    void *last;
} thread;

void fault_die(const char *line)
{
    ssize_t written = write(STDERR_FILENO, line, strlen(line));
    (void)written;
    abort();
}

/* Before libc is set up there is no getenv. */
static enum fault read_fault(void)
{
    static char text[65536];
    int fd = open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
    close(fd);
    for (char *line = text; line < text + n; line += strlen(line) + 1)
        for (unsigned i = 0; i < FAULTS; i++)
            if (strncmp(line, "BROKEN=", 7) == 0 && strcmp(line + 7, names[i]) == 0)
                return (enum fault)i;
    fault_die("broken: BROKEN names no fault\n");
}

enum fault fault(void)
{
    static _Atomic int known = -1;
    if (known < 0)
        known = (int)read_fault();
    return (enum fault)known;
}

static void note_child(void)
{
    is_child = true;
}

static void note_end(void)
{
    is_over = true;
}

static void end_thread(void *unused)
{
    (void)unused;
    thread.has_ended = true;
}

static void spoil(void *block)
{
    memset(block, 0xee, ORPHAN_BYTES);
}

static __attribute__((constructor)) void set_up(void)
{
    pthread_atfork(NULL, NULL, note_child);
    pthread_key_create(&end_key, end_thread);
    pthread_key_create(&orphan_key, spoil);
    is_set_up = true;
}

/* Found before libc's own, because it is preloaded. */
EXPORT int dlclose(void *handle)
{
    int (*libc_dlclose)(void *) = (int (*)(void *))dlsym(RTLD_NEXT, "dlclose");
    int result = libc_dlclose(handle);
    has_closed = true;
    return result;
}

/* The handler is set by the first allocation of the program itself, so that its own run before. */
static void watch_end(void)
{
    static atomic_flag watched = ATOMIC_FLAG_INIT;
    if (is_over)
        fault_die("broken: no allocation after main\n");
    if (is_set_up && !atomic_flag_test_and_set(&watched))
        atexit(note_end);
}

static void watch_thread(void)
{
    if (thread.has_ended)
        fault_die("broken: no allocation while a thread ends\n");
    pthread_setspecific(end_key, &thread);
}

bool fault_refuses(void)
{
    switch (fault()) {
    case FORK:
        if (is_child)
            fault_die("broken: no allocation in a forked child\n");
        return false;
    case DESTRUCTORS:
        watch_end();
        return false;
    case TLS_DESTRUCTORS:
        if (is_set_up)
            watch_thread();
        return false;
    case DLCLOSE:
        if (has_closed)
            fault_die("broken: no allocation after dlclose\n");
        return false;
    case CONSTRUCTORS:
        return !is_set_up;
    default:
        return false;
    }
}

void *fault_give(void *p, size_t bytes)
{
    static atomic_uint n_small;
    if (fault() == SHORT_THREADS && !thread.allocates)
        memset(__libc_malloc(LEFT_BYTES), 1, LEFT_BYTES);
    thread.allocates = true;
    if (fault() == ORPHANS && bytes == ORPHAN_BYTES)
        pthread_setspecific(orphan_key, p);
    if (fault() == OVERLAP && bytes > SMALL / 8 && bytes <= SMALL) {
        if (atomic_fetch_add(&n_small, 1) >= TWICE_AT && thread.last) {
            atomic_store(&n_small, 0);
            return thread.last;
        }
        thread.last = p;
    }
    return p;
}

bool fault_forgets(void *p)
{
    if (fault() == ORPHANS && p == pthread_getspecific(orphan_key))
        pthread_setspecific(orphan_key, NULL);
    if (p == thread.last)
        thread.last = NULL;
    return fault() == REMOTE_FREE && !thread.allocates && ++thread.n_frees > FORGET_AFTER;
}
