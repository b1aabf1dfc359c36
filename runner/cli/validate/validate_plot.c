/* The heap over time, real and replayed, a panel per allocator: by gnuplot. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "gnuplot.h"
#include "validate.h"

#define COLUMNS 2u

static void put_block(FILE *out, const char *name, const struct validate_series *s, double scale)
{
    fprintf(out, "$%s << EOD\n", name);
    for (size_t i = 0; i < s->n; i++)
        fprintf(out, "%.5f %.4f\n", s->points[i].t * scale, s->points[i].bytes / (double)MIB);
    fprintf(out, "EOD\n");
}

static double greatest(const struct validate *v)
{
    double most = 0;
    for (unsigned s = 0; s < FIDELITY_SIDES; s++)
        for (uint32_t i = 0; i < v->n_subjects; i++)
            for (size_t k = 0; k < v->series[s][i].n; k++)
                most = fmax(most, v->series[s][i].points[k].bytes);
    return most / (double)MIB;
}

static void put_panel(FILE *out, const struct validate *v, uint32_t i)
{
    const struct validate_series *real = &v->series[SIDE_REAL][i];
    const struct validate_series *replay = &v->series[SIDE_REPLAY][i];
    fprintf(out, "set title ");
    gnuplot_put_text(out, v->subjects[i].name);
    fprintf(out, " noenhanced offset 0,-0.6\nset key %s\n", i == 0 ? "on" : "off");
    if (real->n == 0 || replay->n == 0) {
        fprintf(out, "set label 1 'failed' at graph 0.5,0.5 center\n"
                     "plot NaN notitle\nunset label 1\n");
        return;
    }
    put_block(out, "real", real, v->wall_s[SIDE_REAL][i]);
    put_block(out, "replay", replay, v->wall_s[SIDE_REAL][i]);
    fprintf(out,
            "plot [0:%.5f] $real with steps lw 2.2 lc rgb '#9aa5b1' title 'real', "
            "$replay with steps lw 1.4 lc rgb '#c1440e' title 'replayed'\n",
            v->wall_s[SIDE_REAL][i]);
}

static int put_script(FILE *out, const struct validate *v, const char *path, struct err *err)
{
    uint32_t rows = (v->n_subjects + COLUMNS - 1) / COLUMNS;
    fprintf(out,
            "set encoding utf8\n"
            "set terminal svg size 900,%u font 'sans-serif,13' background '#ffffff'\n",
            70 + 210 * rows);
    int rc = gnuplot_put_output(out, path, err);
    fprintf(out, "set multiplot layout %u,%u title ", rows, COLUMNS);
    gnuplot_put_text(out, v->cells[0].name);
    fprintf(out,
            " noenhanced font ',15'\n"
            "set border 3 lc rgb '#666666'\nset tics nomirror out scale 0.5\n"
            "set grid ytics lc rgb '#e4e7eb' lw 1\nset yrange [0:%.4f]\n"
            "set ylabel 'heap resident, MiB' offset 1\n"
            "set xlabel 'seconds of the real program' offset 0,0.4\n"
            "set key top left samplen 2 spacing 1.1\n",
            greatest(v) * 1.3);
    for (uint32_t i = 0; i < v->n_subjects; i++)
        put_panel(out, v, i);
    fprintf(out, "unset multiplot\n");
    return rc;
}

int validate_plot(const struct validate *v, const char *path, struct err *err)
{
    char *script = NULL;
    size_t n_bytes;
    int rc = gnuplot_find(err);
    if (rc < 0)
        return rc;
    FILE *out = open_memstream(&script, &n_bytes);
    if (!out)
        return err_set(err, ENOMEM, "out of memory");
    rc = put_script(out, v, path, err);
    if (fclose(out) != 0 && rc == 0)
        rc = err_set(err, ENOMEM, "out of memory");
    if (rc == 0 && gnuplot_run(script, n_bytes, err) < 0)
        rc = err_set(err, EIO, "gnuplot could not write %s", path);
    free(script);
    return rc;
}
