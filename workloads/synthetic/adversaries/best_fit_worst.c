/*
 * The worst of best fit: small blocks, each kept alive behind a hole that is a little too small for
 * all that comes later. Sizes in units; c is the size of the holes that a round makes, and rounds go
 * from c = n/e up to n - 1, so that no hole of an earlier round can take a block of c:
 *
 *      allocate blocks of c + 1, all at the end   [ c+1 ][ c+1 ][ c+1 ][ c+1 ]
 *      for each of them but the last: free it;
 *      a block of c is best there, and one of 1   [ c ][1][ c ][1][ c ][1][ c+1 ]
 *      fits exactly what that one leaves
 *      free all but the ones                      (     1       1       1
 *
 * Of the live limit M, P units stand as ones; a round adds (M - P) / (c + 1) of them, so M - P falls
 * like 1/c, and the heap grows by (M - P) in each round: in all M c0 ln(n / c0) units when the first
 * round has c0. That is greatest, M n / e, for c0 = n / e. The sequence needs no address: it is
 * made for a best fit whose heap grows at one end and joins free neighbours.
 */
#include <errno.h>

#include "adversaries.h"
#include "generate.h"

enum { LIVE, UNIT, LARGEST, HEADER, MAIN };

static const struct param params[] = {
    [LIVE] = ADVERSARY_LIVE_ROW(4 * MIB, "bytes of blocks, headers included, that each thread "
                                         "has at one time"),
    [UNIT] = ADVERSARY_UNIT_ROW(1152),
    [LARGEST] = {"largest", PARAM_COUNT, 48, 6, 4096, "units of the largest block"},
    [HEADER] = ADVERSARY_HEADER_ROW,
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

/* A round: holes of `hole` units behind which ones are kept. */
struct round {
    uint64_t hole, n_blocks; /* of them, all but one leave a one */
};

static uint64_t n_units(const struct workload_args *args)
{
    return args->values[LIVE] / args->values[UNIT];
}

/* The first round, when none stands yet. */
static struct round first_round(const struct workload_args *args)
{
    uint64_t hole = args->values[LARGEST] * 1000 / 2718;
    return (struct round){.hole = hole, .n_blocks = n_units(args) / (hole + 1)};
}

/* The one after `round`, by when `n_ones` stand. */
static struct round next_round(const struct workload_args *args, struct round round,
                               uint64_t n_ones)
{
    uint64_t hole = round.hole + 1;
    return (struct round){.hole = hole, .n_blocks = (n_units(args) - n_ones) / (hole + 1)};
}

static bool is_round(const struct workload_args *args, struct round round)
{
    return round.hole < args->values[LARGEST] && round.n_blocks >= 2;
}

static int best_fit_extent(const struct workload_args *args, struct workload_extent *extent,
                           struct err *err)
{
    const uint64_t *v = args->values;
    if (v[UNIT] % 16 != 0)
        return err_set(err, EINVAL, "unit=%lu is no multiple of 16, as all blocks are", v[UNIT]);
    if (n_units(args) < v[LARGEST] * v[LARGEST])
        return err_set(err, EINVAL,
                       "%lu units live are too few for blocks of up to %lu, which want the square: "
                       "raise live=%lu or lower unit=%lu",
                       n_units(args), v[LARGEST], v[LIVE], v[UNIT]);
    extent->words = 1;
    extent->threads = args->threads;
    uint64_t n_ones = 0;
    for (struct round r = first_round(args); is_round(args, r); r = next_round(args, r, n_ones)) {
        extent->words += 4 * r.n_blocks;
        n_ones += r.n_blocks - 1;
    }
    extent->words = args->threads * (extent->words + n_ones);
    return 0;
}

static uint64_t bytes_of(const struct workload_args *args, uint64_t units)
{
    return units * args->values[UNIT] - args->values[HEADER];
}

/* Slots from `large` on are for the blocks, those from 0 on for the ones. */
static void append_round(const struct workload_args *args, struct round r, uint64_t n_ones,
                         struct plan_builder *b, uint32_t t)
{
    uint32_t large = (uint32_t)n_units(args);
    for (uint32_t i = 0; i < r.n_blocks; i++)
        plan_builder_malloc(b, t, large + i, bytes_of(args, r.hole + 1));
    for (uint32_t i = 0; i + 1 < r.n_blocks; i++) {
        plan_builder_free_slot(b, t, large + i);
        plan_builder_malloc(b, t, large + i, bytes_of(args, r.hole));
        plan_builder_malloc(b, t, (uint32_t)n_ones + i, bytes_of(args, 1));
    }
    for (uint32_t i = 0; i < r.n_blocks; i++)
        plan_builder_free_slot(b, t, large + i);
}

static int best_fit_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    (void)err;
    for (uint32_t t = 0; t < args->threads; t++) {
        uint64_t n_ones = 0;
        plan_builder_loop_begin(b, t);
        for (struct round r = first_round(args); is_round(args, r);
             r = next_round(args, r, n_ones)) {
            append_round(args, r, n_ones, b, t);
            n_ones += r.n_blocks - 1;
        }
        for (uint32_t i = 0; i < n_ones; i++)
            plan_builder_free_slot(b, t, i);
        plan_builder_loop_end(b, t);
    }
    return 0;
}

