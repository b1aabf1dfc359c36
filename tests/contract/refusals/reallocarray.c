/* reallocarray refuses a product that overflows and leaves the block; else it is realloc. */
#include "contract.h"

#include <errno.h>

static void try_overflow(size_t n, size_t each)
{
    char *p = contract_malloc(100), *kept = hidden(p);
    contract_fill(p, 100, n);
    errno = 0;
    void *q = hidden(reallocarray(p, hidden_size(n), hidden_size(each)));
    if (q)
        contract_fail("reallocarray(p, %zu, %zu) overflows, but returned %p", n, each, q);
    if (errno != ENOMEM)
        contract_fail("reallocarray(p, %zu, %zu): errno is %d, not ENOMEM", n, each, errno);
    contract_check(kept, 100, n, "when reallocarray refused");
    free(kept);
}

void clause(void)
{
    try_overflow((size_t)1 << 32, (size_t)1 << 32);
    try_overflow(SIZE_MAX, 2);
    try_overflow(SIZE_MAX / 16 + 2, 16);
    try_overflow(3, SIZE_MAX / 3 + 10);
    char *p = NULL;
    for (size_t n = 1; n < 1000; n += 7) {
        p = hidden(reallocarray(p, n, 24));
        if (!p)
            contract_fail("reallocarray(p, %zu, 24) returned NULL", n);
        contract_fill(p, n * 24, n);
        p = hidden(reallocarray(p, n + 7, 24));
        contract_check(p, n * 24, n, "in reallocarray");
    }
    free(p);
}
