#include "told.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int check_rows(const struct statistic *rows, size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        int rc = statistic_check(&rows[i], err);
        if (rc < 0) {
            err_prefix(err, "row %zu of the allocator's statistics", i);
            return rc;
        }
    }
    return 0;
}

static int compare(const void *a, const void *b)
{
    const struct statistic *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->arena != y->arena)
        return x->arena < y->arena ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* Two rows of one name would be added up, and one of them could pass for the other. */
static int check_doubles(const struct statistic *rows, size_t n, struct err *err)
{
    struct statistic *order = calloc(n, sizeof(*order));
    if (!order)
        return err_set(err, ENOMEM, "out of memory for the allocator's statistics");
    memcpy(order, rows, n * sizeof(*order));
    qsort(order, n, sizeof(*order), compare);
    int rc = 0;
    for (size_t i = 1; rc == 0 && i < n; i++)
        if (compare(&order[i - 1], &order[i]) == 0)
            rc = err_set(err, EINVAL, "the allocator's statistics hold %s of arena %u twice",
                         order[i].name, order[i].arena);
    free(order);
    return rc;
}

int told_take(const struct worker_process *w, struct trial_result *result, struct err *err)
{
    uint64_t told = w->statistics->n;
    size_t n = told < STATISTICS_ROOM ? (size_t)told : STATISTICS_ROOM;
    if (atomic_load(&w->statistics->state) != STATISTICS_TOLD || n == 0)
        return 0;
    struct statistic *rows = malloc(n * sizeof(*rows));
    if (!rows)
        return err_set(err, ENOMEM, "out of memory for the allocator's statistics");
    /* Copied first: a process that the allocator left behind could change what was checked. */
    memcpy(rows, w->statistics->rows, n * sizeof(*rows));
    int rc = check_rows(rows, n, err);
    if (rc == 0)
        rc = check_doubles(rows, n, err);
    if (rc < 0) {
        free(rows);
        return rc;
    }
    result->statistics = rows;
    result->n_statistics = n;
    result->statistics_lost = told - n;
    return 0;
}
