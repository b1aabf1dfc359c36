/* A request of 0 bytes gives a block of its own, which is freed like any other. */
#include "contract.h"

enum { BLOCKS = 100 };

static void *make(unsigned i)
{
    switch (i % 5) {
    case 0:
        return malloc(hidden_size(0));
    case 1:
        return calloc(hidden_size(0), 8);
    case 2:
        return calloc(8, hidden_size(0));
    case 3:
        return memalign(64, hidden_size(0));
    default:
        return realloc(NULL, hidden_size(0));
    }
}

void clause(void)
{
    static const char *const calls[] = {"malloc(0)", "calloc(0, 8)", "calloc(8, 0)",
                                        "memalign(64, 0)", "realloc(NULL, 0)"};
    char *blocks[BLOCKS];
    CONTRACT_SERVED(memalign);
    for (unsigned i = 0; i < BLOCKS; i++) {
        blocks[i] = hidden(make(i));
        if (!blocks[i]) /* C leaves this to the implementation */
            contract_differs("%s returned NULL; on glibc it is a block of its own", calls[i % 5]);
        for (unsigned k = 0; k < i; k++)
            if (blocks[k] == blocks[i])
                contract_fail("%s returned %p, which is another live block", calls[i % 5],
                              (void *)blocks[i]);
    }
    for (unsigned i = 0; i < BLOCKS; i++)
        free(blocks[i]);
}