static void best_fit_claims(const struct workload_args *args, struct workload_claims *claims)
{
    uint64_t n_ones = 0, peak = 0;
    for (struct round r = first_round(args); is_round(args, r); r = next_round(args, r, n_ones)) {
        uint64_t blocks = n_ones * bytes_of(args, 1) + r.n_blocks * bytes_of(args, r.hole + 1);
        peak = blocks > peak ? blocks : peak; /* each exchange of one for two costs a header */
        n_ones += r.n_blocks - 1;
    }
    *claims = (struct workload_claims){.live_min = peak, .live_max = args->threads * peak};
}

static double best_fit_share_below(const struct workload_args *args, uint64_t bytes)
{
    uint64_t n_ones = 0, below = 0, all = 0;
    for (struct round r = first_round(args); is_round(args, r); r = next_round(args, r, n_ones)) {
        uint64_t n = r.n_blocks - 1;
        below += bytes_of(args, 1) < bytes ? n : 0;
        below += bytes_of(args, r.hole) < bytes ? n : 0;
        below += bytes_of(args, r.hole + 1) < bytes ? r.n_blocks : 0;
        all += 2 * n + r.n_blocks;
        n_ones += n;
    }
    return (double)below / (double)generate_at_least_1(all);
}

/* M n / e units. */
static uint64_t best_fit_bound(const struct workload_args *args)
{
    const uint64_t *v = args->values;
    return args->threads * v[UNIT] * (n_units(args) * v[LARGEST] * 1000 / 2718);
}

const struct workload workload_best_fit_worst = {
    .name = "best-fit-worst",
    .summary = "small blocks kept alive, each behind a hole just too small: the worst of best fit",
    .source = "Robson, Worst case fragmentation of first fit and best fit storage allocation "
              "strategies (1977), who shows that the case exists; the sequence is our own",
    .surprise = "first fit near the bound: it would put the small blocks into old holes; best fit "
                "far below: it would not take the smallest hole, or not join free neighbours",
    .params = params,
    .threads_min = 1,
    .seedless = true,
    .from_cold = true,
    .claims = best_fit_claims,
    .share_below = best_fit_share_below,
    .bound = best_fit_bound,
    .bound_source =
        "derived here: live M units, blocks of up to n units: this sequence drives best "
        "fit to M n / e units; the best known does to n M - O(M + n^2) (Robson 1977; "
        "Knuth, volume 1, 2.5, exercise 42)",
    .extent = best_fit_extent,
    .plan = best_fit_plan,
};
