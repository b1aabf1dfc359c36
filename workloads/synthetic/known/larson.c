/*
 * A server whose objects outlive the thread that made them. Each root keeps a line of threads: one
 * takes over all objects that the one before left, replaces some at random, hands all on and ends;
 * then the next is started.
 *
 *      root     give ──► generation 0 ──► generation 1 ──► ... ──► take
 *
 * A generation makes R = ops/2 replacements. Of these exactly K = remote * R hit an object that it
 * inherited, which makes them remote frees; the other victims it made itself. As each inherited
 * object is replaced at most once, K cannot be above `live`. The share holds for the body;
 * plan.facts count the filling and the final freeing too, which adds one live set of remote frees
 * per root.
 */
#include <errno.h>
#include <stdlib.h>

#include "generate.h"
#include "known.h"

enum { LIVE, MIN, MAX, EVEN, REMOTE, GENERATIONS, OPS, MAIN };

static const struct param params[] = {
    [LIVE] = {"live", PARAM_COUNT, 5000, 1, 10000000, "objects that each generation takes over"},
    [MIN] = GENERATE_MIN_ROW(16),
    [MAX] = GENERATE_MAX_ROW(1024),
    [EVEN] = {"even", PARAM_YES_NO, 0, 0, 1,
              "make each size from min to max equally likely, as the paper does"},
    [REMOTE] = {"remote", PARAM_SHARE, PARAM_MILLIONTHS(0.1), PARAM_MILLIONTHS(0.0001), PARAM_ONE,
                "frees of objects that an earlier generation made"},
    [GENERATIONS] = {"generations", PARAM_COUNT, 4, 1, 1000, "threads of each line in one pass"},
    [OPS] = GENERATE_OPS_ROW(100000, "calls of one generation"),
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

static struct sizes sizes_of_args(const struct workload_args *args)
{
    const uint64_t *v = args->values;
    return sizes_shaped(v[MIN], v[MAX], v[EVEN] ? SIZES_EVEN : SIZES_DOUBLINGS);
}

static uint64_t n_replaced(const struct workload_args *args)
{
    return args->values[OPS] / 2;
}

static uint64_t n_remote(const struct workload_args *args)
{
    uint64_t millionths = n_replaced(args) * args->values[REMOTE];
    return generate_at_least_1((millionths + PARAM_ONE / 2) / PARAM_ONE);
}

static int larson_extent(const struct workload_args *args, struct workload_extent *extent,
                         struct err *err)
{
    const uint64_t *v = args->values;
    int rc = sizes_check(v[MIN], v[MAX], err);
    if (rc < 0)
        return rc;
    if (n_remote(args) > v[LIVE])
        return err_set(err, EINVAL,
                       "a remote share of %lu in %lu frees needs as many objects to inherit: raise "
                       "live=%lu or lower ops=%lu",
                       n_remote(args), n_replaced(args), v[LIVE], v[OPS]);
    uint64_t words = v[GENERATIONS] * (2 * v[LIVE] + n_replaced(args) + 3) + 4 * v[LIVE] + 1;
    extent->threads = args->threads * (1 + v[GENERATIONS]);
    extent->words = args->threads * words;
    return 0;
}

/* One line of generations, and what its slots hold. */
struct line {
    uint64_t n_live, n_replaced, n_remote;
    uint32_t root, first, n_generations; /* threads first, first + 1, ... are the generations */
    struct sizes sizes;
    uint64_t *bytes;
    uint32_t *order; /* a permutation of the slots; the first n_own are not inherited any more */
    uint64_t n_own;
    uint32_t *cells; /* n_live for each hand-over */
};

static int line_init(struct line *line, const struct workload_args *args, struct err *err)
{
    const uint64_t *v = args->values;
    *line = (struct line){
        .n_live = v[LIVE],
        .n_replaced = n_replaced(args),
        .n_remote = n_remote(args),
        .n_generations = (uint32_t)v[GENERATIONS],
        .sizes = sizes_of_args(args),
        .bytes = calloc(v[LIVE], sizeof(line->bytes[0])),
        .order = calloc(v[LIVE], sizeof(line->order[0])),
        .cells = calloc(v[LIVE] * (v[GENERATIONS] + 1), sizeof(line->cells[0])),
    };
    if (!line->bytes || !line->order || !line->cells)
        return err_set(err, ENOMEM, "no memory to lay out %lu objects", v[LIVE]);
    return 0;
}

static void line_release(struct line *line)
{
    free(line->bytes);
    free(line->order);
    free(line->cells);
}

/*
 * The next victim, when `left` replacements are to come: an inherited object with just the
 * probability that makes their number come out exactly (selection sampling; Knuth, volume 2,
 * 3.4.2).
 */
static uint32_t pick_victim(struct line *line, struct rng *rng, uint64_t left)
{
    uint64_t own = line->n_own;
    if (own > 0 && rng_below(rng, left) >= line->n_remote - own)
        return line->order[rng_below(rng, own)];
    uint64_t chosen = own + rng_below(rng, line->n_live - own);
    uint32_t slot = line->order[chosen];
    line->order[chosen] = line->order[own];
    line->order[own] = slot;
    line->n_own++;
    return slot;
}

/* What thread `t` does with what it took over. */
static void replace(struct line *line, struct rng *rng, struct plan_builder *b, uint32_t t)
{
    line->n_own = 0;
    for (uint64_t left = line->n_replaced; left > 0; left--) {
        uint32_t slot = pick_victim(line, rng, left);
        line->bytes[slot] = sizes_draw(&line->sizes, rng);
        if (!b)
            continue;
        plan_builder_free_slot(b, t, slot);
        plan_builder_malloc(b, t, slot, line->bytes[slot]);
    }
}

static void give_all(const struct line *line, struct plan_builder *b, uint32_t t,
                     uint32_t hand_over)
{
    for (uint32_t i = 0; i < line->n_live; i++)
        plan_builder_give(b, t, i, line->cells[hand_over * line->n_live + i]);
}

static void take_all(const struct line *line, struct plan_builder *b, uint32_t t,
                     uint32_t hand_over)
{
    for (uint32_t i = 0; i < line->n_live; i++)
        plan_builder_take(b, t, i, line->cells[hand_over * line->n_live + i]);
}

/*
 * The generations of one pass; without a builder only their effect on the sizes. As the stream
 * comes by value and the order starts anew, passes are alike: a dry one finds the sizes that a pass
 * leaves.
 */
static void append_generations(struct line *line, struct rng rng, struct plan_builder *b)
{
    for (uint32_t i = 0; i < line->n_live; i++)
        line->order[i] = i;
    for (uint32_t g = 0; g < line->n_generations; g++) {
        if (b)
            take_all(line, b, line->first + g, g);
        replace(line, &rng, b, line->first + g);
        if (b)
            give_all(line, b, line->first + g, g + 1);
    }
}

static void append_root(const struct line *line, struct plan_builder *b)
{
    uint32_t t = line->root;
    for (uint32_t i = 0; i < line->n_live; i++)
        plan_builder_malloc(b, t, i, line->bytes[i]);
    plan_builder_loop_begin(b, t);
    give_all(line, b, t, 0);
    for (uint32_t g = 0; g < line->n_generations; g++) {
        plan_builder_spawn(b, t, line->first + g);
        plan_builder_join(b, t, line->first + g);
    }
    take_all(line, b, t, line->n_generations);
    plan_builder_loop_end(b, t);
    for (uint32_t i = 0; i < line->n_live; i++)
        plan_builder_free_slot(b, t, i);
}

static void append_line(struct line *line, struct rng rng, struct plan_builder *b)
{
    for (uint64_t i = 0; i < line->n_live * (line->n_generations + 1); i++)
        line->cells[i] = plan_builder_cell(b);
    for (uint64_t i = 0; i < line->n_live; i++)
        line->bytes[i] = sizes_draw(&line->sizes, &rng);
    append_generations(line, rng, NULL);
    append_root(line, b);
    append_generations(line, rng, b);
}

static void larson_claims(const struct workload_args *args, struct workload_claims *claims)
{
    const uint64_t *v = args->values;
    struct sizes sizes = sizes_of_args(args);
    uint64_t draws = args->threads * v[GENERATIONS] * n_replaced(args);
    *claims = (struct workload_claims){0};
    generate_claim_peak(&sizes, args->threads * v[LIVE], draws, claims);
    generate_claim_remote((double)n_remote(args) / (double)n_replaced(args), claims);
}

static double larson_share_below(const struct workload_args *args, uint64_t bytes)
{
    struct sizes sizes = sizes_of_args(args);
    return sizes_share_below(&sizes, bytes);
}

static int larson_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    struct line line;
    int rc = line_init(&line, args, err);
    for (uint32_t t = 0; rc == 0 && t < args->threads; t++) {
        line.root = t;
        line.first = args->threads + t * line.n_generations;
        append_line(&line, generate_rng(args->seed, t), b);
    }
    line_release(&line);
    return rc;
}

const struct workload workload_larson = {
    .name = "larson",
    .summary = "a server: objects outlive the thread that made them, and later threads free them",
    .source = "Larson and Krishnan, Memory allocation for long-running server applications (1998)",
    .surprise = "memory that grows while the run goes on: the live set does not, so what ended "
                "threads left would not be found again",
    .params = params,
    .threads_min = 1,
    .known = true,
    .claims = larson_claims,
    .share_below = larson_share_below,
    .extent = larson_extent,
    .plan = larson_plan,
};
