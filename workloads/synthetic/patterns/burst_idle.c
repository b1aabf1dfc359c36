/*
 * A pool of threads of which one works at a time: it takes the baton, allocates a burst of objects,
 * frees all but a few, hands the baton on and sleeps. Whoever sleeps makes no call: what its cache
 * and its arena hold can neither be trimmed, purged nor given to others by anything that an
 * allocator does inside the calls of that thread. The few that stay, the state of a session, are
 * freed when the thread's next burst begins.
 *
 * In a pass each thread has one burst, some milliseconds by the defaults.
 */
#include <errno.h>
#include <stdlib.h>

#include "generate.h"
#include "order.h"
#include "patterns.h"

enum { BURST, KEPT, MIN, MAX, MAIN };

#define BATON_BYTES 64u

static const struct param params[] = {
    [BURST] = {"burst", PARAM_COUNT, 5000, 1, 10000000, "objects that a thread allocates in a row"},
    [KEPT] = {"kept", PARAM_SHARE, PARAM_MILLIONTHS(0.01), 0, PARAM_ONE,
              "of them, drawn at random, that stay until the thread's next burst"},
    [MIN] = GENERATE_MIN_ROW(256),
    [MAX] = GENERATE_MAX_ROW(8 * KIB),
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

/* Where one thread's turn comes from and goes to, and what it does in it. */
struct shift {
    uint32_t n_burst, n_kept;
    struct sizes sizes;
    uint64_t *bytes; /* by slot */
    uint32_t *order; /* of slots: the last n_kept stay */
    uint32_t *cells; /* cell t: the baton's way to thread t */
};

static uint32_t n_kept(const struct workload_args *args)
{
    uint64_t millionths = args->values[BURST] * args->values[KEPT];
    return (uint32_t)((millionths + PARAM_ONE / 2) / PARAM_ONE);
}

static struct sizes sizes_for(const struct workload_args *args)
{
    return sizes_of(args->values[MIN], args->values[MAX]);
}

static int burst_extent(const struct workload_args *args, struct workload_extent *extent,
                        struct err *err)
{
    uint64_t turn = 2 * args->values[BURST] + 2 * (uint64_t)n_kept(args) + 3;
    extent->threads = args->threads;
    extent->words = args->threads * turn + 2;
    return sizes_check(args->values[MIN], args->values[MAX], err);
}

/* The turns are taken one after the other, so that the peak is that of one burst. */
static void burst_claims(const struct workload_args *args, struct workload_claims *claims)
{
    struct sizes sizes = sizes_for(args);
    uint64_t n = args->values[BURST] + (uint64_t)(args->threads - 1) * n_kept(args);
    *claims = (struct workload_claims){0};
    generate_claim_peak(&sizes, n, args->threads, claims);
    claims->live_max += BATON_BYTES;
}

static double burst_share_below(const struct workload_args *args, uint64_t bytes)
{
    struct sizes sizes = sizes_for(args);
    return sizes_share_below(&sizes, bytes);
}

static void append_burst(const struct shift *shift, struct plan_builder *b, uint32_t t)
{
    uint32_t n_freed = shift->n_burst - shift->n_kept;
    for (uint32_t i = n_freed; i < shift->n_burst; i++)
        plan_builder_free_slot(b, t, shift->order[i]);
    for (uint32_t i = 0; i < shift->n_burst; i++)
        plan_builder_malloc(b, t, i, shift->bytes[i]);
    for (uint32_t i = 0; i < n_freed; i++)
        plan_builder_free_slot(b, t, shift->order[i]);
}

/* Thread 0 holds the baton when a pass begins and when it ends. */
static void append_thread(const struct shift *shift, uint32_t n_threads, struct plan_builder *b,
                          uint32_t t)
{
    uint32_t n_freed = shift->n_burst - shift->n_kept;
    uint32_t baton = shift->n_burst; /* its slot */
    if (t == 0)
        plan_builder_malloc(b, t, baton, BATON_BYTES);
    for (uint32_t i = n_freed; i < shift->n_burst; i++)
        plan_builder_malloc(b, t, shift->order[i], shift->bytes[shift->order[i]]);
    plan_builder_loop_begin(b, t);
    if (t > 0)
        plan_builder_take(b, t, baton, shift->cells[t]);
    append_burst(shift, b, t);
    plan_builder_give(b, t, baton, shift->cells[(t + 1) % n_threads]);
    if (t == 0)
        plan_builder_take(b, t, baton, shift->cells[0]);
    plan_builder_loop_end(b, t);
    for (uint32_t i = n_freed; i < shift->n_burst; i++)
        plan_builder_free_slot(b, t, shift->order[i]);
    if (t == 0)
        plan_builder_free_slot(b, t, baton);
}

static void append_shifts(struct shift *shift, const struct workload_args *args,
                          struct plan_builder *b)
{
    for (uint32_t t = 0; t < args->threads; t++)
        shift->cells[t] = plan_builder_cell(b);
    for (uint32_t t = 0; t < args->threads; t++) {
        struct rng rng = generate_rng(args->seed, t);
        for (uint32_t i = 0; i < shift->n_burst; i++)
            shift->bytes[i] = sizes_draw(&shift->sizes, &rng);
        order_slots(ORDER_RANDOM, shift->order, shift->n_burst, &rng);
        append_thread(shift, args->threads, b, t);
    }
}

static int burst_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    struct shift shift = {
        .n_burst = (uint32_t)args->values[BURST],
        .n_kept = n_kept(args),
        .sizes = sizes_for(args),
        .bytes = calloc(args->values[BURST], sizeof(shift.bytes[0])),
        .order = calloc(args->values[BURST], sizeof(shift.order[0])),
        .cells = calloc(args->threads, sizeof(shift.cells[0])),
    };
    int rc = 0;
    if (shift.bytes && shift.order && shift.cells)
        append_shifts(&shift, args, b);
    else
        rc = err_set(err, ENOMEM, "no memory to lay out %lu objects", args->values[BURST]);
    free(shift.bytes);
    free(shift.order);
    free(shift.cells);
    return rc;
}

const struct workload workload_burst_idle = {
    .name = "burst-idle",
    .summary = "one thread of a pool works at a time; idle ones make no call, so nobody can give "
               "back for them",
    .source = "thread pools under changing load; mimalloc issue 351 (memory grows as each thread "
              "has its first turn), jemalloc issues 1398 and 2688 (purging needs calls)",
    .surprise = "resident memory that does not grow with the number of threads: what idle ones "
                "freed was then given back, or serves the one that works",
    .params = params,
    .threads_min = 2,
    .claims = burst_claims,
    .share_below = burst_share_below,
    .extent = burst_extent,
    .plan = burst_plan,
};
