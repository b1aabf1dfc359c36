/*
 * The synthetic workloads: a table of generators, the words by which a user asks for one, and the
 * plan that comes of it.
 *
 *      word    name[:key=value[:key=value...]]        larson:remote=0.2:live=2000
 *
 * A plan is a body that is closed (it leaves what is live as it found it) and short: a trial repeats
 * it, and no plan is as long as its trial. A scenario from cold is one body, with nothing before and
 * behind.
 *
 * A word holds no comma, so that a list of workloads is words joined by ','. Same workload, values,
 * thread count and seed: same plan, byte for byte, on every machine. Pure but for the plan's
 * memory; any thread may call.
 */
#pragma once

#include "param.h"
#include "plan_builder.h"
#include "size_classes.h"

#define WORKLOAD_THREADS_MAX 4096u
#define WORKLOAD_TEXT_BYTES  512 /* room for the canonical text of any workload */

/*
 * The most words (operations of 8 bytes) and threads of one plan. Making a plan takes twice its
 * size for the moment, 4 GiB; a worker warms 32 KiB of stack for each thread, 1 GiB.
 */
#define WORKLOAD_WORDS_MAX        ((uint64_t)1 << 28)
#define WORKLOAD_PLAN_THREADS_MAX ((uint64_t)1 << 15)

struct workload_args {
    uint32_t threads; /* that run at once: the roots of the plan */
    uint64_t seed;
    const uint64_t *values; /* by the index of the row in the workload's table */
    const struct size_classes
        *classes; /* of the allocators that will execute it; NULL: not known */
};

struct workload_extent {
    uint64_t words;   /* of the plan, at most */
    uint64_t threads; /* of the plan, with those that roots start; exactly */
};

/*
 * What the plan is said to be like: computed from the parameters, not from the plan, which is
 * tested against it.
 */
struct workload_claims {
    double remote_min, remote_max; /* share of remote frees in all that is repeated: bodies, and the
                                      threads that they start */
    uint64_t live_min, live_max;   /* greatest live bytes at one time, over all threads: in whatever
                                      order these run, at all but a few seeds */
    double
        sizes_slack; /* shares of sizes may differ by so much from what share_below() says, chance
                           apart: 0, but where a pass ends amid something. 1: nothing is said */
};

struct workload {
    const char *name;
    const char *summary;  /* one line: what it stresses */
    const char *source;   /* whose benchmark or finding the idea is from */
    const char *surprise; /* a result that would surprise, and what it would mean */
    const struct param *params;
    uint32_t threads_min; /* 2 where hand-over between threads is the point */
    bool known;           /* a benchmark that the literature or other suites have */
    bool seedless;        /* nothing in it is random */
    bool from_cold;       /* a scenario that begins with an untouched heap: no warm-up */

    /* The arguments are such that extent() accepts them. */
    void (*claims)(const struct workload_args *args, struct workload_claims *claims);
    /* The share of the allocations in all that is repeated that ask for less than `bytes`. */
    double (*share_below)(const struct workload_args *args, uint64_t bytes);

    /*
     * Of an adversary: the bytes of heap that theory says it can drive an allocator of the kind that
     * it is made for to, and whose theory that is. NULL otherwise.
     */
    uint64_t (*bound)(const struct workload_args *args);
    const char *bound_source;

    /* Whether, with these values, the plan is aimed at args->classes; NULL: never. */
    bool (*wants_classes)(const struct workload_args *args);

    /*
     * How large the plan will be; -EINVAL for values that are each in range but make no sense
     * together. Ranges of rows are such that nothing here overflows.
     */
    int (*extent)(const struct workload_args *args, struct workload_extent *extent,
                  struct err *err);

    /*
     * Appends everything to a builder of extent.threads threads, of which the first args->threads
     * are to be roots. 0 or -ENOMEM; what goes wrong in the builder is told when it finishes.
     */
    int (*plan)(const struct workload_args *args, struct plan_builder *b, struct err *err);
};

/* All workloads, in the order of every listing. */
const struct workload *const *workload_table(size_t *n);

/* What a user asked for. Plain; copy it at will. */
struct workload_spec {
    const struct workload *workload;
    uint64_t values[PARAMS_MAX];
    const struct size_classes *classes; /* borrowed; NULL, as after parsing: not known */
};

/* What rows are asked with; points into *spec. */
static inline struct workload_args workload_args_of(const struct workload_spec *spec,
                                                    uint32_t threads, uint64_t seed)
{
    return (struct workload_args){
        .threads = threads, .seed = seed, .values = spec->values, .classes = spec->classes};
}

/* Whether the plan will be another one when the size classes of its allocators are known. */
bool workload_wants_classes(const struct workload_spec *spec);

/* Reads one word. 0 or -EINVAL with a sentence that names what was meant or what is allowed. */
int workload_parse(const char *text, size_t length, struct workload_spec *spec,
                   struct err *err) MUST_CHECK;

/*
 * The canonical word: the name, and the parameters that differ from their defaults. Returns the
 * length.
 */
size_t workload_format(const struct workload_spec *spec, char *out, size_t n);

/* Whether workload_plan() would be tried: 0 or -EINVAL. Takes no memory. */
int workload_check(const struct workload_spec *spec, uint32_t threads, struct err *err) MUST_CHECK;

/*
 * The finished plan. On success *fd is the caller's to close and *plan the caller's to os_unmap
 * (plan->n_bytes). 0 or a negative errno.
 */
int workload_plan(const struct workload_spec *spec, uint32_t threads, uint64_t seed, int *fd,
                  const struct plan **plan, struct err *err) MUST_CHECK;

/*
 * Calls `line` with each line of a Markdown account of the table: a line for each workload, then per
 * workload its summary, source, what its plans are like, and a row for each parameter. For
 * docs/workloads.md and `list -v`.
 */
void workload_describe(void (*line)(void *context, const char *text), void *context);
