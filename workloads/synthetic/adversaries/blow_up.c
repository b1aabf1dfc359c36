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
 *
 * One way (way=one): the first thread allocates, the others free, in turn, and allocate nothing. An allocator whose
 * threads keep what they free, and give nothing back or away, never uses it again: its heap grows by all that is
 * handed over, for as long as the rounds go on, where no more than `objects` are ever live:
 *
 *      thread 0   allocate, give ─► thread 1   free ─┐       thread 0   allocate, give ─► thread 2   free ..
 *                                       one comes back, and goes along with the next round
 */
#include <errno.h>
#include <stdlib.h>

#include "adversaries.h"
#include "generate.h"

enum { OBJECTS, SIZE, WAY, ROUNDS, MAIN };
enum { RING, ONE };

static const char *const ways[] = {"ring", "one"};

static const struct param params[] = {
    [OBJECTS] = {"objects", PARAM_COUNT, 8192, 1, 10000000,
                 "that go round, or that are handed over at a time"},
    [SIZE] = {"size", PARAM_BYTES, 2048, 1, GIB, "of each object"},
    [WAY] =
        {"way", PARAM_CHOICE, RING, 0, ONE,
         "ring: each thread frees what the one before it allocated, and allocates as much; one: the first "
         "allocates, the others only free",
         ways},
    [ROUNDS] = {"rounds", PARAM_COUNT, 4, 1, 1000, "of way=one, for each thread that frees"},
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

static uint64_t n_objects(const struct workload_args *args)
{
    return args->values[OBJECTS];
}

/* Of way=one. */
static uint64_t n_rounds(const struct workload_args *args)
{
    return (args->threads - 1) * args->values[ROUNDS];
}

/* All that is allocated in the rounds of way=one: each but the first gets one that came back. */
static uint64_t n_one_way(const struct workload_args *args)
{
    return n_rounds(args) * (n_objects(args) - 1) + 1;
}

static bool is_one_way(const struct workload_args *args)
{
    return args->values[WAY] == ONE;
}

static int blow_up_extent(const struct workload_args *args, struct workload_extent *extent,
                          struct err *err)
{
    (void)err;
    extent->threads = args->threads;
    extent->words = is_one_way(args) ? 4 * n_rounds(args) * n_objects(args) + 2 + args->threads
                                     : args->threads * (4 * n_objects(args) + 3);
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

/* Slot 0 of thread 0 holds what came back. The last cell is for that. */
static void append_producing(const struct workload_args *args, const uint32_t *cells,
                             struct plan_builder *b)
{
    uint64_t n = n_objects(args);
    plan_builder_loop_begin(b, 0);
    plan_builder_malloc(b, 0, 0, args->values[SIZE]);
    for (uint64_t r = 0; r < n_rounds(args); r++) {
        const uint32_t *to = cells + (n + 1) * (r % (args->threads - 1));
        for (uint64_t i = 1; i < n; i++)
            plan_builder_malloc(b, 0, (uint32_t)i, args->values[SIZE]);
        for (uint64_t i = 0; i < n; i++)
            plan_builder_give(b, 0, (uint32_t)i, to[i]);
        plan_builder_take(b, 0, 0, to[n]);
    }
    plan_builder_free_slot(b, 0, 0);
    plan_builder_loop_end(b, 0);
}

static void append_freeing(const struct workload_args *args, const uint32_t *cells,
                           struct plan_builder *b, uint32_t t)
{
    uint64_t n = n_objects(args);
    plan_builder_loop_begin(b, t);
    for (uint64_t r = 0; r < args->values[ROUNDS]; r++) {
        plan_builder_take(b, t, 0, cells[0]);
        for (uint64_t i = 1; i < n; i++) {
            plan_builder_take(b, t, 1, cells[i]);
            plan_builder_free_slot(b, t, 1);
        }
        plan_builder_give(b, t, 0, cells[n]);
    }
    plan_builder_loop_end(b, t);
}

static void append_one_way(const struct workload_args *args, const uint32_t *cells,
                           struct plan_builder *b)
{
    append_producing(args, cells, b);
    for (uint32_t t = 1; t < args->threads; t++)
        append_freeing(args, cells + (n_objects(args) + 1) * (t - 1), b, t);
}

static void append_ring(const struct workload_args *args, const uint32_t *cells,
                        struct plan_builder *b)
{
    uint64_t n = n_objects(args);
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
}

static int blow_up_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    uint64_t n = n_objects(args);
    uint64_t n_cells =
        args->threads * (n + 1); /* ring: n behind each thread, then one before each */
    uint32_t *cells = calloc(n_cells, sizeof(cells[0]));
    if (!cells)
        return err_set(err, ENOMEM, "no memory to hand over %lu objects", n);
    if (is_one_way(args))
        n_cells -= n + 1; /* the first thread gets none */
    for (uint64_t i = 0; i < n_cells; i++)
        cells[i] = plan_builder_cell(b);
    if (is_one_way(args))
        append_one_way(args, cells, b);
    else
        append_ring(args, cells, b);
    free(cells);
    return 0;
}

/* One way, the object that came back last is freed by its maker. */
static void blow_up_claims(const struct workload_args *args, struct workload_claims *claims)
{
    uint64_t live = n_objects(args) * args->values[SIZE];
    double remote = is_one_way(args) ? 1 - 1 / (double)n_one_way(args) : 1;
    *claims = (struct workload_claims){
        .remote_min = remote, .remote_max = remote, .live_min = live, .live_max = live};
}

static double blow_up_share_below(const struct workload_args *args, uint64_t bytes)
{
    return args->values[SIZE] < bytes ? 1 : 0;
}

static uint64_t blow_up_bound(const struct workload_args *args)
{
    uint64_t n = is_one_way(args) ? n_one_way(args) : args->threads * n_objects(args);
    return n * args->values[SIZE];
}

const struct workload workload_blow_up = {
    .name = "blow-up",
    .summary = "threads in a ring: each frees what the one before it allocated, and allocates as "
               "much: what thread heaps hold beyond what is live",
    .source = "Berger, McKinley, Blumofe and Wilson, Hoard: a scalable memory allocator for "
              "multithreaded applications (2000)",
    .surprise =
        "a footprint of one round's bytes however many threads there are, from an allocator "
        "with a heap for each thread: it gives back, or away, what a heap does not use; "
        "way=one near its bound: memory is lost to threads that only free, and more with each round",
    .params = params,
    .threads_min = 2,
    .seedless = true,
    .from_cold = true,
    .claims = blow_up_claims,
    .share_below = blow_up_share_below,
    .bound = blow_up_bound,
    .bound_source = "Berger and others 2000: private heaps with ownership blow up by the number of "
                    "threads: P times what is live; pure private heaps, on way=one, without "
                    "bound: all that is handed over. Of one pass",
    .extent = blow_up_extent,
    .plan = blow_up_plan,
};
