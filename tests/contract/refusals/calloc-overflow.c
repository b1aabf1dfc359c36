/* calloc refuses a product that overflows: NULL, errno ENOMEM. */
#include "contract.h"

#include <errno.h>

void clause(void)
{
    static const size_t factors[][2] = {
        {SIZE_MAX, 2},
        {2, SIZE_MAX},
        {SIZE_MAX, SIZE_MAX},
        {(size_t)1 << 32, (size_t)1 << 32}, /* 0 */
        {SIZE_MAX / 16 + 2, 16},            /* 16 */
        {((size_t)1 << 63) + 8, 2},         /* 16 */
        {SIZE_MAX / 3 + 100, 3},
    };
    for (size_t i = 0; i < ARRAY_SIZE(factors); i++) {
        size_t n = factors[i][0], each = factors[i][1];
        errno = 0;
        void *p = hidden(calloc(hidden_size(n), hidden_size(each)));
        if (p)
            contract_fail("calloc(%zu, %zu) overflows, but returned %p", n, each, p);
        if (errno != ENOMEM)
            contract_fail("calloc(%zu, %zu): errno is %d, not ENOMEM", n, each, errno);
    }
}
