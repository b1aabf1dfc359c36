#include "contract.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "contract_status.h"
#include "rng.h"
#include "text.h"

void contract_pass(void)
{
    static const char word[] = CONTRACT_THROUGH;
    if (write(STDOUT_FILENO, word, sizeof(word) - 1) < 0)
        contract_fail("cannot write to stdout");
    _exit(CONTRACT_PASS);
}

static _Noreturn void end(int status, const char *format, va_list args)
{
    char line[512];
    size_t n = text_vformat(line, sizeof(line) - 1, format, args);
    line[n] = '\n';
    ssize_t written = write(STDERR_FILENO, line, n + 1);
    (void)written;
    _exit(status);
}

#define END(status) \
    va_list args; \
    va_start(args, format); \
    end(status, format, args)

void contract_fail(const char *format, ...)
{
    END(CONTRACT_FAIL);
}

void contract_differs(const char *format, ...)
{
    END(CONTRACT_DIFFERS);
}

void contract_skip(const char *format, ...)
{
    END(CONTRACT_SKIP);
}

static const char *file_of(void *function)
{
    Dl_info info;
    return dladdr(function, &info) && info.dli_fname ? info.dli_fname : "an unknown file";
}

const char *contract_stranger(void *function)
{
    struct stat wanted, seen;
    const char *library = getenv(CONTRACT_LIBRARY), *file = file_of(function);
    if (!library || !*library)
        library = file_of((void *)gnu_get_libc_version);
    if (stat(library, &wanted) < 0)
        contract_fail("there is no allocator %s", library);
    bool same =
        stat(file, &seen) == 0 && seen.st_dev == wanted.st_dev && seen.st_ino == wanted.st_ino;
    return same ? NULL : file;
}

void contract_served(const char *name, void *function)
{
    const char *file = contract_stranger(function);
    if (file)
        contract_fail("%s comes from %s, not from the allocator", name, file);
}

void *contract_malloc(size_t bytes)
{
    void *p = hidden(malloc(bytes));
    if (!p)
        contract_fail("malloc(%zu) returned NULL (errno %d)", bytes, errno);
    return p;
}

void contract_fill(void *p, size_t bytes, uint64_t seed)
{
    char *to = p;
    for (; bytes >= sizeof(uint64_t); bytes -= sizeof(uint64_t), to += sizeof(uint64_t)) {
        uint64_t word = rng_splitmix(&seed);
        memcpy(to, &word, sizeof(word));
    }
    uint64_t word = rng_splitmix(&seed);
    memcpy(to, &word, bytes);
}

void contract_check(const void *p, size_t bytes, uint64_t seed, const char *when)
{
    const char *from = p;
    for (size_t at = 0; at < bytes; at += sizeof(uint64_t)) {
        uint64_t word = rng_splitmix(&seed);
        size_t n = bytes - at < sizeof(word) ? bytes - at : sizeof(word);
        if (memcmp(from + at, &word, n) != 0)
            contract_fail("a block of %zu bytes at %p lost its content %s, from byte %zu to %zu on",
                          bytes, p, when, at, at + n - 1);
    }
}

void *contract_aligned(void *p, size_t alignment, const char *call, size_t bytes)
{
    p = hidden(p);
    if (!p)
        contract_fail("%s of %zu bytes, alignment %zu, returned NULL", call, bytes, alignment);
    if ((uintptr_t)p % alignment != 0)
        contract_fail("%s of %zu bytes returned %p, which is no multiple of %zu", call, bytes, p,
                      alignment);
    return p;
}

pthread_t contract_thread(void *(*run)(void *), void *argument)
{
    pthread_t thread;
    int code = pthread_create(&thread, NULL, run, argument);
    if (code)
        contract_skip("cannot start a thread: %s", strerrordesc_np(code));
    return thread;
}

void contract_join(pthread_t thread)
{
    int code = pthread_join(thread, NULL);
    if (code)
        contract_fail("a thread cannot be joined: %s", strerrordesc_np(code));
}

/* smaps_rollup is exact; the numbers of other files lag behind by some pages for each CPU. */
size_t contract_resident_bytes(void)
{
    char text[4096];
    int fd = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (fd >= 0)
        close(fd);
    text[n < 0 ? 0 : n] = '\0';
    const char *rss = strstr(text, "\nRss:");
    if (!rss)
        contract_skip("/proc/self/smaps_rollup cannot be read");
    return strtoul(rss + 5, NULL, 10) * KIB;
}

void contract_no_growth(size_t before, size_t allowed, const char *what)
{
    size_t now = contract_resident_bytes();
    if (now > before + allowed)
        contract_fail("%s: resident memory grew by %zu KiB, at most %zu expected", what,
                      (now - before) / KIB, allowed / KIB);
}
