#include "findings.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "findings_make.h"
#include "trend.h"

static struct machine_mood mood_of(const struct findings_search *q, double mean_cpus, size_t offset)
{
    struct machine_mood m = {.mean_cpus = mean_cpus, .least_cpus = INFINITY};
    double wall_ns = INFINITY;
    for (uint32_t b = 0; b < q->n->s->n_blocks; b++) {
        const struct block_times *t = &q->n->times[b];
        double taken = *(const double *)((const char *)t + offset);
        if (t->wall_ns <= 0)
            continue;
        double cpus = taken / t->wall_ns;
        wall_ns = fmin(wall_ns, t->wall_ns);
        if (cpus < m.least_cpus) {
            m.least_cpus = cpus;
            m.least_block = b;
        }
        if (cpus > m.most_cpus) {
            m.most_cpus = cpus;
            m.most_block = b;
        }
    }
    double moved = m.most_cpus - m.least_cpus;
    m.has_moved = moved > FINDING_MOVED_CPUS && moved * wall_ns > FINDING_MOVED_NS;
    return m;
}

/* A fact like "2100 (block 4)". */
static bool read_frequency(const struct store_run *run, const char *key, uint64_t *mhz,
                           uint32_t *block)
{
    for (uint32_t i = 0; i < run->n_facts; i++)
        if (strcmp(run->facts[i].key, key) == 0)
            return sscanf(run->facts[i].value, "%lu (block %u)", mhz, block) == 2;
    return false;
}

/* Chance of no trend below this: one run has one such test. */
static int find_drift(struct findings_search *q, double *size, struct err *err)
{
    const struct summary *s = q->n->s;
    size_t n_rows = (size_t)s->run.n_cells * s->run.n_subjects;
    struct trend trend;
    for (uint32_t b = 0; b < s->n_blocks; b++) {
        for (size_t i = 0; i < n_rows; i++)
            q->column[i] = q->logs[i * s->n_blocks + b];
        size_t n_there = findings_gather(q->column, (unsigned)n_rows, q->column);
        q->n->scratch[b] = n_there ? stats_median(q->column, n_there) : NAN;
    }
    int result = trend_find(q->n->scratch, s->n_blocks, &trend, err);
    double whole = result == 0 ? trend.slope * (s->n_blocks - 1.0) : 0;
    bool is_certain = result == 0 && trend.chance <= FINDINGS_ALPHA;
    *size = is_certain && fabs(whole) >= log1p(FINDING_DRIFT_LEAST) ? whole : 0;
    return result;
}

/* Adds a finding whose sentence `say` has just written through `text`. */
static int append(struct summary *s, const struct finding *f, FILE *out, char **text,
                  struct err *err)
{
    bool good = fclose(out) == 0;
    if (!good || !*text)
        return err_set(err, ENOMEM, "no memory for the findings of run %s", s->run.name);
    s->findings[s->n_findings] = *f;
    s->findings[s->n_findings++].text = *text;
    *text = NULL;
    return 0;
}

struct machine_findings {
    struct machine_mood foreign, steal;
    uint64_t low_mhz, high_mhz; /* 0: unknown, or the same */
    uint32_t low_block, high_block;
    double drift; /* 0: none */
};

static bool is_told(const struct machine_mood *m)
{
    return m->mean_cpus > SUMMARY_DISTURBED || m->has_moved;
}

static bool applies(const struct findings_search *q, const struct machine_findings *m,
                    enum finding_kind kind)
{
    switch (kind) {
    case FINDING_FOREIGN:
        return is_told(&m->foreign);
    case FINDING_STEAL:
        return is_told(&m->steal);
    case FINDING_FREQUENCY:
        return (double)m->high_mhz > (double)m->low_mhz * (1 + FINDING_FREQUENCY_LEAST);
    case FINDING_DRIFT:
        return m->drift != 0;
    default:
        return q->found[kind].n_cases > 0;
    }
}

