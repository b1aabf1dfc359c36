/*
 * The end of a process whose heap is damaged, and the checks that find out. Nothing here allocates
 * or goes through stdio: either may call the damaged malloc. Any thread may call.
 */
#pragma once

#include "bits.h"

/* Each allocator defines it: "ptmalloc". */
extern const char heap_name[] __attribute__((visibility("hidden")));

/* Writes "NAME: FAULT\n" to stderr with one write(2) and aborts. */
_Noreturn COLD void heap_fatal(const char *fault);

/* 1 in builds that check every law after every operation; the checks are compiled in all builds. */
#ifndef HEAP_CHECK
#define HEAP_CHECK 0
#endif

/* `broken`: the name of a broken law as an x_check() returned it, or NULL. */
static inline void must_hold(const char *broken)
{
    if (UNLIKELY(broken))
        heap_fatal(broken);
}
