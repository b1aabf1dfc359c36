/* Blocks of every size from malloc, calloc and realloc are aligned for every type. */
#include "contract.h"

enum { LIVE = 4, ALIGNMENT = _Alignof(max_align_t) };

/* C lets an object be aligned for what fits into it only; glibc does not make use of that. */
static void try_pointer(void *p, const char *call, size_t bytes)
{
    size_t fits = bytes ? (size_t)1 << log2_floor(bytes) : 1;
    bool is_small = bytes < ALIGNMENT && p && (uintptr_t)hidden(p) % fits == 0;
    if (is_small && (uintptr_t)hidden(p) % ALIGNMENT != 0)
        contract_differs("%s of %zu bytes returned %p; glibc aligns every size to %d bytes", call,
                         bytes, p, ALIGNMENT);
    contract_aligned(p, ALIGNMENT, call, bytes);
}

static void try_size(size_t bytes)
{
    void *live[3 * LIVE];
    for (unsigned i = 0; i < 3 * LIVE; i += 3) {
        try_pointer(live[i] = malloc(bytes), "malloc", bytes);
        try_pointer(live[i + 1] = calloc(1, bytes), "calloc", bytes);
        try_pointer(live[i + 2] = realloc(malloc(bytes / 2), bytes), "realloc", bytes);
    }
    for (unsigned i = 0; i < 3 * LIVE; i++)
        free(live[i]);
}

void clause(void)
{
    for (size_t bytes = 4096; bytes > 0; bytes--)
        try_size(bytes);
    for (size_t bytes = 8192; bytes <= 64 * MIB; bytes *= 2) {
        try_size(bytes - 1);
        try_size(bytes);
        try_size(bytes + 1);
    }
}
