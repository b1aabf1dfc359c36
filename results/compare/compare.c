#include "compare.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

static int no_memory(struct err *err)
{
    return err_set(err, ENOMEM, "no memory for the comparison");
}

static const uint32_t unknown_subject = UINT32_MAX;

static uint32_t find_subject(const struct store_run *run, const char *name)
{
    for (uint32_t i = 0; i < run->n_subjects; i++)
        if (strcmp(run->subjects[i].name, name) == 0)
            return i;
    return unknown_subject;
}

static int need_subject(const struct store_run *run, const char *name, uint32_t *out,
                        struct err *err)
{
    *out = find_subject(run, name);
    if (*out != unknown_subject)
        return 0;
    char names[256] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < run->n_subjects; i++)
        used += text_format(names + used, sizeof(names) - used, "%s%s", i > 0 ? ", " : "",
                            run->subjects[i].name);
    return err_set(err, ENOENT, "run %s has no allocator '%s'; it has %s", run->name, name, names);
}

static int pair_named(struct comparison *c, const char *a, const char *b, struct err *err)
{
    struct compare_pair *pair = &c->pairs[0];
    int result = need_subject(&c->a.run, a, &pair->a, err);
    if (result == 0)
        result = need_subject(&c->b.run, b, &pair->b, err);
    if (result == 0 && c->is_paired && pair->a == pair->b)
        result =
            err_set(err, EINVAL, "'%s' is named on both sides of one run: name two allocators", a);
    c->n_pairs = 1;
    return result;
}

static int pair_all(struct comparison *c, struct err *err)
{
    for (uint32_t i = 0; i < c->a.run.n_subjects; i++) {
        const struct store_subject *s = &c->a.run.subjects[i];
        uint32_t other = find_subject(&c->b.run, s->name);
        if (other != unknown_subject && strcmp(s->allocator, "null") != 0)
            c->pairs[c->n_pairs++] = (struct compare_pair){.a = i, .b = other};
    }
    if (c->n_pairs == 0)
        return err_set(err, EINVAL,
                       "runs %s and %s have no allocator of the same name: name them, %s:NAME",
                       c->a.run.name, c->b.run.name, c->a.run.name);
    return 0;
}

/* Which file supplied malloc, of each subject of a run; "" when unknown. */
struct builds {
    uint32_t n;
    char (*ids)[65];
};

static int note_build(void *context, const struct store_trial *t, struct err *err)
{
    (void)err;
    struct builds *builds = context;
    if (t->result.status == TRIAL_OK && t->place.subject < builds->n)
        text_format(builds->ids[t->place.subject], sizeof(builds->ids[0]), "%s",
                    t->result.build_id);
    return 0;
}

static int read_builds(const struct compare_side *side, uint32_t n, struct builds *out,
                       struct err *err)
{
    out->n = n;
    out->ids = calloc((size_t)n + 1, sizeof(*out->ids));
    return out->ids ? store_each_trial(side->store, side->run_id, note_build, out, err)
                    : no_memory(err);
}

/* Where all are the same on both sides, something else is compared, and there is no control. */
static int find_controls(struct comparison *c, const struct compare_side *a,
                         const struct compare_side *b, struct err *err)
{
    struct builds of_a = {0}, of_b = {0};
    int result = read_builds(a, c->a.run.n_subjects, &of_a, err);
    if (result == 0)
        result = read_builds(b, c->b.run.n_subjects, &of_b, err);
    uint32_t n_same = 0;
    bool has_both = of_a.ids && of_b.ids;
    for (uint32_t i = 0; i < c->n_pairs && result == 0 && has_both; i++) {
        struct compare_pair *p = &c->pairs[i];
        p->is_same_build =
            of_a.ids[p->a][0] && strcmp(of_a.ids[p->a], of_b.ids[p->b]) == 0 &&
            strcmp(c->a.run.subjects[p->a].setting, c->b.run.subjects[p->b].setting) == 0;
        n_same += p->is_same_build;
    }
    for (uint32_t i = 0; i < c->n_pairs; i++)
        c->pairs[i].is_control = c->pairs[i].is_same_build && n_same < c->n_pairs;
    free(of_a.ids);
    free(of_b.ids);
    return result;
}

/* Both sides' values of one pair and measure in `n` cells from the list. */
struct tables {
    double *a, *b, *ratios;
    unsigned n_cells;
    enum measure measure;
};

static void add_cell(const struct comparison *c, const struct compare_pair *p, enum measure m,
                     const struct comparable_cell *cell, struct tables *t)
{
    const double *a = summary_values(&c->a, m, cell->a, p->a);
    const double *b = summary_values(&c->b, m, cell->b, p->b);
    memcpy(t->a + (size_t)t->n_cells * c->a.n_blocks, a, c->a.n_blocks * sizeof(*a));
    memcpy(t->b + (size_t)t->n_cells * c->b.n_blocks, b, c->b.n_blocks * sizeof(*b));
    if (c->is_paired)
        stats_paired_ratios(b, a, c->a.n_blocks, t->ratios + (size_t)t->n_cells * c->a.n_blocks);
    t->n_cells++;
}

static int find_interval(const struct comparison *c, const struct tables *t, struct interval *out,
                         unsigned *n_used, struct err *err)
{
    struct bootstrap how = {.seed = c->a.run.seed ^ 0x6261, .n_resamples = c->options.n_resamples};
    struct ratio_table ratios = {t->ratios, t->n_cells, c->a.n_blocks};
    struct ratio_table a = {t->a, t->n_cells, c->a.n_blocks}, b = {t->b, t->n_cells, c->b.n_blocks};
    return c->is_paired ? stats_mean_interval(&ratios, &how, out, n_used, err)
                        : stats_unpaired_interval(&a, &b, &how, out, n_used, err);
}

