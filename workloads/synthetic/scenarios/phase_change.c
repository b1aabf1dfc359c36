/*
 * A program that first holds many small objects, frees all but a few, and then needs as much memory
 * in large ones; and so back. Blocks that were cut for small sizes serve the large ones only where
 * they are joined again, or where pages without an object are given up; each survivor, drawn at
 * random, stands in the way of both. What is live is the same in both halves; what is resident tells
 * how much of the first one the second could use.
 *
 * Four phases in each round, the threads meeting between them: small objects up, down to the
 * survivors, large ones up, all gone but the survivors. These are freed when the round ends.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "generate.h"
#include "meeting.h"
#include "order.h"
#include "scenarios.h"

enum { LIVE, KEPT, ROUNDS, MIN, MAX, LARGE_MIN, LARGE_MAX, MAIN };

static const struct param params[] = {
    [LIVE] = {"live", PARAM_BYTES, 32 * MIB, 1, 1024 * GIB,
              "of each kind of objects, all threads together"},
    [KEPT] = {"kept", PARAM_SHARE, PARAM_MILLIONTHS(0.01), 0, PARAM_ONE,
              "of the small objects, that outlive the large ones"},
    [ROUNDS] = {"rounds", PARAM_COUNT, 2, 1, 10000, "changes there and back in one pass"},
    [MIN] = GENERATE_MIN_ROW(128),
    [MAX] = GENERATE_MAX_ROW(1 * KIB),
    [LARGE_MIN] = {"large-min", PARAM_BYTES, 8 * KIB, 1, GIB, "least size of a large object"},
    [LARGE_MAX] = {"large-max", PARAM_BYTES, 128 * KIB, 1, GIB,
                   "greatest size of a large object, drawn likewise"},
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

static struct sizes small_sizes(const struct workload_args *args)
{
    return sizes_of(args->values[MIN], args->values[MAX]);
}

static struct sizes large_sizes(const struct workload_args *args)
{
    return sizes_of(args->values[LARGE_MIN], args->values[LARGE_MAX]);
}

static uint64_t target_of(const struct workload_args *args)
{
    return (args->values[LIVE] + args->threads - 1) / args->threads;
}

static uint64_t most_of(const struct workload_args *args, uint64_t least_size)
{
    return target_of(args) / least_size + 1;
}

static int change_extent(const struct workload_args *args, struct workload_extent *extent,
                         struct err *err)
{
    const uint64_t *v = args->values;
    int rc = sizes_check(v[MIN], v[MAX], err);
    if (rc == 0)
        rc = sizes_check(v[LARGE_MIN], v[LARGE_MAX], err);
    uint64_t round = 2 * (most_of(args, v[MIN]) + most_of(args, v[LARGE_MIN]));
    extent->threads = args->threads;
    extent->words =
        args->threads * (v[ROUNDS] * round + 1) + meeting_words(args->threads, 4 * v[ROUNDS]);
    return rc;
}

/* Allocations of one thread in a pass; its ticket is a small one. */
struct expected {
    double small, large;
};

static struct expected expected_of(const struct workload_args *args)
{
    struct sizes small = small_sizes(args);
    struct sizes large = large_sizes(args);
    double rounds = (double)args->values[ROUNDS];
    double target = (double)target_of(args);
    return (struct expected){
        .small = rounds * (target / sizes_mean(&small) + 0.5) + (args->threads > 1),
        .large = rounds * (target / sizes_mean(&large) + 0.5),
    };
}

/* The greater of: small objects up, and survivors with the large ones. */
static void change_claims(const struct workload_args *args, struct workload_claims *claims)
{
    const uint64_t *v = args->values;
    uint64_t tickets = meeting_n_tickets(args->threads);
    uint64_t least = args->threads * target_of(args);
    struct expected n = expected_of(args);
    uint64_t n_kept = (target_of(args) + v[MAX]) * v[KEPT] / PARAM_ONE / v[MIN];
    uint64_t most_kept = n_kept * v[MAX];
    if (most_kept > target_of(args) + v[MAX])
        most_kept = target_of(args) + v[MAX];
    uint64_t excess = v[LARGE_MAX] + most_kept > v[MAX] ? v[LARGE_MAX] + most_kept : v[MAX];
    *claims = (struct workload_claims){
        .live_min = least + tickets * v[MIN],
        .live_max = least + args->threads * excess + tickets * v[MAX],
        .sizes_slack = fmin(1, 4 * (double)v[ROUNDS] / (n.small + n.large)),
    };
}

