/*
 * What an allocator tells of itself: a list of named numbers. The project's allocators export
 * arenabench_statistics; the worker calls it when a trial has ended, and the runner stores and shows
 * what it gave. How it gets there: statistics_block.h.
 *
 * A name says its unit: one of the words bytes, held, pad or threshold in it means bytes, else the
 * value is a count. No name comes twice with the same kind and arena.
 */
#pragma once

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define STATISTIC_NAME_BYTES 40
#define STATISTICS_FUNCTION  "arenabench_statistics"

enum statistic_kind {
    STATISTIC_SETTING, /* the value that holds, under the setting's name */
    STATISTIC_PROCESS, /* of the process as a whole */
    STATISTIC_ARENA,   /* of one arena */
    STATISTIC_UNPROVED, /* a setting that was given, its value as it was given: what holds is not known */
    STATISTIC_CLASS, /* the greatest size of a size class */
    STATISTIC_KINDS
};

struct statistic {
    char name[STATISTIC_NAME_BYTES]; /* lower case words joined by '_', zero-terminated */
    uint32_t kind;                   /* enum statistic_kind */
    uint32_t arena; /* 0: the main arena; in order of creation. Of a class its number; else 0 */
    uint64_t value;
};
static_assert(sizeof(struct statistic) == 56, "statistics cross a process");

/* Writes at most `room` of them and returns how many there are. Takes the arenas' locks in turn. */
typedef size_t statistics_function(struct statistic *out, size_t room);
