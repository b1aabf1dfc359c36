/*
 * A live set of all threads together that goes up to some hundred megabytes and down again, over
 * and over: whether memory is given back on the way down, and what it costs to get it again on the
 * way up. The threads meet at each peak and in each valley, so that peaks add up. What stays in a
 * valley is drawn at random, or the oldest or latest, by the order of the frees: a few survivors
 * hold on to pages, and to the top of a heap. So does a freed object that lies in a thread's cache:
 * with order=lifo, the first few of 1 KiB that glibc's tcache takes keep all below them resident.
 *
 * Phase 2k + 1 begins at peak k, phase 2k + 2 in the valley behind it. A pass takes 0.1 to 0.4
 * seconds, most of it page faults.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "generate.h"
#include "meeting.h"
#include "order.h"
#include "scenarios.h"

enum { LIVE, FLOOR, TEETH, ORDER, MIN, MAX, MAIN };

static const struct param params[] = {
    [LIVE] = {"live", PARAM_BYTES, 256 * MIB, 1, 1024 * GIB, "at each peak, all threads together"},
    [FLOOR] = {"floor", PARAM_SHARE, PARAM_MILLIONTHS(0.02), 0, PARAM_ONE,
               "of the objects, that stay in the valleys"},
    [TEETH] = {"teeth", PARAM_COUNT, 3, 1, 10000, "ups and downs in one pass"},
    [ORDER] = ORDER_ROW(ORDER_RANDOM, "of the frees: last or first allocated first, or at random"),
    [MIN] = GENERATE_MIN_ROW(1 * KIB),
    [MAX] = GENERATE_MAX_ROW(64 * KIB),
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

/* One thread's part: its objects in the order of their allocation. */
struct part {
    uint64_t target; /* bytes at a peak */
    struct sizes sizes;
    uint32_t n, n_most;
    struct held {
        uint32_t slot;
        uint64_t bytes;
    } * held;
    uint32_t *unused; /* slots, as a stack: the first n_most - n */
    uint32_t *order;
};

static uint64_t target_of(const struct workload_args *args)
{
    return (args->values[LIVE] + args->threads - 1) / args->threads;
}

static uint64_t most_objects(const struct workload_args *args)
{
    return target_of(args) / args->values[MIN] + 1;
}

static struct sizes sizes_for(const struct workload_args *args)
{
    return sizes_of(args->values[MIN], args->values[MAX]);
}

static int sawtooth_extent(const struct workload_args *args, struct workload_extent *extent,
                           struct err *err)
{
    const uint64_t *v = args->values;
    extent->threads = args->threads;
    extent->words = args->threads * (2 * v[TEETH] * most_objects(args) + 1) +
                    meeting_words(args->threads, 2 * v[TEETH]);
    return sizes_check(v[MIN], v[MAX], err);
}

/* At a peak each thread has its part of the whole, and less than one object more. */
static void sawtooth_claims(const struct workload_args *args, struct workload_claims *claims)
{
    const uint64_t *v = args->values;
    struct sizes sizes = sizes_for(args);
    uint64_t tickets = meeting_n_tickets(args->threads);
    uint64_t peak = args->threads * target_of(args);
    double share = 1 - (double)v[FLOOR] / (double)PARAM_ONE; /* of a tooth but the first */
    double teeth = 1 + (double)(v[TEETH] - 1) * share;
    double n = (double)target_of(args) / sizes_mean(&sizes) * teeth;
    *claims = (struct workload_claims){
        .live_min = peak + tickets * v[MIN],
        .live_max = peak + (args->threads + tickets) * v[MAX],
        .sizes_slack = fmin(1, 2 * (double)v[TEETH] / n), /* of objects that end a rise */
    };
}

static double sawtooth_share_below(const struct workload_args *args, uint64_t bytes)
{
    struct sizes sizes = sizes_for(args);
    return sizes_share_below(&sizes, bytes);
}

