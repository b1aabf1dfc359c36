#include "page_latency.h"

#include <string.h>

#include "histogram.h"

static const uint32_t quantiles[] = {0,      100000, 250000, 500000, 750000, 900000,
                                     950000, 990000, 999000, 999900, 1000000};

#define ALL_CLASSES (-1)

json_t *page_latency_quantiles(struct page *p)
{
    json_t *array = json_array();
    for (size_t i = 0; i < ARRAY_SIZE(quantiles); i++)
        page_append(p, array, json_integer(quantiles[i]));
    return array;
}

/* What is alike: kind, class or ALL_CLASSES, and whether a page fault fell into the call. */
static bool fits(const struct survey_latency *l, uint32_t kind, int size_class, uint32_t faulted)
{
    return l->kind == kind && l->has_faulted == faulted &&
           (size_class == ALL_CLASSES || l->size_class == (uint32_t)size_class);
}

/* Behind a quantile that rests on few calls, a null would hide it and a number would promise too much: both are told. */
static json_t *make_row(struct page *p, const struct histogram *h, uint32_t kind, int size_class,
                        uint32_t faulted)
{
    json_t *o = json_object(), *values = json_array();
    uint32_t n_sure = 0;
    for (size_t i = 0; i < ARRAY_SIZE(quantiles); i++) {
        struct quantile q = histogram_quantile(h, quantiles[i]);
        page_append(p, values, part_count(quantiles[i] == 0 ? h->min_ns : q.ns));
        n_sure += q.is_sure;
    }
    page_put(p, o, "kind", json_string(latency_kind_name((enum latency_kind)kind)));
    page_put(p, o, "class", json_integer(size_class));
    page_put(p, o, "faulted", json_boolean(faulted));
    page_put(p, o, "n", part_count(h->n));
    page_put(p, o, "sure", json_integer(n_sure));
    page_put(p, o, "ns", values);
    return o;
}

static void add_row(struct page *p, json_t *rows, const struct survey *found, uint32_t kind,
                    int size_class, uint32_t faulted)
{
    struct histogram h = {0};
    for (uint32_t i = 0; i < found->n_latencies; i++)
        if (fits(&found->latencies[i], kind, size_class, faulted))
            histogram_add(&h, &found->latencies[i]);
    if (h.n > 0)
        page_append(p, rows, make_row(p, &h, kind, size_class, faulted));
}

json_t *page_latencies(struct page *p, const struct survey *found)
{
    json_t *rows = json_array();
    for (uint32_t kind = 0; kind < LATENCY_KINDS; kind++)
        for (uint32_t faulted = 0; faulted < 2; faulted++)
            for (int c = ALL_CLASSES; c < (int)LATENCY_CLASSES; c++)
                add_row(p, rows, found, kind, c, faulted);
    return rows;
}
