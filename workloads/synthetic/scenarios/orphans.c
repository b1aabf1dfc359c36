/*
 * Arenas left behind. In each wave a root starts a few threads, each of which allocates much, hands
 * everything to the root and ends. The root frees all but a few of these objects, drawn at random,
 * and then allocates as much itself; the survivors are freed late, when the next wave has come and
 * gone. What the root frees lies in arenas and heaps whose threads are gone: whether these are
 * trimmed, taken over by the threads of the next wave, or of use to the root, is what is asked.
 *
 * The roots meet four times in each wave, and a phase begins there: the threads have ended and the
 * root holds everything; all but the survivors are freed; the root has allocated as much itself; it
 * has freed that again.
 */
#include <errno.h>
#include <stdlib.h>

#include "generate.h"
#include "meeting.h"
#include "order.h"
#include "scenarios.h"

enum { WAVES, CHILDREN, OBJECTS, KEPT, MIN, MAX, MAIN };

static const struct param params[] = {
    [WAVES] = {"waves", PARAM_COUNT, 2, 1, 1000, "generations of threads in one pass"},
    [CHILDREN] = {"children", PARAM_COUNT, 2, 1, 1000, "threads of a wave, of each root"},
    [OBJECTS] = {"objects", PARAM_COUNT, 6000, 1, 10000000,
                 "that each of them allocates and leaves to the root"},
    [KEPT] = {"kept", PARAM_SHARE, PARAM_MILLIONTHS(0.02), 0, PARAM_ONE,
              "of them, that live until the next wave is gone"},
    [MIN] = GENERATE_MIN_ROW(256),
    [MAX] = GENERATE_MAX_ROW(8 * KIB),
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

/* A root with its threads. */
struct family {
    uint32_t root, first; /* threads first, first + 1, ... are the children, wave after wave */
    uint32_t n_waves, n_children;
    uint32_t n_objects, n_kept; /* of a wave */
    struct sizes sizes;
    const struct meeting *meeting;
    uint32_t *cells;     /* n_objects for each wave */
    uint32_t *orders[2]; /* of the slots of a wave, and of the one before: the first n_kept stay */
};

static uint64_t wave_objects(const struct workload_args *args)
{
    return args->values[CHILDREN] * args->values[OBJECTS];
}

static uint64_t wave_kept(const struct workload_args *args)
{
    return wave_objects(args) * args->values[KEPT] / PARAM_ONE;
}

static struct sizes sizes_for(const struct workload_args *args)
{
    return sizes_of(args->values[MIN], args->values[MAX]);
}

static int orphans_extent(const struct workload_args *args, struct workload_extent *extent,
                          struct err *err)
{
    const uint64_t *v = args->values;
    uint64_t wave = 6 * wave_objects(args) + 3 * v[CHILDREN];
    extent->threads = args->threads * (1 + v[WAVES] * v[CHILDREN]);
    extent->words =
        args->threads * (v[WAVES] * wave + 1) + meeting_words(args->threads, 4 * v[WAVES]);
    if (wave_objects(args) > PLAN_SLOT_MAX / 4)
        return err_set(err, EINVAL, "%lu objects in a wave: %u are the most", wave_objects(args),
                       PLAN_SLOT_MAX / 4);
    return sizes_check(v[MIN], v[MAX], err);
}

/* At the meetings a root has a wave of objects and the survivors of one. */
static void orphans_claims(const struct workload_args *args, struct workload_claims *claims)
{
    struct sizes sizes = sizes_for(args);
    uint64_t tickets = meeting_n_tickets(args->threads);
    uint64_t n = wave_objects(args);
    double waves = (double)(args->threads * args->values[WAVES]);
    *claims = (struct workload_claims){0};
    generate_claim_peak(&sizes, args->threads * (n + wave_kept(args)) + tickets,
                        2 * args->values[WAVES], claims);
    claims->remote_min = claims->remote_max =
        waves * (double)n / (2 * waves * (double)n + (double)tickets);
}

static double orphans_share_below(const struct workload_args *args, uint64_t bytes)
{
    struct sizes sizes = sizes_for(args);
    return sizes_share_below(&sizes, bytes);
}

static const uint32_t *cells_of(const struct family *f, uint32_t wave)
{
    return f->cells + (uint64_t)wave * f->n_objects;
}

static void append_child(const struct family *f, struct rng *rng, struct plan_builder *b,
                         uint32_t wave, uint32_t child)
{
    uint32_t t = f->first + wave * f->n_children + child;
    uint32_t n = f->n_objects / f->n_children;
    for (uint32_t i = 0; i < n; i++)
        plan_builder_malloc(b, t, i, sizes_draw(&f->sizes, rng));
    for (uint32_t i = 0; i < n; i++)
        plan_builder_give(b, t, i, cells_of(f, wave)[child * n + i]);
}

static void append_frees(const uint32_t *order, uint32_t from, uint32_t to, uint32_t base,
                         struct plan_builder *b, uint32_t t)
{
    for (uint32_t i = from; i < to; i++)
        plan_builder_free_slot(b, t, base + order[i]);
}

/* Waves use two ranges of slots in turn; the third is for what the root allocates itself. */
static uint32_t base_of(const struct family *f, uint32_t wave)
{
    return meeting_slots(f->meeting, f->root) + wave % 2 * f->n_objects;
}

static void append_wave(const struct family *f, struct rng *rng, struct plan_builder *b,
                        uint32_t wave)
{
    uint32_t t = f->root;
    uint32_t first = f->first + wave * f->n_children;
    uint32_t own = base_of(f, 0) + 2 * f->n_objects;
    uint32_t *order = f->orders[wave % 2];
    for (uint32_t i = 0; i < f->n_children; i++)
        plan_builder_spawn(b, t, first + i);
    for (uint32_t i = 0; i < f->n_children; i++)
        plan_builder_join(b, t, first + i);
    for (uint32_t i = 0; i < f->n_objects; i++)
        plan_builder_take(b, t, base_of(f, wave) + i, cells_of(f, wave)[i]);
    meeting_hold(f->meeting, b, t, 4 * wave + 1);

    order_slots(ORDER_RANDOM, order, f->n_objects, rng);
    append_frees(order, f->n_kept, f->n_objects, base_of(f, wave), b, t);
    if (wave > 0)
        append_frees(f->orders[(wave - 1) % 2], 0, f->n_kept, base_of(f, wave - 1), b, t);
    meeting_hold(f->meeting, b, t, 4 * wave + 2);

    for (uint32_t i = 0; i < f->n_objects; i++)
        plan_builder_malloc(b, t, own + i, sizes_draw(&f->sizes, rng));
    meeting_hold(f->meeting, b, t, 4 * wave + 3);
    for (uint32_t i = 0; i < f->n_objects; i++)
        plan_builder_free_slot(b, t, own + i);
    meeting_hold(f->meeting, b, t, 4 * wave + 4);
}

static void append_root(const struct family *f, struct rng *rng, struct plan_builder *b)
{
    uint32_t last = f->n_waves - 1;
    for (uint64_t i = 0; i < (uint64_t)f->n_waves * f->n_objects; i++)
        f->cells[i] = plan_builder_cell(b);
    plan_builder_loop_begin(b, f->root);
    meeting_open(f->meeting, b, f->root, sizes_draw(&f->sizes, rng));
    for (uint32_t wave = 0; wave < f->n_waves; wave++)
        append_wave(f, rng, b, wave);
    append_frees(f->orders[last % 2], 0, f->n_kept, base_of(f, last), b, f->root);
    meeting_close(f->meeting, b, f->root);
    plan_builder_loop_end(b, f->root);
    for (uint32_t wave = 0; wave < f->n_waves; wave++)
        for (uint32_t child = 0; child < f->n_children; child++)
            append_child(f, rng, b, wave, child);
}

static int append_families(struct family *f, const struct workload_args *args,
                           struct plan_builder *b, struct err *err)
{
    if (!f->cells || !f->orders[0] || !f->orders[1])
        return err_set(err, ENOMEM, "no memory to lay out %lu objects", wave_objects(args));
    for (uint32_t t = 0; t < args->threads; t++) {
        struct rng rng = generate_rng(args->seed, t);
        f->root = t;
        f->first = args->threads + t * f->n_waves * f->n_children;
        append_root(f, &rng, b);
    }
    return 0;
}

static int orphans_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    const uint64_t *v = args->values;
    uint64_t n = wave_objects(args);
    struct meeting meeting;
    struct family f = {
        .n_waves = (uint32_t)v[WAVES],
        .n_children = (uint32_t)v[CHILDREN],
        .n_objects = (uint32_t)n,
        .n_kept = (uint32_t)wave_kept(args),
        .sizes = sizes_for(args),
        .meeting = &meeting,
        .cells = calloc(v[WAVES] * n, sizeof(f.cells[0])),
        .orders = {calloc(n, sizeof(uint32_t)), calloc(n, sizeof(uint32_t))},
    };
    int rc = meeting_init(&meeting, args->threads, b, err);
    if (rc == 0)
        rc = append_families(&f, args, b, err);
    meeting_release(&meeting);
    free(f.cells);
    free(f.orders[0]);
    free(f.orders[1]);
    return rc;
}

const struct workload workload_orphans = {
    .name = "orphans",
    .summary = "threads fill arenas, leave everything to their starter and end: what becomes of "
               "heaps without threads",
    .source = "worker threads that load data for a server; mimalloc issue 333, where freed memory "
              "of ended threads was kept, and arenas on glibc's free list",
    .surprise = "resident memory of little more than what is live when the starter allocates "
                "as much again, with an allocator that has a heap for each thread: what dead "
                "threads' heaps have free was then of use to another thread",
    .params = params,
    .threads_min = 1,
    .from_cold = true,
    .claims = orphans_claims,
    .share_below = orphans_share_below,
    .extent = orphans_extent,
    .plan = orphans_plan,
};
