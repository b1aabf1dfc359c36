#include "summary.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "findings_make.h"
#include "lever.h"

static double throughput_of(const struct trial_result *r)
{
    return r->wall_ns ? (double)r->calls * 1e9 / (double)r->wall_ns : 0;
}

static double peak_rss_of(const struct trial_result *r)
{
    return (double)r->peak_bytes;
}

static double cpu_of(const struct trial_result *r)
{
    return r->calls ? ((double)r->user_ns + (double)r->system_ns) / (double)r->calls : 0;
}

static const struct {
    const char *name;
    enum direction direction;
    double grain; /* a smaller difference of medians is none */
    double (*of)(const struct trial_result *r);
} measures[] = {
    [MEASURE_THROUGHPUT] = {"throughput_calls_per_s", HIGHER_IS_BETTER, 0, throughput_of},
    [MEASURE_PEAK_RSS] = {"peak_rss_bytes", LOWER_IS_BETTER, SUMMARY_RSS_GRAIN, peak_rss_of},
    [MEASURE_CPU] = {"cpu_ns_per_call", LOWER_IS_BETTER, 0, cpu_of},
};
static_assert(ARRAY_SIZE(measures) == MEASURES, "every measure has a row");

const char *measure_name(enum measure measure)
{
    return measures[measure].name;
}

enum direction measure_direction(enum measure measure)
{
    return measures[measure].direction;
}

double measure_grain(enum measure measure)
{
    return measures[measure].grain;
}

double measure_of(enum measure measure, const struct trial_result *result)
{
    return result->status == TRIAL_OK ? measures[measure].of(result) : 0;
}

bool summary_is_bench(const struct summary *s, uint32_t subject)
{
    return subject != s->baseline && strcmp(s->run.subjects[subject].allocator, "null") == 0;
}

/* "nop", with parameters behind it or without. */
bool summary_is_control(const struct summary *s, uint32_t cell)
{
    static const char of_names[] = "abcdefghijklmnopqrstuvwxyz0123456789-_./";
    const char *workload = s->run.cells[cell].workload;
    return strncmp(workload, "nop", 3) == 0 && strspn(workload, of_names) == 3;
}

static int count_block(void *context, const struct store_place *place, struct err *err)
{
    (void)err;
    struct summary *s = context;
    if (place->block >= s->n_blocks)
        s->n_blocks = place->block + 1;
    return 0;
}

static struct summary_failure *find_failure(struct summary *s, const struct store_trial *t)
{
    for (unsigned i = 0; i < s->n_failures; i++) {
        struct summary_failure *f = &s->failures[i];
        if (f->cell == t->place.cell && f->subject == t->place.subject &&
            f->status == t->result.status && f->signal == t->result.signal &&
            strcmp(f->message, t->result.message) == 0)
            return f;
    }
    return NULL;
}

static int add_failure(struct summary *s, const struct store_trial *t, struct err *err)
{
    struct summary_failure *f = find_failure(s, t);
    if (f) {
        f->n++;
        return 0;
    }
    size_t n_bytes = (s->n_failures + 1) * sizeof(*s->failures);
    struct summary_failure *grown = realloc(s->failures, n_bytes);
    if (!grown)
        return err_set(err, ENOMEM, "no memory for the failures of run %s", s->run.name);
    s->failures = grown;
    f = &grown[s->n_failures++];
    *f = (struct summary_failure){.cell = t->place.cell,
                                  .subject = t->place.subject,
                                  .status = t->result.status,
                                  .signal = t->result.signal,
                                  .n = 1};
    memcpy(f->message, t->result.message, sizeof(f->message));
    return 0;
}

static int add_trial(void *context, const struct store_trial *t, struct err *err)
{
    struct numbers *n = context;
    struct summary *s = n->s;
    const struct store_place *at = &t->place;
    if (at->cell >= s->run.n_cells || at->subject >= s->run.n_subjects)
        return err_set(err, EINVAL, "the file is damaged: run %s has no cell %u with a subject %u",
                       s->run.name, at->cell, at->subject);
    if (at->block >= s->n_blocks)
        return 0; /* a runner stored it since the blocks were counted */

    struct summary_entry *e = summary_entry(s, at->cell, at->subject);
    s->n_trials++;
    e->n_trials++;
    if (t->result.status != TRIAL_OK) {
        if (e->first_failure == TRIAL_OK)
            e->first_failure = t->result.status;
        e->failures_differ |= e->first_failure != t->result.status;
        return add_failure(s, t, err);
    }
    e->n_ok++;
    e->thread_ns += (double)t->result.thread_ns;
    e->stall_ns += (double)t->result.stall_ns;
    e->pace_ns += (double)t->result.pace_ns;
    n->times[at->block].wall_ns += (double)t->result.wall_ns;
    n->times[at->block].foreign_ns += (double)t->result.foreign_cpu_ns;
    n->times[at->block].steal_ns += (double)t->result.steal_ns;
    for (int m = 0; m < MEASURES; m++)
        numbers_of(n, (enum measure)m, at->cell, at->subject)[at->block] =
            measure_of((enum measure)m, &t->result);
    return 0;
}

