/*
 * saboteur: a library whose preload spoils a program in one way, so that each of the checks of run.sh is
 * seen to fail. SABOTAGE says how: hoard (nothing that is freed is used again), talk (a line too much on
 * standard output), crash (the process ends by SIGABRT), exit (with another status), hang.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void libc_free(void *p) __asm__("__libc_free"); /* glibc's own */

static int hoards;

static int is_asked(const char *what)
{
    const char *how = getenv("SABOTAGE");
    return how && strcmp(how, what) == 0;
}

static __attribute__((constructor)) void begin(void)
{
    hoards = is_asked("hoard");
    if (is_asked("talk") && write(STDOUT_FILENO, "talk\n", 5) != 5)
        _exit(9);
    if (is_asked("crash"))
        abort();
    if (is_asked("exit"))
        _exit(3);
    while (is_asked("hang"))
        pause();
}

__attribute__((visibility("default"))) void free(void *p)
{
    if (!hoards)
        libc_free(p);
}