static int compare_cell(struct comparison *c, uint32_t pair, uint32_t cell, struct tables *t,
                        struct err *err)
{
    enum measure m = t->measure;
    const struct comparable_cell *at = &c->cells[cell];
    const struct compare_pair *p = &c->pairs[pair];
    struct compared *out = compared_cell(c, pair, cell, m);
    unsigned n_used;
    t->n_cells = 0;
    add_cell(c, p, m, at, t);
    int result = find_interval(c, t, &out->ratio, &n_used, err);
    out->verdict = stats_verdict(&out->ratio, measure_direction(m), STATS_NOISE);
    double a = summary_entry(&c->a, at->a, p->a)->measured[m].median;
    double b = summary_entry(&c->b, at->b, p->b)->measured[m].median;
    bool is_claimed = out->verdict == VERDICT_BETTER || out->verdict == VERDICT_WORSE;
    if (is_claimed && fabs(b - a) < measure_grain(m))
        out->verdict = VERDICT_NO_DIFFERENCE;
    return result;
}

static int compare_mean(struct comparison *c, uint32_t pair, enum measure m, struct tables *t,
                        struct err *err)
{
    struct compare_pair *p = &c->pairs[pair];
    t->n_cells = 0;
    for (uint32_t i = 0; i < c->n_cells; i++)
        if (!summary_is_control(&c->a, c->cells[i].a))
            add_cell(c, p, m, &c->cells[i], t);
    int result = find_interval(c, t, &p->means[m].ratio, &p->n_used[m], err);
    p->means[m].verdict = stats_verdict(&p->means[m].ratio, measure_direction(m), STATS_NOISE);
    return result;
}

static int compare_pair(struct comparison *c, uint32_t pair, struct tables *t, struct err *err)
{
    int result = 0;
    c->pairs[pair].cells = calloc((size_t)c->n_cells * MEASURES, sizeof(struct compared));
    if (!c->pairs[pair].cells)
        return no_memory(err);
    for (int m = 0; m < MEASURES && result == 0; m++) {
        t->measure = (enum measure)m;
        for (uint32_t i = 0; i < c->n_cells && result == 0; i++)
            result = compare_cell(c, pair, i, t, err);
        if (result == 0)
            result = compare_mean(c, pair, (enum measure)m, t, err);
    }
    return result;
}

static int compare_pairs(struct comparison *c, struct err *err)
{
    size_t n_a = (size_t)c->n_cells * c->a.n_blocks + 1,
           n_b = (size_t)c->n_cells * c->b.n_blocks + 1;
    struct tables t = {.a = calloc(n_a, sizeof(*t.a)),
                       .b = calloc(n_b, sizeof(*t.b)),
                       .ratios = calloc(n_a, sizeof(*t.ratios))};
    int result = t.a && t.b && t.ratios ? 0 : no_memory(err);
    for (uint32_t i = 0; i < c->n_pairs && result == 0; i++)
        result = compare_pair(c, i, &t, err);
    free(t.a);
    free(t.b);
    free(t.ratios);
    return result;
}

static int check_comparable(struct comparison *c, struct err *err)
{
    const struct store_run *a = &c->a.run, *b = &c->b.run;
    int result = comparable_machine(a, b, err);
    if (result == 0)
        result = comparable_orders(a, b, err);
    return result;
}

static int find_pairs(struct comparison *c, const struct compare_side *a,
                      const struct compare_side *b, struct err *err)
{
    c->cells = calloc((size_t)c->a.run.n_cells + 1, sizeof(*c->cells));
    c->pairs = calloc((size_t)c->a.run.n_subjects + 1, sizeof(*c->pairs));
    if (!c->cells || !c->pairs)
        return no_memory(err);
    int result = comparable_cells(&c->a.run, &c->b.run, c->cells, &c->n_cells, err);
    if (result == 0)
        result = a->subject ? pair_named(c, a->subject, b->subject, err) : pair_all(c, err);
    for (uint32_t i = 0; i < c->n_cells && result == 0; i++)
        c->n_mean_cells += !summary_is_control(&c->a, c->cells[i].a);
    return result;
}

int comparison_make(const struct compare_side *a, const struct compare_side *b,
                    const struct compare_options *options, struct comparison *out, struct err *err)
{
    const struct summary_options plain = {.bootstrap.n_resamples =
                                              100}; /* its ratios are not used */
    *out = (struct comparison){.options = *options};
    if (!a->subject != !b->subject)
        return err_set(err, EINVAL,
                       "an allocator is named on one side only: name one on both, or none");
    bool is_same_run = a->store == b->store && a->run_id == b->run_id;
    out->is_paired = is_same_run && a->subject;
    int result = summary_make(a->store, a->run_id, &plain, &out->a, err);
    if (result == 0)
        result = summary_make(b->store, b->run_id, &plain, &out->b, err);
    if (result == 0)
        result = check_comparable(out, err);
    if (result == 0)
        result = find_pairs(out, a, b, err);
    if (result == 0)
        result = find_controls(out, a, b, err);
    if (result == 0)
        result = compare_pairs(out, err);
    return result == 0 && options->has_gate ? compare_gate(out, err) : result;
}

void comparison_release(struct comparison *c)
{
    for (uint32_t i = 0; i < c->n_pairs; i++)
        free(c->pairs[i].cells);
    free(c->pairs);
    free(c->cells);
    free(c->findings);
    summary_release(&c->a);
    summary_release(&c->b);
    *c = (struct comparison){0};
}
