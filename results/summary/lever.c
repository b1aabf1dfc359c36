#include "lever.h"

#include <math.h>
#include <string.h>

#define NOTABLE 1.25 /* a mean that moves by less is carried by all */

bool lever_counts(const struct summary *s, uint32_t cell, const char *workload)
{
    return !summary_is_control(s, cell) &&
           (!workload || strcmp(s->run.cells[cell].workload, workload) != 0);
}

/* Mean logarithm of a subject's ratios over the cells that count; *n of them have one. */
static double mean_log(const struct summary *s, uint32_t subject, enum measure m,
                       const char *without, unsigned *n)
{
    double sum = 0;
    *n = 0;
    for (uint32_t c = 0; c < s->run.n_cells; c++) {
        const struct interval *ratio = &summary_entry(s, c, subject)->measured[m].ratio;
        if (!lever_counts(s, c, without) || ratio->n_blocks == 0)
            continue;
        sum += log(ratio->estimate);
        ++*n;
    }
    return *n ? sum / *n : 0;
}

/* By how much the means would move without the workload: the largest shift of any subject. */
static double leverage(const struct summary *s, enum measure m, const char *workload)
{
    double most = 0;
    for (uint32_t i = 0; i < s->run.n_subjects; i++) {
        unsigned n_all, n_rest;
        double shift = mean_log(s, i, m, NULL, &n_all) - mean_log(s, i, m, workload, &n_rest);
        if (n_rest > 0 && n_rest < n_all && fabs(shift) > most)
            most = fabs(shift);
    }
    return most;
}

static unsigned n_workloads(const struct summary *s)
{
    unsigned n = 0;
    for (uint32_t c = 0; c < s->run.n_cells; c++) {
        bool seen = summary_is_control(s, c);
        for (uint32_t k = 0; k < c && !seen; k++)
            seen = strcmp(s->run.cells[k].workload, s->run.cells[c].workload) == 0;
        n += !seen;
    }
    return n;
}

void lever_find(struct summary *s, enum measure m)
{
    double most = log(NOTABLE);
    s->levers[m].workload = NULL;
    if (n_workloads(s) < 3)
        return;
    for (uint32_t c = 0; c < s->run.n_cells; c++) {
        const char *workload = s->run.cells[c].workload;
        double here = summary_is_control(s, c) ? 0 : leverage(s, m, workload);
        if (here > most) {
            most = here;
            s->levers[m].workload = workload;
        }
    }
}
