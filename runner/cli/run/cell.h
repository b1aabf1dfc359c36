/* Workloads as the user names them, made into plans. */
#pragma once

#include "places.h"
#include "plan.h"
#include "plan_profile.h"
#include "recorded.h"
#include "shape.h"
#include "workload.h"

enum cell_source {
    CELL_SYNTHETIC,
    CELL_SHAPE, /* a table of sizes, rates and live counts */
    CELL_TRACE, /* a recorded program; has threads of its own */
    CELL_PLAN,  /* a plan in a file; likewise */
};

/* Whether plans of it can be had at any number of threads; others have threads of their own. */
static inline bool cell_takes_threads(enum cell_source source)
{
    return source == CELL_SYNTHETIC || source == CELL_SHAPE;
}

/* A word of the user, found: a generator with its parameters, or a file. Plain. */
struct cell_word {
    enum cell_source source;
    struct workload_spec spec;      /* CELL_SYNTHETIC */
    struct shape_spec shape;        /* CELL_SHAPE */
    uint32_t threads;               /* likewise: the word says threads=N; 0: it does not */
    struct recorded_spec recorded;  /* CELL_TRACE */
    char path[PATH_MAX];            /* of a file */
    char name[WORKLOAD_TEXT_BYTES]; /* for tables: the canonical word, or the file's base name */
    char text[PATH_MAX];            /* means the same from any folder: real paths, all parameters */
};

/*
 * Finds what a word means. Without a slash it is a synthetic workload, a recorded one or a shape that ships
 * with the project, or, where none has that name, a file; with one it is a file: a table when its name
 * ends with .csv. Parameters may stand behind the name of a recorded workload or of a trace, and of a table, as
 * behind a synthetic one's; `recorded` is what holds where a trace's say nothing (NULL: the preset).
 * 0, -EINVAL with the near names, or what the system said of the file.
 */
int cell_find(const char *word, const struct places *places, const struct recorded_spec *recorded,
              struct cell_word *out, struct err *err) MUST_CHECK;

/* Whether a run can show and keep it: a file must not go by a workload's name. 0 or -EINVAL. */
int cell_check_name(const struct cell_word *word, const struct places *places,
                    struct err *err) MUST_CHECK;

/* One workload at one number of threads. All zero is an empty cell. */
struct cell {
    char name[WORKLOAD_TEXT_BYTES];
    uint32_t threads;             /* asked for; of a file: the most alive at once */
    bool once;                    /* a recorded program: it ran once, and a trial replays it once */
    uint64_t bound_bytes;         /* of an adversary: see workload.h; 0: it is none */
    uint64_t frees, remote_frees; /* of what is repeated; of a trace: as it was recorded */
    int fd;
    const struct plan *plan;
    struct plan_profile profile; /* all zero until cell_profile() */
};

/* Makes the plan. `threads` is ignored where cell_takes_threads() says no. */
int cell_open(struct cell *cell, const struct cell_word *word, uint32_t threads, uint64_t seed,
              struct err *err) MUST_CHECK;
/* Whether cell_open() would be tried with so many threads; makes no plan. 0 or a negative errno. */
int cell_check(const struct cell_word *word, uint32_t threads, struct err *err) MUST_CHECK;
void cell_close(struct cell *cell);

/*
 * Goes through the plan of an open cell once more, so that its trials can tell what is live; once per
 * cell, before the first trial. A plan whose live bytes cannot be told that way stays without a profile, with a note to
 * stderr. 0 or -ENOMEM.
 */
int cell_profile(struct cell *cell, struct err *err) MUST_CHECK;

/* The recorded workloads, or shapes, that ship: calls `each` with every name, in order. */
int cell_list_recorded(const struct places *places,
                       int (*each)(void *context, const char *name, struct err *err), void *context,
                       struct err *err) MUST_CHECK;
int cell_list_shapes(const struct places *places,
                     int (*each)(void *context, const char *name, struct err *err), void *context,
                     struct err *err) MUST_CHECK;