/* By what a round is expected to allocate of each kind. */
static double change_share_below(const struct workload_args *args, uint64_t bytes)
{
    struct sizes small = small_sizes(args);
    struct sizes large = large_sizes(args);
    struct expected n = expected_of(args);
    return (n.small * sizes_share_below(&small, bytes) +
            n.large * sizes_share_below(&large, bytes)) /
           (n.small + n.large);
}

/* One thread's work: behind the meetings' slots are those of small objects, then of large ones. */
struct worker {
    const struct workload_args *args;
    const struct meeting *meeting;
    struct rng rng;
    uint32_t t;
    uint32_t *order;
};

/* Allocates into the slots from `first` on until the target is reached; returns how many. */
static uint32_t append_up(struct worker *w, struct sizes sizes, uint32_t first,
                          struct plan_builder *b)
{
    uint64_t target = target_of(w->args);
    uint32_t n = 0;
    for (uint64_t bytes = 0; bytes < target; n++) {
        uint64_t drawn = sizes_draw(&sizes, &w->rng);
        plan_builder_malloc(b, w->t, first + n, drawn);
        bytes += drawn;
    }
    return n;
}

static void append_round(struct worker *w, uint32_t phase, struct plan_builder *b)
{
    const uint64_t *v = w->args->values;
    uint32_t first = meeting_slots(w->meeting, w->t);
    uint32_t n = append_up(w, small_sizes(w->args), first, b);
    uint32_t n_kept = (uint32_t)(n * v[KEPT] / PARAM_ONE);
    meeting_hold(w->meeting, b, w->t, phase + 1);
    order_slots(ORDER_RANDOM, w->order, n, &w->rng);
    for (uint32_t i = n_kept; i < n; i++)
        plan_builder_free_slot(b, w->t, first + w->order[i]);
    meeting_hold(w->meeting, b, w->t, phase + 2);
    uint32_t n_large = append_up(w, large_sizes(w->args), first + n, b);
    meeting_hold(w->meeting, b, w->t, phase + 3);
    for (uint32_t i = 0; i < n_large; i++)
        plan_builder_free_slot(b, w->t, first + n + i);
    meeting_hold(w->meeting, b, w->t, phase + 4);
    for (uint32_t i = 0; i < n_kept; i++)
        plan_builder_free_slot(b, w->t, first + w->order[i]);
}

static void append_thread(struct worker *w, struct plan_builder *b)
{
    plan_builder_loop_begin(b, w->t);
    struct sizes small = small_sizes(w->args);
    meeting_open(w->meeting, b, w->t, sizes_draw(&small, &w->rng));
    for (uint32_t round = 0; round < w->args->values[ROUNDS]; round++)
        append_round(w, 4 * round, b);
    meeting_close(w->meeting, b, w->t);
    plan_builder_loop_end(b, w->t);
}

static int change_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    const uint64_t *v = args->values;
    uint64_t n_small = most_of(args, v[MIN]);
    struct meeting meeting;
    int rc = meeting_init(&meeting, args->threads, b, err);
    struct worker w = {
        .args = args,
        .meeting = &meeting,
        .order = calloc(n_small, sizeof(w.order[0])),
    };
    if (rc == 0 && !w.order)
        rc = err_set(err, ENOMEM, "no memory to lay out %lu objects", n_small);
    for (w.t = 0; rc == 0 && w.t < args->threads; w.t++) {
        w.rng = generate_rng(args->seed, w.t);
        append_thread(&w, b);
    }
    meeting_release(&meeting);
    free(w.order);
    return rc;
}

const struct workload workload_phase_change = {
    .name = "phase-change",
    .summary = "many small objects, then as much in large ones, and back: what was freed small and "
               "cannot serve the large",
    .source = "programs that parse and then compute; the phases of Wilson, Johnstone and others, "
              "Dynamic storage allocation: a survey and critical review (1995)",
    .surprise = "a peak of resident memory near what is live: then pages of small objects "
                "were given up or used again, although one in a hundred survives among them",
    .params = params,
    .threads_min = 1,
    .from_cold = true,
    .claims = change_claims,
    .share_below = change_share_below,
    .extent = change_extent,
    .plan = change_plan,
};
