/* How often the kernel has killed for lack of memory since the machine started; 0 when unknown. */
#pragma once

#include <stdint.h>

uint64_t oom_kills(void);
