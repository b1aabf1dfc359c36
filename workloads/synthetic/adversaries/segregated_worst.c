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

enum { OBJECTS, MIN, MAX, SIZES, PER_DOUBLING, PAGE, MAIN };
enum { DISCOVERED, EVEN };

static const char *const series_words[] = {"discovered", "even"};

static const struct param params[] = {
    [OBJECTS] =
        {"objects", PARAM_COUNT, 8192, 1, 10000000,
         "of the least size, that each thread has at one time; their bytes are the limit of all turns"},
    [MIN] = GENERATE_MIN_ROW(128),
    [MAX] = {"max", PARAM_BYTES, 1024, 1, GIB, "greatest size"},
    [SIZES] =
        {"sizes", PARAM_CHOICE, DISCOVERED, 0, EVEN,
         "the allocators' own size classes, by malloc_usable_size, where they are known; or evenly spaced",
         series_words},
    [PER_DOUBLING] =
        {"classes", PARAM_COUNT, 4, 1, SIZE_CLASSES_STEPS,
         "sizes in each doubling: so many, evenly spaced, or at most so many of those discovered"},
    [PAGE] = {"page", PARAM_BYTES, 4096, 16, GIB,
              "what is held back from all other sizes by one object"},
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

/* From 1 byte to 1 GiB are 30 doublings. */
#define SERIES_MAX (30 * SIZE_CLASSES_STEPS + 1)

static uint64_t live_limit(const struct workload_args *args)
{
    return args->values[OBJECTS] * args->values[MIN];
}

/* The sizes that have their turns, rising. */
struct series {
    uint64_t bytes[SERIES_MAX];
    unsigned n;
};

/* min * 2^(k / per doubling), with even steps in between, as far as they are more than `above`. */
static void append_even(const struct workload_args *args, uint64_t above, struct series *s)
{
    uint64_t per_doubling = args->values[PER_DOUBLING], bytes = 0;
    for (unsigned k = 0; bytes <= args->values[MAX]; k++) {
        uint64_t low = args->values[MIN] << (k / per_doubling);
        bytes = low + low * (k % per_doubling) / per_doubling;
        if (bytes > above && bytes <= args->values[MAX])
            s->bytes[s->n++] = above = bytes; /* steps can be below a byte */
    }
}

/* The greatest class of each step; what is beyond the list goes on evenly. */
static void append_discovered(const struct workload_args *args, struct series *s)
{
    uint64_t per_doubling = args->values[PER_DOUBLING], step = 0;
    for (uint32_t i = 0; i < args->classes->n; i++) {
        uint64_t bytes = args->classes->bytes[i];
        if (bytes < args->values[MIN] || bytes > args->values[MAX])
            continue;
        uint64_t next = size_classes_step(bytes, per_doubling);
        if (s->n == 0 || next != step)
            s->n++;
        s->bytes[s->n - 1] = bytes;
        step = next;
    }
    if (s->n > 0)
        append_even(args, SIZE_CLASS_BYTES_MAX, s);
}

static bool wants_classes(const struct workload_args *args)
{
    return args->values[SIZES] == DISCOVERED;
}

/* Evenly spaced too where no class lies between min and max. */
static void make_series(const struct workload_args *args, struct series *s)
{
    s->n = 0;
    if (wants_classes(args) && args->classes)
        append_discovered(args, s);
    if (s->n == 0)
        append_even(args, 0, s);
}

/* A size's turn. */
struct turn {
    const struct workload_args *args;
    struct series series;
    unsigned k; /* of the series */
    uint64_t bytes;
    uint64_t n_objects, stride; /* of them, every so many-th is kept */
    uint64_t kept_before;       /* bytes of earlier turns that live on */
    uint64_t n_kept_before;
};

static uint64_t n_kept(const struct turn *turn)
{
    return (turn->n_objects + turn->stride - 1) / turn->stride;
}

/* Without objects when all sizes had their turns. */
static void set_up(struct turn *turn)
{
    bool is_over = turn->k == turn->series.n;
    turn->bytes = is_over ? 0 : turn->series.bytes[turn->k];
    turn->n_objects = is_over ? 0 : (live_limit(turn->args) - turn->kept_before) / turn->bytes;
    turn->stride = is_over ? 1 : generate_at_least_1(turn->args->values[PAGE] / turn->bytes);
}

static void turn_first(const struct workload_args *args, struct turn *turn)
{
    *turn = (struct turn){.args = args};
    make_series(args, &turn->series);
    set_up(turn);
}

static void turn_next(struct turn *turn)
{
    turn->kept_before += n_kept(turn) * turn->bytes;
    turn->n_kept_before += n_kept(turn);
    turn->k++;
    set_up(turn);
}

static bool is_turn(const struct turn *turn)
{
    return turn->n_objects > 0;
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
    struct turn turn;
    for (turn_first(args, &turn); is_turn(&turn); turn_next(&turn))
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
        struct turn turn;
        plan_builder_loop_begin(b, t);
        for (turn_first(args, &turn); is_turn(&turn); turn_next(&turn))
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
    struct turn turn;
    for (turn_first(args, &turn); is_turn(&turn); turn_next(&turn)) {
        uint64_t live = turn.kept_before + turn.n_objects * turn.bytes;
        peak = live > peak ? live : peak;
    }
    *claims = (struct workload_claims){.live_min = peak, .live_max = args->threads * peak};
}

static double segregated_share_below(const struct workload_args *args, uint64_t bytes)
{
    uint64_t below = 0, all = 0;
    struct turn turn;
    for (turn_first(args, &turn); is_turn(&turn); turn_next(&turn)) {
        below += turn.bytes < bytes ? turn.n_objects : 0;
        all += turn.n_objects;
    }
    return (double)below / (double)generate_at_least_1(all);
}

/* What was ever live of each size, added up. */
static uint64_t segregated_bound(const struct workload_args *args)
{
    uint64_t sum = 0;
    struct turn turn;
    for (turn_first(args, &turn); is_turn(&turn); turn_next(&turn))
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
    .wants_classes = wants_classes,
    .bound_source =
        "derived here: what was ever live of each size, added up: nothing freed can "
        "serve another class while one object stays in each page; with discovered sizes it "
        "is as many as there are",
    .extent = segregated_extent,
    .plan = segregated_plan,
};
