#include "order.h"

const char *const order_names[] = {"lifo", "fifo", "random", NULL};

void order_slots(enum order order, uint32_t *slots, uint32_t n, struct rng *rng)
{
    for (uint32_t i = 0; i < n; i++) {
        /* a shuffle that grows with what is there (Knuth, volume 2, 3.4.2) */
        uint32_t j = order == ORDER_RANDOM ? (uint32_t)rng_below(rng, i + 1) : i;
        slots[i] = slots[j];
        slots[j] = order == ORDER_LIFO ? n - 1 - i : i;
    }
}
