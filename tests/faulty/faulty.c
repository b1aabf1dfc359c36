#include "faulty.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum fault {
    FAULT_NONE,
    FAULT_CRASH,
    FAULT_EXIT,
    FAULT_HANG,
    FAULT_SPIN,
    FAULT_FORK_SPIN,
    FAULT_STARVE,
    FAULT_USABLE_LESS,
    FAULT_USABLE_MORE,
    FAULTS
};

static const char *const names[FAULTS] = {
    [FAULT_NONE] = "none",
    [FAULT_CRASH] = "crash",
    [FAULT_EXIT] = "exit",
    [FAULT_HANG] = "hang",
    [FAULT_SPIN] = "spin",
    [FAULT_FORK_SPIN] = "fork-spin",
    [FAULT_STARVE] = "starve",
    [FAULT_USABLE_LESS] = "usable-less",
    [FAULT_USABLE_MORE] = "usable-more",
};

static char *volatile nowhere; /* volatile: the compiler is not to see what it points to */
static enum fault fault;
static size_t least_bytes = 1;
static _Atomic long left = 1; /* requests, until the fault */

static void say(const char *text)
{
    ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void)written;
}

/* Requests that come before this are served. */
static __attribute__((constructor)) void read_environment(void)
{
    const char *name = getenv("FAULT"), *after = getenv("FAULT_AFTER");
    const char *bytes = getenv("FAULT_BYTES");
    if (after)
        left = strtol(after, NULL, 10);
    if (bytes)
        least_bytes = (size_t)strtoul(bytes, NULL, 10);
    for (unsigned i = 0; name && i < FAULTS; i++)
        if (strcmp(name, names[i]) == 0)
            fault = (enum fault)i;
}

bool faulty_may(size_t bytes)
{
    if (fault == FAULT_NONE || fault >= FAULT_USABLE_LESS || bytes < least_bytes ||
        atomic_fetch_sub(&left, 1) > 1)
        return true;
    switch (fault) {
    case FAULT_CRASH:
        say("faulty: about\nto crash\n");
        *nowhere = 1;
        abort();
    case FAULT_EXIT:
        _exit(0);
    case FAULT_HANG:
        for (;;)
            pause();
    case FAULT_FORK_SPIN:
        if (fork() > 0)
            wait(NULL);
        for (;;)
            ;
    case FAULT_SPIN:
        for (;;)
            ;
    default:
        return false;
    }
}

size_t faulty_usable_bytes(void *p)
{
    static size_t (*_Atomic glibcs)(void *);
    if (!glibcs)
        glibcs = (size_t(*)(void *))dlsym(RTLD_NEXT, "malloc_usable_size");
    size_t usable = glibcs(p);
    if (fault == FAULT_USABLE_LESS && usable > 8)
        return 8;
    return fault == FAULT_USABLE_MORE ? usable + (SIZE_MAX >> 8) : usable;
}
