#include "stack.h"

#include <stdatomic.h>
#include <sys/mman.h>

#include "os.h"

/* free_stacks is a stack of stacks: the last one given back is the warmest. */
struct stack_pool {
    atomic_flag busy; /* held for a few instructions, once per birth and join */
    uint32_t n_free;
    uint32_t n;
    char *stacks; /* all, one behind the other */
    char *free_stacks[];
};

char *stack_make(uint32_t n)
{
    size_t bytes = (n > 0 ? n : 1) * STACK_BYTES;
    char *stacks = os_map(bytes, OS_RESERVE);
    if (stacks) /* a huge page would make all of a stack resident for its top */
        madvise(stacks, bytes, MADV_NOHUGEPAGE);
    return stacks;
}

void stack_warm(char *stack)
{
    for (size_t at = STACK_BYTES - STACK_WARM_BYTES; at < STACK_BYTES; at += os_page_bytes())
        *(volatile char *)(stack + at) = 0;
}

struct stack_pool *stack_pool_make(uint32_t n, uint32_t n_warm)
{
    struct stack_pool *pool = os_map(sizeof(*pool) + n * sizeof(char *), OS_POPULATE);
    char *stacks = stack_make(n);
    if (!pool || !stacks)
        return NULL;
    pool->n_free = pool->n = n;
    pool->stacks = stacks;
    for (uint32_t i = 0; i < n; i++) { /* the warm ones on top */
        char *stack = pool->free_stacks[n - 1 - i] = stacks + i * STACK_BYTES;
        if (i < n_warm)
            stack_warm(stack);
    }
    return pool;
}

void stack_pool_memory(const struct stack_pool *pool, struct stack_memory out[2])
{
    uint32_t n = pool->n;
    out[0] = (struct stack_memory){pool, sizeof(*pool) + n * sizeof(char *)};
    out[1] = (struct stack_memory){pool->stacks, (n > 0 ? n : 1) * STACK_BYTES};
}

static void lock(struct stack_pool *pool)
{
    while (atomic_flag_test_and_set_explicit(&pool->busy, memory_order_acquire))
        continue;
}

static void unlock(struct stack_pool *pool)
{
    atomic_flag_clear_explicit(&pool->busy, memory_order_release);
}

char *stack_take(struct stack_pool *pool)
{
    lock(pool);
    char *stack = pool->free_stacks[--pool->n_free];
    unlock(pool);
    return stack;
}

void stack_give_back(struct stack_pool *pool, char *stack)
{
    lock(pool);
    pool->free_stacks[pool->n_free++] = stack;
    unlock(pool);
}
