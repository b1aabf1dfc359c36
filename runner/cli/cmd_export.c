#include <errno.h>
#include <string.h>

#include "command.h"
#include "output.h"
#include "places.h"
#include "run_name.h"
#include "store.h"

struct words {
    const char *run, *file, *format, *table;
    struct output output;
};

enum { KEY_FORMAT = 256, KEY_RESULTS, KEY_SERIES, KEY_STATS, KEY_TABLE };

static const struct argp_option options[] = {
    {"format", KEY_FORMAT, "FORM", 0, "csv, json (the default), or google-benchmark", 0},
    {"output", 'o', "FILE", 0,
     "write FILE, in the place of what it holds (default: standard output)", 0},
    {"results", KEY_RESULTS, "FILE", 0,
     "the file where runs are kept (default results/runs/bench.db); RUN may name it too: FILE.db:RUN",
     0},
    {"series", KEY_SERIES, NULL, 0,
     "JSON: also what is long, the samples of every trial and the marks of every survey", 0},
    {"stats", KEY_STATS, NULL, 0, "JSON: also what allocators told of themselves", 0},
    {"table", KEY_TABLE, "NAME", 0,
     "CSV: a line for each of trials (the default), stats, series (samples of trials), marks or latency (of "
     "surveys)",
     0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct words *w = state->input;
    switch (key) {
    case KEY_FORMAT:
        w->format = arg;
        return 0;
    case 'o':
        w->output.file = arg;
        return 0;
    case KEY_RESULTS:
        w->file = arg;
        return 0;
    case KEY_SERIES:
        w->output.series = true;
        return 0;
    case KEY_STATS:
        w->output.statistics = true;
        return 0;
    case KEY_TABLE:
        w->table = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (w->run)
            argp_error(state, "one run at a time: '%s' is too much", arg);
        w->run = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int settle_format(struct words *w, struct err *err)
{
    static const struct {
        const char *name;
        enum output_form form;
    } forms[] = {{"csv", OUTPUT_CSV}, {"json", OUTPUT_JSON}, {"google-benchmark", OUTPUT_GOOGLE}};
    const char *wanted = w->format ? w->format : "json";
    for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
        if (strcmp(wanted, forms[i].name) == 0) {
            w->output.form = forms[i].form;
            return 0;
        }
    return err_set(err, EINVAL, "unknown format '%s': it is csv, json or google-benchmark", wanted);
}

static int settle_table(struct words *w, struct err *err)
{
    static const struct {
        const char *name;
        enum output_csv table;
        bool statistics;
    } tables[] = {{"trials", OUTPUT_TRIALS, false},
                  {"stats", OUTPUT_TRIALS, true},
                  {"series", OUTPUT_SERIES, false},
                  {"marks", OUTPUT_MARKS, false},
                  {"latency", OUTPUT_LATENCY, false}};
    for (size_t i = 0; w->table && i < ARRAY_SIZE(tables); i++)
        if (strcmp(w->table, tables[i].name) == 0) {
            w->output.table = tables[i].table;
            w->output.statistics = tables[i].statistics;
            return 0;
        }
    return w->table ? err_set(err, EINVAL,
                              "unknown table '%s': it is trials, stats, series, marks or latency",
                              w->table)
                    : 0;
}

/* An option that would do nothing is a mistake that is told. */
static int settle(struct words *w, struct err *err)
{
    int rc = settle_format(w, err);
    if (rc < 0)
        return rc;
    if (w->output.form != OUTPUT_JSON && (w->output.series || w->output.statistics))
        return err_set(err, EINVAL, "--series and --stats are of JSON%s",
                       w->output.form == OUTPUT_CSV ? "; CSV takes --table" : "");
    if (w->output.form != OUTPUT_CSV && w->table)
        return err_set(err, EINVAL, "--table is of CSV; JSON takes --series and --stats");
    return settle_table(w, err);
}

static int export_run(const struct words *w, const struct run_name *name, struct err *err)
{
    struct places places;
    struct store *store = NULL;
    int64_t run_id;
    const char *file = name->file[0] ? name->file : w->file;
    int rc = file ? 0 : places_find(&places, err);
    if (rc == 0)
        rc = store_open(file ? file : places.store, STORE_READ, &store, err);
    if (rc == 0)
        rc = store_find_run(store, name->run, &run_id, err);
    if (rc == 0)
        rc = output_run(store, run_id, &w->output, err);
    store_close(store);
    return rc;
}

static int run(int argc, char **argv, struct err *err)
{
    static const struct argp argp = {
        options,
        parse,
        "[RUN]",
        "Writes a stored run for other programs: RUN (a name or number, FILE.db:RUN, or FILE.db for the latest of a "
        "file), or the latest. Names of fields carry their units; docs/formats.md tells them. Google "
        "Benchmark's compare.py and the dashboards that read its JSON read google-benchmark.\v"
        "example: arenabench export --format google-benchmark -o new.json\n"
        "example: arenabench export --format csv --table marks main.db > marks.csv",
        NULL,
        NULL,
        NULL};
    struct words w = {0};
    struct run_name name;
    argp_parse(&argp, argc, argv, 0, NULL, &w);
    int rc = settle(&w, err);
    if (rc == 0)
        rc = run_name_read(w.run ? w.run : "", &name, err);
    if (rc == 0 && name.subject)
        rc = err_set(err, EINVAL, "a run is exported with all its allocators: leave ':%s' out",
                     name.subject);
    if (rc == 0 && name.file[0] && w.file)
        rc = err_set(err, EINVAL, "two results files: --results %s and %s", w.file, name.file);
    return rc < 0 ? rc : export_run(&w, &name, err);
}

const struct command command_export = {
    .name = "export",
    .summary = "write a stored run as CSV, JSON or Google Benchmark's JSON",
    .run = run,
};
