/*
 * Fewer threads allocate than free, or more: k makers send their objects to m enders in turn. What
 * an ender frees returns to its own cache, where it never allocates, or to the maker's arena, where
 * it takes a lock or a list shared with all other enders. Each ender keeps the last so many, so
 * that neighbours in memory are freed by many threads at many times.
 *
 *      thread 0..k-1   make      message i of all is made by maker i mod k and goes to ender
 *      thread k..      end       i mod m, through a ring of cells for each pair
 *
 * An ender takes half a ring at a time, the last object first: so it sleeps and is woken once for
 * many, and the allocator is measured more than the kernel. Nobody waits for ever: messages lie in
 * blocks, each half a ring of every pair. When all of a block are taken, makers can give all of the
 * next, which is all that enders wait for.
 */
#include <errno.h>
#include <stdlib.h>

#include "generate.h"
#include "patterns.h"

enum { MAKERS, MIN, MAX, HELD, RING, OPS, MAIN };

static const struct param params[] = {
    [MAKERS] = {"makers", PARAM_SHARE, PARAM_MILLIONTHS(0.25), 0, PARAM_ONE,
                "of the threads, that allocate; one at least, and one remains to free"},
    [MIN] = GENERATE_MIN_ROW(64),
    [MAX] = GENERATE_MAX_ROW(16 * KIB),
    [HELD] = {"held", PARAM_COUNT, 500, 1, 1000000, "objects that each ender keeps, the latest"},
    [RING] = {"ring", PARAM_COUNT, 128, 1, 1000000, "objects at most between a maker and an ender"},
    [OPS] = GENERATE_OPS_ROW(10000, "objects that each maker makes in one pass"),
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

/* Who sends what to whom. */
struct wiring {
    uint32_t n_makers, n_enders;
    uint32_t n_pairs; /* that ever send: lcm of both */
    uint64_t n_messages, n_ring, n_held;
    uint32_t *cells; /* n_ring for each pair */
};

static uint32_t gcd(uint32_t a, uint32_t b)
{
    while (b > 0) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static struct wiring wiring_of(const struct workload_args *args)
{
    const uint64_t *v = args->values;
    uint64_t makers = (args->threads * v[MAKERS] + PARAM_ONE / 2) / PARAM_ONE;
    struct wiring w = {.n_makers = (uint32_t)least(generate_at_least_1(makers), args->threads - 1)};
    w.n_enders = args->threads - w.n_makers;
    w.n_pairs = w.n_makers / gcd(w.n_makers, w.n_enders) * w.n_enders;
    w.n_messages = w.n_makers * v[OPS];
    if (w.n_messages < w.n_enders)
        w.n_messages = w.n_enders; /* nobody is left out */
    /* no more than there are messages for it */
    w.n_ring = least(v[RING], (w.n_messages + w.n_pairs - 1) / w.n_pairs);
    w.n_held = least(v[HELD], (w.n_messages + w.n_enders - 1) / w.n_enders);
    return w;
}

/* Messages i and i + n_pairs have the same maker and the same ender. */
static uint32_t cell_of(const struct wiring *w, uint64_t message)
{
    uint64_t pair = message % w->n_pairs;
    return w->cells[pair * w->n_ring + message / w->n_pairs % w->n_ring];
}

static struct sizes sizes_for(const struct workload_args *args)
{
    return sizes_of(args->values[MIN], args->values[MAX]);
}

static int asymmetric_extent(const struct workload_args *args, struct workload_extent *extent,
                             struct err *err)
{
    struct wiring w = wiring_of(args);
    extent->threads = args->threads;
    extent->words = 4 * w.n_messages + args->threads;
    return sizes_check(args->values[MIN], args->values[MAX], err);
}

/* How far the threads are apart is open: at least one ender is once full. */
static void asymmetric_claims(const struct workload_args *args, struct workload_claims *claims)
{
    struct wiring w = wiring_of(args);
    struct sizes sizes = sizes_for(args);
    uint64_t most = args->threads + w.n_enders * w.n_held + w.n_pairs * w.n_ring;
    *claims = (struct workload_claims){0};
    generate_claim_live(&sizes, least(w.n_held, w.n_messages / w.n_enders), claims);
    uint64_t live_min = claims->live_min;
    generate_claim_peak(&sizes, least(most, w.n_messages), w.n_messages, claims);
    claims->live_min = live_min;
    claims->remote_min = claims->remote_max = 1;
}

static double asymmetric_share_below(const struct workload_args *args, uint64_t bytes)
{
    struct sizes sizes = sizes_for(args);
    return sizes_share_below(&sizes, bytes);
}

static void append_maker(const struct wiring *w, const struct workload_args *args,
                         struct plan_builder *b, uint32_t t)
{
    struct rng rng = generate_rng(args->seed, t);
    struct sizes sizes = sizes_for(args);
    plan_builder_loop_begin(b, t);
    for (uint64_t i = t; i < w->n_messages; i += w->n_makers) {
        plan_builder_malloc(b, t, 0, sizes_draw(&sizes, &rng));
        plan_builder_give(b, t, 0, cell_of(w, i));
    }
    plan_builder_loop_end(b, t);
}

/* Takes a pair's part of a block, last message first; `n` counts what the ender took so far. */
static void append_taking(const struct wiring *w, struct plan_builder *b, uint32_t t,
                          uint64_t first, uint64_t *n)
{
    uint64_t end = first;
    for (uint64_t i = 0; i < (w->n_ring + 1) / 2 && end < w->n_messages; i++)
        end += w->n_pairs;
    while (end > first) {
        end -= w->n_pairs;
        uint32_t slot = (uint32_t)(*n % w->n_held);
        if (*n >= w->n_held)
            plan_builder_free_slot(b, t, slot);
        plan_builder_take(b, t, slot, cell_of(w, end));
        ++*n;
    }
}

static void append_ender(const struct wiring *w, struct plan_builder *b, uint32_t ender)
{
    uint32_t t = w->n_makers + ender;
    uint64_t n = 0;
    uint64_t block = w->n_pairs * ((w->n_ring + 1) / 2);
    plan_builder_loop_begin(b, t);
    for (uint64_t first = 0; first < w->n_messages; first += block)
        for (uint64_t pair = ender; pair < w->n_pairs; pair += w->n_enders)
            append_taking(w, b, t, first + pair, &n);
    for (uint64_t slot = 0; slot < least(n, w->n_held); slot++)
        plan_builder_free_slot(b, t, (uint32_t)slot);
    plan_builder_loop_end(b, t);
}

static int asymmetric_plan(const struct workload_args *args, struct plan_builder *b,
                           struct err *err)
{
    struct wiring w = wiring_of(args);
    uint64_t n_cells = w.n_pairs * w.n_ring;
    w.cells = calloc(n_cells, sizeof(w.cells[0]));
    if (!w.cells)
        return err_set(err, ENOMEM, "no memory for %lu cells", n_cells);
    for (uint64_t i = 0; i < n_cells; i++)
        w.cells[i] = plan_builder_cell(b);
    for (uint32_t t = 0; t < w.n_makers; t++)
        append_maker(&w, args, b, t);
    for (uint32_t ender = 0; ender < w.n_enders; ender++)
        append_ender(&w, b, ender);
    free(w.cells);
    return 0;
}

const struct workload workload_asymmetric = {
    .name = "asymmetric",
    .summary = "few threads allocate and many free, or the other way round",
    .source = "jemalloc issue 2757 (10 threads allocate, 400 free) and mimalloc issue 1364 (16 "
              "allocate, one frees)",
    .surprise = "resident memory that grows with the run, or with the number of those who "
                "free: what is live is bounded, so they would keep what only makers can use",
    .params = params,
    .threads_min = 2,
    .claims = asymmetric_claims,
    .share_below = asymmetric_share_below,
    .extent = asymmetric_extent,
    .plan = asymmetric_plan,
};
