/* realloc of NULL is malloc; realloc to 0 frees the block and returns NULL. */
#include "contract.h"

enum { ROUNDS = 4096, BYTES = 64 * 1024 };

static void check_null(void *p)
{
    if (hidden(p)) /* C leaves this to the implementation */
        contract_differs("realloc(p, 0) returned %p; glibc frees p and returns NULL", p);
}

void clause(void)
{
    char *p = hidden(realloc(NULL, hidden_size(100)));
    if (!p)
        contract_fail("realloc(NULL, 100) returned NULL");
    contract_fill(p, 100, 1);
    contract_check(p, 100, 1, "after realloc(NULL, 100)");
    free(p);

    size_t before = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        p = contract_malloc(BYTES);
        memset(p, 1, BYTES);
        check_null(realloc(p, hidden_size(0)));
        if (i == ROUNDS / 8)
            before = contract_resident_bytes();
    }
    contract_no_growth(before, 16 * MIB, "realloc(p, 0) is to free the block");
}
