#include "shape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "generate.h"
#include "shape_params.h"
#include "shape_thread.h"

/* A shape that is made: the table without what was cut off, and what follows from the parameters. */
struct making {
    const uint64_t *values;
    uint32_t threads, n_births, n_remote, fan, lag;
    uint64_t seed, words, ring;
    struct shape_table table;
    struct shape_scale scale;
    struct shape_draw draw;
    struct shape_ring *rings;     /* [threads * fan] */
    const struct shape_ring **in; /* [fan] */
    struct plan_builder *b;
};

static int copy_table(struct making *m, const struct shape_table *table, struct err *err)
{
    m->table = *table;
    m->table.rows = calloc(table->n_rows, sizeof(table->rows[0]));
    if (!m->table.rows)
        return err_set(err, ENOMEM, "no memory for %u sizes", table->n_rows);
    memcpy(m->table.rows, table->rows, table->n_rows * sizeof(table->rows[0]));
    return shape_table_cut(&m->table, m->values[SHAPE_MIN], m->values[SHAPE_MAX], err);
}

static void set_remote(struct making *m)
{
    uint64_t millionths = m->n_births * m->values[SHAPE_REMOTE];
    uint64_t others = m->threads - 1, fan = m->values[SHAPE_FAN];
    m->n_remote = others ? (uint32_t)((millionths + PARAM_ONE / 2) / PARAM_ONE) : 0;
    m->fan = m->n_remote ? (uint32_t)(fan < others ? fan : others) : 0;
}

/* Counts words, of which no request has prefixes that matter. */
static int measure(struct making *m, struct err *err)
{
    uint64_t objects = shape_scale_objects(&m->table, m->values[SHAPE_HEAP]);
    uint64_t of_births = 4 * (uint64_t)m->n_births + 6 * (uint64_t)m->n_remote + 4;
    if (objects > WORKLOAD_WORDS_MAX)
        return err_set(err, EINVAL,
                       "%lu objects would be live; %lu are the most: lower heap or raise min",
                       objects, WORKLOAD_WORDS_MAX / 2);
    m->words = 2 * objects + m->threads * of_births;
    if (m->words > WORKLOAD_WORDS_MAX)
        return err_set(
            err, EINVAL,
            "a plan of %lu words for %u threads; %lu are the most: lower heap, ops or the "
            "threads",
            m->words, m->threads, WORKLOAD_WORDS_MAX);
    return 0;
}

/* Release it in any case. */
static int making_init(struct making *m, const struct shape_table *table,
                       const struct shape_spec *spec, uint32_t threads, struct err *err)
{
    *m = (struct making){.values = spec->values, .threads = threads};
    if (threads < 1 || threads > WORKLOAD_THREADS_MAX)
        return err_set(err, EINVAL, "%u threads: 1 to %u can be had", threads,
                       WORKLOAD_THREADS_MAX);
    m->n_births = (uint32_t)(spec->values[SHAPE_OPS] / 2);
    set_remote(m);
    int rc = copy_table(m, table, err);
    return rc < 0 ? rc : measure(m, err);
}

static void making_release(struct making *m)
{
    for (uint64_t i = 0; m->rings && i < (uint64_t)m->threads * m->fan; i++)
        shape_ring_release(&m->rings[i]);
    free(m->rings);
    free(m->in);
    shape_draw_release(&m->draw);
    shape_scale_release(&m->scale);
    shape_table_release(&m->table);
    plan_builder_free(m->b);
}

int shape_check(const struct shape_table *table, const struct shape_spec *spec, uint32_t threads,
                struct err *err)
{
    struct making m;
    int rc = making_init(&m, table, spec, threads, err);
    making_release(&m);
    return rc;
}

/* A thread's draw is made twice where rings need those of all threads first: the same each time. */
static struct rng draw_thread(struct making *m, uint32_t t)
{
    struct rng rng = generate_rng(m->seed, t);
    shape_draw_make(&m->draw, m->n_remote, m->lag, &rng);
    return rng;
}

