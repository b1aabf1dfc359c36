/*
 * Rounds of threads that leave objects behind. In each round every root starts one thread, which
 * first takes over what others left for it in the round before. Then it allocates, and as it goes
 * frees at random: objects of its own and those taken over. A share of its own it keeps to its end,
 * and a share it leaves in the array that all rounds have in common, spread over all the other
 * lines.
 *
 *      root 0   round 0 ──┐ ┌─► round 1 ──┐ ┌─► ..
 *      root 1   round 0 ──┴─┴─► round 1 ──┴─┴─► ..      what the last round leaves the roots free
 *
 * An object is taken in the round after the one in which it was left. So nobody waits for ever.
 */
#include <errno.h>
#include <stdlib.h>

#include "generate.h"
#include "known.h"

enum { OBJECTS, ROUNDS, KEPT, TRANSFER, MIN, MAX, MAIN };

static const struct param params[] = {
    [OBJECTS] = {"objects", PARAM_COUNT, 2000, 1, 1000000, "that a thread makes"},
    [ROUNDS] = {"rounds", PARAM_COUNT, 8, 1, 10000, "of threads, one of each root, in one pass"},
    [KEPT] = {"kept", PARAM_SHARE, PARAM_MILLIONTHS(0.1), 0, PARAM_ONE,
              "of the objects, to the end of the thread"},
    [TRANSFER] = {"transfer", PARAM_SHARE, PARAM_MILLIONTHS(0.25), 0, PARAM_ONE,
                  "of the objects, left to threads of the next round"},
    [MIN] = GENERATE_MIN_ROW(16),
    [MAX] = GENERATE_MAX_ROW(4096),
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

static uint64_t share_of(const struct workload_args *args, int row)
{
    return args->values[OBJECTS] * args->values[row] / PARAM_ONE;
}

static int mstress_extent(const struct workload_args *args, struct workload_extent *extent,
                          struct err *err)
{
    const uint64_t *v = args->values;
    if (v[KEPT] + v[TRANSFER] > PARAM_ONE)
        return err_set(err, EINVAL,
                       "kept and transfer are shares of the same objects: their sum "
                       "is above 1");
    uint64_t round = 2 * v[OBJECTS] + 2 * share_of(args, TRANSFER) + 3;
    extent->threads = args->threads * (1 + v[ROUNDS]);
    extent->words = args->threads * (v[ROUNDS] * round + 1);
    return sizes_check(v[MIN], v[MAX], err);
}

/* Threads need not hold all at the same time; what was left may wait for long. */
static void mstress_claims(const struct workload_args *args, struct workload_claims *claims)
{
    const uint64_t *v = args->values;
    struct sizes sizes = sizes_of(v[MIN], v[MAX]);
    uint64_t n_left = share_of(args, TRANSFER);
    *claims = (struct workload_claims){0};
    generate_claim_live(&sizes, generate_at_least_1(share_of(args, KEPT) + n_left), claims);
    uint64_t live_min = claims->live_min;
    generate_claim_peak(&sizes, args->threads * (v[OBJECTS] + v[ROUNDS] * n_left),
                        args->threads * v[ROUNDS] * v[OBJECTS], claims);
    claims->live_min = live_min;
    generate_claim_remote((double)n_left / (double)v[OBJECTS], claims);
}

static double mstress_share_below(const struct workload_args *args, uint64_t bytes)
{
    struct sizes sizes = sizes_of(args->values[MIN], args->values[MAX]);
    return sizes_share_below(&sizes, bytes);
}

struct stress {
    uint32_t n_lines, n_rounds, n_objects, n_kept, n_left;
    struct sizes sizes;
    struct plan_builder *b;
    struct rng rng;
    uint32_t *pool; /* slots that may be freed at any time */
    uint32_t n_pool;
    uint32_t *kept, *left; /* slots */
    uint32_t *cells;       /* n_left for each round of each line */
};

static uint32_t *cells_of(const struct stress *s, uint32_t line, uint32_t round)
{
    return s->cells + ((uint64_t)line * s->n_rounds + round) * s->n_left;
}

/* Where `line` finds the i-th object that was left for it in a round: each of the others leaves some. */
static uint32_t cell_left(const struct stress *s, uint32_t line, uint32_t round, uint32_t i)
{
    uint32_t giver = line;
    if (s->n_lines > 1)
        giver = (line + s->n_lines - 1 - i % (s->n_lines - 1)) % s->n_lines;
    return cells_of(s, giver, round)[i];
}

static void free_one(struct stress *s, uint32_t t)
{
    uint64_t i = rng_below(&s->rng, s->n_pool);
    plan_builder_free_slot(s->b, t, s->pool[i]);
    s->pool[i] = s->pool[--s->n_pool];
}

/*
 * Allocates all, and frees what may be freed now and then. The numbers of objects that are kept and
 * left come out exactly (selection sampling; Knuth, volume 2, 3.4.2).
 */
static void make_objects(struct stress *s, uint32_t t)
{
    uint32_t n_kept = 0, n_left = 0;
    for (uint32_t i = 0; i < s->n_objects; i++) {
        uint64_t fate = rng_below(&s->rng, s->n_objects - i);
        plan_builder_malloc(s->b, t, i, sizes_draw(&s->sizes, &s->rng));
        if (fate < s->n_kept - n_kept)
            s->kept[n_kept++] = i;
        else if (fate < (uint64_t)(s->n_kept - n_kept) + (s->n_left - n_left))
            s->left[n_left++] = i;
        else
            s->pool[s->n_pool++] = i;
        if (s->n_pool > 0 && rng_below(&s->rng, 2) == 0)
            free_one(s, t);
    }
}

static void append_round(struct stress *s, uint32_t line, uint32_t round)
{
    uint32_t t = s->n_lines + line * s->n_rounds + round;
    s->n_pool = 0;
    for (uint32_t i = 0; round > 0 && i < s->n_left; i++) {
        plan_builder_take(s->b, t, s->n_objects + i, cell_left(s, line, round - 1, i));
        s->pool[s->n_pool++] = s->n_objects + i;
    }
    make_objects(s, t);
    while (s->n_pool > 0)
        free_one(s, t);
    for (uint32_t i = 0; i < s->n_kept; i++)
        plan_builder_free_slot(s->b, t, s->kept[i]);
    for (uint32_t i = 0; i < s->n_left; i++)
        plan_builder_give(s->b, t, s->left[i], cells_of(s, line, round)[i]);
}

static void append_line(struct stress *s, uint32_t line)
{
    plan_builder_loop_begin(s->b, line);
    for (uint32_t round = 0; round < s->n_rounds; round++) {
        plan_builder_spawn(s->b, line, s->n_lines + line * s->n_rounds + round);
        plan_builder_join(s->b, line, s->n_lines + line * s->n_rounds + round);
    }
    for (uint32_t i = 0; i < s->n_left; i++) {
        plan_builder_take(s->b, line, 0, cell_left(s, line, s->n_rounds - 1, i));
        plan_builder_free_slot(s->b, line, 0);
    }
    plan_builder_loop_end(s->b, line);
    for (uint32_t round = 0; round < s->n_rounds; round++)
        append_round(s, line, round);
}

static int mstress_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    const uint64_t *v = args->values;
    struct stress s = {
        .n_lines = args->threads,
        .n_rounds = (uint32_t)v[ROUNDS],
        .n_objects = (uint32_t)v[OBJECTS],
        .n_kept = (uint32_t)share_of(args, KEPT),
        .n_left = (uint32_t)share_of(args, TRANSFER),
        .sizes = sizes_of(v[MIN], v[MAX]),
        .b = b,
    };
    uint64_t n_cells = (uint64_t)s.n_lines * s.n_rounds * s.n_left;
    s.pool = calloc(s.n_objects + s.n_left, sizeof(s.pool[0]));
    s.kept = calloc(s.n_objects, sizeof(s.kept[0]));
    s.left = calloc(s.n_objects, sizeof(s.left[0]));
    s.cells = calloc(n_cells + 1, sizeof(s.cells[0]));
    bool has_memory = s.pool && s.kept && s.left && s.cells;
    for (uint64_t i = 0; has_memory && i < n_cells; i++)
        s.cells[i] = plan_builder_cell(b);
    for (uint32_t line = 0; has_memory && line < s.n_lines; line++) {
        s.rng = generate_rng(args->seed, line);
        append_line(&s, line);
    }
    free(s.pool);
    free(s.kept);
    free(s.left);
    free(s.cells);
    return has_memory ? 0 : err_set(err, ENOMEM, "no memory to lay out %lu objects", v[OBJECTS]);
}

const struct workload workload_mstress = {
    .name = "mstress",
    .summary = "rounds of threads that free at random and leave objects to other lines of threads",
    .source = "the stress test of mimalloc (Leijen), mstress of mimalloc-bench",
    .surprise =
        "memory that grows from pass to pass: all that a round leaves is freed in the next, "
        "by threads that did not make it",
    .params = params,
    .threads_min = 1,
    .known = true,
    .claims = mstress_claims,
    .share_below = mstress_share_below,
    .extent = mstress_extent,
    .plan = mstress_plan,
};
