#include "tuning.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "near.h"
#include "progress.h"
#include "run_facts.h"
#include "text.h"
#include "trial_host.h"
#include "tune_figures.h"
#include "words.h"

/* --- knobs --- */

/* "arena_max, mmap_threshold, ...": all knobs of the allocator. */
static void list_knobs(const struct allocator *a, struct near *near, char *out, size_t n)
{
    const struct setting *knobs[64];
    size_t n_knobs = knob_list(a, knobs, ARRAY_SIZE(knobs)), at = 0;
    *out = '\0';
    for (size_t i = 0; i < n_knobs && i < ARRAY_SIZE(knobs) && at + 1 < n; i++) {
        near_offer(near, knobs[i]->name);
        at += text_format(out + at, n - at, "%s%s", i ? ", " : "", knobs[i]->name);
    }
}

static int unknown_knob(const struct allocator *a, const char *name, struct err *err)
{
    char names[ERR_BYTES], hint[128];
    struct near near;
    near_init(&near, name, strlen(name));
    list_knobs(a, &near, names, sizeof(names));
    if (near_hint(&near, hint, sizeof(hint)) > 0)
        return err_set(err, EINVAL, "%s has no knob '%s': %s Its knobs are %s", a->name, name, hint,
                       names);
    return err_set(err, EINVAL, "%s has no knob '%s'; its knobs are %s", a->name, name, names);
}

/* Whether the user has given the setting a value that holds throughout. */
static bool is_fixed(const struct subject *s, const struct setting *knob)
{
    const char *found = s->name;
    size_t n = strlen(knob->name);
    while ((found = strstr(found, knob->name))) {
        if (found > s->name && found[-1] == ':' && found[n] == '=')
            return true;
        found += n;
    }
    return false;
}

static int add_knob(void *context, const char *name, struct err *err)
{
    struct tuning *t = context;
    const struct subject *base = &t->campaign.subjects[0];
    const struct setting *knob = allocator_setting(base->allocator, name);
    if (!knob || !knob_is(knob))
        return unknown_knob(base->allocator, name, err);
    for (unsigned i = 0; i < t->n_knobs; i++)
        if (t->knobs[i] == knob)
            return err_set(err, EINVAL, "knob '%s' is named twice", name);
    if (is_fixed(base, knob))
        return err_set(err, EINVAL, "%s has a value in '%s' already: nothing is left to search",
                       name, base->name);
    if (t->n_knobs == TUNE_KNOBS_MAX)
        return err_set(err, EINVAL, "at most %u knobs are searched at once", TUNE_KNOBS_MAX);
    t->knobs[t->n_knobs++] = knob;
    return 0;
}

/* All that are not fixed. */
static int name_all_knobs(struct tuning *t, struct err *err)
{
    const struct subject *base = &t->campaign.subjects[0];
    const struct setting *knobs[TUNE_KNOBS_MAX];
    size_t n = knob_list(base->allocator, knobs, TUNE_KNOBS_MAX), at = 0;
    char names[1024] = "";
    for (size_t i = 0; i < n && i < TUNE_KNOBS_MAX; i++)
        if (!is_fixed(base, knobs[i]))
            at +=
                text_format(names + at, sizeof(names) - at, "%s%s", at ? "," : "", knobs[i]->name);
    if (at == 0)
        return err_set(err, EINVAL, "%s has no knobs that are known: there is nothing to tune",
                       base->name);
    return run_config_set(&t->config->knobs, names) < 0 ? err_set(err, ENOMEM, "out of memory") : 0;
}

/* The two thresholds make the grid where both are searched, else the first two; they come first. */
static void order_knobs(struct tuning *t)
{
    static const char *const thresholds[] = {"mmap_threshold", "trim_threshold"};
    unsigned at[2] = {UINT_MAX, UINT_MAX};
    for (unsigned i = 0; i < t->n_knobs; i++)
        for (unsigned k = 0; k < 2; k++)
            if (strcmp(t->knobs[i]->name, thresholds[k]) == 0)
                at[k] = i;
    for (unsigned k = 0; k < 2 && at[0] != UINT_MAX && at[1] != UINT_MAX; k++) {
        const struct setting *knob = t->knobs[at[k]];
        memmove(t->knobs + k + 1, t->knobs + k, (at[k] - k) * sizeof(*t->knobs));
        t->knobs[k] = knob;
        if (k == 0 && at[1] < at[0])
            at[1]++;
    }
}

