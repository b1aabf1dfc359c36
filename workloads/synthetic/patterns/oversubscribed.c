/*
 * Many more threads than processors, all alive together. Each root starts its threads, which wait
 * until the last one is there; then each fills a small live set of its own, replaces members at
 * random, and after every round hands an object to the next thread in the circle, so that no thread
 * can run to its end before the others have begun. Threads share arenas where these are fewer, are
 * put aside with a lock held, and each has a cache that nobody else can use.
 *
 *      child i     fill   (replace, give ──► child i + 1, take from child i - 1, free) x rounds   end
 *
 * When the first thread ends, as many threads before it in the circle as there are rounds have
 * filled their sets.
 */
#include <errno.h>
#include <stdlib.h>

#include "generate.h"
#include "patterns.h"
#include "set_life.h"

enum { CHILDREN, LIVE, MIN, MAX, ROUNDS, OPS, MAIN };

static const struct param params[] = {
    [CHILDREN] = {"children", PARAM_COUNT, 64, 2, 1024, "threads that each root has alive at once"},
    [LIVE] = {"live", PARAM_COUNT, 100, 1, 1000000, "objects that each of them holds"},
    [MIN] = GENERATE_MIN_ROW(16),
    [MAX] = GENERATE_MAX_ROW(4 * KIB),
    [ROUNDS] = {"rounds", PARAM_COUNT, 8, 1, 10000, "times that each hands an object on"},
    [OPS] = GENERATE_OPS_ROW(200, "calls of one thread between two hand-overs"),
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

/* A root and its threads. */
struct crowd {
    uint32_t root, first, n; /* threads first, first + 1, ... are the children */
    uint64_t n_rounds, n_replaced;
    struct sizes sizes;
    struct set_life set;
    uint32_t *gates, *circle; /* cells to child i: from the root, and from the child before it */
};

static struct sizes sizes_for(const struct workload_args *args)
{
    return sizes_of(args->values[MIN], args->values[MAX]);
}

static int crowd_extent(const struct workload_args *args, struct workload_extent *extent,
                        struct err *err)
{
    const uint64_t *v = args->values;
    uint64_t life = set_life_words(v[LIVE], v[ROUNDS] * (v[OPS] / 2), 1) + 4 * v[ROUNDS] + 3;
    extent->threads = args->threads * (1 + v[CHILDREN]);
    extent->words = args->threads * (v[CHILDREN] * (life + 4) + 1);
    return sizes_check(v[MIN], v[MAX], err);
}

static void crowd_claims(const struct workload_args *args, struct workload_claims *claims)
{
    const uint64_t *v = args->values;
    struct sizes sizes = sizes_for(args);
    uint64_t full = v[ROUNDS] < v[CHILDREN] ? v[ROUNDS] + 1 : v[CHILDREN];
    uint64_t n = args->threads * v[CHILDREN];
    uint64_t replaced = v[ROUNDS] * (v[OPS] / 2);
    *claims = (struct workload_claims){0};
    generate_claim_live(&sizes, full * v[LIVE], claims);
    uint64_t live_min = claims->live_min;
    /* and of each thread one in the circle and one at the gate */
    generate_claim_peaks(&sizes, v[LIVE] + 2, (uint32_t)n, n * replaced, claims);
    claims->live_min = live_min;
    double remote = (double)(v[ROUNDS] + 1);
    claims->remote_min = claims->remote_max = remote / ((double)(v[LIVE] + replaced) + remote);
}

static double crowd_share_below(const struct workload_args *args, uint64_t bytes)
{
    struct sizes sizes = sizes_for(args);
    return sizes_share_below(&sizes, bytes);
}

static void make_object(const void *context, struct rng *rng, struct plan_builder *b, uint32_t t,
                        uint32_t slot)
{
    plan_builder_malloc(b, t, slot, sizes_draw(context, rng));
}

static void append_child(const struct crowd *crowd, struct rng *rng, struct plan_builder *b,
                         uint32_t i)
{
    uint32_t t = crowd->first + i;
    uint32_t hand = (uint32_t)crowd->set.n_objects; /* a slot of its own */
    plan_builder_take(b, t, hand, crowd->gates[i]);
    plan_builder_free_slot(b, t, hand);
    set_life_begin(&crowd->set, rng, b, t);
    for (uint64_t round = 0; round < crowd->n_rounds; round++) {
        set_life_replace(&crowd->set, crowd->n_replaced, rng, b, t);
        make_object(&crowd->sizes, rng, b, t, hand);
        plan_builder_give(b, t, hand, crowd->circle[(i + 1) % crowd->n]);
        plan_builder_take(b, t, hand, crowd->circle[i]);
        plan_builder_free_slot(b, t, hand);
    }
    set_life_end(&crowd->set, b, t);
}

static void append_root(const struct crowd *crowd, struct rng *rng, struct plan_builder *b)
{
    uint32_t t = crowd->root;
    for (uint32_t i = 0; i < crowd->n; i++) {
        crowd->gates[i] = plan_builder_cell(b);
        crowd->circle[i] = plan_builder_cell(b);
    }
    plan_builder_loop_begin(b, t);
    for (uint32_t i = 0; i < crowd->n; i++)
        plan_builder_spawn(b, t, crowd->first + i);
    for (uint32_t i = 0; i < crowd->n; i++) {
        make_object(&crowd->sizes, rng, b, t, 0);
        plan_builder_give(b, t, 0, crowd->gates[i]);
    }
    for (uint32_t i = 0; i < crowd->n; i++)
        plan_builder_join(b, t, crowd->first + i);
    plan_builder_loop_end(b, t);
    for (uint32_t i = 0; i < crowd->n; i++)
        append_child(crowd, rng, b, i);
}

static int crowd_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    const uint64_t *v = args->values;
    struct crowd crowd = {
        .n = (uint32_t)v[CHILDREN],
        .n_rounds = v[ROUNDS],
        .n_replaced = v[OPS] / 2,
        .sizes = sizes_for(args),
        .set = {.n_objects = v[LIVE], .make = make_object, .context = &crowd.sizes},
        .gates = calloc(v[CHILDREN], sizeof(crowd.gates[0])),
        .circle = calloc(v[CHILDREN], sizeof(crowd.circle[0])),
    };
    int rc = 0;
    if (!crowd.gates || !crowd.circle)
        rc = err_set(err, ENOMEM, "no memory to lay out %lu threads", v[CHILDREN]);
    for (uint32_t t = 0; rc == 0 && t < args->threads; t++) {
        struct rng rng = generate_rng(args->seed, t);
        crowd.root = t;
        crowd.first = args->threads + t * crowd.n;
        append_root(&crowd, &rng, b);
    }
    free(crowd.gates);
    free(crowd.circle);
    return rc;
}

const struct workload workload_oversubscribed = {
    .name = "oversubscribed",
    .summary = "many more threads than processors, alive together and taking turns",
    .source = "servers with a thread per connection; hhvm issue 7515 and puma issues 342 and 1600 "
              "on glibc's arenas",
    .surprise = "throughput that falls to a fraction of the same calls by two threads: somebody "
                "is put aside with a lock that all others need",
    .params = params,
    .threads_min = 1,
    .claims = crowd_claims,
    .share_below = crowd_share_below,
    .extent = crowd_extent,
    .plan = crowd_plan,
};