static void append_up(struct part *part, struct rng *rng, struct plan_builder *b, uint32_t t)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < part->n; i++)
        bytes += part->held[i].bytes;
    while (bytes < part->target) {
        struct held *held = &part->held[part->n];
        held->slot = part->unused[part->n_most - 1 - part->n];
        held->bytes = sizes_draw(&part->sizes, rng);
        plan_builder_malloc(b, t, held->slot, held->bytes);
        bytes += held->bytes;
        part->n++;
    }
}

/* Frees all but `n_stay`. */
static void append_down(struct part *part, uint32_t n_stay, enum order order, struct rng *rng,
                        struct plan_builder *b, uint32_t t)
{
    uint32_t n_freed = part->n - n_stay;
    order_slots(order, part->order, part->n, rng);
    for (uint32_t i = 0; i < n_freed; i++) {
        struct held *held = &part->held[part->order[i]];
        plan_builder_free_slot(b, t, held->slot);
        part->unused[part->n_most - part->n + i] = held->slot;
        held->bytes = 0;
    }
    uint32_t n = 0;
    for (uint32_t i = 0; i < part->n; i++)
        if (part->held[i].bytes > 0)
            part->held[n++] = part->held[i];
    part->n = n;
}

static void append_thread(struct part *part, const struct workload_args *args,
                          const struct meeting *meeting, struct plan_builder *b, uint32_t t)
{
    const uint64_t *v = args->values;
    struct rng rng = generate_rng(args->seed, t);
    part->n = 0;
    for (uint32_t i = 0; i < part->n_most; i++)
        part->unused[i] = meeting_slots(meeting, t) + part->n_most - 1 - i;
    plan_builder_loop_begin(b, t);
    meeting_open(meeting, b, t, sizes_draw(&part->sizes, &rng));
    for (uint32_t tooth = 0; tooth < v[TEETH]; tooth++) {
        append_up(part, &rng, b, t);
        meeting_hold(meeting, b, t, 2 * tooth + 1);
        uint64_t n_stay = part->n * v[FLOOR] / PARAM_ONE;
        append_down(part, (uint32_t)n_stay, (enum order)v[ORDER], &rng, b, t);
        meeting_hold(meeting, b, t, 2 * tooth + 2);
    }
    append_down(part, 0, (enum order)v[ORDER], &rng, b, t);
    meeting_close(meeting, b, t);
    plan_builder_loop_end(b, t);
}

static int sawtooth_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    struct part part = {
        .target = target_of(args),
        .sizes = sizes_for(args),
        .n_most = (uint32_t)most_objects(args),
        .held = calloc(most_objects(args), sizeof(part.held[0])),
        .unused = calloc(most_objects(args), sizeof(part.unused[0])),
        .order = calloc(most_objects(args), sizeof(part.order[0])),
    };
    struct meeting meeting = {0};
    int rc = 0;
    if (!part.held || !part.unused || !part.order)
        rc = err_set(err, ENOMEM, "no memory to lay out %lu objects", most_objects(args));
    if (rc == 0)
        rc = meeting_init(&meeting, args->threads, b, err);
    for (uint32_t t = 0; rc == 0 && t < args->threads; t++)
        append_thread(&part, args, &meeting, b, t);
    meeting_release(&meeting);
    free(part.held);
    free(part.unused);
    free(part.order);
    return rc;
}

const struct workload workload_sawtooth = {
    .name = "sawtooth",
    .summary = "hundreds of megabytes go up and down, all but a few survivors: giving back and "
               "getting again",
    .source = "caches that are flushed, tables that are loaded and dropped; gperftools issue 1610 "
              "(measure it yourself), concord pull request 319 and hiroz pull request 350 on trim "
              "thresholds",
    .surprise = "resident memory near the peak in the valleys, and page faults on each way up "
                "as well: paying for giving back without having given back",
    .params = params,
    .threads_min = 1,
    .from_cold = true,
    .claims = sawtooth_claims,
    .share_below = sawtooth_share_below,
    .extent = sawtooth_extent,
    .plan = sawtooth_plan,
};
