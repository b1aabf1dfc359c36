/*
 * What the allocator in this process tells of itself, and which values of the settings that were given hold: told by
 * the allocator, or shown by their effects.
 */
#pragma once

#include "statistics_block.h"

/*
 * Asks the allocator, if it can be asked; no other thread runs. Where settings are to be shown by effect this
 * does not return: the process becomes the image that shows them (effect.h), and leaves then.
 */
void tell_statistics(struct statistics_block *block);
