/*
 * A heap that ages. Each thread holds the same number of bytes for all its life, while the sizes
 * that it asks for drift slowly from small to large and back; what is to be freed is drawn at
 * random among all that lives. So holes are never quite of the sizes that are asked for next, and
 * live bytes are no excuse for a heap that grows. Ageing goes by operations, not by seconds: over
 * the life, what is held is replaced `turnover` times, in bytes.
 *
 * The drift goes through the doublings between min and max: at every moment sizes come from one and
 * the next, in a proportion that moves. A phase is half of a doubling; the threads meet between
 * phases, so that what is resident then can be compared with what is live. A pass takes 50 to 150
 * milliseconds by the defaults.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "generate.h"
#include "meeting.h"
#include "scenarios.h"

enum { LIVE, TURNOVER, MIN, MAX, MAIN };

#define STEPS_PER_DOUBLING 16u /* in which the proportion moves */
#define STEPS_PER_PHASE    8u

static const struct param params[] = {
    [LIVE] = {"live", PARAM_BYTES, 8 * MIB, 1, 16 * GIB, "that each thread holds; at least max"},
    [TURNOVER] = {"turnover", PARAM_COUNT, 16, 1, 10000,
                  "times that as many bytes are allocated anew"},
    [MIN] = GENERATE_MIN_ROW(128),
    [MAX] = {"max", PARAM_BYTES, 16 * KIB, 1, GIB, "greatest size"},
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

/* Sizes come from doubling `low` or, in `above` of STEPS_PER_DOUBLING cases, from the next. */
struct mix {
    unsigned low, above;
};

static struct sizes sizes_for(const struct workload_args *args)
{
    return sizes_of(args->values[MIN], args->values[MAX]);
}

/* Steps of one way. */
static uint32_t n_way(const struct sizes *sizes)
{
    return (sizes->n_doublings - 1) * STEPS_PER_DOUBLING;
}

/* There and back; one step at least. */
static uint32_t n_steps(const struct sizes *sizes)
{
    return 2 * n_way(sizes) + 1;
}

static struct mix mix_of(const struct sizes *sizes, uint32_t step)
{
    uint32_t way = n_way(sizes);
    uint32_t at = step <= way ? step : 2 * way - step;
    return (struct mix){at / STEPS_PER_DOUBLING, at % STEPS_PER_DOUBLING};
}

/* Twice the middle of doubling k. */
static uint64_t twice_middle(const struct sizes *s, unsigned k)
{
    uint64_t low = s->min << k;
    return low + (k == s->n_doublings - 1 ? s->max : 2 * low - 1);
}

/* Allocations of a step: as many as hold its part of all bytes, by the mean of its sizes. */
static uint64_t n_allocations(const struct workload_args *args, const struct sizes *s,
                              uint32_t step)
{
    struct mix mix = mix_of(s, step);
    uint64_t bytes = args->values[LIVE] * args->values[TURNOVER] / n_steps(s);
    uint64_t mean = twice_middle(s, mix.low) * (STEPS_PER_DOUBLING - mix.above);
    if (mix.above > 0)
        mean += twice_middle(s, mix.low + 1) * mix.above;
    return generate_at_least_1(bytes / (mean / (2 * STEPS_PER_DOUBLING) + 1));
}

/* At the beginning, of the first step's sizes. */
static uint64_t most_objects(const struct workload_args *args)
{
    return args->values[LIVE] / args->values[MIN] + 1;
}

static uint64_t n_phases(const struct sizes *sizes)
{
    return n_steps(sizes) / STEPS_PER_PHASE + 1;
}

static int ageing_extent(const struct workload_args *args, struct workload_extent *extent,
                         struct err *err)
{
    const uint64_t *v = args->values;
    int rc = sizes_check(v[MIN], v[MAX], err);
    if (rc < 0)
        return rc;
    if (v[LIVE] < v[MAX])
        return err_set(err, EINVAL, "live=%lu lies below max=%lu", v[LIVE], v[MAX]);
    struct sizes sizes = sizes_for(args);
    uint64_t n = most_objects(args);
    for (uint32_t step = 0; step < n_steps(&sizes); step++)
        n += n_allocations(args, &sizes, step);
    extent->threads = args->threads;
    extent->words = args->threads * (2 * n + 1) + meeting_words(args->threads, n_phases(&sizes));
    return 0;
}

/* Expected at the beginning: with the ticket, which is of the first step's sizes too. */
static double n_first(const struct workload_args *args, const struct sizes *s)
{
    return 2 * (double)args->values[LIVE] / (double)twice_middle(s, 0) + (args->threads > 1);
}

/* Expected in all. */
static double n_objects(const struct workload_args *args, const struct sizes *s)
{
    double n = n_first(args, s);
    for (uint32_t step = 0; step < n_steps(s); step++)
        n += (double)n_allocations(args, s, step);
    return n;
}

/* From the first filling on no thread is further below its bytes than by one object. */
static void ageing_claims(const struct workload_args *args, struct workload_claims *claims)
{
    const uint64_t *v = args->values;
    struct sizes sizes = sizes_for(args);
    uint64_t tickets = meeting_n_tickets(args->threads);
    *claims = (struct workload_claims){
        .live_min = args->threads * (v[LIVE] - v[MAX]) + tickets * v[MIN],
        .live_max = args->threads * v[LIVE] + tickets * v[MAX],
        .sizes_slack = fmin(1, 2 / n_objects(args, &sizes)),
    };
}

static double step_share_below(const struct sizes *s, uint32_t step, uint64_t bytes)
{
    struct mix mix = mix_of(s, step);
    double above = (double)mix.above / STEPS_PER_DOUBLING;
    double share = (1 - above) * sizes_share_below_in(s, mix.low, bytes);
    if (mix.above > 0)
        share += above * sizes_share_below_in(s, mix.low + 1, bytes);
    return share;
}

static double ageing_share_below(const struct workload_args *args, uint64_t bytes)
{
    struct sizes sizes = sizes_for(args);
    double below = n_first(args, &sizes) * step_share_below(&sizes, 0, bytes);
    for (uint32_t step = 0; step < n_steps(&sizes); step++) {
        double n = (double)n_allocations(args, &sizes, step);
        below += n * step_share_below(&sizes, step, bytes);
    }
    return below / n_objects(args, &sizes);
}

/* What one thread holds. */
struct heap {
    uint64_t most_bytes, bytes;
    uint32_t n, n_most;
    struct held {
        uint32_t slot;
        uint64_t bytes;
    } * held; /* behind the first n, slots that are not in use */
    struct sizes sizes;
};

static uint64_t draw(const struct heap *heap, uint32_t step, struct rng *rng)
{
    struct mix mix = mix_of(&heap->sizes, step);
    bool above = rng_below(rng, STEPS_PER_DOUBLING) < mix.above;
    return sizes_draw_in(&heap->sizes, mix.low + above, rng);
}

static void append_free(struct heap *heap, uint32_t i, struct plan_builder *b, uint32_t t)
{
    struct held victim = heap->held[i];
    plan_builder_free_slot(b, t, victim.slot);
    heap->bytes -= victim.bytes;
    heap->held[i] = heap->held[--heap->n];
    heap->held[heap->n] = victim;
}

static void append_malloc(struct heap *heap, uint64_t bytes, struct plan_builder *b, uint32_t t)
{
    struct held *held = &heap->held[heap->n++];
    held->bytes = bytes;
    heap->bytes += bytes;
    plan_builder_malloc(b, t, held->slot, bytes);
}

/* Fills up with sizes of the first step, until the next does not fit. */
static void append_filling(struct heap *heap, struct rng *rng, struct plan_builder *b, uint32_t t)
{
    uint64_t bytes = draw(heap, 0, rng);
    while (heap->bytes + bytes <= heap->most_bytes) {
        append_malloc(heap, bytes, b, t);
        bytes = draw(heap, 0, rng);
    }
}

static void append_step(struct heap *heap, uint32_t step, uint64_t n, struct rng *rng,
                        struct plan_builder *b, uint32_t t)
{
    for (uint64_t i = 0; i < n; i++) {
        uint64_t bytes = draw(heap, step, rng);
        while (heap->bytes + bytes > heap->most_bytes)
            append_free(heap, (uint32_t)rng_below(rng, heap->n), b, t);
        append_malloc(heap, bytes, b, t);
    }
}

static void append_thread(struct heap *heap, const struct workload_args *args,
                          const struct meeting *meeting, struct plan_builder *b, uint32_t t)
{
    struct rng rng = generate_rng(args->seed, t);
    uint32_t phase = 0;
    heap->n = 0;
    heap->bytes = 0;
    for (uint32_t i = 0; i < heap->n_most; i++)
        heap->held[i].slot = meeting_slots(meeting, t) + i;
    plan_builder_loop_begin(b, t);
    meeting_open(meeting, b, t, draw(heap, 0, &rng));
    append_filling(heap, &rng, b, t);
    for (uint32_t step = 0; step < n_steps(&heap->sizes); step++) {
        if (step % STEPS_PER_PHASE == 0)
            meeting_hold(meeting, b, t, ++phase);
        append_step(heap, step, n_allocations(args, &heap->sizes, step), &rng, b, t);
    }
    while (heap->n > 0)
        append_free(heap, (uint32_t)rng_below(&rng, heap->n), b, t);
    meeting_close(meeting, b, t);
    plan_builder_loop_end(b, t);
}

static int ageing_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    struct meeting meeting;
    struct heap heap = {
        .most_bytes = args->values[LIVE],
        .n_most = (uint32_t)most_objects(args),
        .held = calloc(most_objects(args), sizeof(heap.held[0])),
        .sizes = sizes_for(args),
    };
    int rc = meeting_init(&meeting, args->threads, b, err);
    if (rc == 0 && !heap.held)
        rc = err_set(err, ENOMEM, "no memory to lay out %lu objects", most_objects(args));
    for (uint32_t t = 0; rc == 0 && t < args->threads; t++)
        append_thread(&heap, args, &meeting, b, t);
    meeting_release(&meeting);
    free(heap.held);
    return rc;
}

const struct workload workload_ageing = {
    .name = "ageing",
    .summary = "a live set of constant bytes whose sizes drift from small to large and back: "
               "fragmentation by age",
    .source = "long-running servers, whose heaps grow while what they hold does not; Johnstone and "
              "Wilson, The memory fragmentation problem: solved? (1998); mimalloc-bench issue 190 "
              "on what no suite tests",
    .surprise = "resident memory that still grows on the way back, where no size is new; on "
                "the way there it grows with every allocator that keeps a size's pages for "
                "that size",
    .params = params,
    .threads_min = 1,
    .from_cold = true,
    .claims = ageing_claims,
    .share_below = ageing_share_below,
    .extent = ageing_extent,
    .plan = ageing_plan,
};
