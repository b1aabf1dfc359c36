#include "plot.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gnuplot.h"
#include "near.h"
#include "plot_parts.h"
#include "replace.h"

const struct plot_kind plot_kinds[] = {
    {"throughput", "ratios to the baseline with intervals: bars, per workload and allocator", false,
     false, plot_throughput},
    {"memory-speed",
     "speed against peak memory: geometric means, or one cell; with the Pareto front", true, false,
     plot_memory_speed},
    {"memory", "resident memory over time in one cell, all allocators", true, true, plot_memory},
    {"fragmentation", "resident by requested live bytes over time in one cell, all allocators",
     true, true, plot_fragmentation},
    {"bound",
     "adversaries: what each heap grew to, the bound that theory states, and what was live", false,
     false, plot_bound},
    {"scaling", "throughput over threads, a panel per workload", false, false, plot_scaling},
    {"machines",
     "ratios to the baseline, types of machines side by side, with the baseline's speed on each",
     false, false, plot_machines},
    {"tuning", "of a tuning: throughput and memory over its first two knobs; few blocks are pale",
     false, false, plot_tuning},
    {"pareto", "of a tuning: throughput against peak memory of every setting, and the front", false,
     false, plot_pareto},
    {0},
};

const struct plot_kind *plot_find_kind(const char *name, struct err *err)
{
    struct near near;
    char hint[128];
    near_init(&near, name, strlen(name));
    for (const struct plot_kind *k = plot_kinds; k->name; k++) {
        if (strcmp(k->name, name) == 0)
            return k;
        near_offer(&near, k->name);
    }
    near_hint(&near, hint, sizeof(hint));
    err_set(err, EINVAL, "there is no plot '%s'; %s", name,
            hint[0] ? hint : "`arenabench plot` lists them");
    return NULL;
}

/* How a terminal of gnuplot is asked for; sizes are those of an SVG at 96 dots per inch. */
static void put_svg(FILE *out, unsigned width, unsigned height)
{
    fprintf(out,
            "set terminal svg noenhanced size %u,%u font 'sans-serif,13' background '#ffffff'\n",
            width, height);
}

static void put_png(FILE *out, unsigned width, unsigned height)
{
    fprintf(out,
            "set terminal pngcairo noenhanced size %u,%u fontscale 2 linewidth 2 pointscale 2 "
            "font 'sans-serif,10' background '#ffffff'\n",
            2 * width, 2 * height);
}

static void put_pdf(FILE *out, unsigned width, unsigned height)
{
    fprintf(out,
            "set terminal pdfcairo noenhanced size %.3fin,%.3fin font 'sans-serif,10' "
            "linewidth 1 pointscale 0.6 background '#ffffff'\n",
            width / 96.0, height / 96.0);
}

static const struct {
    const char *ending;
    void (*put)(FILE *out, unsigned width, unsigned height);
} forms[] = {{".svg", put_svg}, {".png", put_png}, {".pdf", put_pdf}};

static int form_of(const char *path)
{
    size_t n = strlen(path);
    for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
        size_t n_ending = strlen(forms[i].ending);
        if (n > n_ending && strcmp(path + n - n_ending, forms[i].ending) == 0)
            return (int)i;
    }
    return -1;
}

int plot_check_path(const char *path, struct err *err)
{
    if (form_of(path) < 0)
        return err_set(err, EINVAL,
                       "a plot goes to a file that ends in .svg, .png or .pdf, not '%s'", path);
    return strchr(path, '\n')
               ? err_set(err, EINVAL, "a plot cannot go to a file with a line break in its name")
               : 0;
}

struct text {
    char *bytes;
    size_t n;
};

/* Head and body; output goes to `path`. */
static int assemble(struct text *out, const struct plot *p, int form, const char *path,
                    const struct text *body, struct err *err)
{
    FILE *file = open_memstream(&out->bytes, &out->n);
    if (!file)
        return err_set(err, ENOMEM, "no memory for the plot");
    fputs("# Draws a plot of arenabench's: gnuplot THIS-FILE\nset encoding utf8\n", file);
    forms[form].put(file, p->width, p->height);
    int result = gnuplot_put_output(file, path, err);
    fputs("set border 3 lc rgb '#666666'\nset tics nomirror out scale 0.5 textcolor rgb '#333333'\n"
          "set grid lt 1 lc rgb '#dfe3e8' lw 0.7\nset title textcolor rgb '#000000'\n",
          file);
    fwrite(body->bytes, 1, body->n, file);
    fputs("unset output\n", file);
    if (fclose(file) != 0 && result == 0)
        result = err_set(err, ENOMEM, "no memory for the plot");
    return result;
}

