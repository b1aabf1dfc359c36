/*
 * What the programs of the contract share. Each is one clause: a function clause(), which returns
 * when all of it holds; the main that calls it first proves that malloc, calloc, realloc and free
 * are the allocator's (CONTRACT_LIBRARY in formats/contract_status.h). Nothing here allocates. Any thread.
 */
#pragma once

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "bits.h"

void clause(void);

/* Ends the process as passed; the end of main does so by itself. */
_Noreturn void contract_pass(void);

/* These end the process with one line on stderr: what was expected, and what was seen. */
_Noreturn void contract_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void contract_differs(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void contract_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The file that supplies a function, when that is not the allocator's; else NULL. */
const char *contract_stranger(void *function);

/* Fails unless the allocator supplies this function. */
void contract_served(const char *name, void *function);
#define CONTRACT_SERVED(function) contract_served(#function, (void *)(function))

/* malloc that must succeed. */
void *contract_malloc(size_t bytes);

/*
 * Makes the block hold the pattern of a seed; fails unless it still does (`when`: "in realloc"). A
 * longer pattern begins with a shorter one of the same seed.
 */
void contract_fill(void *p, size_t bytes, uint64_t seed);
void contract_check(const void *p, size_t bytes, uint64_t seed, const char *when);

/* Fails unless the pointer is not NULL and a multiple of `alignment`; returns it. */
void *contract_aligned(void *p, size_t alignment, const char *call, size_t bytes);

/* Starts a thread, or skips the clause where the system allows none more. */
pthread_t contract_thread(void *(*run)(void *), void *argument);
void contract_join(pthread_t thread);

/* Resident memory of this process. */
size_t contract_resident_bytes(void);

/* Fails when more than `allowed` bytes have become resident since `before` (`what`: "10 000 threads"). */
void contract_no_growth(size_t before, size_t allowed, const char *what);

/* A pointer or number of which the compiler knows nothing, so that it can conclude nothing. */
static inline void *hidden(void *p)
{
    __asm__ volatile("" : "+r"(p) : : "memory");
    return p;
}

static inline size_t hidden_size(size_t n)
{
    __asm__ volatile("" : "+r"(n));
    return n;
}
