#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "certain.h"
#include "compare.h"

/* Together, over all cells that are looked at: half of what an interval leaves out on both sides. */
#define ALPHA ((1 - STATS_CONFIDENCE) / 2)

static enum side bad_side(enum measure m)
{
    return measure_direction(m) == HIGHER_IS_BETTER ? SIDE_BELOW : SIDE_ABOVE;
}

static double bound_of(enum measure m, double gate)
{
    return bad_side(m) == SIDE_BELOW ? 1 - gate : 1 + gate;
}

bool compare_is_beyond(const struct interval *ratio, enum measure m, double gate)
{
    if (ratio->n_blocks < STATS_FULL_COVERAGE_BLOCKS)
        return false;
    double bound = bound_of(m, gate);
    return bad_side(m) == SIDE_BELOW ? ratio->high < bound : ratio->low > bound;
}

/* The interval reaches the gate: more blocks could find it passed. */
static bool is_blind(const struct interval *ratio, enum measure m, double gate)
{
    double bound = bound_of(m, gate);
    return bad_side(m) == SIDE_BELOW ? ratio->low < bound : ratio->high > bound;
}

/* A measure in a cell that the gate looks at. */
struct test {
    struct gate_finding where;
    double chance;
};

static double chance_of(const struct comparison *c, const struct gate_finding *at)
{
    const struct compare_pair *p = &c->pairs[at->pair];
    const struct comparable_cell *cell = &c->cells[at->cell];
    const double *a = summary_values(&c->a, at->measure, cell->a, p->a);
    const double *b = summary_values(&c->b, at->measure, cell->b, p->b);
    double bound = bound_of(at->measure, c->options.gate);
    enum side side = bad_side(at->measure);
    if (!c->is_paired)
        return certain_unpaired(&(struct certain_sample){a, c->a.n_blocks},
                                &(struct certain_sample){b, c->b.n_blocks}, bound, side);
    double *ratios = calloc((size_t)c->a.n_blocks + 1, sizeof(*ratios));
    if (!ratios)
        return NAN;
    stats_paired_ratios(b, a, c->a.n_blocks, ratios);
    double chance = certain_paired(ratios, c->a.n_blocks, bound, side);
    free(ratios);
    return chance;
}

static void find(struct comparison *c, const struct gate_finding *finding)
{
    c->findings[c->n_findings++] = *finding;
}

/* Less than the kernel's own error in counting resident pages is no change. */
static bool is_above_grain(const struct comparison *c, const struct gate_finding *at)
{
    const struct compare_pair *p = &c->pairs[at->pair];
    const struct comparable_cell *cell = &c->cells[at->cell];
    double a = summary_entry(&c->a, cell->a, p->a)->measured[at->measure].median;
    double b = summary_entry(&c->b, cell->b, p->b)->measured[at->measure].median;
    return fabs(b - a) >= measure_grain(at->measure);
}

/* Lists the measures of a cell; one with too few blocks counts as not judged. */
static void list_tests(struct comparison *c, uint32_t pair, uint32_t cell, struct test *tests,
                       unsigned *n)
{
    for (int m = 0; m < MEASURES; m++) {
        if (!compare_is_gated((enum measure)m))
            continue;
        if (compared_cell(c, pair, cell, (enum measure)m)->ratio.n_blocks <
            STATS_FULL_COVERAGE_BLOCKS) {
            c->n_not_judged++;
            continue;
        }
        struct test *t = &tests[(*n)++];
        t->where = (struct gate_finding){.pair = pair, .cell = cell, .measure = (enum measure)m};
        t->chance = chance_of(c, &t->where);
    }
}

static int judge_cells(struct comparison *c, struct test *tests, unsigned n, struct err *err)
{
    double *chances = calloc((size_t)n + 1, sizeof(*chances));
    bool *is_certain = calloc((size_t)n + 1, sizeof(*is_certain)), is_complete = true;
    if (!chances || !is_certain) {
        free(chances);
        free(is_certain);
        return err_set(err, ENOMEM, "no memory for the gate");
    }
    for (unsigned i = 0; i < n; i++) {
        chances[i] = tests[i].chance;
        is_complete &= !isnan(chances[i]);
    }
    int result = is_complete ? certain_holm(chances, n, ALPHA, is_certain, err)
                             : err_set(err, ENOMEM, "no memory for the gate");
    for (unsigned i = 0; i < n && result == 0; i++) {
        const struct gate_finding *at = &tests[i].where;
        const struct interval *ratio = &compared_cell(c, at->pair, at->cell, at->measure)->ratio;
        if (is_certain[i] && compare_is_beyond(ratio, at->measure, c->options.gate) &&
            is_above_grain(c, at))
            find(c, at);
        else if (is_blind(ratio, at->measure, c->options.gate))
            c->n_blind++;
    }
    c->n_judged = n;
    free(chances);
    free(is_certain);
    return result;
}

