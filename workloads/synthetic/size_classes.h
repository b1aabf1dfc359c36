/*
 * The size classes of some allocators, joined into one list that a generator can aim at: the greatest
 * size that each class serves.
 *
 * Allocators with steps of 16 bytes have thousands of classes. Each doubling, from 2^k + 1 to 2^(k+1) bytes,
 * is therefore cut into 16 even steps (as many as it has bytes, below 16), and the list keeps the
 * greatest class of each step: classes that are spaced evenly in doublings end where steps end. Plain and pure; any
 * thread may call.
 *
 *      text     24,40,56,80          rising
 */
#pragma once

#include "err.h"

#define SIZE_CLASS_BYTES_MAX  ((uint64_t)64 * 1024) /* what is beyond is pages to most allocators */
#define SIZE_CLASSES_STEPS    16                    /* of a doubling */
#define SIZE_CLASSES_MAX      256
#define SIZE_CLASSES_TEXT_MAX (6 * SIZE_CLASSES_MAX + 1)

/* All zero is a valid empty list. */
struct size_classes {
    uint32_t n;
    uint64_t bytes[SIZE_CLASSES_MAX]; /* rising; no two in one step of a doubling */
};

/* The number of the step, of `steps` in each doubling, in which a size lies: rises with the size. */
uint64_t size_classes_step(uint64_t bytes, uint64_t steps);

/* Adds a class. bytes: 1 to SIZE_CLASS_BYTES_MAX. */
void size_classes_add(struct size_classes *list, uint64_t bytes);

/* Returns the length; `out` has SIZE_CLASSES_TEXT_MAX bytes. */
size_t size_classes_format(const struct size_classes *list, char *out);

/* 0 or -EINVAL: no such text; *list may be partly filled then. */
int size_classes_parse(const char *text, struct size_classes *list, struct err *err) MUST_CHECK;