static void say(FILE *out, const struct findings_search *q, const struct machine_findings *m,
                enum finding_kind kind)
{
    if (kind == FINDING_FOREIGN || kind == FINDING_STEAL)
        findings_say_taken(out, kind, kind == FINDING_STEAL ? &m->steal : &m->foreign);
    else if (kind == FINDING_FREQUENCY)
        findings_say_frequency(out, m->low_mhz, m->low_block, m->high_mhz, m->high_block);
    else if (kind == FINDING_DRIFT)
        findings_say_drift(out, m->drift);
    else
        findings_say_cases(out, q->n->s, &q->found[kind]);
}

static int write_all(struct findings_search *q, const struct machine_findings *m, struct err *err)
{
    struct summary *s = q->n->s;
    int result = 0;
    s->findings = calloc(FINDING_KINDS, sizeof(*s->findings));
    if (!s->findings)
        return err_set(err, ENOMEM, "no memory for the findings of run %s", s->run.name);
    for (int k = 0; k < FINDING_KINDS && result == 0; k++) {
        char *text = NULL;
        size_t n_bytes;
        if (!applies(q, m, (enum finding_kind)k))
            continue;
        FILE *out = open_memstream(&text, &n_bytes);
        if (!out)
            return err_set(err, ENOMEM, "no memory for the findings of run %s", s->run.name);
        say(out, q, m, (enum finding_kind)k);
        result = append(s, &q->found[k], out, &text, err);
        free(text);
    }
    return result;
}

static int search_begin(struct findings_search *q, struct err *err)
{
    const struct summary *s = q->n->s;
    size_t n_rows = (size_t)s->run.n_cells * s->run.n_subjects;
    q->logs = calloc(n_rows * s->n_blocks + 1, sizeof(*q->logs));
    q->work = calloc(s->n_blocks + 1, sizeof(*q->work));
    q->common = calloc(s->n_blocks + 1, sizeof(*q->common));
    q->column = calloc(n_rows + 1, sizeof(*q->column));
    if (!q->logs || !q->work || !q->common || !q->column)
        return err_set(err, ENOMEM, "no memory for the findings of run %s", s->run.name);
    for (uint32_t c = 0; c < s->run.n_cells; c++)
        for (uint32_t i = 0; i < s->run.n_subjects; i++) {
            findings_centre(q, numbers_of(q->n, MEASURE_THROUGHPUT, c, i), findings_logs(q, c, i));
            q->n_rows += findings_count(s, c, i);
            q->n_pairs += findings_count(s, c, i) && i != s->baseline;
        }
    for (int k = 0; k < FINDING_KINDS; k++)
        q->found[k].kind = (enum finding_kind)k;
    q->found[FINDING_NOISE].n_of = q->found[FINDING_RATIO_DRIFT].n_of = q->n_pairs;
    q->found[FINDING_OUTLIERS].n_of = s->n_trials;
    q->found[FINDING_MODES].n_of = 2 * q->n_rows;
    return 0;
}

static int search_all(struct findings_search *q, struct err *err)
{
    const struct summary *s = q->n->s;
    struct machine_findings m = {
        .foreign =
            mood_of(q, s->disturbance.foreign_cpus, offsetof(struct block_times, foreign_ns)),
        .steal = mood_of(q, s->disturbance.stolen_cpus, offsetof(struct block_times, steal_ns))};
    if (!read_frequency(&s->run, FACT_CPU_MHZ_LEAST, &m.low_mhz, &m.low_block) ||
        !read_frequency(&s->run, FACT_CPU_MHZ_MOST, &m.high_mhz, &m.high_block))
        m.high_mhz = 0;
    int result = find_drift(q, &m.drift, err);
    if (result == 0)
        result = findings_in_rows(q, err);
    return result < 0 ? result : write_all(q, &m, err);
}

int findings_make(struct numbers *n, struct err *err)
{
    struct findings_search q = {.n = n};
    int result = search_begin(&q, err);
    if (result == 0)
        result = search_all(&q, err);
    dip_null_release(&q.null);
    free(q.logs);
    free(q.work);
    free(q.common);
    free(q.column);
    return result;
}
