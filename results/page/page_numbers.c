/* The summary, and the Pareto front over its means. */
#include <math.h>
#include <signal.h>
#include <string.h>

#include "page_parts.h"

static json_t *make_ratio(struct page *p, const struct interval *ratio, enum verdict verdict)
{
    json_t *o = json_object();
    page_put(p, o, "ratio", part_number(ratio->estimate));
    page_put(p, o, "low", part_number(ratio->low));
    page_put(p, o, "high", part_number(ratio->high));
    page_put(p, o, "blocks", json_integer(ratio->n_blocks));
    page_put(p, o, "verdict",
             ratio->n_blocks ? json_string(stats_verdict_name(verdict)) : json_null());
    return o;
}

static json_t *make_entry(struct page *p, uint32_t cell, uint32_t subject)
{
    const struct summary_entry *e = summary_entry(p->s, cell, subject);
    json_t *o = json_object();
    page_put(p, o, "trials", json_integer(e->n_trials));
    page_put(p, o, "ok", json_integer(e->n_ok));
    if (e->n_ok < e->n_trials)
        page_put(p, o, "failure",
                 json_string(e->failures_differ ? "failed" : trial_status_name(e->first_failure)));
    for (int m = 0; m < MEASURES; m++) {
        const struct measured *measured = &e->measured[m];
        json_t *value = make_ratio(p, &measured->ratio, measured->verdict);
        page_put(p, value, "median", part_number(measured->median));
        page_put(p, o, measure_name((enum measure)m), value);
    }
    return o;
}

static json_t *make_entries(struct page *p)
{
    json_t *cells = json_array();
    for (uint32_t c = 0; c < p->s->run.n_cells; c++) {
        json_t *row = json_array();
        for (uint32_t i = 0; i < p->s->run.n_subjects; i++)
            page_append(p, row, make_entry(p, c, i));
        page_append(p, cells, row);
    }
    return cells;
}

static json_t *make_mean(struct page *p, const struct summary_mean *mean)
{
    json_t *o = make_ratio(p, &mean->ratio, mean->verdict);
    page_put(p, o, "cells", json_integer(mean->n_used));
    return o;
}

static bool is_compared(const struct summary *s, uint32_t subject)
{
    return subject != s->baseline && !summary_is_bench(s, subject);
}

/* By subject; null for the baseline and for the bench's own. */
static json_t *make_means(struct page *p)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < p->s->run.n_subjects; i++) {
        if (!is_compared(p->s, i)) {
            page_append(p, array, json_null());
            continue;
        }
        json_t *o = json_object();
        for (int m = 0; m < MEASURES; m++)
            page_put(p, o, measure_name((enum measure)m),
                     make_mean(p, summary_mean(p->s, i, (enum measure)m)));
        page_append(p, array, o);
    }
    return array;
}

static json_t *make_levers(struct page *p)
{
    json_t *o = json_object();
    for (int m = 0; m < MEASURES; m++) {
        const struct summary_lever *lever = &p->s->levers[m];
        if (!lever->workload)
            continue;
        json_t *one = json_object(), *means = json_array();
        page_put(p, one, "workload", part_text(lever->workload));
        for (uint32_t i = 0; i < p->s->run.n_subjects; i++)
            page_append(p, means,
                        is_compared(p->s, i) ? make_mean(p, &lever->means[i]) : json_null());
        page_put(p, one, "means", means);
        page_put(p, o, measure_name((enum measure)m), one);
    }
    return o;
}

#define ALL_CELLS UINT32_MAX

static double ratio_of(const struct summary *s, uint32_t cell, uint32_t subject, enum measure m)
{
    return cell == ALL_CELLS ? summary_mean(s, subject, m)->ratio.estimate
                             : summary_entry(s, cell, subject)->measured[m].ratio.estimate;
}

/* A subject's ratios in a cell or in the means; the baseline's are 1. False where one is missing. */
static bool find_point(const struct summary *s, uint32_t cell, uint32_t subject, double *speed,
                       double *memory)
{
    *speed = *memory = 1;
    if (subject == s->baseline)
        return cell == ALL_CELLS || summary_entry(s, cell, subject)->n_ok > 0;
    if (summary_is_bench(s, subject))
        return false;
    *speed = ratio_of(s, cell, subject, MEASURE_THROUGHPUT);
    *memory = ratio_of(s, cell, subject, MEASURE_PEAK_RSS);
    return isfinite(*speed) && isfinite(*memory);
}

/* Whether no other subject is at least as fast and as lean, and better in one of the two. */
static bool is_on_front(const struct summary *s, uint32_t cell, uint32_t subject)
{
    double speed, memory, other_speed, other_memory;
    if (!find_point(s, cell, subject, &speed, &memory))
        return false;
    for (uint32_t i = 0; i < s->run.n_subjects; i++) {
        if (i == subject || !find_point(s, cell, i, &other_speed, &other_memory))
            continue;
        if (other_speed >= speed && other_memory <= memory &&
            (other_speed > speed || other_memory < memory))
            return false;
    }
    return true;
}

static json_t *make_front(struct page *p, uint32_t cell)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < p->s->run.n_subjects; i++)
        page_append(p, array, json_boolean(is_on_front(p->s, cell, i)));
    return array;
}

static json_t *make_fronts(struct page *p)
{
    json_t *array = json_array();
    for (uint32_t c = 0; c < p->s->run.n_cells; c++)
        page_append(p, array, make_front(p, c));
    return array;
}

static json_t *make_failures(struct page *p)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < p->s->n_failures; i++) {
        const struct summary_failure *f = &p->s->failures[i];
        const char *signal = f->signal ? sigdescr_np(f->signal) : NULL;
        json_t *o = json_object();
        page_put(p, o, "cell", json_integer(f->cell));
        page_put(p, o, "subject", json_integer(f->subject));
        page_put(p, o, "status", json_string(trial_status_name(f->status)));
        page_put(p, o, "signal", json_integer(f->signal));
        page_put(p, o, "signal_name", part_text(signal ? signal : ""));
        page_put(p, o, "trials", json_integer(f->n));
        page_put(p, o, "message", part_text(f->message));
        page_append(p, array, o);
    }
    return array;
}

void page_add_numbers(struct page *p)
{
    page_put(p, p->root, "entries", make_entries(p));
    page_put(p, p->root, "means", make_means(p));
    page_put(p, p->root, "levers", make_levers(p));
    page_put(p, p->root, "front", make_front(p, ALL_CELLS));
    page_put(p, p->root, "fronts", make_fronts(p));
    page_put(p, p->root, "failures", make_failures(p));
}
