#include "groups.h"

#include <errno.h>
#include <stdlib.h>

static uint64_t n_rounds(const struct groups *g)
{
    uint64_t turn = (uint64_t)g->n_groups * g->n_objects;
    return generate_at_least_1(g->calls / (2 * turn)) * g->n_groups;
}

/* How many of the first `rounds` hand their group on: evenly spread. */
static uint64_t n_remote(const struct groups *g, uint64_t rounds)
{
    return rounds * g->remote / PARAM_ONE;
}

static bool is_remote(const struct groups *g, uint64_t round)
{
    return n_remote(g, round + 1) > n_remote(g, round);
}

int groups_extent(const struct groups *g, const struct workload_args *args,
                  struct workload_extent *extent, struct err *err)
{
    uint64_t n_slots = (uint64_t)g->n_groups * g->n_objects;
    if (n_slots > PLAN_SLOT_MAX)
        return err_set(err, EINVAL, "groups=%u of objects=%u are too many: lower one of them",
                       g->n_groups, g->n_objects);
    uint64_t rounds = n_rounds(g);
    uint64_t replaced = g->n_objects * (rounds + n_remote(g, rounds));
    extent->threads = args->threads;
    extent->words = args->threads * (2 * n_slots + 2 * replaced + 1);
    return 0;
}

void groups_claims(const struct groups *g, uint32_t threads, struct workload_claims *claims)
{
    uint64_t rounds = n_rounds(g);
    *claims = (struct workload_claims){0};
    generate_claim_peak(&g->sizes, (uint64_t)threads * g->n_groups * g->n_objects,
                        threads * rounds * g->n_objects, claims);
    generate_claim_remote((double)n_remote(g, rounds) / (double)rounds, claims);
}

/* The thread that is appended to. */
struct filler {
    const struct groups *g;
    struct plan_builder *b;
    uint64_t seed;
    uint32_t t;
    const uint32_t *gives, *takes; /* n_objects cells each; none where nothing is handed on */
};

/* What a group gets in a round depends on nothing before, so that a pass ends as it began. */
static void fill(const struct filler *f, uint64_t round)
{
    const struct groups *g = f->g;
    uint32_t first = (uint32_t)(round % g->n_groups) * g->n_objects;
    struct rng rng = generate_round_rng(f->seed, f->t, round);
    for (uint32_t i = 0; i < g->n_objects; i++)
        plan_builder_malloc(f->b, f->t, first + i, sizes_draw(&g->sizes, &rng));
}

/* All first give, then take: so nobody waits for ever. */
static void hand_on(const struct filler *f, uint32_t first)
{
    for (uint32_t i = 0; i < f->g->n_objects; i++)
        plan_builder_give(f->b, f->t, first + i, f->gives[i]);
    for (uint32_t i = 0; i < f->g->n_objects; i++)
        plan_builder_take(f->b, f->t, first + i, f->takes[i]);
}

static void replace(const struct filler *f, uint64_t round)
{
    const struct groups *g = f->g;
    uint64_t group = round % g->n_groups;
    uint32_t first = (uint32_t)group * g->n_objects;
    bool from_last = (round / g->n_groups + group) % 2 == 0;
    if (is_remote(g, round))
        hand_on(f, first);
    for (uint32_t i = 0; i < g->n_objects; i++)
        plan_builder_free_slot(f->b, f->t, first + (from_last ? g->n_objects - 1 - i : i));
    fill(f, round);
}

static void append_thread(const struct filler *f)
{
    uint64_t rounds = n_rounds(f->g);
    uint32_t n_slots = f->g->n_groups * f->g->n_objects;
    for (uint64_t round = rounds - f->g->n_groups; round < rounds; round++)
        fill(f, round);
    plan_builder_loop_begin(f->b, f->t);
    for (uint64_t round = 0; round < rounds; round++)
        replace(f, round);
    plan_builder_loop_end(f->b, f->t);
    for (uint32_t slot = 0; slot < n_slots; slot++)
        plan_builder_free_slot(f->b, f->t, slot);
}

int groups_plan(const struct groups *g, const struct workload_args *args, struct plan_builder *b,
                struct err *err)
{
    bool hands_on = n_remote(g, n_rounds(g)) > 0;
    uint64_t n_own = hands_on ? g->n_objects : 0; /* cells that a thread gives into */
    uint64_t n_cells = args->threads * n_own;
    uint32_t *cells = calloc(n_cells + 1, sizeof(cells[0]));
    if (!cells)
        return err_set(err, ENOMEM, "no memory for %lu cells", n_cells);
    for (uint64_t i = 0; i < n_cells; i++)
        cells[i] = plan_builder_cell(b);
    for (uint32_t t = 0; t < args->threads; t++) {
        uint32_t behind = (t + args->threads - 1) % args->threads;
        struct filler f = {.g = g,
                           .b = b,
                           .seed = args->seed,
                           .t = t,
                           .gives = cells + t * n_own,
                           .takes = cells + behind * n_own};
        append_thread(&f);
    }
    free(cells);
    return 0;
}
