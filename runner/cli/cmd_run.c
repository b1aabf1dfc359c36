#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "campaign.h"
#include "command.h"
#include "output.h"
#include "run_options.h"
#include "text.h"

struct words {
    struct run_options options;
    const char *file;   /* of the store */
    const char *resume; /* run to go on with; "" for the latest */
    struct output output;
    struct err *err;
};

enum { KEY_CSV = 512, KEY_JSON, KEY_MEMORY, KEY_RESUME, KEY_STATS };

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "Results:", 3},
    {"output", 'o', "FILE", 0, "keep runs in FILE (default results/runs/bench.db)", 3},
    {"resume", KEY_RESUME, "RUN", OPTION_ARG_OPTIONAL,
     "go on with RUN (default: the latest), as it was begun: do what is missing", 3},
    {"json", KEY_JSON, NULL, 0, "print JSON in place of the table", 3},
    {"csv", KEY_CSV, NULL, 0, "print CSV, one line per trial, in place of the table", 3},
    {"memory", KEY_MEMORY, NULL, 0,
     "also print where the memory went: fragmentation by several measures, and what each allocator "
     "gave back when its work was over",
     3},
    {"stats", KEY_STATS, NULL, 0,
     "also print what allocators told of themselves: arenas, locks, bytes held, settings that held "
     "(with --csv that alone, one line per number)",
     3},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct words *w = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &w->options;
        return 0;
    case 'o':
        w->file = arg;
        return 0;
    case KEY_RESUME:
        w->resume = arg ? arg : "";
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
    case ARGP_KEY_ARG:
        if (!w->resume || *w->resume)
            argp_error(state, "'%s' is not an option", arg);
        w->resume = arg; /* --resume RUN, with a blank */
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int find_begun(struct words *w, struct store *store, struct store_run *run)
{
    int64_t id;
    int rc = store_find_run(store, w->resume, &id, w->err);
    if (rc == 0)
        rc = store_load_run(store, id, run, w->err);
    if (rc == 0 && strcmp(run->program_version, ARENABENCH_VERSION) != 0)
        rc = err_set(w->err, EINVAL, "run %s was begun by version %s, this is " ARENABENCH_VERSION,
                     run->name, run->program_version);
    if (rc == 0)
        rc = run_config_from_json(&w->options.config, run->manifest, w->err);
    return rc;
}

/* The stored run whose rest is to be done; its manifest becomes the configuration. */
static int load_begun(struct words *w, const char *file, struct store_run *run)
{
    struct store *store;
    if (w->options.n_given > 0 || w->options.suites)
        return err_set(w->err, EINVAL,
                       "--resume goes on as the run was begun: it takes no other options but "
                       "--output, --json, --csv, --memory and --stats");
    int rc = store_open(file, STORE_READ, &store, w->err);
    if (rc == 0)
        rc = find_begun(w, store, run);
    store_close(store);
    return rc;
}

static int run_name(struct store *store, int64_t id, char *out, size_t n, struct err *err)
{
    struct store_run run = {0};
    int rc = store_load_run(store, id, &run, err);
    if (rc == 0)
        text_format(out, n, "%s", run.name);
    store_run_release(&run);
    return rc;
}

static int finish(const struct words *w, const struct campaign *c, struct store *store,
                  bool was_complete)
{
    char name[64], surveys[64] = "";
    if (c->n_surveys > 0)
        text_format(surveys, sizeof(surveys), " and %u of %u surveys", c->n_surveyed, c->n_surveys);
    int rc = output_run(store, c->run_id, &w->output, w->err);
    if (rc == 0)
        rc = run_name(store, c->run_id, name, sizeof(name), w->err);
    if (rc < 0)
        return rc;
    fflush(stdout);
    if (c->interrupted)
        fprintf(stderr,
                "interrupted after %lu of %lu trials%s; go on with: arenabench run "
                "--resume=%s%s%s\n",
                c->ledger.n_done, c->ledger.n_trials - c->ledger.n_given_up, surveys, name,
                w->file ? " --output " : "", w->file ? w->file : "");
    else if (was_complete)
        fprintf(stderr, "run %s is complete: nothing was left to do\n", name);
    else if (isatty(STDERR_FILENO))
        fprintf(stderr, "kept as run %s in %s\n", name, store_path(store));
    return c->interrupted ? EXIT_INTERRUPTED : c->n_failed ? EXIT_FAILED : EXIT_GOOD;
}

/* Nothing is written before all words are understood: a mistake leaves no empty file behind. */
static int execute(struct words *w, const struct places *places)
{
    const char *file = w->file ? w->file : places->store;
    struct campaign campaign = {0};
    struct store_run begun = {0};
    struct store *store = NULL;
    int rc =
        w->resume ? load_begun(w, file, &begun) : run_options_resolve(&w->options, places, w->err);
    if (rc == 0)
        rc = campaign_prepare(&campaign, &w->options.config, places, w->err);
    if (rc == 0)
        rc = store_open(file, STORE_WRITE, &store, w->err);
    if (rc == 0)
        rc = w->resume ? campaign_resume(&campaign, store, &begun, w->err)
                       : campaign_begin(&campaign, store, w->err);
    bool was_complete = campaign_is_complete(&campaign);
    if (rc == 0)
        rc = campaign_execute(&campaign, w->err);
    if (rc == 0)
        rc = finish(w, &campaign, store, was_complete);
    campaign_release(&campaign);
    store_run_release(&begun);
    store_close(store);
    return rc;
}

static int run(int argc, char **argv, struct err *err)
{
    static const struct argp_child children[] = {{&run_options_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        options,
        parse,
        NULL,
        "Compares allocators on workloads, in shuffled blocks of fresh processes, and prints a "
        "table of throughput and peak RSS with intervals.\v"
        "example: arenabench run --quick\n"
        "example: arenabench run -a glibc,glibc:arena_max=1,mine=./libmine.so -w larson,my.trace "
        "-b 10\n",
        children,
        NULL,
        NULL};
    struct words w = {.err = err};
    struct places places;
    argp_parse(&argp, argc, argv, 0, NULL, &w);
    int rc = places_find(&places, err);
    if (rc == 0)
        rc = execute(&w, &places);
    run_options_release(&w.options);
    return rc;
}

const struct command command_run = {
    .name = "run",
    .summary = "compare allocators: the main job",
    .run = run,
};
