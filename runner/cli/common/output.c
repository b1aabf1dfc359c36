#include "output.h"

#include <errno.h>
#include <stdlib.h>

#include "export.h"
#include "machines.h"
#include "output_file.h"
#include "report.h"
#include "report_counters.h"
#include "report_latency.h"

static int print_tables(FILE *out, struct store *store, const struct summary *summary,
                        const struct output *how, struct err *err)
{
    struct report_look look = {.colour = report_wants_colour(stdout),
                               .width = report_width(stdout)};
    int rc = report_table(out, summary, &look, err);
    if (rc == 0)
        rc = report_bounds(out, summary, &look, err);
    if (rc == 0 && how->memory)
        rc = report_memory(out, store, summary, &look, err);
    if (rc == 0 && how->statistics)
        rc = report_statistics(out, store, summary, &look, err);
    if (rc == 0 && how->counters)
        rc = report_counters_table(out, store, summary, &look, err);
    if (rc == 0 && how->latency)
        rc = report_latency(out, store, summary, &look, err);
    return rc;
}

static int print_csv(FILE *out, struct store *store, const struct summary *summary,
                     const struct output *how, struct err *err)
{
    switch (how->table) {
    case OUTPUT_SERIES:
        return export_series_csv(out, store, summary, err);
    case OUTPUT_MARKS:
        return export_marks_csv(out, store, summary, err);
    case OUTPUT_LATENCY:
        return export_latency_csv(out, store, summary, err);
    default:
        return how->statistics ? export_statistics_csv(out, store, summary, err)
                               : export_csv(out, store, summary, err);
    }
}

static int print(FILE *out, struct store *store, const struct summary *summary,
                 const struct output *how, struct err *err)
{
    switch (how->form) {
    case OUTPUT_JSON:
        return export_json(
            out, store, summary,
            &(struct export_detail){.statistics = how->statistics, .series = how->series}, err);
    case OUTPUT_CSV:
        return print_csv(out, store, summary, how, err);
    case OUTPUT_GOOGLE:
        return export_google(out, store, summary, err);
    default:
        return print_tables(out, store, summary, how, err);
    }
}

/* What is printed: a run, or types of machines. */
struct shown {
    struct store *store;
    const struct summary *summary;
    const struct machines *machines; /* in place of a summary */
};

static int print_shown(FILE *out, const struct shown *what, const struct output *how,
                       struct err *err)
{
    if (!what->machines)
        return print(out, what->store, what->summary, how, err);
    const struct report_look look = {.colour = report_wants_colour(stdout),
                                     .width = report_width(stdout)};
    return how->form == OUTPUT_JSON ? machines_json(out, what->machines, err)
                                    : machines_print(out, what->machines, &look, err);
}

/*
 * A report is made in memory first: of many small writes, only the last one's error would be known.
 */
static int print_whole(const struct shown *what, const struct output *how, struct err *err)
{
    char *text = NULL;
    size_t n_bytes;
    FILE *out = open_memstream(&text, &n_bytes);
    if (!out)
        return err_set_errno(err, errno, "cannot make the report");
    int rc = print_shown(out, what, how, err);
    if (fclose(out) != 0 && rc == 0)
        rc = err_set_errno(err, errno, "cannot make the report");
    if (rc == 0)
        rc = output_file_write(how->file, text, n_bytes, err);
    free(text);
    return rc;
}

int output_run(struct store *store, int64_t run_id, const struct output *how, struct err *err)
{
    static const struct summary_options options;
    struct summary summary;
    int rc = summary_make(store, run_id, &options, &summary, err);
    if (rc == 0)
        rc = print_whole(&(struct shown){.store = store, .summary = &summary}, how, err);
    summary_release(&summary);
    return rc;
}

int output_machines(struct store *store, int64_t run_id, const struct output *how, struct err *err)
{
    struct machines machines;
    int rc = machines_make(store, run_id, &machines, err);
    if (rc == 0)
        rc = print_whole(&(struct shown){.store = store, .machines = &machines}, how, err);
    machines_release(&machines);
    return rc;
}