static double median_of(const struct numbers *n, const double *values)
{
    size_t n_values = 0;
    for (unsigned b = 0; b < n->s->n_blocks; b++)
        if (values[b] > 0)
            n->scratch[n_values++] = values[b];
    return n_values ? stats_median(n->scratch, n_values) : NAN;
}

static void note_blocks(struct summary *s, unsigned n_blocks)
{
    if (n_blocks == 1)
        s->has_single_block = true;
    else if (n_blocks > 1 && (s->fewest_blocks == 0 || n_blocks < s->fewest_blocks))
        s->fewest_blocks = n_blocks;
}

/*
 * The paired ratios of a subject in a cell; of a tuning those of the confirmation alone, where there is one. Whether they
 * are those.
 */
static bool pair(const struct numbers *n, uint32_t cell, uint32_t subject, enum measure m,
                 double *ratios)
{
    const struct summary *s = n->s;
    unsigned n_confirmed = 0;
    stats_paired_ratios(numbers_of(n, m, cell, subject), numbers_of(n, m, cell, s->baseline),
                        s->n_blocks, ratios);
    for (unsigned b = s->confirmed_from; b < s->n_blocks; b++)
        n_confirmed += !isnan(ratios[b]);
    for (unsigned b = 0; n_confirmed > 0 && b < s->confirmed_from; b++)
        ratios[b] = NAN;
    return n_confirmed > 0;
}

/* A subject against the baseline in one cell. */
static int compare_in_cell(struct numbers *n, uint32_t cell, uint32_t subject, enum measure m,
                           struct err *err)
{
    struct summary *s = n->s;
    struct summary_entry *e = summary_entry(s, cell, subject);
    struct measured *out = &e->measured[m];
    e->is_confirmed |= pair(n, cell, subject, m, n->ratios);
    int result =
        stats_cell_interval(n->ratios, s->n_blocks, &s->options.bootstrap, &out->ratio, err);
    if (result < 0)
        return result;
    out->verdict = stats_verdict(&out->ratio, measures[m].direction, s->options.noise);
    double base = summary_entry(s, cell, s->baseline)->measured[m].median;
    bool claimed = out->verdict == VERDICT_BETTER || out->verdict == VERDICT_WORSE;
    if (claimed && fabs(out->median - base) < measures[m].grain)
        out->verdict = VERDICT_NO_DIFFERENCE;
    note_blocks(s, out->ratio.n_blocks);
    return 0;
}

/* A subject against the baseline over the cells that count, less those of `without` (or NULL). */
static int compare_means(struct numbers *n, uint32_t subject, enum measure m, const char *without,
                         struct summary_mean *out, struct err *err)
{
    struct summary *s = n->s;
    struct ratio_table table = {.ratios = n->ratios, .n_blocks = s->n_blocks};
    for (uint32_t c = 0; c < s->run.n_cells; c++)
        if (lever_counts(s, c, without))
            pair(n, c, subject, m, n->ratios + (size_t)table.n_cells++ * s->n_blocks);
    int result = stats_mean_interval(&table, &s->options.bootstrap, &out->ratio, &out->n_used, err);
    out->verdict = stats_verdict(&out->ratio, measures[m].direction, s->options.noise);
    return result;
}

static int compare_subject(struct numbers *n, uint32_t subject, enum measure m, struct err *err)
{
    struct summary *s = n->s;
    for (uint32_t c = 0; c < s->run.n_cells; c++) {
        int result = compare_in_cell(n, c, subject, m, err);
        if (result < 0)
            return result;
    }
    return compare_means(n, subject, m, NULL, summary_mean(s, subject, m), err);
}

static void take_medians(struct numbers *n, uint32_t subject)
{
    static const struct interval none = {.estimate = NAN, .low = NAN, .high = NAN};
    for (int m = 0; m < MEASURES; m++) {
        summary_mean(n->s, subject, (enum measure)m)->ratio = none;
        for (uint32_t c = 0; c < n->s->run.n_cells; c++) {
            struct measured *out = &summary_entry(n->s, c, subject)->measured[m];
            out->median = median_of(n, numbers_of(n, (enum measure)m, c, subject));
            out->ratio = none;
        }
    }
}

static int find_levers(struct numbers *n, struct err *err)
{
    struct summary *s = n->s;
    int result = 0;
    for (int m = 0; m < MEASURES && result == 0; m++) {
        struct summary_lever *lever = &s->levers[m];
        lever_find(s, (enum measure)m);
        if (!lever->workload)
            continue;
        lever->means = calloc(s->run.n_subjects, sizeof(*lever->means));
        if (!lever->means)
            return err_set(err, ENOMEM, "no memory for the summary");
        for (uint32_t i = 0; i < s->run.n_subjects && result == 0; i++)
            if (i != s->baseline && !summary_is_bench(s, i))
                result =
                    compare_means(n, i, (enum measure)m, lever->workload, &lever->means[i], err);
    }
    return result;
}

