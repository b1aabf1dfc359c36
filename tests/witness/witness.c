#include "witness.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/single_threaded.h>
#include <unistd.h>

#include "text.h"

/* Written at the start of an object that is long enough. */
struct mark {
    uint64_t magic, bytes;
    const void *owner;
};

#define WITNESS_LANES 2

#define MARK_MAGIC 0x77697477697477ull

static bool in_order, by_others;
static enum { ANY, ALONE, SECOND } thread;                   /* which one may ask for objects */
static size_t first_bytes = SIZE_MAX, last_bytes = SIZE_MAX; /* no object is watched */
static size_t ahead; /* a lane may be so many steps before another; 0: not watched */
static _Atomic size_t steps[WITNESS_LANES]; /* each lane's last */
static _Thread_local size_t freed_before;   /* by this thread; its address is its name */

static _Noreturn __attribute__((format(printf, 1, 2))) void report(const char *format, ...)
{
    char line[256];
    va_list args;
    va_start(args, format);
    ssize_t written = write(STDERR_FILENO, line, text_vformat(line, sizeof(line), format, args));
    (void)written;
    abort();
}

static void check_variable(const char *line)
{
    static const char preload[] = "LD_PRELOAD=";
    if (strncmp(line, "WITNESS", 7) == 0)
        return;
    if (strncmp(line, preload, strlen(preload)) != 0 || strpbrk(line, " :"))
        report("witness: not expected in the environment: %s", line);
}

static size_t number(const char *name, size_t otherwise)
{
    const char *text = getenv(name);
    return text ? (size_t)strtoul(text, NULL, 10) : otherwise;
}

static __attribute__((constructor)) void read_environment(void)
{
    for (char **line = environ; *line; line++)
        check_variable(*line);
    const char *frees = getenv("WITNESS_FREES");
    by_others = frees && strcmp(frees, "remote") == 0;
    in_order = by_others || (frees && strcmp(frees, "ascending") == 0);
    first_bytes = number("WITNESS_BYTES", SIZE_MAX);
    last_bytes = number("WITNESS_LAST", SIZE_MAX);
    ahead = number("WITNESS_AHEAD", 0);
    const char *wanted = getenv("WITNESS_THREAD");
    thread = !wanted ? ANY : strcmp(wanted, "alone") == 0 ? ALONE : SECOND;
}

static bool is_watched(size_t bytes)
{
    return in_order && bytes >= first_bytes && bytes <= last_bytes;
}

/* Sizes from the first watched one on count steps, and within a step lanes. */
static void check_ahead(size_t number)
{
    size_t lane = number % WITNESS_LANES, step = number / WITNESS_LANES;
    for (size_t other = 0; other < WITNESS_LANES; other++)
        if (other != lane && step > steps[other] + ahead)
            report("witness: lane %zu is at step %zu, and lane %zu at step %zu", lane, step, other,
                   (size_t)steps[other]);
    steps[lane] = step;
}

/* glibc's word stays false once there was a second thread, when that ended too. */
static void check_thread(void)
{
    bool is_main = gettid() == getpid();
    if (thread == ALONE && !(is_main && __libc_single_threaded))
        report("witness: an object is asked for by %s, in a process that %s another thread",
               is_main ? "the main thread" : "another thread than main",
               __libc_single_threaded ? "never made" : "made");
    if (thread == SECOND && is_main)
        report("witness: an object is asked for by the main thread");
}

void witness_alloc(void *p, size_t bytes)
{
    if (thread != ANY && bytes >= first_bytes && bytes <= last_bytes)
        check_thread();
    if (ahead && bytes >= first_bytes && bytes <= last_bytes)
        check_ahead(bytes - first_bytes);
    if (p && is_watched(bytes) && bytes >= sizeof(struct mark))
        *(struct mark *)p =
            (struct mark){.magic = MARK_MAGIC, .bytes = bytes, .owner = &freed_before};
}

void witness_free(void *p)
{
    struct mark *mark = p;
    if (!in_order || witness_usable_bytes(p) < sizeof(*mark) || mark->magic != MARK_MAGIC)
        return;
    size_t wanted =
        freed_before == 0 || freed_before == last_bytes ? first_bytes : freed_before + 1;
    if (mark->bytes != wanted)
        report("witness: freed an object of %zu bytes where one of %zu was next",
               (size_t)mark->bytes, wanted);
    if (by_others && mark->owner == &freed_before)
        report("witness: freed an object of %zu bytes in the thread that made it",
               (size_t)mark->bytes);
    freed_before = mark->bytes;
    mark->magic = 0;
}

size_t witness_usable_bytes(void *p)
{
    static size_t (*_Atomic glibcs)(void *);
    if (!glibcs)
        glibcs = (size_t(*)(void *))dlsym(RTLD_NEXT, "malloc_usable_size");
    return glibcs(p);
}
