/*
 * The real program under each allocator against replays of its trace. In every block each allocator
 * has one real run and one replay by each pace, in random order.
 *
 * The heap part: on both sides anonymous resident memory less what is not the allocator's. That is
 * measured once, on a subject all of whose heap lies in the data segment that brk(2) moves, which the
 * kernel tells apart: glibc with one arena and no mapped objects. What it has besides is static data,
 * stacks and the program's own mappings; of a worker, its baseline.
 */
#pragma once

#include <signal.h>

#include "cell.h"
#include "fidelity.h"
#include "placement.h"
#include "run_config.h"
#include "subject.h"
#include "topology.h"
#include "trial.h"
#include "watch.h"

enum { REPLAY_MEMORY, REPLAY_TIME, REPLAYS }; /* by --pace and by --time-pace */

struct validate_point {
    double t; /* share of the program's time, or of the replay's operations, from 0 to 1 */
    double bytes;
};

struct validate_series { /* owned points; of the first block */
    struct validate_point *points;
    size_t n;
};

struct validate {
    struct run_config config; /* its `recorded` is the pace of the replay for memory */
    struct recorded_spec time_recorded;
    const char *command; /* a shell command that starts the program by $RUN_PREFIX; or NULL: */
    char **program;
    const struct places *places;
    struct topology *topology;
    struct subject *subjects;
    uint32_t n_subjects;
    struct cell cells[REPLAYS];
    struct placement placements[REPLAYS];
    uint32_t n_replays; /* 1 where both paces are the same */
    /* Measured: */
    struct watch_result calibration;
    uint64_t baseline_bytes[REPLAYS]; /* what is not heap of a worker */
    struct fidelity_values values;
    struct validate_series *series[FIDELITY_SIDES]; /* by subject */
    double *wall_s[FIDELITY_SIDES];                 /* by subject, of the first block */
    uint32_t n_blocks;                              /* begun */
    unsigned n_failed;
    bool interrupted;
};

/*
 * Runs everything. Failed trials are told on stderr and leave NaN. 0 or a negative errno; the caller
 * calls validate_release() in any case.
 */
int validate_measure(struct validate *v, struct err *err) MUST_CHECK;
void validate_release(struct validate *v);

/* One run of the program under the allocator `name` means; see watch.h. -EINVAL when it failed. */
int validate_run_real(const struct validate *v, const char *name, bool heap,
                      struct watch_result *out, struct err *err) MUST_CHECK;

/* Most of what is not heap in the calibration. */
uint64_t validate_other_bytes(const struct validate *v);

int validate_print(const struct validate *v, const struct fidelity *f, struct err *err) MUST_CHECK;
int validate_print_json(const struct validate *v, const struct fidelity *f,
                        struct err *err) MUST_CHECK;
/* Writes an SVG by gnuplot. -ENOENT, with what to install, where there is none. */
int validate_plot(const struct validate *v, const char *path, struct err *err) MUST_CHECK;
