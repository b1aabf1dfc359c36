/*
 * Series for drawing: fewer samples in which every peak is still there. Pure; any thread.
 */
#pragma once

#include "trial.h"

#define THIN_STRETCHES 96u
#define THIN_MOST      (3 * THIN_STRETCHES + 2)

/*
 * Chooses samples of a series in order: all where they are at most THIN_MOST; else the first and the last, and of each of
 * THIN_STRETCHES stretches of equal numbers of samples those with the least and the greatest resident
 * and the greatest live bytes. Fills kept[0..THIN_MOST), ascending; returns how many.
 */
size_t thin(const struct trial_sample *samples, size_t n, size_t *kept);
