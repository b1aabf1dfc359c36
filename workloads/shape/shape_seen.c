#include "shape_seen.h"

#include <check.h>
#include <stdlib.h>

#include "plan_execution.h"

struct watch {
    const struct shape_table *table;
    struct shape_seen seen;
    uint64_t calls; /* of all threads, as plan_object.born has them */
    bool counts;
};

static struct shape_seen_row *row_of(struct watch *w, uint64_t bytes)
{
    uint32_t low = 0, high = w->table->n_rows;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (w->table->rows[middle].bytes < bytes)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < w->table->n_rows && w->table->rows[low].bytes == bytes;
    w->seen.strangers += !found;
    return found ? &w->seen.rows[low] : NULL;
}

static void catch_up(const struct watch *w, struct shape_seen_row *row)
{
    row->live += (double)row->now * (double)(w->seen.births - row->since);
    row->since = w->seen.births;
}

static void begins(struct plan_execution *x, uint32_t t, const struct plan_object *o)
{
    struct watch *w = x->context;
    struct shape_seen_row *row = row_of(w, o->bytes);
    (void)t;
    w->calls++;
    if (!row)
        return;
    catch_up(w, row);
    row->now++;
    row->births += w->counts;
    w->seen.births += w->counts;
}

static void ends(struct plan_execution *x, uint32_t t, const struct plan_object *o)
{
    struct watch *w = x->context;
    struct shape_seen_row *row = row_of(w, o->bytes);
    uint64_t lived = w->calls++ - o->born;
    if (!row)
        return;
    catch_up(w, row);
    row->now--;
    row->ends += w->counts;
    row->lived += w->counts ? (double)lived / 2 : 0;
    w->seen.frees += w->counts;
    w->seen.remote_frees += w->counts && o->maker != t;
}

static void finish(struct watch *w)
{
    for (uint32_t i = 0; i < w->table->n_rows; i++) {
        struct shape_seen_row *row = &w->seen.rows[i];
        catch_up(w, row);
        row->live /= (double)w->seen.births;
        row->lived /= row->ends > 0 ? (double)row->ends : 1;
        w->seen.live_bytes += row->live * (double)w->table->rows[i].bytes;
    }
}

struct shape_seen shape_seen(const struct plan *plan, const struct shape_table *table,
                             unsigned passes)
{
    struct plan_execution x;
    struct err err = {""};
    struct watch w = {.table = table};
    w.seen.rows = calloc(table->n_rows, sizeof(w.seen.rows[0]));
    ck_assert_int_eq(plan_execution_start(&x, plan, &err), 0);
    x.begins = begins;
    x.ends = ends;
    x.context = &w;
    x.turn = 16;
    ck_assert_msg(plan_execution_run(&x, PLAN_PART_BEFORE) == 0, "%s", err.text);
    for (unsigned pass = 0; pass <= passes; pass++) {
        w.counts = pass > 0;
        ck_assert_msg(plan_execution_run(&x, PLAN_PART_BODY) == 0, "%s", err.text);
        if (pass < passes)
            plan_execution_rewind(&x);
    }
    w.counts = false;
    finish(&w);
    ck_assert_msg(plan_execution_run(&x, PLAN_PART_AFTER) == 0, "%s", err.text);
    plan_execution_release(&x);
    return w.seen;
}

void shape_seen_release(struct shape_seen *seen)
{
    free(seen->rows);
}
