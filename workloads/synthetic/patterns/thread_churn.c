/*
 * Threads that live for a few hundred calls: what an allocator sets up for a thread, and what
 * becomes of it at the thread's end. Each allocates, frees a part at random, gives the rest to the
 * thread that started it and ends; that one frees what it was given.
 */
#include <errno.h>
#include <stdlib.h>

#include "generate.h"
#include "patterns.h"

enum { STARTS, AT_ONCE, OBJECTS, KEPT, MIN, MAX, MAIN };

static const struct param params[] = {
    [STARTS] = {"starts", PARAM_COUNT, 16, 1, 100000, "threads that each root starts in one pass"},
    [AT_ONCE] = {"at-once", PARAM_COUNT, 1, 1, 1000, "of them, alive together"},
    [OBJECTS] = {"objects", PARAM_COUNT, 500, 1, 10000000, "allocations in the life of a thread"},
    [KEPT] = {"kept", PARAM_SHARE, PARAM_MILLIONTHS(0.2), 0, PARAM_ONE,
              "of them, that outlive the thread and are freed by its starter"},
    [MIN] = GENERATE_MIN_ROW(16),
    [MAX] = GENERATE_MAX_ROW(1024),
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

/* One root and the threads that it starts. */
struct lives {
    uint32_t root, first; /* threads first, first + 1, ... are the short-lived ones */
    uint32_t n_starts, n_at_once, n_objects, n_kept;
    struct sizes sizes;
    uint32_t *order; /* of slots: the first n_kept outlive their thread */
    uint32_t *cells; /* n_kept for each thread */
};

static uint64_t n_kept(const struct workload_args *args)
{
    return (args->values[OBJECTS] * args->values[KEPT] + PARAM_ONE / 2) / PARAM_ONE;
}

static int thread_churn_extent(const struct workload_args *args, struct workload_extent *extent,
                               struct err *err)
{
    const uint64_t *v = args->values;
    uint64_t life = 2 * v[OBJECTS] + 2 * n_kept(args) + 3;
    extent->threads = args->threads * (1 + v[STARTS]);
    extent->words = args->threads * (v[STARTS] * life + 1);
    return sizes_check(v[MIN], v[MAX], err);
}

static const uint32_t *cells_of(const struct lives *lives, uint32_t start)
{
    return lives->cells + (uint64_t)start * lives->n_kept;
}

static void append_life(const struct lives *lives, struct rng *rng, struct plan_builder *b,
                        uint32_t start)
{
    uint32_t t = lives->first + start;
    for (uint32_t i = 0; i < lives->n_objects; i++) {
        plan_builder_malloc(b, t, i, sizes_draw(&lives->sizes, rng));
        uint64_t j = rng_below(rng, i + 1); /* shuffled as it grows */
        lives->order[i] = lives->order[j];
        lives->order[j] = i;
    }
    for (uint32_t i = lives->n_kept; i < lives->n_objects; i++)
        plan_builder_free_slot(b, t, lives->order[i]);
    for (uint32_t i = 0; i < lives->n_kept; i++)
        plan_builder_give(b, t, lives->order[i], cells_of(lives, start)[i]);
}

/* The root starts `n` threads from `start` on, waits for all of them, and frees what they left. */
static void append_brood(const struct lives *lives, struct plan_builder *b, uint32_t start,
                         uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        plan_builder_spawn(b, lives->root, lives->first + start + i);
    for (uint32_t i = 0; i < n; i++)
        plan_builder_join(b, lives->root, lives->first + start + i);
    for (uint64_t i = 0; i < (uint64_t)n * lives->n_kept; i++) {
        plan_builder_take(b, lives->root, 0, cells_of(lives, start)[i]);
        plan_builder_free_slot(b, lives->root, 0);
    }
}

static void append_root(const struct lives *lives, struct rng rng, struct plan_builder *b)
{
    for (uint64_t i = 0; i < (uint64_t)lives->n_starts * lives->n_kept; i++)
        lives->cells[i] = plan_builder_cell(b);
    plan_builder_loop_begin(b, lives->root);
    for (uint32_t i = 0; i < lives->n_starts; i += lives->n_at_once) {
        uint32_t left = lives->n_starts - i;
        append_brood(lives, b, i, left < lives->n_at_once ? left : lives->n_at_once);
    }
    plan_builder_loop_end(b, lives->root);
    for (uint32_t i = 0; i < lives->n_starts; i++)
        append_life(lives, &rng, b, i);
}

/*
 * When the last of those alive together has made its objects, it holds them all and the others at
 * least what is to outlive them. Roots may do so at different times.
 */
static void thread_churn_claims(const struct workload_args *args, struct workload_claims *claims)
{
    const uint64_t *v = args->values;
    struct sizes sizes = sizes_of(v[MIN], v[MAX]);
    uint64_t at_once = v[AT_ONCE] < v[STARTS] ? v[AT_ONCE] : v[STARTS];
    uint64_t draws = args->threads * v[STARTS] * v[OBJECTS];
    *claims = (struct workload_claims){0};
    generate_claim_live(&sizes, v[OBJECTS] + (at_once - 1) * n_kept(args), claims);
    uint64_t live_min = claims->live_min;
    generate_claim_peak(&sizes, args->threads * at_once * v[OBJECTS], draws, claims);
    claims->live_min = live_min;
    generate_claim_remote((double)n_kept(args) / (double)v[OBJECTS], claims);
}

static double thread_churn_share_below(const struct workload_args *args, uint64_t bytes)
{
    struct sizes sizes = sizes_of(args->values[MIN], args->values[MAX]);
    return sizes_share_below(&sizes, bytes);
}

static int thread_churn_plan(const struct workload_args *args, struct plan_builder *b,
                             struct err *err)
{
    const uint64_t *v = args->values;
    struct lives lives = {
        .n_starts = (uint32_t)v[STARTS],
        .n_at_once = (uint32_t)v[AT_ONCE],
        .n_objects = (uint32_t)v[OBJECTS],
        .n_kept = (uint32_t)n_kept(args),
        .sizes = sizes_of(v[MIN], v[MAX]),
        .order = calloc(v[OBJECTS], sizeof(lives.order[0])),
        .cells = calloc(v[STARTS] * n_kept(args) + 1, sizeof(lives.cells[0])),
    };
    int rc = 0;
    if (!lives.order || !lives.cells)
        rc = err_set(err, ENOMEM, "no memory to lay out %lu threads", v[STARTS]);
    for (uint32_t t = 0; rc == 0 && t < args->threads; t++) {
        lives.root = t;
        lives.first = args->threads + t * lives.n_starts;
        append_root(&lives, generate_rng(args->seed, t), b);
    }
    free(lives.order);
    free(lives.cells);
    return rc;
}

const struct workload workload_thread_churn = {
    .name = "thread-churn",
    .summary =
        "short-lived threads, one after the other, that leave a part of their objects behind",
    .source = "servers that start a thread for each request",
    .surprise = "memory or time that grows with the threads ever started instead of those alive: "
                "then a new thread finds nothing of what ended ones had",
    .params = params,
    .threads_min = 1,
    .claims = thread_churn_claims,
    .share_below = thread_churn_share_below,
    .extent = thread_churn_extent,
    .plan = thread_churn_plan,
};
