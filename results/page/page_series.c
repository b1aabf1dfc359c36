/*
 * Memory over time: of each cell and subject one trial, that with the median peak of those that ended well;
 * thinned, see thin.h. What the bench itself takes is left out.
 * Beside them, the figures of fragmentation.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "fragmentation.h"
#include "page_parts.h"
#include "thin.h"

#define LIVE_LEAST (64 * KIB) /* residency over less is noise */

static int by_place_and_peak(const void *a, const void *b)
{
    const struct page_trial *x = a, *y = b;
    if (x->place.cell != y->place.cell)
        return x->place.cell < y->place.cell ? -1 : 1;
    if (x->place.subject != y->place.subject)
        return x->place.subject < y->place.subject ? -1 : 1;
    if (x->is_ok != y->is_ok)
        return x->is_ok ? -1 : 1;
    if (x->peak_bytes != y->peak_bytes)
        return x->peak_bytes < y->peak_bytes ? -1 : 1;
    return (x->place.block > y->place.block) - (x->place.block < y->place.block);
}

enum column { TIME, OPS, RESIDENT, LIVE, ADDRESS, RESIDENCY, COLUMNS };

static const char *const column_names[COLUMNS] = {"t_us",     "ops",         "resident_kib",
                                                  "live_kib", "address_kib", "residency_permille"};

/* `live_least` is the least live bytes at which a ratio to them says something. */
static json_t *value_of(enum column column, const struct trial_sample *s, uint64_t live_least)
{
    bool is_known = s->live_bytes != TRIAL_LIVE_UNKNOWN;
    switch (column) {
    case TIME:
        return part_count(s->t_ns / 1000);
    case OPS:
        return part_count(s->ops);
    case RESIDENT:
        return part_count(s->rss_bytes / KIB);
    case LIVE:
        return is_known ? part_count(s->live_bytes / KIB) : json_null();
    case ADDRESS:
        return part_count(s->address_bytes / KIB);
    default:
        return is_known && s->live_bytes >= live_least
                   ? part_count((uint64_t)(1000 * fragmentation_residency((double)s->rss_bytes,
                                                                          (double)s->live_bytes)))
                   : json_null();
    }
}

static uint64_t greatest(const struct trial_sample *samples, size_t n)
{
    uint64_t most = 0;
    for (size_t i = 0; i < n; i++)
        most = samples[i].rss_bytes > most ? samples[i].rss_bytes : most;
    return most;
}

static uint64_t live_least_of(const struct trial_sample *samples, size_t n)
{
    uint64_t most = 0;
    for (size_t i = 0; i < n; i++)
        if (samples[i].live_bytes != TRIAL_LIVE_UNKNOWN && samples[i].live_bytes > most)
            most = samples[i].live_bytes;
    uint64_t share = (uint64_t)(FRAGMENTATION_LEAST * (double)most);
    return share > LIVE_LEAST ? share : LIVE_LEAST;
}

static json_t *make_series(struct page *p, const struct page_trial *t,
                           const struct trial_sample *samples, size_t n)
{
    size_t kept[THIN_MOST], n_kept = thin(samples, n, kept);
    uint64_t live_least = live_least_of(samples, n);
    json_t *o = json_object();
    page_put(p, o, "cell", json_integer(t->place.cell));
    page_put(p, o, "subject", json_integer(t->place.subject));
    page_put(p, o, "block", json_integer(t->place.block));
    page_put(p, o, "samples", part_count(n));
    page_put(p, o, "peak_kib", part_count(greatest(samples, n) / KIB));
    page_put(p, o, "end_kib", part_count(samples[n - 1].rss_bytes / KIB));
    for (int c = 0; c < COLUMNS; c++) {
        json_t *values = json_array();
        for (size_t i = 0; i < n_kept; i++)
            page_append(p, values, value_of((enum column)c, &samples[kept[i]], live_least));
        page_put(p, o, column_names[c], values);
    }
    return o;
}

static int add_series(struct page *p, const struct page_trial *t, json_t *array, struct err *err)
{
    struct trial_sample *samples;
    size_t n;
    int rc = store_load_series(p->store, t->id, &samples, &n, err);
    if (rc == 0 && n > 0)
        page_append(p, array, make_series(p, t, samples, n));
    free(samples);
    return rc;
}

int page_add_series(struct page *p, struct err *err)
{
    json_t *array = json_array();
    int rc = 0;
    if (p->n_trials > 0)
        qsort(p->trials, p->n_trials, sizeof(*p->trials), by_place_and_peak);
    for (size_t i = 0, end; i < p->n_trials && rc == 0; i = end) {
        size_t n_ok = 0;
        for (end = i; end < p->n_trials && p->trials[end].place.cell == p->trials[i].place.cell &&
                      p->trials[end].place.subject == p->trials[i].place.subject;
             end++)
            n_ok += p->trials[end].is_ok;
        if (n_ok > 0 && !summary_is_bench(p->s, p->trials[i].place.subject))
            rc = add_series(p, &p->trials[i + (n_ok - 1) / 2], array, err);
    }
    if (rc == 0)
        rc = json_put_memory(&p->json, p->root, err);
    page_put(p, p->root, "series", array);
    page_put(p, p->root, "thinned_to", json_integer(THIN_MOST));
    return rc;
}