static void make_space(struct tuning *t)
{
    order_knobs(t);
    t->space = (struct tune_space){.n_knobs = t->n_knobs, .n_grid = t->n_knobs > 1 ? 2 : 1};
    for (unsigned i = 0; i < t->n_knobs; i++) {
        size_t n = 1 + knob_n_levels(t->knobs[i]);
        t->space.knobs[i] = (struct tune_knob){
            .n_levels = n < TUNE_LEVELS_MAX ? (unsigned)n : TUNE_LEVELS_MAX,
            .is_ordered = t->knobs[i]->unit != SETTING_CHOICE,
        };
    }
}

static int find_knobs(struct tuning *t, struct err *err)
{
    int rc = t->config->knobs[0] ? 0 : name_all_knobs(t, err);
    if (rc == 0)
        rc = words_each(t->config->knobs, "knobs", add_knob, t, err);
    if (rc == 0)
        make_space(t);
    return rc;
}

/* --- points and subjects --- */

void tuning_level(const struct tuning *t, const struct tune_point *p, unsigned knob,
                  char out[SETTING_VALUE_BYTES])
{
    if (p->level[knob] == 0)
        text_format(out, SETTING_VALUE_BYTES, "-");
    else
        knob_level(t->knobs[knob], p->level[knob] - 1u, out);
}

/* The settings of a point, each with something before it. */
static size_t put_settings(const struct tuning *t, const struct tune_point *p, const char *before,
                           char *out, size_t n)
{
    size_t at = 0;
    *out = '\0';
    for (unsigned k = 0; k < t->n_knobs; k++) {
        char level[SETTING_VALUE_BYTES];
        if (p->level[k] == 0 || at + 1 >= n)
            continue;
        tuning_level(t, p, k, level);
        at += text_format(out + at, n - at, "%s%s=%s", before, t->knobs[k]->name, level);
    }
    return at;
}

size_t tuning_words(const struct tuning *t, const struct tune_point *p, char *out, size_t n)
{
    char text[SUBJECT_TEXT_MAX + 2];
    size_t at = put_settings(t, p, " ", text, sizeof(text));
    return at ? text_format(out, n, "%s", text + 1) : text_format(out, n, "the default");
}

int tuning_subject(struct tuning *t, unsigned point, const struct subject **out, struct err *err)
{
    char settings[SUBJECT_TEXT_MAX], *text = NULL;
    struct subject *more = t->subjects;
    if (point >= t->n_subjects) {
        more = reallocarray(t->subjects, point + 1, sizeof(*more));
        if (!more)
            return err_set(err, ENOMEM, "out of memory");
        memset(more + t->n_subjects, 0, (point + 1 - t->n_subjects) * sizeof(*more));
        t->subjects = more;
        t->n_subjects = point + 1;
    }
    *out = &more[point];
    if (more[point].name)
        return 0;
    put_settings(t, tune_point(t->tune, point), ":", settings, sizeof(settings));
    const char *base = t->config->run.allocators; /* ends with a newline, see words_append() */
    if (asprintf(&text, "%.*s%s", (int)strcspn(base, "\n"), base, settings) < 0)
        return err_set(err, ENOMEM, "out of memory");
    int rc = subject_parse(&more[point], text, err);
    free(text);
    return rc;
}

/* --- beginning --- */

int tuning_prepare(struct tuning *t, struct tune_config *config, const struct places *places,
                   struct err *err)
{
    struct campaign *c = &t->campaign;
    t->config = config;
    t->hurried_at = UINT_MAX;
    int rc = campaign_prepare(c, &config->run, places, err);
    if (rc == 0 && (c->n_subjects != 1 || c->n_cells != 1))
        rc =
            err_set(err, EINVAL, "one allocator is tuned on one workload at one number of threads");
    if (rc == 0)
        rc = find_knobs(t, err);
    return rc == 0 ? campaign_open_ledger(c, err) : rc;
}

#define TRIES      2u
#define COLD_TIMES 2.0 /* times as long takes the first, whose files are not in memory yet, */
#define COLD_S     1.0 /* and so many seconds more */

/* How long a trial of the default may take, so that the budget bears the least search. */
static double longest_trial(const struct tune_config *c)
{
    return c->budget_s / tune_least_budget();
}

static double cut_after(const struct tune_config *c)
{
    return longest_trial(c) * COLD_TIMES + COLD_S;
}

