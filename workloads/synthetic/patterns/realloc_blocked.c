/*
 * One vector at a time that grows to a bound, and neighbours of its sizes. Blocked: after the first
 * allocation and after each growth an object as large is allocated, which lies right behind the
 * vector in an allocator that places one after the other, so that each growth has to move it. Free:
 * the same neighbours are allocated before the vector, and nothing stands in its way. Calls, sizes
 * and what is live at the end are the same in both, so the difference is what moving costs: copying,
 * and the holes left behind. Where an allocator asks the system for each vector, and moves pages
 * instead of bytes, there is none.
 */
#include <errno.h>
#include <math.h>

#include "generate.h"
#include "patterns.h"

enum { BLOCKED, START, MIN, MAX, GROWTH, VECTORS, MAIN };

static const struct param params[] = {
    [BLOCKED] = {"blocked", PARAM_YES_NO, 1, 0, 1,
                 "allocate each neighbour behind the vector (no: all before it)"},
    [START] = {"start", PARAM_BYTES, 256, 1, GIB, "first size; at most min"},
    [MIN] = {"min", PARAM_BYTES, 64 * KIB, 1, GIB, "least bound of a vector"},
    [MAX] = {"max", PARAM_BYTES, 1 * MIB, 1, GIB,
             "greatest bound; each doubling from min to max is equally likely"},
    [GROWTH] = {"growth", PARAM_FACTOR, PARAM_MILLIONTHS(1.5), PARAM_MILLIONTHS(1.01),
                16 * PARAM_ONE, "factor from one size to the next"},
    [VECTORS] = {"vectors", PARAM_COUNT, 20, 1, 1000000, "of each thread in one pass"},
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

static struct sizes bounds_for(const struct workload_args *args)
{
    return sizes_of(args->values[MIN], args->values[MAX]);
}

/* Growths of a vector, and its bytes at the end with those of its neighbours. */
struct course {
    uint64_t n_growths, bytes;
};

static struct course course_to(const struct workload_args *args, uint64_t bound)
{
    struct course course = {.bytes = bound};
    for (uint64_t bytes = args->values[START]; bytes < bound; course.n_growths++) {
        course.bytes += bytes;
        bytes = generate_grown(bytes, args->values[GROWTH], bound);
    }
    return course;
}

static int blocked_extent(const struct workload_args *args, struct workload_extent *extent,
                          struct err *err)
{
    const uint64_t *v = args->values;
    int rc = sizes_check(v[MIN], v[MAX], err);
    if (rc < 0)
        return rc;
    if (v[START] > v[MIN])
        return err_set(err, EINVAL, "start=%lu lies above min=%lu", v[START], v[MIN]);
    uint64_t life = 4 * course_to(args, v[MAX]).n_growths + 2; /* a realloc is two words */
    extent->threads = args->threads;
    extent->words = args->threads * (v[VECTORS] * life + 1);
    return 0;
}

/* Threads do not wait for each other. Of few vectors the sizes are as few bounds have them. */
static void blocked_claims(const struct workload_args *args, struct workload_claims *claims)
{
    const uint64_t *v = args->values;
    *claims = (struct workload_claims){
        .live_min = course_to(args, v[MIN]).bytes,
        .live_max = args->threads * course_to(args, v[MAX]).bytes,
        .sizes_slack = 1 / sqrt((double)args->threads * (double)v[VECTORS]),
    };
}

static double blocked_share_below(const struct workload_args *args, uint64_t bytes)
{
    const uint64_t *v = args->values;
    struct sizes bounds = bounds_for(args);
    double all = 1; /* the bound */
    double below = sizes_share_below(&bounds, bytes);
    for (uint64_t size = v[START]; size < v[MAX]; size = generate_grown(size, v[GROWTH], v[MAX])) {
        /* a vector that goes on beyond it, and its neighbour */
        double requests = 2 * (1 - sizes_share_below(&bounds, size + 1));
        all += requests;
        below += size < bytes ? requests : 0;
    }
    return below / all;
}

/* Slot 0 is the vector's, those from 1 on its neighbours'. */
static void append_vector(const struct workload_args *args, uint64_t bound, struct plan_builder *b,
                          uint32_t t)
{
    const uint64_t *v = args->values;
    uint32_t n = (uint32_t)course_to(args, bound).n_growths;
    uint64_t bytes = v[START];
    for (uint32_t i = 1; !v[BLOCKED] && i <= n; i++) {
        plan_builder_malloc(b, t, i, bytes);
        bytes = generate_grown(bytes, v[GROWTH], bound);
    }
    bytes = v[START];
    plan_builder_malloc(b, t, 0, bytes);
    for (uint32_t i = 1; i <= n; i++) {
        uint64_t next = generate_grown(bytes, v[GROWTH], bound);
        if (v[BLOCKED])
            plan_builder_malloc(b, t, i, bytes);
        plan_builder_realloc(b, t, 0, bytes, next);
        bytes = next;
    }
    for (uint32_t i = 0; i <= n; i++)
        plan_builder_free_slot(b, t, i);
}

static int blocked_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    (void)err;
    struct sizes bounds = bounds_for(args);
    for (uint32_t t = 0; t < args->threads; t++) {
        struct rng rng = generate_rng(args->seed, t);
        plan_builder_loop_begin(b, t);
        for (uint64_t i = 0; i < args->values[VECTORS]; i++)
            append_vector(args, sizes_draw(&bounds, &rng), b, t);
        plan_builder_loop_end(b, t);
    }
    return 0;
}

const struct workload workload_realloc_blocked = {
    .name = "realloc-blocked",
    .summary = "a vector that grows with a neighbour right behind it, or with nothing in its way",
    .source = "buffers that are appended to while other things are allocated; the growth factor of "
              "folly's FBVector, chosen so that what is left behind can be used again",
    .surprise = "as fast with blocked=no: then growth never happens in place, or copying costs "
                "nothing because pages are moved",
    .params = params,
    .threads_min = 1,
    .claims = blocked_claims,
    .share_below = blocked_share_below,
    .extent = blocked_extent,
    .plan = blocked_plan,
};
