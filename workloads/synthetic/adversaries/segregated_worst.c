/*
 * The worst of segregated fit: all that may be live is asked for in one size after the other, and of
 * each size one object stays in every `page`. An allocator that gives each size class pages or runs of
 * its own, and a page to another class only when it is empty, can reuse nothing of what was freed:
 *
 *      size 1   [x][x][x][x]|[x][x][x][x]|[x][x][x][x]     all that may live
 *      free     [x]         |[x]         |[x]
 *      size 2   ........................................ [ x ][ x ]|[ x ][ x ]   what may live now
 *
 * Which objects share a page is not known beforehand. Kept is each k-th in the order of allocation, k being
 * how many fit in a page: right where a page is filled from one end to the other.
 */
#include <errno.h>

#include "adversaries.h"
#include "generate.h"

enum { OBJECTS, MIN, MAX, PER_DOUBLING, PAGE, MAIN };

static const struct param params[] = {
    [OBJECTS] =
        {"objects", PARAM_COUNT, 8192, 1, 10000000,
         "of the least size, that each thread has at one time; their bytes are the limit of all turns"},
    [MIN] = GENERATE_MIN_ROW(128),
    [MAX] = {"max", PARAM_BYTES, 1024, 1, GIB, "greatest size"},
    [PER_DOUBLING] = {"classes", PARAM_COUNT, 4, 1, 16, "sizes in each doubling, evenly spaced"},
    [PAGE] = {"page", PARAM_BYTES, 4096, 16, GIB,
              "what is held back from all other sizes by one object"},
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

static uint64_t live_limit(const struct workload_args *args)
{
    return args->values[OBJECTS] * args->values[MIN];
}

/* A size's turn. */
struct turn {
    uint64_t bytes;
    uint64_t n_objects, stride; /* of them, every so many-th is kept */
    uint64_t kept_before;       /* bytes of earlier turns that live on */
    uint64_t n_kept_before;
    unsigned k; /* of all sizes */
};

static uint64_t n_kept(const struct turn *turn)
{
    return (turn->n_objects + turn->stride - 1) / turn->stride;
}

/* The k-th size: min * 2^(k / per doubling), with even steps in between. */
static uint64_t size_of(const struct workload_args *args, unsigned k)
{
    uint64_t per_doubling = args->values[PER_DOUBLING];
    uint64_t low = args->values[MIN] << (k / per_doubling);
    return low + low * (k % per_doubling) / per_doubling;
}

static void set_up(const struct workload_args *args, struct turn *turn)
{
    turn->bytes = size_of(args, turn->k);
    turn->n_objects = (live_limit(args) - turn->kept_before) / turn->bytes;
    turn->stride = generate_at_least_1(args->values[PAGE] / turn->bytes);
}

static struct turn first_turn(const struct workload_args *args)
{
    struct turn turn = {0};
    set_up(args, &turn);
    return turn;
}

static struct turn next_turn(const struct workload_args *args, struct turn turn)
{
    turn.kept_before += n_kept(&turn) * turn.bytes;
    turn.n_kept_before += n_kept(&turn);
    do
        turn.k++;
    while (size_of(args, turn.k) == turn.bytes); /* steps below a byte */
    set_up(args, &turn);
    return turn;
}

static bool is_turn(const struct workload_args *args, const struct turn *turn)
{
    return turn->bytes <= args->values[MAX] && turn->n_objects > 0;
}

static int segregated_extent(const struct workload_args *args, struct workload_extent *extent,
                             struct err *err)
{
    const uint64_t *v = args->values;
    int rc = sizes_check(v[MIN], v[MAX], err);
    if (rc < 0)
        return rc;
    if (live_limit(args) < v[MAX])
        return err_set(err, EINVAL, "objects=%lu of min=%lu are less than one of max=%lu",
                       v[OBJECTS], v[MIN], v[MAX]);
    extent->threads = args->threads;
    extent->words = 1;
    for (struct turn turn = first_turn(args); is_turn(args, &turn); turn = next_turn(args, turn))
        extent->words += 2 * turn.n_objects;
    extent->words *= args->threads;
    return 0;
}

/* Kept objects have the slots from 0 on, those of this turn that are not the ones behind. */
static void append_turn(const struct turn *turn, struct plan_builder *b, uint32_t t)
{
    uint64_t kept = turn->n_kept_before, freed = kept + n_kept(turn);
    for (uint64_t i = 0, k = kept, f = freed; i < turn->n_objects; i++)
        plan_builder_malloc(b, t, (uint32_t)(i % turn->stride == 0 ? k++ : f++), turn->bytes);
    for (uint64_t i = 0; i < turn->n_objects - n_kept(turn); i++)
        plan_builder_free_slot(b, t, (uint32_t)(freed + i));
}

static int segregated_plan(const struct workload_args *args, struct plan_builder *b,
                           struct err *err)
{
    (void)err;
    for (uint32_t t = 0; t < args->threads; t++) {
        struct turn turn = first_turn(args);
        plan_builder_loop_begin(b, t);
        for (; is_turn(args, &turn); turn = next_turn(args, turn))
            append_turn(&turn, b, t);
        for (uint64_t i = 0; i < turn.n_kept_before; i++)
            plan_builder_free_slot(b, t, (uint32_t)i);
        plan_builder_loop_end(b, t);
    }
    return 0;
}

static void segregated_claims(const struct workload_args *args, struct workload_claims *claims)
{
    uint64_t peak = 0;
    for (struct turn turn = first_turn(args); is_turn(args, &turn); turn = next_turn(args, turn)) {
        uint64_t live = turn.kept_before + turn.n_objects * turn.bytes;
        peak = live > peak ? live : peak;
    }
    *claims = (struct workload_claims){.live_min = peak, .live_max = args->threads * peak};
}

static double segregated_share_below(const struct workload_args *args, uint64_t bytes)
{
    uint64_t below = 0, all = 0;
    for (struct turn turn = first_turn(args); is_turn(args, &turn); turn = next_turn(args, turn)) {
        below += turn.bytes < bytes ? turn.n_objects : 0;
        all += turn.n_objects;
    }
    return (double)below / (double)generate_at_least_1(all);
}

/* What was ever live of each size, added up. */
static uint64_t segregated_bound(const struct workload_args *args)
{
    uint64_t sum = 0;
    for (struct turn turn = first_turn(args); is_turn(args, &turn); turn = next_turn(args, turn))
        sum += turn.n_objects * turn.bytes;
    return args->threads * sum;
}

const struct workload workload_segregated_worst = {
    .name = "segregated-worst",
    .summary = "one size after the other, one object kept in each page: the worst of size classes "
               "that share no page",
    .source = "the size classes of Berger, McKinley, Blumofe and Wilson, Hoard (2000), whose "
              "superblocks are each of one class",
    .surprise =
        "an allocator that joins free neighbours near the bound, or one above it: the first "
        "would keep sizes apart after all, the second loses more than pages to classes",
    .params = params,
    .threads_min = 1,
    .seedless = true,
    .from_cold = true,
    .claims = segregated_claims,
    .share_below = segregated_share_below,
    .bound = segregated_bound,
    .bound_source = "derived here: what was ever live of each size, added up: nothing freed can "
                    "serve another size while one object stays in each page",
    .extent = segregated_extent,
    .plan = segregated_plan,
};
