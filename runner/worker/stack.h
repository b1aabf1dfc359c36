/* The stacks of the lanes' threads. */
#pragma once

#define STACK_BYTES      ((size_t)512 << 10)
#define STACK_WARM_BYTES ((size_t)32 << 10) /* faulted in before the clock, from the top down */
