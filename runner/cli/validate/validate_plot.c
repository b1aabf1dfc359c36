/* The heap over time, real and replayed, a panel per allocator: by gnuplot. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "validate.h"

#define COLUMNS 2u

/* Text in single quotes, in which gnuplot knows no escapes but a doubled quote. */
static void put_quoted(FILE *out, const char *text)
{
    fputc('\'', out);
    for (; *text; text++) {
        if (*text == '\'')
            fputc('\'', out);
        fputc(*text, out);
    }
    fputc('\'', out);
}

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
    put_quoted(out, v->subjects[i].name);
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

static void put_script(FILE *out, const struct validate *v, const char *path)
{
    uint32_t rows = (v->n_subjects + COLUMNS - 1) / COLUMNS;
    fprintf(out,
            "set terminal svg size 900,%u font 'sans-serif,13' background '#ffffff'\nset output ",
            70 + 210 * rows);
    put_quoted(out, path);
    fprintf(out, "\nset multiplot layout %u,%u title ", rows, COLUMNS);
    put_quoted(out, v->cells[0].name);
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
}

int validate_plot(const struct validate *v, const char *path, struct err *err)
{
    if (system("command -v gnuplot >/dev/null 2>&1") != 0)
        return err_set(err, ENOENT, "no plot: gnuplot is missing; install the package gnuplot-nox");
    FILE *out = popen("gnuplot - 2>/dev/null", "we");
    if (!out)
        return err_set_errno(err, errno, "cannot start gnuplot");
    put_script(out, v, path);
    int status = pclose(out);
    return status == 0 ? 0 : err_set(err, EIO, "gnuplot could not write %s", path);
}
