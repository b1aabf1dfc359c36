/*
 * The stacks of the worker's threads: made before the clock starts, so that no thread's birth maps
 * memory. A root has its own. Those of threads that come and go are taken from a pool: as many are
 * warm (faulted in) as threads are alive at once in the plan's known order; another order may need
 * more, which are cold.
 */
#pragma once

#include "bits.h"

#define STACK_BYTES      ((size_t)512 << 10)
#define STACK_WARM_BYTES ((size_t)32 << 10) /* from the top down */

struct stack_pool;

/* `n` stacks, one behind the other, or NULL. */
char *stack_make(uint32_t n);
/* Faults in what most threads use of the stack at `stack`; on the calling thread's NUMA node. */
void stack_warm(char *stack);

/* A pool of `n` stacks with the first `n_warm` warm, or NULL. */
struct stack_pool *stack_pool_make(uint32_t n, uint32_t n_warm);
/* The pool's two mappings. */
struct stack_memory {
    const void *p;
    size_t bytes;
};
void stack_pool_memory(const struct stack_pool *pool, struct stack_memory out[2]);
/* There is always one: no more threads of a plan can live than it has. Any thread. */
char *stack_take(struct stack_pool *pool);
void stack_give_back(struct stack_pool *pool, char *stack);
