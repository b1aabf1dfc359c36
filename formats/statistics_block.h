/*
 * How a worker hands over what its allocator tells of itself: shared memory of fixed size beside the
 * control block, made by the runner for one trial. The worker writes it between CONTROL_LEAVE and its
 * exit, when everything has been measured; the runner reads it when the worker is gone. Before the start
 * the runner writes there which settings are to be told: n rows under their names, with the values that were
 * asked for, `arena` being an enum statistic_proof. A row of the kind STATISTIC_CLASS asks for the size classes up to
 * its value.
 *
 * The rows are an allocator's, which may be anybody's: a reader takes a copy and checks that.
 */
#pragma once

#include <stdatomic.h>

#include "err.h"
#include "statistics.h"

#define STATISTICS_MAGIC   0x0074617473626e61ull
#define STATISTICS_VERSION 3u
#define STATISTICS_ROOM    16384u

/* Arenas are apart by 64 MiB of an address space of 2^47 bytes. */
#define STATISTIC_ARENAS_MAX (1u << 21)

enum statistics_state {
    STATISTICS_UNASKED, /* the worker has not come so far */
    STATISTICS_NONE,    /* the allocator has no such function */
    STATISTICS_ASKED,   /* the function was called and has not returned */
    STATISTICS_TOLD
};

struct statistics_block {
    uint64_t magic;
    uint32_t version;
    _Atomic uint32_t state;
    uint64_t n;       /* as many as there are; those beyond STATISTICS_ROOM are lost */
    uint64_t scratch; /* between the worker and its children */
    uint64_t reserved[4];
    struct statistic rows[STATISTICS_ROOM];
};
static_assert(offsetof(struct statistics_block, rows) == 64, "statistics have a fixed layout");

/* Whether a row keeps to statistics.h: 0, or -EINVAL with what is wrong. */
int statistic_check(const struct statistic *row, struct err *err) MUST_CHECK;

/* "setting", "process", "arena", "unproved", "class"; find gives STATISTIC_KINDS for other words. */
const char *statistic_kind_name(enum statistic_kind kind);
enum statistic_kind statistic_kind_find(const char *name);

bool statistic_is_bytes(const char *name);

/* How it is found out which value of a setting holds. */
enum statistic_proof {
    STATISTIC_TOLD,      /* the allocator tells it */
    STATISTIC_BY_EFFECT, /* by what it does, in a process of its own in the same environment */
    STATISTIC_BY_NOTHING /* not at all */
};

#define STATISTICS_WANTED_MAX 64u

/* A setting that was asked for, as the allocator is to tell it. */
struct statistic_wanted {
    const char *name;
    uint64_t value;
    uint64_t grain; /* the allocator rounds it, up or down, to a multiple of this; 1: it does not */
    enum statistic_proof proof;
};
