/* memalign, posix_memalign and aligned_alloc keep every alignment up to 2 MiB. */
#include "contract.h"

enum { LIVE = 4 };

/* One block from each of them; each is written at both ends. */
static void try_each(size_t alignment, size_t bytes, void *out[static 3])
{
    void *p = NULL;
    int code = posix_memalign(&p, alignment, bytes);
    if (code)
        contract_fail("posix_memalign of %zu bytes, alignment %zu, returned %d", bytes, alignment,
                      code);
    out[0] = contract_aligned(p, alignment, "posix_memalign", bytes);
    out[1] = contract_aligned(memalign(alignment, bytes), alignment, "memalign", bytes);
    out[2] = contract_aligned(aligned_alloc(alignment, bytes), alignment, "aligned_alloc", bytes);
    for (unsigned i = 0; i < 3; i++) {
        size_t end = bytes < 64 ? bytes : 64;
        contract_fill(out[i], end, (uintptr_t)out[i]);
        contract_fill((char *)out[i] + bytes - end, end, (uintptr_t)out[i]);
    }
}

static void try_size(size_t alignment, size_t bytes)
{
    void *live[3 * LIVE];
    for (unsigned i = 0; i < 3 * LIVE; i += 3)
        try_each(alignment, bytes, live + i);
    for (unsigned i = 0; i < 3 * LIVE; i++) {
        size_t end = bytes < 64 ? bytes : 64;
        contract_check((char *)live[i] + bytes - end, end, (uintptr_t)live[i], "beside others");
        free(live[i]);
    }
}

void clause(void)
{
    CONTRACT_SERVED(memalign);
    CONTRACT_SERVED(posix_memalign);
    CONTRACT_SERVED(aligned_alloc);
    for (size_t alignment = sizeof(void *); alignment <= 2 * MIB; alignment *= 2) {
        for (size_t bytes = 1; bytes <= 4 * MIB; bytes = bytes * 3 + 1)
            try_size(alignment, bytes);
        try_size(alignment, alignment - 1);
        try_size(alignment, alignment);
        try_size(alignment, alignment + 1);
    }
}
