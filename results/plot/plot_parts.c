#include "plot_parts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gnuplot.h"
#include "text.h"

void plot_put_look(const struct plot *p, uint32_t subject)
{
    const struct look *l = &p->looks[subject];
    fprintf(p->out, " lc rgb '#%06x' dt %s lw 1.6 pt %u ps 0.8", l->rgb, l->dash, l->point);
}

void plot_put_title(const struct plot *p, uint32_t subject)
{
    fputs(" title ", p->out);
    gnuplot_put_text(p->out, p->summary->run.subjects[subject].name);
}

static void put_cell(FILE *out, const struct store_cell *cell,
                     void (*put)(FILE *out, const char *text))
{
    char *text;
    if (asprintf(&text, "%s, %u thread%s", cell->workload, cell->threads,
                 cell->threads == 1 ? "" : "s") < 0)
        text = NULL;
    put(out, text ? text : "");
    free(text);
}

void plot_put_cell(FILE *out, const struct store_cell *cell)
{
    put_cell(out, cell, gnuplot_put_text);
}

void plot_put_cell_tic(FILE *out, const struct store_cell *cell)
{
    put_cell(out, cell, gnuplot_put_tic);
}

static int list_cells(const struct plot *p, struct err *err)
{
    const struct store_run *run = &p->summary->run;
    char list[400];
    size_t n = 0;
    uint32_t i = 0;
    list[0] = '\0';
    for (; i < run->n_cells && n + strlen(run->cells[i].workload) + 40 < sizeof(list); i++)
        n += text_format(list + n, sizeof(list) - n, "%s%s:%u", i ? ", " : "",
                         run->cells[i].workload, run->cells[i].threads);
    if (i < run->n_cells)
        text_format(list + n, sizeof(list) - n, " and %u more", run->n_cells - i);
    return err_set(err, EINVAL, "run %s has no cell '%.*s'; it has %s", run->name, 60,
                   p->options->cell, list);
}

int plot_find_cell(const struct plot *p, uint32_t *cell, struct err *err)
{
    const struct store_run *run = &p->summary->run;
    const char *colon = strrchr(p->options->cell, ':');
    char threads[16];
    for (uint32_t i = 0; i < run->n_cells && colon; i++) {
        size_t n = (size_t)(colon - p->options->cell);
        snprintf(threads, sizeof(threads), "%u", run->cells[i].threads);
        if (strlen(run->cells[i].workload) == n &&
            strncmp(run->cells[i].workload, p->options->cell, n) == 0 &&
            strcmp(threads, colon + 1) == 0) {
            *cell = i;
            return 0;
        }
    }
    return list_cells(p, err);
}

/* Whether a tic at `at` keeps its distance from those that are there. */
static bool has_room(const double *tics, size_t n, double at, double distance)
{
    for (size_t i = 0; i < n; i++)
        if (fabs(log(at / tics[i])) < distance)
            return false;
    return true;
}

void plot_put_ratio_tics(FILE *out, const char *axis, double low, double high)
{
    /* In the order in which they are wanted; each also ten, a hundred .. times as much and as little. */
    static const double steps[] = {1, 2, 5, 1.5, 3, 1.2, 7,   1.1, 1.3, 1.7, 1.4,
                                   8, 6, 9, 2.5, 4, 1.6, 1.8, 9.5, 8.5, 7.5, 1.05};
    double tics[64], distance = 0.085 * log(high / low);
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
        for (int power = (int)floor(log10(low)); power <= (int)ceil(log10(high)); power++) {
            double at = steps[i] * pow(10, power);
            if (at >= low && at <= high && n < ARRAY_SIZE(tics) && has_room(tics, n, at, distance))
                tics[n++] = at;
        }
    fprintf(out, "set %stics (", axis);
    for (size_t i = 0; i < n; i++)
        fprintf(out, "%s'%g' %g", i ? ", " : "", tics[i], tics[i]);
    fputs(")\n", out);
}
