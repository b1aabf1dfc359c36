#include "page_latency.h"

#include <string.h>

#include "histogram.h"

static const uint32_t quantiles[] = {0,      100000, 250000, 500000, 750000, 900000,
                                     950000, 990000, 999000, 999900, 1000000};

#define ALL (-1)

json_t *page_latency_quantiles(struct page *p)
{
    json_t *array = json_array();
    for (size_t i = 0; i < ARRAY_SIZE(quantiles); i++)
        page_append(p, array, json_integer(quantiles[i]));
    return array;
}

/* What is alike; ALL takes in every class, and what local and remote calls have in common. */
struct group {
    uint32_t kind, has_faulted;
    int size_class, is_remote;
};

static bool fits(const struct survey_latency *l, const struct group *g)
{
    return l->kind == g->kind && l->has_faulted == g->has_faulted &&
           (g->is_remote == ALL || l->is_remote == (uint32_t)g->is_remote) &&
           (g->size_class == ALL || l->size_class == (uint32_t)g->size_class);
}

/* Quantiles that rest on few calls are told, too; the number before them says how many do not. */
static json_t *make_row(struct page *p, const struct histogram *h, const struct group *g)
{
    json_t *row = json_array(), *values = json_array();
    uint32_t n_sure = 0;
    for (size_t i = 0; i < ARRAY_SIZE(quantiles); i++) {
        struct quantile q = histogram_quantile(h, quantiles[i]);
        page_append(p, values, part_count(quantiles[i] == 0 ? h->min_ns : q.ns));
        n_sure += q.is_sure;
    }
    page_append(p, row, json_string(latency_kind_name((enum latency_kind)g->kind)));
    page_append(p, row, json_integer(g->size_class));
    page_append(p, row, json_integer(g->is_remote));
    page_append(p, row, json_integer(g->has_faulted));
    page_append(p, row, part_count(h->n));
    page_append(p, row, json_integer(n_sure));
    page_append(p, row, values);
    return row;
}

static void add_row(struct page *p, json_t *rows, const struct survey *found, const struct group *g)
{
    struct histogram h = {0};
    for (uint32_t i = 0; i < found->n_latencies; i++)
        if (fits(&found->latencies[i], g))
            histogram_add(&h, &found->latencies[i]);
    if (h.n > 0)
        page_append(p, rows, make_row(p, &h, g));
}

static bool has_remote(const struct survey *found, uint32_t kind)
{
    for (uint32_t i = 0; i < found->n_latencies; i++)
        if (found->latencies[i].kind == kind && found->latencies[i].is_remote)
            return true;
    return false;
}

json_t *page_latencies(struct page *p, const struct survey *found)
{
    json_t *rows = json_array();
    struct group g;
    for (g.kind = 0; g.kind < LATENCY_KINDS; g.kind++)
        for (g.has_faulted = 0; g.has_faulted < 2; g.has_faulted++) {
            g.is_remote = ALL;
            for (g.size_class = ALL; g.size_class < (int)LATENCY_CLASSES; g.size_class++)
                add_row(p, rows, found, &g);
            g.size_class = ALL;
            for (g.is_remote = 0; g.is_remote < 2 && has_remote(found, g.kind); g.is_remote++)
                add_row(p, rows, found, &g);
        }
    return rows;
}
