#include "tuned.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

bool tuned_is(const struct store_run *run)
{
    return store_run_fact(run, FACT_TUNE_KNOBS) != NULL;
}

/* "512K" as a number; words, which have no order, are NaN. */
static double value_of(const char *text)
{
    static const char letters[] = "KMGT";
    char *end;
    double value = strtod(text, &end);
    const char *letter = *end ? strchr(letters, *end) : NULL;
    if (end == text || (*end && (!letter || end[1])))
        return NAN;
    return letter ? ldexp(value, 10 * (int)(letter - letters + 1)) : value;
}

/* The index of a level, which is added where it is new; TUNED_LEVELS_MAX without room. */
static unsigned find_level(struct tuned_knob *knob, const char *text, size_t n)
{
    struct tuned_level *l = knob->levels;
    unsigned i = 0;
    while (i < knob->n_levels && (strlen(l[i].text) != n || memcmp(l[i].text, text, n) != 0))
        i++;
    if (i < knob->n_levels || i == TUNED_LEVELS_MAX || n >= sizeof(l->text))
        return i < knob->n_levels ? i : TUNED_LEVELS_MAX;
    text_format(l[i].text, sizeof(l[i].text), "%.*s", (int)n, text);
    l[i].value = n > 0 ? value_of(l[i].text) : -INFINITY;
    knob->n_levels++;
    return i;
}

/* Takes "knob=level" into the point. False where no knob has that name, or there is no room. */
static bool take_item(struct tuned *t, struct tuned_point *p, const char *item, size_t n)
{
    for (unsigned k = 0; k < t->n_knobs; k++) {
        size_t n_name = strlen(t->knobs[k].name);
        if (n <= n_name + 1 || memcmp(item, t->knobs[k].name, n_name) != 0 || item[n_name] != '=')
            continue;
        unsigned level = find_level(&t->knobs[k], item + n_name + 1, n - n_name - 1);
        p->level[k] = (uint8_t)level;
        p->n_set++;
        p->n_set_off_grid += k >= t->n_grid;
        return level < TUNED_LEVELS_MAX;
    }
    return false;
}

/* What the subject sets beyond the baseline. */
static void read_point(struct tuned *t, const struct store_subject *subject,
                       const struct store_subject *base, struct tuned_point *out)
{
    size_t n_base = strlen(base->setting);
    const char *rest = subject->setting;
    out->is_known = strncmp(rest, base->setting, n_base) == 0 &&
                    strcmp(subject->allocator, base->allocator) == 0;
    rest += out->is_known ? n_base : strlen(rest);
    while (*rest && out->is_known) {
        rest += *rest == ':';
        size_t n = strcspn(rest, ":");
        out->is_known = take_item(t, out, rest, n);
        rest += n;
    }
}

/* How many levels of the knob are below. Words stay in the order in which they came. */
static unsigned place_of(const struct tuned_knob *knob, unsigned level)
{
    const struct tuned_level *l = knob->levels;
    unsigned place = 0;
    for (unsigned i = 0; i < knob->n_levels; i++) {
        bool no_order = isnan(l[i].value) || isnan(l[level].value) || l[i].value == l[level].value;
        place += no_order ? i < level : l[i].value < l[level].value;
    }
    return place;
}

static void sort_levels(struct tuned *t, unsigned k, uint32_t n_points)
{
    const struct tuned_knob old = t->knobs[k];
    unsigned place[TUNED_LEVELS_MAX] = {0};
    bool is_taken[TUNED_LEVELS_MAX] = {false};
    for (unsigned i = 0; i < old.n_levels; i++) {
        place[i] = place_of(&old, i);
        if (is_taken[place[i]])
            return; /* numbers and words mixed have no order */
        is_taken[place[i]] = true;
    }
    for (unsigned i = 0; i < old.n_levels; i++)
        t->knobs[k].levels[place[i]] = old.levels[i];
    for (uint32_t p = 0; p < n_points; p++)
        if (t->points[p].is_known)
            t->points[p].level[k] = (uint8_t)place[t->points[p].level[k]];
}