/* mkstemp makes files for their owner only; what is kept is an ordinary file. */
static int install(int fd, const char *draft, const char *path, struct err *err)
{
    mode_t mask = umask(0);
    umask(mask);
    if (fchmod(fd, 0666 & ~mask) < 0 || rename(draft, path) < 0)
        return err_set_errno(err, errno, "cannot write %s", path);
    return 0;
}

static int open_draft(const char *path, char **draft, struct err *err)
{
    int result = output_replaceable(path, err);
    if (result < 0)
        return result;
    if (asprintf(draft, "%s.XXXXXX", path) < 0) {
        *draft = NULL;
        return err_set(err, ENOMEM, "no memory for the plot");
    }
    int fd = mkstemp(*draft);
    if (fd >= 0)
        return fd;
    result = err_set_errno(err, errno, "cannot write %s", path);
    free(*draft);
    *draft = NULL;
    return result;
}

static int write_script(const struct plot *p, int form, const char *path, const char *keep,
                        const struct text *body, struct err *err)
{
    struct text script = {0};
    char *draft = NULL;
    int result = assemble(&script, p, form, path, body, err);
    int fd = result == 0 ? open_draft(keep, &draft, err) : result;
    if (fd >= 0) {
        ssize_t done = write(fd, script.bytes, script.n);
        result = done == (ssize_t)script.n
                     ? install(fd, draft, keep, err)
                     : err_set_errno(err, done < 0 ? errno : ENOSPC, "cannot write %s", keep);
        close(fd);
        if (result < 0)
            unlink(draft);
    } else {
        result = fd;
    }
    free(draft);
    free(script.bytes);
    return result;
}

static int write_plot(const struct plot *p, int form, const char *path, const struct text *body,
                      struct err *err)
{
    struct text script = {0};
    struct stat drawn;
    char *draft = NULL;
    int fd = open_draft(path, &draft, err);
    if (fd < 0)
        return fd;
    int result = assemble(&script, p, form, draft, body, err);
    if (result == 0) {
        result = gnuplot_run(script.bytes, script.n, err);
        if (result < 0)
            err_prefix(err, "%s", path);
    }
    if (result == 0 && (fstat(fd, &drawn) < 0 || drawn.st_size == 0))
        result = err_set(err, EIO, "gnuplot wrote nothing to %s; is the disk full?", path);
    if (result == 0)
        result = install(fd, draft, path, err);
    if (result < 0)
        unlink(draft);
    close(fd);
    free(draft);
    free(script.bytes);
    return result;
}

static int choose_looks(struct plot *p, struct err *err)
{
    uint32_t n = p->summary->run.n_subjects;
    const char **allocators = calloc(n + 1, sizeof(*allocators));
    p->looks = calloc(n + 1, sizeof(*p->looks));
    if (allocators && p->looks) {
        for (uint32_t i = 0; i < n; i++)
            allocators[i] = p->summary->run.subjects[i].allocator;
        palette_choose(allocators, n, p->looks);
    }
    free(allocators);
    return allocators && p->looks ? 0 : err_set(err, ENOMEM, "no memory for the plot");
}

static int make_body(struct plot *p, const struct plot_kind *kind, struct text *body,
                     struct err *err)
{
    p->out = open_memstream(&body->bytes, &body->n);
    if (!p->out)
        return err_set(err, ENOMEM, "no memory for the plot");
    int result = kind->draw(p, err);
    if (fclose(p->out) != 0 && result == 0)
        result = err_set(err, ENOMEM, "no memory for the plot");
    return result;
}

int plot_write(const struct plot_target *target, struct store *store, const struct summary *summary,
               const struct plot_kind *kind, const struct plot_options *options, struct err *err)
{
    struct plot p = {.store = store, .summary = summary, .options = options};
    struct text body = {0};
    int form = form_of(target->path), result = plot_check_path(target->path, err);
    if (result == 0)
        result = choose_looks(&p, err);
    if (result == 0)
        result = make_body(&p, kind, &body, err);
    if (result == 0 && target->keep)
        result = write_script(&p, form, target->path, target->keep, &body, err);
    if (result == 0)
        result = write_plot(&p, form, target->path, &body, err);
    free(body.bytes);
    free(p.looks);
    return result;
}
