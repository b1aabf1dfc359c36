/*
 * Vectors and strings that grow by doubling: several at a time, so that one often stands in the way
 * of another's growth in place. Each grows to a bound of its own and is freed; its slot then begins
 * anew. A pass begins and ends with nothing live.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "generate.h"
#include "patterns.h"

enum { VECTORS, START, MIN, MAX, GROWTH, OPS, MAIN };

static const struct param params[] = {
    [VECTORS] = {"vectors", PARAM_COUNT, 8, 1, 100000, "growing at a time, in each thread"},
    [START] = {"start", PARAM_BYTES, 16, 1, GIB, "first size; at most min"},
    [MIN] = {"min", PARAM_BYTES, 1 * KIB, 1, GIB, "least bound of a vector"},
    [MAX] = {"max", PARAM_BYTES, 256 * KIB, 1, GIB,
             "greatest bound; each doubling from min to max is equally likely"},
    [GROWTH] = {"growth", PARAM_FACTOR, 2 * PARAM_ONE, PARAM_MILLIONTHS(1.01), 16 * PARAM_ONE,
                "factor from one size to the next"},
    [OPS] =
        GENERATE_OPS_ROW(4000, "calls of one thread in one pass, and a free for each vector left"),
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

struct vector {
    uint64_t bytes; /* 0: there is none */
    uint64_t bound;
};

static int growth_extent(const struct workload_args *args, struct workload_extent *extent,
                         struct err *err)
{
    const uint64_t *v = args->values;
    int rc = sizes_check(v[MIN], v[MAX], err);
    if (rc < 0)
        return rc;
    if (v[START] > v[MIN])
        return err_set(err, EINVAL, "start=%lu lies above min=%lu", v[START], v[MIN]);
    extent->threads = args->threads;
    extent->words = args->threads * (2 * v[OPS] + v[VECTORS] + 1); /* a realloc is two words */
    return 0;
}

static uint64_t max_of(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t next_bytes(const struct vector *vector, uint64_t growth)
{
    return generate_grown(vector->bytes, growth, vector->bound);
}

static void append_thread(const struct workload_args *args, struct vector *vectors,
                          struct plan_builder *b, uint32_t t)
{
    const uint64_t *v = args->values;
    struct rng rng = generate_rng(args->seed, t);
    struct sizes bounds = sizes_of(v[MIN], v[MAX]);
    plan_builder_loop_begin(b, t);
    for (uint64_t i = 0; i < v[OPS]; i++) {
        uint32_t slot = (uint32_t)rng_below(&rng, v[VECTORS]);
        struct vector *vector = &vectors[slot];
        if (vector->bytes == 0) {
            *vector = (struct vector){.bytes = v[START], .bound = sizes_draw(&bounds, &rng)};
            plan_builder_malloc(b, t, slot, vector->bytes);
        } else if (vector->bytes < vector->bound) {
            uint64_t next = next_bytes(vector, v[GROWTH]);
            plan_builder_realloc(b, t, slot, vector->bytes, next);
            vector->bytes = next;
        } else {
            plan_builder_free_slot(b, t, slot);
            vector->bytes = 0;
        }
    }
    for (uint32_t slot = 0; slot < v[VECTORS]; slot++) {
        if (vectors[slot].bytes > 0)
            plan_builder_free_slot(b, t, slot);
        vectors[slot].bytes = 0;
    }
    plan_builder_loop_end(b, t);
}

/*
 * What is expected of one vector from its first request to its last: a step for each, and one that
 * frees it.
 */
struct life {
    double requests, below;   /* all, and those of less than some bytes */
    double bytes, square;     /* held, summed over the steps; and their squares */
    double most, most_square; /* of any one step */
};

static struct life life_of(const struct workload_args *args, uint64_t below)
{
    const uint64_t *v = args->values;
    struct sizes bounds = sizes_of(v[MIN], v[MAX]);
    struct vector vector = {.bytes = v[START], .bound = v[MAX]};
    double ended = 0; /* the share of vectors whose bound lies below this step */
    struct life life = {0};
    for (;;) {
        double size = (double)vector.bytes;
        double reach = 1 - ended;
        /* of those that reach the step, some have a bound below its size: they ask for that */
        double small = sizes_share_below(&bounds, below) - ended;
        life.requests += reach;
        life.below += vector.bytes < below ? reach : fmax(small, 0);
        life.bytes += reach * size;
        life.square += reach * size * size;
        life.most = fmax(life.most, reach * size);
        life.most_square = fmax(life.most_square, reach * size * size);
        if (vector.bytes == vector.bound)
            return life;
        ended = sizes_share_below(&bounds, vector.bytes + 1);
        vector.bytes = next_bytes(&vector, v[GROWTH]);
    }
}

/*
 * What the largest of `n` bounds is no less than, but for one in ten thousand seeds.
 */
static uint64_t largest_bound(const struct workload_args *args, double n)
{
    const uint64_t *v = args->values;
    struct sizes bounds = sizes_of(v[MIN], v[MAX]);
    double share = pow(1e-4, 1 / n);
    uint64_t bytes = v[MIN];
    for (uint64_t step = log2_floor(v[MAX]) + 1; step-- > 0;)
        if (sizes_share_below(&bounds, bytes + ((uint64_t)1 << step)) <= share)
            bytes += (uint64_t)1 << step;
    return bytes < v[MAX] ? bytes : v[MAX];
}

/*
 * At first all vectors are young together, which takes more or less than when they are of all ages.
 * How their threads keep step is open: the least is of one.
 */
static void growth_claims(const struct workload_args *args, struct workload_claims *claims)
{
    const uint64_t *v = args->values;
    struct life life = life_of(args, 0);
    double steps = life.requests + 1;
    double lives = (double)v[OPS] / steps / (double)v[VECTORS]; /* of each vector in a pass */
    struct generate_spread each = {.mean = life.bytes / steps, .most = (double)v[MAX]};
    each.variance = life.square / steps - each.mean * each.mean;
    *claims = (struct workload_claims){.sizes_slack = fmin(1, 1 / lives)};
    generate_claim_spread(&each, v[VECTORS], 0, claims);
    uint64_t live_min = v[START];
    if (lives > 4) /* half of them, to be safe, come to their ends */
        live_min = max_of(claims->live_min, largest_bound(args, lives * (double)v[VECTORS] / 2));
    each.variance = fmax(each.variance, life.most_square);
    each.mean = fmax(each.mean, life.most);
    generate_claim_spread(&each, args->threads * v[VECTORS], args->threads * v[OPS], claims);
    claims->live_min = live_min;
}

static double growth_share_below(const struct workload_args *args, uint64_t bytes)
{
    struct life life = life_of(args, bytes);
    return life.below / life.requests;
}

static int growth_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    struct vector *vectors = calloc(args->values[VECTORS], sizeof(*vectors));
    if (!vectors)
        return err_set(err, ENOMEM, "no memory for %lu vectors", args->values[VECTORS]);
    for (uint32_t t = 0; t < args->threads; t++)
        append_thread(args, vectors, b, t);
    free(vectors);
    return 0;
}

const struct workload workload_realloc_growth = {
    .name = "realloc-growth",
    .summary = "vectors that grow by a factor to a bound, several at a time in each other's way",
    .source = "growing arrays and strings, as of C++'s std::vector",
    .surprise = "peak memory near the ideal with an allocator of size classes: each block "
                "that a vector leaves behind would at once serve another one",
    .params = params,
    .threads_min = 1,
    .claims = growth_claims,
    .share_below = growth_share_below,
    .extent = growth_extent,
    .plan = growth_plan,
};