static int compare_all(struct numbers *n, struct err *err)
{
    struct summary *s = n->s;
    for (uint32_t subject = 0; subject < s->run.n_subjects; subject++)
        take_medians(n, subject);
    for (uint32_t subject = 0; subject < s->run.n_subjects; subject++) {
        if (subject == s->baseline || summary_is_bench(s, subject))
            continue;
        for (int m = 0; m < MEASURES; m++) {
            int result = compare_subject(n, subject, (enum measure)m, err);
            if (result < 0)
                return result;
        }
    }
    return find_levers(n, err);
}

static int find_baseline(struct summary *s, const char *name, struct err *err)
{
    for (uint32_t i = 0; i < s->run.n_subjects; i++)
        if (strcmp(s->run.subjects[i].name, name) == 0) {
            s->baseline = i;
            return 0;
        }
    return err_set(err, EINVAL, "run %s has no subject '%s', which is its baseline", s->run.name,
                   name);
}

static void find_confirmation(struct summary *s)
{
    const char *fact = store_run_fact(&s->run, FACT_TUNE_CONFIRMED);
    unsigned long from = fact ? strtoul(fact, NULL, 10) : UINT_MAX;
    s->confirmed_from = from < STORE_BLOCKS_MAX ? (unsigned)from : UINT_MAX;
}

static void settle_options(struct summary *s, const struct summary_options *options)
{
    s->options = *options;
    if (s->options.bootstrap.seed == 0)
        s->options.bootstrap.seed = s->run.seed;
    if (s->options.bootstrap.n_resamples == 0)
        s->options.bootstrap.n_resamples = STATS_RESAMPLES;
    if (s->options.noise == 0)
        s->options.noise = STATS_NOISE;
}

/* calloc of whole pages costs nothing until they are written, so that sparse blocks are cheap. */
static int make_room(struct numbers *n, struct err *err)
{
    struct summary *s = n->s;
    size_t n_entries = (size_t)s->run.n_cells * s->run.n_subjects;
    s->entries = calloc(n_entries + 1, sizeof(*s->entries));
    s->means = calloc((size_t)s->run.n_subjects * MEASURES, sizeof(*s->means));
    n->values = calloc(n_entries * MEASURES * s->n_blocks + 1, sizeof(*n->values));
    n->ratios = calloc(((size_t)s->run.n_cells + 1) * s->n_blocks + 1, sizeof(*n->ratios));
    n->scratch = calloc(s->n_blocks + 1, sizeof(*n->scratch));
    n->times = calloc(s->n_blocks + 1, sizeof(*n->times));
    bool complete = s->entries && s->means && n->values && n->ratios && n->scratch && n->times;
    return complete ? 0 : err_set(err, ENOMEM, "no memory for the numbers of run %s", s->run.name);
}

static void take_disturbance(struct numbers *n)
{
    struct block_times sum = {0};
    for (unsigned b = 0; b < n->s->n_blocks; b++) {
        sum.wall_ns += n->times[b].wall_ns;
        sum.foreign_ns += n->times[b].foreign_ns;
        sum.steal_ns += n->times[b].steal_ns;
    }
    if (sum.wall_ns > 0)
        n->s->disturbance =
            (struct summary_disturbance){.foreign_cpus = sum.foreign_ns / sum.wall_ns,
                                         .stolen_cpus = sum.steal_ns / sum.wall_ns};
}

int summary_make(struct store *store, int64_t run_id, const struct summary_options *options,
                 struct summary *out, struct err *err)
{
    *out = (struct summary){0};
    struct numbers n = {.s = out};
    int result = store_load_run(store, run_id, &out->run, err);
    if (result == 0)
        result = find_baseline(out, options->baseline ? options->baseline : out->run.baseline, err);
    if (result == 0)
        result = store_done_trials(store, run_id, count_block, out, err);
    if (result == 0)
        result = make_room(&n, err);
    if (result == 0) {
        settle_options(out, options);
        find_confirmation(out);
        for (uint32_t c = 0; c < out->run.n_cells; c++)
            out->n_mean_cells += !summary_is_control(out, c);
        result = store_each_trial(store, run_id, add_trial, &n, err);
    }
    if (result == 0)
        result = compare_all(&n, err);
    if (result == 0) {
        take_disturbance(&n);
        result = findings_make(&n, err);
    }
    free(n.times);
    out->values = n.values;
    free(n.ratios);
    free(n.scratch);
    return result;
}

void summary_release(struct summary *s)
{
    store_run_release(&s->run);
    free(s->entries);
    free(s->means);
    free(s->failures);
    free(s->values);
    for (unsigned i = 0; i < s->n_findings; i++)
        free(s->findings[i].text);
    free(s->findings);
    for (int m = 0; m < MEASURES; m++)
        free(s->levers[m].means);
    *s = (struct summary){0};
}