/*
 * Objects on their way are live, too: no more than an eighth of what is, where a ring can be so
 * small. A hand-over takes half a round, in births.
 */
static void set_rings(struct making *m)
{
    uint64_t few = m->fan > 0 ? m->scale.n_live / (4 * (uint64_t)m->fan) : 0;
    m->ring = few > 2 ? few : 2;
    if (m->ring > m->values[SHAPE_RING])
        m->ring = m->values[SHAPE_RING];
    if (m->fan > 0)
        m->lag = m->n_births / (2 * shape_ring_rounds(m->n_remote / m->fan, m->ring));
}

static int make_rings(struct making *m, struct err *err)
{
    const struct shape_wiring wiring = {.n_threads = m->threads, .fan = m->fan, .most = m->ring};
    int rc = 0;
    for (uint32_t t = 0; rc == 0 && m->fan > 0 && t < m->threads; t++) {
        draw_thread(m, t);
        rc = shape_ring_make(&m->rings[(uint64_t)t * m->fan], &wiring, t, &m->draw, m->b, err);
    }
    return rc;
}

/* Starts of all threads, evenly spread from a random one on. */
static uint32_t start_of(const struct making *m, uint32_t t)
{
    struct rng rng = generate_rng(m->seed, WORKLOAD_THREADS_MAX);
    return (uint32_t)(rng_next(&rng) + (((uint64_t)t << SHAPE_COUNT_BITS) / m->threads));
}

static int make_thread(struct making *m, uint32_t t, struct err *err)
{
    struct rng rng = draw_thread(m, t);
    struct shape_thread thread = {.t = t,
                                  .start = start_of(m, t),
                                  .draw = &m->draw,
                                  .fan = m->fan,
                                  .out = m->rings + (uint64_t)t * m->fan,
                                  .in = m->in};
    for (uint32_t f = 0; f < m->fan; f++) {
        uint64_t giver = (t + m->threads - 1 - f) % m->threads;
        m->in[f] = &m->rings[giver * m->fan + f];
    }
    return shape_thread_plan(&thread, &rng, m->b, err);
}

static int make_parts(struct making *m, const char *name, struct err *err)
{
    m->b = plan_builder_new(name, m->threads);
    m->rings = calloc((size_t)m->threads * m->fan + 1, sizeof(m->rings[0]));
    m->in = calloc(m->fan + (size_t)1, sizeof(m->in[0]));
    if (!m->b || !m->rings || !m->in)
        return err_set(err, ENOMEM, "no memory for a plan of %u threads", m->threads);
    int rc =
        shape_scale_make(&m->table, m->values[SHAPE_HEAP], m->threads, m->n_births, &m->scale, err);
    set_rings(m);
    return rc < 0 ? rc : shape_draw_init(&m->draw, &m->scale, err);
}

static int make_words(struct making *m, struct err *err)
{
    plan_builder_settles(m->b);
    if (!m->values[SHAPE_MAIN])
        plan_builder_off_main(m->b);
    for (uint32_t t = 0; t < m->threads; t++)
        plan_builder_root(m->b, t);
    int rc = make_rings(m, err);
    for (uint32_t t = 0; rc == 0 && t < m->threads; t++)
        rc = make_thread(m, t, err);
    return rc;
}

int shape_plan(const struct shape_wanted *wanted, int *fd, const struct plan **plan,
               struct err *err)
{
    struct making m;
    int rc = making_init(&m, wanted->table, wanted->spec, wanted->threads, err);
    m.seed = wanted->seed;
    if (rc == 0)
        rc = make_parts(&m, wanted->name, err);
    if (rc == 0)
        rc = make_words(&m, err);
    if (rc == 0)
        rc = plan_builder_finish(m.b, fd, plan, err);
    making_release(&m);
    if (rc < 0)
        err_prefix(err, "%s", wanted->name);
    return rc;
}
