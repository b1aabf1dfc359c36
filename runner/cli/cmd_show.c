#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "command.h"
#include "output.h"
#include "places.h"

struct words {
    const char *run, *file;
    struct output output;
    bool list, machines;
};

enum {
    KEY_JSON = 256,
    KEY_CSV,
    KEY_LIST,
    KEY_MACHINES,
    KEY_MEMORY,
    KEY_STATS,
    KEY_LATENCY,
    KEY_COUNTERS
};

static const struct argp_option options[] = {
    {"list", KEY_LIST, NULL, 0, "list all stored runs, newest first", 0},
    {"machines", KEY_MACHINES, NULL, 0,
     "compare types of machines: what allocators did in RUN, and in runs of other machines that measured the same "
     "(`arenabench merge` joins them); as a table or JSON",
     0},
    {"json", KEY_JSON, NULL, 0, "print JSON", 0},
    {"csv", KEY_CSV, NULL, 0, "print CSV, one line per trial", 0},
    {"stats", KEY_STATS, NULL, 0,
     "also what allocators told of themselves: arenas, locks, bytes held, settings that held "
     "(with --csv that alone, one line per number)",
     0},
    {"counters", KEY_COUNTERS, NULL, 0,
     "also the processor's counters, per call, where the machine has them (in JSON and CSV they are anyway)",
     0},
    {"latency", KEY_LATENCY, NULL, 0,
     "also how long single calls took, by kind, size and whose object it was (in JSON they are anyway; as CSV: "
     "arenabench export --format csv --table latency)",
     0},
    {"memory", KEY_MEMORY, NULL, 0,
     "also where the memory went: fragmentation by several measures, and what each allocator gave back "
     "when its work was over",
     0},
    {"output", 'o', "FILE", 0, "the file where runs are kept (default results/runs/bench.db)", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct words *w = state->input;
    switch (key) {
    case KEY_LIST:
        w->list = true;
        return 0;
    case KEY_MACHINES:
        w->machines = true;
        return 0;
    case KEY_JSON:
        w->output.form = OUTPUT_JSON;
        return 0;
    case KEY_CSV:
        w->output.form = OUTPUT_CSV;
        return 0;
    case KEY_MEMORY:
        w->output.memory = true;
        return 0;
    case KEY_STATS:
        w->output.statistics = true;
        return 0;
    case KEY_COUNTERS:
        w->output.counters = true;
        return 0;
    case KEY_LATENCY:
        w->output.latency = true;
        return 0;
    case 'o':
        w->file = arg;
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

static int print_line(void *context, const struct store_run_line *line, struct err *err)
{
    (void)context, (void)err;
    char when[32] = "";
    struct tm tm;
    time_t started = (time_t)line->started_s;
    if (localtime_r(&started, &tm))
        strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
    uint64_t wanted = (uint64_t)line->n_blocks * line->n_subjects * line->n_cells;
    printf("%-20s  %s  %lu of %lu trials", line->name, when, line->n_trials, wanted);
    if (line->n_failed > 0)
        printf(", %lu failed", line->n_failed);
    if (line->n_shards > 0)
        printf(", %u of %u shards", line->n_held, line->n_shards);
    printf("%s\n", line->finished_s ? "" : ", not finished");
    return 0;
}

static int show(struct store *store, const struct words *w, struct err *err)
{
    int64_t run_id;
    if (w->list)
        return store_list_runs(store, print_line, NULL, err);
    const struct output *o = &w->output;
    if (w->machines &&
        (o->form == OUTPUT_CSV || o->memory || o->statistics || o->counters || o->latency))
        return err_set(err, EINVAL, "--machines goes with no other option but --json and --output");
    int rc = store_find_run(store, w->run ? w->run : "", &run_id, err);
    if (rc == 0 && w->machines)
        return output_machines(store, run_id, o, err);
    return rc < 0 ? rc : output_run(store, run_id, &w->output, err);
}

static int run(int argc, char **argv, struct err *err)
{
    static const struct argp argp = {
        options,
        parse,
        "[RUN]",
        "Prints the table of a stored run again: of RUN (a name or number), or of the latest. "
        "Tables are as wide as the terminal, or as COLUMNS in the environment says; without either, 100 "
        "columns.\v"
        "example: arenabench show --csv 20261120-231455 > trials.csv",
        NULL,
        NULL,
        NULL};
    struct words w = {0};
    struct places places;
    struct store *store = NULL;
    argp_parse(&argp, argc, argv, 0, NULL, &w);
    int rc = places_find(&places, err);
    if (rc == 0)
        rc = store_open(w.file ? w.file : places.store, STORE_READ, &store, err);
    if (rc == 0)
        rc = show(store, &w, err);
    store_close(store);
    return rc;
}

const struct command command_show = {
    .name = "show",
    .summary = "print the table of a stored run again",
    .run = run,
};
