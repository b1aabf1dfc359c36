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

void plot_put_cell(FILE *out, const struct store_cell *cell)
{
    char *text;
    if (asprintf(&text, "%s, %u thread%s", cell->workload, cell->threads,
                 cell->threads == 1 ? "" : "s") < 0)
        text = NULL;
    gnuplot_put_text(out, text ? text : "");
    free(text);
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
    return err_set(err, EINVAL, "run %s has no cell '%.40s'; it has %s", run->name,
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

void plot_put_ratio_tics(FILE *out, const char *axis, double low, double high)
{
    static const double wide[] = {1, 2, 5}, narrow[] = {1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9};
    static const double fine[] = {1, 1.02, 1.05, 1.1, 1.15, 1.2, 1.3, 1.4, 1.6, 1.8, 2,  3,
                                  4, 5,    6,    7,   7.5,  8,   8.5, 9,   9.2, 9.5, 9.8};
    double span = log10(high / low);
    const double *steps = span > 1.2 ? wide : span > 0.35 ? narrow : fine;
    size_t n = span > 1.2 ? ARRAY_SIZE(wide) : span > 0.35 ? ARRAY_SIZE(narrow) : ARRAY_SIZE(fine);
    fprintf(out, "set %stics (", axis);
    bool first = true;
    for (int power = (int)floor(log10(low)); power <= (int)ceil(log10(high)); power++)
        for (size_t i = 0; i < n; i++) {
            double at = steps[i] * pow(10, power);
            bool shown = at >= low * 0.999 && at <= high * 1.001 && (span < 2.5 || i == 0);
            if (!shown)
                continue;
            fprintf(out, "%s'%g' %g", first ? "" : ", ", at, at);
            first = false;
        }
    fputs(")\n", out);
}
