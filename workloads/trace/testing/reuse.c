/*
 * The allocator that is hardest on a recorder: a freed address is the next one handed out, to
 * whichever thread asks first. One size of block behind one spin lock; larger requests are mapped
 * and stay.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define BLOCK_BYTES 4096u
#define N_BLOCKS    65536u

struct block {
    struct block *next;
};

static atomic_flag locked = ATOMIC_FLAG_INIT;
static struct block *top;
static char *blocks;
static size_t n_used;

static void lock(void)
{
    while (atomic_flag_test_and_set_explicit(&locked, memory_order_acquire))
        ;
}

static void unlock(void)
{
    atomic_flag_clear_explicit(&locked, memory_order_release);
}

static void *map(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static int is_block(const void *p)
{
    return blocks && (size_t)((const char *)p - blocks) < (size_t)BLOCK_BYTES * N_BLOCKS;
}

void *malloc(size_t bytes)
{
    if (bytes > BLOCK_BYTES)
        return map(bytes);
    lock();
    if (!blocks)
        blocks = map((size_t)BLOCK_BYTES * N_BLOCKS);
    struct block *b = top;
    if (b)
        top = b->next;
    else if (blocks && n_used < N_BLOCKS)
        b = (struct block *)(blocks + n_used++ * BLOCK_BYTES);
    unlock();
    return b;
}

void free(void *p)
{
    if (!is_block(p))
        return;
    struct block *b = p;
    lock();
    b->next = top;
    top = b;
    unlock();
}

void *calloc(size_t n, size_t size)
{
    void *p = malloc(n * size);
    if (p)
        memset(p, 0, n * size);
    return p;
}

void *realloc(void *p, size_t bytes)
{
    if (p && is_block(p) && bytes <= BLOCK_BYTES)
        return p;
    void *moved = malloc(bytes);
    if (moved && p) {
        memcpy(moved, p, is_block(p) && bytes > BLOCK_BYTES ? BLOCK_BYTES : bytes);
        free(p);
    }
    return moved;
}
