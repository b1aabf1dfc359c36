/* What the allocator in this process tells of itself. */
#pragma once

#include "statistics_block.h"

/* Asks the allocator, if it can be asked; no other thread runs. */
void tell_statistics(struct statistics_block *block);
