/* posix_memalign with a bad alignment returns EINVAL and leaves the pointer as it was. */
#include "contract.h"

#include <errno.h>

void clause(void)
{
    static const size_t bad[] = {0,  1,  2,   3,    4,    5,        7,
                                 12, 24, 100, 4095, 4097, SIZE_MAX, sizeof(void *) * 3};
    CONTRACT_SERVED(posix_memalign);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        void *p = &p;
        int code = posix_memalign(&p, hidden_size(bad[i]), 100);
        if (code != EINVAL)
            contract_fail("posix_memalign with alignment %zu returned %d, not EINVAL", bad[i],
                          code);
        if (hidden(p) != &p)
            contract_fail("posix_memalign with alignment %zu changed the pointer", bad[i]);
    }
}
