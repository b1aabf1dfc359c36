/*
 * What is known of each allocator: one const row per allocator, with the settings it takes.
 * Listings, argument checks and the search space of tuning are made from these rows. For the
 * runner; the measured parts never see this. Read only; any thread may call.
 */
#pragma once

#include "bits.h"

enum setting_unit {
    SETTING_COUNT,
    SETTING_BYTES, /* may be written with K, M, G or T */
    SETTING_MIB,
    SETTING_MS,
    SETTING_PERCENT,
    SETTING_SWITCH, /* on or off */
    SETTING_FACTOR, /* a decimal fraction */
    SETTING_CHOICE, /* one of a few words */
};

/*
 * How a setting is searched when a program is tuned; all zero: it is not searched. The levels are
 * numbers from `from` to `to`, apart by equal factors, or listed as a person writes them; they ascend, and
 * -1, which is never, stands behind all numbers. Not to give the setting at all is a level besides.
 */
struct setting_knob {
    unsigned rank;      /* of two knobs of an allocator the lesser is tried first; 0: is no knob */
    int64_t from, to;   /* both are levels */
    unsigned steps;     /* how many levels there are */
    const char *levels; /* instead of these three: with a '|' between */
    bool is_dynamic;    /* not given, the allocator moves the value itself: no number is the same */
};

struct setting {
    const char *name; /* as people write it; unique in its allocator */
    const char
        *key; /* as the allocator reads it; the whole variable's name where each has its own */
    enum setting_unit unit;
    const char *initial;  /* what holds when it is not given, in words */
    int64_t least, most;  /* of a number, both allowed */
    const char *choices;  /* SETTING_CHOICE: the words, with a '|' between */
    uint64_t grain;       /* the allocator rounds it to multiples of this; 0: it does not */
    const char *help;     /* one line */
    const char *proof;    /* how the value that holds is read back or shown; NULL: it cannot be */
    const char *no_proof; /* why not; NULL where it can */
    bool by_effect;       /* by what it does in a process of its own: see runner/worker/effect */
    const char *told;     /* its name in statistics.h, where the unit asks for another */
    struct setting_knob knob;
};

enum allocator_kind {
    ALLOCATOR_SYSTEM,  /* libc's own: linked into everything */
    ALLOCATOR_LINKED,  /* a worker of its own is linked with it */
    ALLOCATOR_PRELOAD, /* started through LD_PRELOAD on the system's worker */
};

struct allocator {
    const char *name;
    const char *summary; /* one line */
    enum allocator_kind kind;
    const char *worker;      /* file name of the worker's executable */
    const char *malloc_file; /* fnmatch pattern of the name of the file that must supply malloc */
    const char *variable;    /* that holds all settings together; NULL: each key is a variable */
    char assign, between;    /* in that variable: KEY assign VALUE between KEY ... */
    const char *on, *off;    /* how a SETTING_SWITCH is written */
    bool tells;              /* its settings, by arenabench_statistics; choices by their index */
    const struct setting *settings; /* up to a row without a name; NULL: none known */
};

extern const struct allocator allocator_glibc, allocator_jemalloc, allocator_tcmalloc,
    allocator_mimalloc, allocator_implicit, allocator_ptmalloc, allocator_buddy, allocator_null;

/* The row of any library that a user names. Not in the table: it has no name to be found by. */
extern const struct allocator allocator_library;

/* All rows in the order of every listing. */
const struct allocator *const *allocator_table(size_t *n);

/* NULL when there is none of that name. */
const struct allocator *allocator_find(const char *name);
const struct setting *allocator_setting(const struct allocator *a, const char *name);

/* "number", "bytes", "MiB", "ms", "percent", "on or off", "factor", "word": for listings. */
const char *setting_unit_name(enum setting_unit unit);
