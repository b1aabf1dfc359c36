#include "tell.h"

extern statistics_function arenabench_statistics __attribute__((weak));

static void set_state(struct statistics_block *block, enum statistics_state state)
{
    atomic_store_explicit(&block->state, state, memory_order_release);
}

void tell_statistics(struct statistics_block *block)
{
    if (!arenabench_statistics) {
        set_state(block, STATISTICS_NONE);
        return;
    }
    set_state(block, STATISTICS_ASKED); /* should it not return, the runner knows where it is */
    block->n = arenabench_statistics(block->rows, STATISTICS_ROOM);
    set_state(block, STATISTICS_TOLD);
}