/* Names, ','-separated. */
static int read_knobs(struct tuned *t, const struct store_run *run, struct err *err)
{
    const char *names = store_run_fact(run, FACT_TUNE_KNOBS);
    if (!names)
        return err_set(err, EINVAL, "run %s is no tuning: `arenabench tune` makes one", run->name);
    while (*names && t->n_knobs < TUNED_KNOBS_MAX) {
        size_t n = strcspn(names, ",");
        struct tuned_knob *knob = &t->knobs[t->n_knobs];
        if (n == 0 || n >= sizeof(knob->name))
            return err_set(err, EINVAL, "the file is damaged: run %s names a knob of %zu bytes",
                           run->name, n);
        text_format(knob->name, sizeof(knob->name), "%.*s", (int)n, names);
        find_level(knob, "", 0);
        t->n_knobs++;
        names += n + (names[n] == ',');
    }
    t->n_grid = t->n_knobs < 2 ? t->n_knobs : 2;
    return t->n_knobs > 0
               ? 0
               : err_set(err, EINVAL, "the file is damaged: run %s is a tuning of nothing",
                         run->name);
}

static void read_recommended(struct tuned *t, const struct summary *s)
{
    const char *fact = store_run_fact(&s->run, FACT_TUNE_RECOMMENDED);
    unsigned long at = fact ? strtoul(fact, NULL, 10) : 0;
    t->has_recommended = at > 0 && at < s->run.n_subjects && at != s->baseline;
    t->recommended = t->has_recommended ? (uint32_t)at : s->baseline;
}

int tuned_read(const struct summary *s, struct tuned *out, struct err *err)
{
    const struct store_run *run = &s->run;
    *out = (struct tuned){0};
    int rc = read_knobs(out, run, err);
    if (rc < 0)
        return rc;
    out->points = calloc(run->n_subjects + 1, sizeof(*out->points));
    if (!out->points)
        return err_set(err, ENOMEM, "no memory for the tuning");
    for (uint32_t i = 0; i < run->n_subjects; i++)
        read_point(out, &run->subjects[i], &run->subjects[s->baseline], &out->points[i]);
    for (unsigned k = 0; k < out->n_knobs; k++)
        sort_levels(out, k, run->n_subjects);
    read_recommended(out, s);
    return 0;
}

void tuned_release(struct tuned *t)
{
    free(t->points);
    t->points = NULL;
}

const struct interval *tuned_ratio(const struct summary *s, uint32_t subject, enum measure m)
{
    static const struct interval one = {1, 1, 1, STATS_FULL_COVERAGE_BLOCKS};
    return subject == s->baseline ? &one : &summary_entry(s, 0, subject)->measured[m].ratio;
}

bool tuned_is_uncertain(const struct summary *s, uint32_t subject)
{
    return tuned_ratio(s, subject, MEASURE_THROUGHPUT)->n_blocks < STATS_FULL_COVERAGE_BLOCKS;
}

bool tuned_may_stand(const struct summary *s, uint32_t subject)
{
    const struct summary_entry *e = summary_entry(s, 0, subject);
    if (subject == s->baseline)
        return e->n_ok > 0;
    for (int m = MEASURE_THROUGHPUT; m <= MEASURE_PEAK_RSS; m++) {
        const struct interval *ratio = &e->measured[m].ratio;
        if (ratio->n_blocks < 2 || !(ratio->estimate > 0) || !isfinite(ratio->estimate))
            return false;
    }
    return e->n_ok == e->n_trials;
}

bool tuned_is_on_front(const struct summary *s, uint32_t subject)
{
    double speed = tuned_ratio(s, subject, MEASURE_THROUGHPUT)->estimate;
    double memory = tuned_ratio(s, subject, MEASURE_PEAK_RSS)->estimate;
    if (!tuned_may_stand(s, subject))
        return false;
    for (uint32_t i = 0; i < s->run.n_subjects; i++) {
        double other_speed = tuned_ratio(s, i, MEASURE_THROUGHPUT)->estimate;
        double other_memory = tuned_ratio(s, i, MEASURE_PEAK_RSS)->estimate;
        if (i != subject && tuned_may_stand(s, i) && other_speed >= speed &&
            other_memory <= memory && (other_speed > speed || other_memory < memory))
            return false;
    }
    return true;
}
