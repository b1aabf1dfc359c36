/* What was run, where, and what is to be known of it. */
#include <string.h>

#include "page_parts.h"
#include "report_text.h"

static json_t *make_run(struct page *p)
{
    const struct summary *s = p->s;
    json_t *o = json_object();
    page_put(p, o, "name", part_text(s->run.name));
    page_put(p, o, "started", part_moment(s->run.started_s));
    page_put(p, o, "finished", part_moment(s->run.finished_s));
    page_put(p, o, "program_version", part_text(s->run.program_version));
    page_put(p, o, "baseline", json_integer(s->baseline));
    uint32_t n_blocks = store_run_blocks(&s->run);
    page_put(p, o, "blocks", json_integer(s->n_blocks < n_blocks ? s->n_blocks : n_blocks));
    page_put(p, o, "blocks_wanted", json_integer(s->run.n_blocks));
    page_put(p, o, "trials", json_integer(s->n_trials));
    page_put(p, o, "mean_cells", json_integer(s->n_mean_cells));
    page_put(p, o, "confidence", json_real(STATS_CONFIDENCE));
    page_put(p, o, "resamples", json_integer(s->options.bootstrap.n_resamples));
    page_put(p, o, "noise", part_number(s->options.noise));
    page_put(p, o, "rss_grain_bytes", json_integer(SUMMARY_RSS_GRAIN));
    page_put(p, o, "command", p->command ? part_text(p->command) : json_null());
    return o;
}

static bool is_warning(const struct store_fact *fact)
{
    return strncmp(fact->key, "warning", 7) == 0;
}

static json_t *make_facts(struct page *p)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < p->s->run.n_facts; i++) {
        const struct store_fact *fact = &p->s->run.facts[i];
        if (is_warning(fact) || strncmp(fact->key, "tune_", 5) == 0)
            continue; /* they have places of their own */
        json_t *pair = json_array();
        page_append(p, pair, part_text(fact->key));
        page_append(p, pair, part_text(fact->value));
        page_append(p, array, pair);
    }
    return array;
}

static json_t *make_warnings(struct page *p)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < p->s->run.n_facts; i++)
        if (is_warning(&p->s->run.facts[i]))
            page_append(p, array, part_text(p->s->run.facts[i].value));
    for (unsigned i = 0; i < p->s->n_findings; i++)
        page_append(p, array, part_text(p->s->findings[i].text));
    return array;
}

static json_t *make_subjects(struct page *p)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < p->s->run.n_subjects; i++) {
        json_t *o = part_subject(&p->json, &p->s->run.subjects[i]);
        page_put(p, o, "bench", json_boolean(summary_is_bench(p->s, i)));
        page_append(p, array, o);
    }
    return array;
}

static json_t *make_cells(struct page *p)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < p->s->run.n_cells; i++) {
        json_t *o = part_cell(&p->json, &p->s->run.cells[i]);
        page_put(p, o, "control", json_boolean(summary_is_control(p->s, i)));
        page_append(p, array, o);
    }
    return array;
}

void page_add_run(struct page *p)
{
    page_put(p, p->root, "run", make_run(p));
    page_put(p, p->root, "facts", make_facts(p));
    page_put(p, p->root, "warnings", make_warnings(p));
    page_put(p, p->root, "subjects", make_subjects(p));
    page_put(p, p->root, "cells", make_cells(p));
}