static void judge_means(struct comparison *c, uint32_t pair)
{
    for (int m = 0; m < MEASURES && c->n_mean_cells > 1; m++)
        if (compare_is_gated((enum measure)m) &&
            compare_is_beyond(&c->pairs[pair].means[m].ratio, (enum measure)m, c->options.gate))
            find(c,
                 &(struct gate_finding){.pair = pair, .is_mean = true, .measure = (enum measure)m});
}

/* What failed now and then before and fails always now has no speed that could be judged. */
static bool has_got_worse(const struct summary_entry *a, const struct summary_entry *b)
{
    bool is_new = a->n_ok == a->n_trials && b->n_ok < b->n_trials;
    bool is_lost = b->n_ok == 0 && b->n_trials > 0;
    return a->n_ok > 0 && (is_new || is_lost);
}

static void judge_failures(struct comparison *c, uint32_t pair)
{
    for (uint32_t i = 0; i < c->n_cells; i++) {
        const struct compare_pair *p = &c->pairs[pair];
        const struct summary_entry *a = summary_entry(&c->a, c->cells[i].a, p->a);
        const struct summary_entry *b = summary_entry(&c->b, c->cells[i].b, p->b);
        if (has_got_worse(a, b))
            find(c, &(struct gate_finding){.kind = GATE_FAILED, .pair = pair, .cell = i});
    }
}

/* The interval as a whole is further from 1 than the gate, on either side. */
static bool has_moved(const struct interval *ratio, double gate)
{
    return ratio->n_blocks >= STATS_FULL_COVERAGE_BLOCKS &&
           (ratio->high < 1 - gate || ratio->low > 1 + gate);
}

static int check_controls(const struct comparison *c, struct err *err)
{
    for (uint32_t i = 0; i < c->n_pairs; i++) {
        const struct compare_pair *p = &c->pairs[i];
        const struct interval *ratio = &p->means[MEASURE_THROUGHPUT].ratio;
        if (p->is_control && has_moved(ratio, c->options.gate))
            return err_set(
                err, EINVAL,
                "the gate cannot judge: %s is the same file in both runs, and was %d %% as "
                "fast in %s, so the machine has changed; compare inside one run, "
                "RUN:ALLOCATOR RUN:ALLOCATOR",
                c->a.run.subjects[p->a].name, (int)lround(100 * ratio->estimate), c->b.run.name);
    }
    return 0;
}

static bool counts(const struct comparison *c, uint32_t pair)
{
    return !c->pairs[pair].is_control;
}

static void judge_all_but_cells(struct comparison *c)
{
    for (uint32_t i = 0; i < c->n_pairs; i++)
        if (counts(c, i)) {
            judge_failures(c, i);
            judge_means(c, i);
        }
}

static unsigned list_all_tests(struct comparison *c, struct test *tests)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < c->n_pairs; i++)
        for (uint32_t k = 0; k < c->n_cells && counts(c, i); k++)
            if (!summary_is_control(&c->a, c->cells[k].a))
                list_tests(c, i, k, tests, &n);
    return n;
}

int compare_gate(struct comparison *c, struct err *err)
{
    size_t most = (size_t)c->n_pairs * (c->n_cells + 1) * (MEASURES + 1);
    struct test *tests = calloc(most + 1, sizeof(*tests));
    c->findings = calloc(most + 1, sizeof(*c->findings));
    if (!tests || !c->findings) {
        free(tests);
        return err_set(err, ENOMEM, "no memory for the gate");
    }
    int result = check_controls(c, err);
    if (result == 0) {
        judge_all_but_cells(c);
        result = judge_cells(c, tests, list_all_tests(c, tests), err);
    }
    free(tests);
    if (result == 0 && c->n_judged == 0 && c->n_findings == 0)
        result = err_set(err, EINVAL,
                         "a gate needs %u blocks of each workload in both runs to be certain of "
                         "anything: run with --blocks=%u or more",
                         STATS_FULL_COVERAGE_BLOCKS, STATS_FULL_COVERAGE_BLOCKS);
    return result;
}