/* Cut off where the budget does not bear it; *was_cut tells. Returns the seconds that it took. */
static double execute_default(struct tuning *t, struct trial_result *result, bool *was_cut)
{
    struct campaign *c = &t->campaign;
    struct run_config *run = &t->config->run;
    static volatile sig_atomic_t never;
    double of_user = run->limit_s;
    bool is_ours = !(of_user > 0 && of_user < cut_after(t->config));
    uint64_t begun_ns = clock_ns();
    if (is_ours)
        run->limit_s = cut_after(t->config);
    tuning_trial(t, &c->subjects[0], tuning_goal_is_tail(t->config), &never, result);
    run->limit_s = of_user;
    *was_cut = is_ours && result->status == TRIAL_HUNG;
    return (double)(clock_ns() - begun_ns) * 1e-9;
}

/* What took how long, and what can be done about it. */
static int takes_too_long(const struct tuning *t, bool was_cut, struct err *err)
{
    const struct tune_config *c = t->config;
    const struct cell *cell = &t->campaign.cells[0];
    const char *more = was_cut ? "more than " : "";
    double least = tune_least_budget();
    char text[ERR_BYTES];
    snprintf(text, sizeof(text),
             "--budget %.3g is too small: a trial takes %s%.3g s here (%.64s on %.64s, %u "
             "thread%s), and the least search with its confirmation takes %.0f of them; give it "
             "%s%.1f minutes%s, or a shorter workload, fewer threads or a lower --warm-up",
             c->budget_s / 60, more, c->trial_s, t->campaign.subjects[0].name, cell->name,
             cell->threads, cell->threads == 1 ? "" : "s", least, more,
             ceil(least * c->trial_s * 1.05 / 6) / 10, was_cut ? "" : " at least");
    return err_set(err, EINVAL, "%s", text);
}

/* The goal must be a number that trials of this workload have. */
static int check_goal(const struct tuning *t, const struct tune_outcome *o, struct err *err)
{
    enum tune_measure goal = t->config->objective.goal;
    if (o->failure || o->figures[goal] > 0)
        return 0;
    return err_set(err, EINVAL, "%s cannot be the goal: no trial of %s tells its %s",
                   tune_measure_name(goal), t->campaign.cells[0].name,
                   goal == TUNE_COST ? "live memory over time" : "value");
}

static int calibrate_once(struct tuning *t, char **failure, struct err *err)
{
    struct tune_config *c = t->config;
    struct tune_outcome outcome;
    struct trial_result result;
    bool was_cut;
    c->trial_s = execute_default(t, &result, &was_cut);
    c->overhead_s = fmax(0, c->trial_s - (double)result.wall_ns * 1e-9);
    int rc = was_cut ? takes_too_long(t, true, err)
                     : tune_figures_take(c, &t->campaign.cells[0], &result, &outcome, failure, err);
    if (rc == 0)
        rc = check_goal(t, &outcome, err);
    trial_result_release(&result);
    return rc;
}

int tuning_calibrate(struct tuning *t, char **failure, struct err *err)
{
    struct progress progress;
    int rc = 0;
    *failure = NULL;
    progress_init(&progress, TRIES, 0, longest_trial(t->config));
    for (unsigned i = 0; i < TRIES && rc == 0 && !*failure; i++) {
        progress_note(&progress, "%u of %u, how long does a trial take? %s on %s, %.3g s at most",
                      i + 1, TRIES, t->campaign.subjects[0].name, t->campaign.cells[0].name,
                      cut_after(t->config));
        rc = calibrate_once(t, failure, err);
    }
    progress_clear(&progress);
    return rc;
}

int tuning_plan(struct tuning *t, struct err *err)
{
    const struct tune_config *c = t->config;
    const struct tune_options options = {.objective = c->objective,
                                         .budget = floor(c->budget_s / c->trial_s),
                                         .seed = c->run.seed,
                                         .looks_always = tuning_goal_is_tail(c)};
    double least = 0;
    int rc = tune_begin(&t->space, &options, &t->tune, &least, err);
    return rc < 0 && least > options.budget ? takes_too_long(t, false, err) : rc;
}

/* --- the store --- */

struct store_subject tuning_describe(const struct subject *s)
{
    const char *setting = strchr(s->name, ':');
    return (struct store_subject){.name = s->name,
                                  .allocator = s->label,
                                  .library = s->library,
                                  .setting = setting ? setting + 1 : ""};
}

