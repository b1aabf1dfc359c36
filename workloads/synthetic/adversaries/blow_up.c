/*
 * Hoard's blow-up: threads in a ring, one at work at a time. It takes what its predecessor allocated,
 * frees it, allocates as much anew and hands that on:
 *
 *      thread 0   allocate, give ─► thread 1   free; allocate, give ─► ... ─► thread 0   free
 *
 * No more than `objects` of them are ever live. An allocator whose threads have heaps of their own, to
 * which a block returns when any thread frees it, ends with as much in each: threads times what is live.
 * A thread that ends may leave its heap to the next one, so none ends before all had their turn: one
 * object goes round last, handed on by each.
 */
#include <errno.h>
#include <stdlib.h>

#include "adversaries.h"
#include "generate.h"

enum { OBJECTS, SIZE, MAIN };

static const struct param params[] = {
    [OBJECTS] = {"objects", PARAM_COUNT, 8192, 1, 10000000, "that go round"},
    [SIZE] = {"size", PARAM_BYTES, 2048, 1, GIB, "of each object"},
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

static uint64_t n_objects(const struct workload_args *args)
{
    return args->values[OBJECTS];
}

static int blow_up_extent(const struct workload_args *args, struct workload_extent *extent,
                          struct err *err)
{
    (void)err;
    extent->threads = args->threads;
    extent->words = args->threads * (4 * n_objects(args) + 3);
    return 0;
}

static void append_taking(uint64_t n, const uint32_t *cells, struct plan_builder *b, uint32_t t)
{
    for (uint64_t i = 0; i < n; i++) {
        plan_builder_take(b, t, (uint32_t)i, cells[i]);
        plan_builder_free_slot(b, t, (uint32_t)i);
    }
}

static void append_giving(const struct workload_args *args, const uint32_t *cells,
                          struct plan_builder *b, uint32_t t)
{
    for (uint64_t i = 0; i < n_objects(args); i++)
        plan_builder_malloc(b, t, (uint32_t)i, args->values[SIZE]);
    for (uint64_t i = 0; i < n_objects(args); i++)
        plan_builder_give(b, t, (uint32_t)i, cells[i]);
}

/* The object that says that all had their turn: from thread 0 to 1, to 2, .. `cells` are by taker. */
static void append_last_round(const struct workload_args *args, const uint32_t *cells,
                              struct plan_builder *b, uint32_t t)
{
    if (t == 0)
        plan_builder_malloc(b, t, 0, args->values[SIZE]);
    else
        plan_builder_take(b, t, 0, cells[t]);
    if (t + 1 < args->threads)
        plan_builder_give(b, t, 0, cells[t + 1]);
    else
        plan_builder_free_slot(b, t, 0);
}

static int blow_up_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    uint64_t n = n_objects(args);
    uint64_t n_cells = args->threads * (n + 1); /* n behind each thread, then one before each */
    uint32_t *cells = calloc(n_cells, sizeof(cells[0]));
    if (!cells)
        return err_set(err, ENOMEM, "no memory to hand over %lu objects", n);
    for (uint64_t i = 0; i < n_cells; i++)
        cells[i] = plan_builder_cell(b);
    for (uint32_t t = 0; t < args->threads; t++) {
        const uint32_t *from = cells + n * ((t + args->threads - 1) % args->threads);
        plan_builder_loop_begin(b, t);
        if (t > 0)
            append_taking(n, from, b, t);
        append_giving(args, cells + n * t, b, t);
        if (t == 0)
            append_taking(n, from, b, t);
        append_last_round(args, cells + n * args->threads, b, t);
        plan_builder_loop_end(b, t);
    }
    free(cells);
    return 0;
}

static void blow_up_claims(const struct workload_args *args, struct workload_claims *claims)
{
    uint64_t live = n_objects(args) * args->values[SIZE];
    *claims = (struct workload_claims){
        .remote_min = 1, .remote_max = 1, .live_min = live, .live_max = live};
}

static double blow_up_share_below(const struct workload_args *args, uint64_t bytes)
{
    return args->values[SIZE] < bytes ? 1 : 0;
}

static uint64_t blow_up_bound(const struct workload_args *args)
{
    return args->threads * n_objects(args) * args->values[SIZE];
}

const struct workload workload_blow_up = {
    .name = "blow-up",
    .summary = "threads in a ring: each frees what the one before it allocated, and allocates as "
               "much: what thread heaps hold beyond what is live",
    .source = "Berger, McKinley, Blumofe and Wilson, Hoard: a scalable memory allocator for "
              "multithreaded applications (2000)",
    .surprise =
        "a footprint of one round's bytes however many threads there are, from an allocator "
        "with a heap for each thread: it gives back, or away, what a heap does not use",
    .params = params,
    .threads_min = 2,
    .seedless = true,
    .from_cold = true,
    .claims = blow_up_claims,
    .share_below = blow_up_share_below,
    .bound = blow_up_bound,
    .bound_source = "Berger and others 2000: private heaps with ownership blow up by the number of "
                    "threads: P times what is live",
    .extent = blow_up_extent,
    .plan = blow_up_plan,
};
