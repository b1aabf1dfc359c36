/*
 * For tests: what of a table's sizes a plan really holds, seen in its words. Time is births in the
 * bodies of all threads, which take turns of a few words.
 */
#pragma once

#include "plan.h"
#include "shape_table.h"

struct shape_seen_row {
    uint64_t births; /* in bodies */
    double live;     /* on average while the bodies ran */
    double lived;    /* how long those lived that ended in bodies, on average, in pairs of calls */
    uint64_t ends;   /* in bodies */
    uint64_t now, since;
};

struct shape_seen {
    struct shape_seen_row *rows; /* as those of the table, whose sizes rise */
    uint64_t births, frees, remote_frees;
    double live_bytes;
    uint64_t strangers; /* objects of no size of the table */
};

/* `passes` of all bodies, behind one that is not counted. The caller's to release. Aborts the test when the plan breaks a law. */
struct shape_seen shape_seen(const struct plan *plan, const struct shape_table *table,
                             unsigned passes);
void shape_seen_release(struct shape_seen *seen);
