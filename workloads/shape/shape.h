/*
 * Workloads made from a table of sizes, rates and live counts (shape_table.h), at any heap size and
 * number of threads.
 *
 * Let L be a size's mean live count and r its rate. By Little's law (1961) its objects live L / r on
 * average, whatever the order of things. Per thread all L are multiplied by one factor, such that the
 * sizes times L sum up to the heap wanted divided by the threads. Lifetimes grow by the same factor
 * and rates stay, so that the shape stays.
 *
 * The clock of a pass is the allocations of the thread: n of them, one per unit of time. A size is
 * born with probability p = r / (all rates), so its objects live W = L / p units. Lifetimes are
 * memoryless, that is exponential; which of a size's objects dies next is then pure chance.
 *
 * The body is closed by laying time on a circle of n units. An object born at t that lives
 * w = k * n + l units (l < n) covers the arc from t to t + l in every pass; the k others of its kind that
 * live beside it are there all the time. Both kinds together have the mean count p * n * W / n = L.
 * The arcs are drawn (for an exponential w, l = w mod n does not depend on k); those that are there
 * all the time, never freed in the body, fill up what the arcs leave open of L, as whole objects:
 * systematic sampling, so that 0.3 objects are one in 3 of 10 threads. No pass leaves anything
 * behind, because arcs across the end of the body are full when it begins.
 *
 * How often a size is born in a pass is p * n rounded up or down (systematic sampling again), in random
 * order. A share of the objects is freed by another thread, those first that live long enough for a
 * hand-over: see shape_ring.h and shape_draw_make().
 *
 * All is integers: same table, values, threads and seed, same plan, on every machine. A plan takes
 * time linear in its words, and some 20 bytes per allocation of a thread beside them.
 */
#pragma once

#include "param.h"
#include "plan.h"
#include "shape_table.h"

#define SHAPE_HEAP_PRESET (64 * MIB) /* at most, where the user says nothing */

/* What a user asked for. Plain; copy it at will. The rows hold the presets of its table. */
struct shape_spec {
    struct param params[PARAMS_MAX];
    uint64_t values[PARAMS_MAX];
};

void shape_preset(const struct shape_table *table, struct shape_spec *spec);
/* Overwrites what `text` names. 0 or -EINVAL, as params_parse(). */
int shape_parse(struct shape_spec *spec, const char *text, struct err *err) MUST_CHECK;
/* What differs from the table's presets, as shape_parse() reads it; "" when nothing does. */
void shape_format(const struct shape_spec *spec, char *out, size_t n);

/* Whether shape_plan() would be tried: 0, -ENOMEM or -EINVAL. */
int shape_check(const struct shape_table *table, const struct shape_spec *spec, uint32_t threads,
                struct err *err) MUST_CHECK;

struct shape_wanted {
    const struct shape_table *table;
    const struct shape_spec *spec;
    const char *name; /* of the plan */
    uint32_t threads;
    uint64_t seed;
};

/*
 * The finished plan. On success *fd is the caller's to close and *plan the caller's to os_unmap
 * (plan->n_bytes). 0 or a negative errno.
 */
int shape_plan(const struct shape_wanted *wanted, int *fd, const struct plan **plan,
               struct err *err) MUST_CHECK;
