/*
 * Tests of ends: each death is a function that damages the heap, and the line that the process then
 * leaves on stderr before it aborts. The damage runs in a thread of a fresh process, whose arena is new, so
 * that its objects lie in a row.
 */
#pragma once

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "held.h"
#include "unit.h"

struct death {
    const char *line; /* without the allocator's name */
    void (*damage)(void);
};

/* Rows of every allocator: what was never given out, with a header that looks like one. */
static inline void free_of_the_stack(void)
{
    size_t words[16] = {0, 0x41};
    void *volatile p = &words[2];
    free(p);
}

static inline void free_of_static_memory(void)
{
    static _Alignas(16) size_t words[16] = {0, 0x41};
    void *volatile p = &words[2];
    free(p);
}

static inline void *death_thread(void *damage)
{
    keep(40); /* the thread has its arena, and its cache if there is one */
    keep(3000);
    ((void (*)(void))damage)();
    return NULL;
}

static inline void death_happens(const char *name, const struct death *d)
{
    int err[2], status;
    char said[256] = "", wanted[256];
    ck_assert_int_eq(pipe(err), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        dup2(err[1], STDERR_FILENO);
        pthread_t thread;
        if (pthread_create(&thread, NULL, death_thread, (void *)d->damage) == 0)
            pthread_join(thread, NULL);
        _exit(0);
    }
    close(err[1]);
    ssize_t n = read(err[0], said, sizeof(said) - 1);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    snprintf(wanted, sizeof(wanted), "%s: %s\n", name, d->line);
    ck_assert_int_ge(n, 0);
    ck_assert_str_eq(said, wanted);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    ck_assert_int_eq(read(err[0], said, 1), 0);
    close(err[0]);
}

/* One test for each row of `deaths`, an array; NAME: the allocator's. */
#define DEATH_MAIN(NAME, deaths) \
    START_TEST(damage_ends_the_process_with_one_line) \
    { \
        death_happens(NAME, &deaths[_i]); \
    } \
    END_TEST \
    int main(void) \
    { \
        return unit_run_with(NAME " death", NULL, 0, damage_ends_the_process_with_one_line, \
                             ARRAY_SIZE(deaths)); \
    }