/* In the order of the search, which need not be that in which they were named. */
static int store_knobs(struct tuning *t, struct err *err)
{
    char names[1024] = "";
    size_t at = 0;
    for (unsigned k = 0; k < t->n_knobs; k++)
        at += text_format(names + at, sizeof(names) - at, "%s%s", k ? "," : "", t->knobs[k]->name);
    const struct store_fact fact = {.key = FACT_TUNE_KNOBS, .value = names};
    return store_add_fact(t->campaign.store, t->campaign.run_id, &fact, err);
}

int tuning_begin(struct tuning *t, struct store *store, struct err *err)
{
    static struct run_facts facts;
    struct campaign *c = &t->campaign;
    struct store_cell cell = campaign_describe_cell(&c->cells[0]);
    struct store_subject base = tuning_describe(&c->subjects[0]);
    char *manifest = tune_config_to_json(t->config);
    if (!manifest)
        return err_set(err, ENOMEM, "out of memory");
    run_facts_read(&facts, c->topology);
    const struct store_run run = {.started_s = time(NULL),
                                  .program_version = ARENABENCH_VERSION,
                                  .manifest = manifest,
                                  .baseline = c->subjects[0].name,
                                  .seed = t->config->run.seed,
                                  .n_blocks = TUNE_BLOCKS_MAX,
                                  .n_facts = facts.n,
                                  .facts = facts.facts,
                                  .n_subjects = 1,
                                  .subjects = &base,
                                  .n_cells = 1,
                                  .cells = &cell};
    c->store = store;
    int rc = store_run_begin(store, &run, &c->run_id, err);
    free(manifest);
    return rc == 0 ? store_knobs(t, err) : rc;
}

static int load_told(void *context, const struct store_trial *trial, struct err *err)
{
    struct tuning *t = context;
    struct campaign *c = &t->campaign;
    struct tuning_told told = {.subject = trial->place.subject, .block = trial->place.block};
    struct trial_result result = trial->result; /* without samples and statistics */
    if (trial->place.cell != 0 || trial->place.block >= TUNE_BLOCKS_MAX)
        return err_set(err, EINVAL, "the run holds trials that no tuning has made");
    int rc = store_load_series(c->store, trial->id, &result.samples, &result.n_samples, err);
    if (rc == 0)
        rc = store_load_statistics(c->store, trial->id, &result.statistics, &result.n_statistics,
                                   err);
    if (rc == 0)
        rc = tune_figures_take(t->config, &c->cells[0], &result, &told.outcome, &told.failure, err);
    if (rc == 0 && told.subject < TUNE_POINTS_MAX)
        tuning_note_unproved(t, told.subject, &result);
    free(result.samples);
    free(result.statistics);
    struct tuning_told *more = rc == 0 ? reallocarray(t->told, t->n_told + 1, sizeof(*more)) : NULL;
    if (!more) {
        free(told.failure);
        return rc < 0 ? rc : err_set(err, ENOMEM, "out of memory");
    }
    t->told = more;
    more[t->n_told++] = told;
    const struct store_place place = {.block = trial->place.block};
    if (trial->place.subject == 0)
        ledger_note(&c->ledger, &place, &trial->result);
    return 0;
}

int tuning_resume(struct tuning *t, struct store *store, const struct store_run *run,
                  struct err *err)
{
    struct campaign *c = &t->campaign;
    c->store = store;
    c->run_id = run->id;
    c->was_finished = run->finished_s != 0;
    frequency_range_init(&c->frequency, run);
    const char *hurried = store_run_fact(run, FACT_TUNE_HURRIED);
    if (hurried)
        t->hurried_at = (unsigned)strtoul(hurried, NULL, 10);
    int rc = campaign_check_same(c, run, err);
    if (rc == 0 && (run->n_subjects < 1 || strcmp(run->subjects[0].name, c->subjects[0].name) != 0))
        rc = err_set(err, EINVAL, "run %s was begun with another allocator", run->name);
    return rc < 0 ? rc : store_each_trial(store, run->id, load_told, t, err);
}

void tuning_release(struct tuning *t)
{
    tune_end(t->tune);
    for (unsigned i = 0; i < t->n_subjects; i++)
        subject_release(&t->subjects[i]);
    for (size_t i = 0; i < t->n_told; i++)
        free(t->told[i].failure);
    free(t->subjects);
    free(t->told);
    campaign_release(&t->campaign);
}
