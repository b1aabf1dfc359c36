/*
 * A grid of two questions: how sizes are spread, and how often threads free for each other. Each
 * thread holds a set of blocks. In every loop it frees some, scattered over the set, and allocates
 * as many. In every `cross`-th loop it allocates as many again, hands them to the next thread, and
 * frees those that it is handed. A thread that is alone frees these itself.
 */
#include <errno.h>
#include <stdlib.h>

#include "generate.h"
#include "known.h"

enum { MODE, CROSS, LOOPS, BLOCKS, OP, MIN, MAX, MAIN };
enum { MODE_FIXED, MODE_EVEN, MODE_LINEAR, MODE_EXPONENTIAL };

static const char *const modes[] = {"fixed", "even", "linear", "exponential"};

static const struct param params[] = {
    [MODE] =
        {"mode", PARAM_CHOICE, MODE_EXPONENTIAL, 0, ARRAY_SIZE(modes) - 1,
         "sizes: all of min; or min to max, each as likely, or less in a line, or each doubling "
         "as likely",
         modes},
    [CROSS] = {"cross", PARAM_COUNT, 2, 0, 100000,
               "one loop in so many hands blocks to the next thread (0: none does)"},
    [LOOPS] = {"loops", PARAM_COUNT, 20, 1, 1000000, "of one thread in one pass"},
    [BLOCKS] = {"blocks", PARAM_COUNT, 5000, 1, 10000000, "that each thread holds"},
    [OP] = {"op", PARAM_COUNT, 500, 1, 10000000,
            "blocks that are freed, then allocated, in a loop; at most blocks"},
    [MIN] = {"min", PARAM_BYTES, 16, 1, GIB, "least size, and the only one of mode=fixed"},
    [MAX] = {"max", PARAM_BYTES, 8000, 1, GIB, "greatest size"},
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

static struct sizes sizes_of_args(const struct workload_args *args)
{
    static const enum size_shape shapes[] = {
        [MODE_FIXED] = SIZES_EVEN,
        [MODE_EVEN] = SIZES_EVEN,
        [MODE_LINEAR] = SIZES_LINEAR,
        [MODE_EXPONENTIAL] = SIZES_DOUBLINGS,
    };
    const uint64_t *v = args->values;
    uint64_t max = v[MODE] == MODE_FIXED ? v[MIN] : v[MAX];
    return sizes_shaped(v[MIN], max, shapes[v[MODE]]);
}

static uint64_t n_crossing(const struct workload_args *args)
{
    return args->values[CROSS] > 0 ? args->values[LOOPS] / args->values[CROSS] : 0;
}

static int rptest_extent(const struct workload_args *args, struct workload_extent *extent,
                         struct err *err)
{
    const uint64_t *v = args->values;
    if (v[OP] > v[BLOCKS])
        return err_set(err, EINVAL, "op=%lu lies above blocks=%lu", v[OP], v[BLOCKS]);
    uint64_t own = 2 * v[BLOCKS] + 2 * v[OP] * v[LOOPS] + 4 * v[OP] * n_crossing(args) + 1;
    extent->threads = args->threads;
    extent->words = args->threads * own;
    return sizes_check(v[MIN], v[MAX], err);
}

/* A thread may have blocks in its hands, in the next one's, and some that wait for that one. */
static void rptest_claims(const struct workload_args *args, struct workload_claims *claims)
{
    const uint64_t *v = args->values;
    struct sizes sizes = sizes_of_args(args);
    uint64_t n_cross = n_crossing(args);
    uint64_t crossing = n_cross > 0 ? 3 * v[OP] : 0;
    uint64_t draws = args->threads * (v[LOOPS] + n_cross) * v[OP];
    *claims = (struct workload_claims){0};
    generate_claim_live(&sizes, args->threads * v[BLOCKS], claims);
    uint64_t live_min = claims->live_min;
    generate_claim_peak(&sizes, args->threads * (v[BLOCKS] + crossing), draws, claims);
    claims->live_min = live_min;
    if (args->threads > 1)
        generate_claim_remote((double)n_cross / (double)(v[LOOPS] + n_cross), claims);
}

static double rptest_share_below(const struct workload_args *args, uint64_t bytes)
{
    struct sizes sizes = sizes_of_args(args);
    return sizes_share_below(&sizes, bytes);
}

/* The thread that is appended to. */
struct holder {
    const struct workload_args *args;
    struct sizes sizes;
    uint64_t *bytes;               /* by slot; 0: empty */
    uint32_t *victims;             /* of a loop */
    const uint32_t *gives, *takes; /* cells; NULL when alone */
    uint32_t t;
};

static uint32_t pick_victim(const struct holder *h, struct rng *rng)
{
    for (;;) {
        uint32_t slot = (uint32_t)rng_below(rng, h->args->values[BLOCKS]);
        if (h->bytes[slot] != 0)
            return slot;
    }
}

/* Without a builder only what is drawn. */
static void cross(const struct holder *h, struct rng *rng, struct plan_builder *b)
{
    uint32_t n = (uint32_t)h->args->values[OP];
    uint32_t first = (uint32_t)h->args->values[BLOCKS];
    for (uint32_t i = 0; i < n; i++) {
        uint64_t bytes = sizes_draw(&h->sizes, rng);
        if (b)
            plan_builder_malloc(b, h->t, first + i, bytes);
    }
    for (uint32_t i = 0; b && h->gives && i < n; i++)
        plan_builder_give(b, h->t, first + i, h->gives[i]);
    for (uint32_t i = 0; b && h->gives && i < n; i++)
        plan_builder_take(b, h->t, first + i, h->takes[i]);
    for (uint32_t i = 0; b && i < n; i++)
        plan_builder_free_slot(b, h->t, first + i);
}

/*
 * One pass; without a builder only its effect on the sizes. As the stream comes by value, passes are
 * alike: the dry one finds the sizes that a pass leaves.
 */
static void loops(const struct holder *h, struct rng rng, struct plan_builder *b)
{
    const uint64_t *v = h->args->values;
    for (uint64_t loop = 0; loop < v[LOOPS]; loop++) {
        for (uint64_t i = 0; i < v[OP]; i++) {
            uint32_t slot = h->victims[i] = pick_victim(h, &rng);
            h->bytes[slot] = 0;
            if (b)
                plan_builder_free_slot(b, h->t, slot);
        }
        for (uint64_t i = 0; i < v[OP]; i++) {
            uint32_t slot = h->victims[i];
            h->bytes[slot] = sizes_draw(&h->sizes, &rng);
            if (b)
                plan_builder_malloc(b, h->t, slot, h->bytes[slot]);
        }
        if (v[CROSS] > 0 && loop % v[CROSS] == v[CROSS] - 1)
            cross(h, &rng, b);
    }
}

static void append_thread(const struct holder *h, struct plan_builder *b)
{
    uint32_t n = (uint32_t)h->args->values[BLOCKS];
    struct rng rng = generate_rng(h->args->seed, h->t);
    for (uint32_t slot = 0; slot < n; slot++)
        h->bytes[slot] = sizes_draw(&h->sizes, &rng);
    loops(h, rng, NULL);
    for (uint32_t slot = 0; slot < n; slot++)
        plan_builder_malloc(b, h->t, slot, h->bytes[slot]);
    plan_builder_loop_begin(b, h->t);
    loops(h, rng, b);
    plan_builder_loop_end(b, h->t);
    for (uint32_t slot = 0; slot < n; slot++)
        plan_builder_free_slot(b, h->t, slot);
}

static int rptest_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    const uint64_t *v = args->values;
    bool crosses = args->threads > 1 && n_crossing(args) > 0;
    uint64_t n_cells = crosses ? args->threads * v[OP] : 0;
    uint32_t *cells = calloc(n_cells + 1, sizeof(cells[0]));
    struct holder h = {
        .args = args,
        .sizes = sizes_of_args(args),
        .bytes = calloc(v[BLOCKS], sizeof(h.bytes[0])),
        .victims = calloc(v[OP], sizeof(h.victims[0])),
    };
    bool has_memory = cells && h.bytes && h.victims;
    for (uint64_t i = 0; has_memory && i < n_cells; i++)
        cells[i] = plan_builder_cell(b);
    for (uint32_t t = 0; has_memory && t < args->threads; t++) {
        uint32_t behind = (t + args->threads - 1) % args->threads;
        h.t = t;
        h.gives = crosses ? cells + t * v[OP] : NULL;
        h.takes = crosses ? cells + behind * v[OP] : NULL;
        append_thread(&h, b);
    }
    free(cells);
    free(h.bytes);
    free(h.victims);
    return has_memory ? 0 : err_set(err, ENOMEM, "no memory to lay out %lu blocks", v[BLOCKS]);
}

const struct workload workload_rptest = {
    .name = "rptest",
    .summary = "scattered replacement, by the spread of sizes and by how often threads free for "
               "each other",
    .source = "the grid of Jansson's rpmalloc-benchmark",
    .surprise = "cross=1 as fast as cross=0: a block that another thread frees would cost "
                "what one of the own does",
    .params = params,
    .threads_min = 1,
    .known = true,
    .claims = rptest_claims,
    .share_below = rptest_share_below,
    .extent = rptest_extent,
    .plan = rptest_plan,
};
