#include <errno.h>
#include <stdio.h>

#include "cell.h"
#include "command.h"
#include "discover.h"
#include "plan_file.h"
#include "print_info.h"
#include "replace.h"
#include "words.h"

struct words {
    const char *workload, *output, *threads, *seed, *allocators;
    struct recorded_spec recorded;
    bool force;
    struct err *err;
    int failed; /* the first failure */
};

enum { KEY_PACE = 256, KEY_COPIES };

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "the plan to write", 0},
    {"force", 'f', NULL, 0, "replace FILE if it exists", 0},
    {"threads", 't', "N", 0, "threads of a synthetic workload (default 1)", 0},
    {"seed", 's', "N", 0, "of a synthetic workload (default 1)", 0},
    {"allocators", 'a', "LIST", 0,
     "aim a workload that wants it at the size classes of these, as a run of them does "
     "(default: evenly spaced sizes)",
     0},
    {"pace", KEY_PACE, "HOW", 0, RECORDED_PACE_HELP, 0},
    {"copies", KEY_COPIES, "N", 0, RECORDED_COPIES_HELP, 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct words *w = state->input;
    switch (key) {
    case 'o':
        w->output = arg;
        return 0;
    case 'f':
        w->force = true;
        return 0;
    case 't':
        w->threads = arg;
        return 0;
    case 's':
        w->seed = arg;
        return 0;
    case 'a':
        w->allocators = arg;
        return 0;
    case KEY_PACE:
        w->failed = w->failed ? w->failed : recorded_parse_pace(&w->recorded, arg, w->err);
        return 0;
    case KEY_COPIES:
        w->failed = w->failed ? w->failed : recorded_parse_copies(&w->recorded, arg, w->err);
        return 0;
    case ARGP_KEY_ARG:
        if (w->workload)
            argp_error(state, "one workload at a time: '%s' is too much", arg);
        w->workload = arg;
        return 0;
    case ARGP_KEY_END:
        if (!w->workload || !w->output)
            argp_error(state, "a workload and -o FILE are needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Aims the word at `classes`, which are filled in. */
static int aim(const struct words *w, const struct places *places, struct cell_word *word,
               struct size_classes *classes, struct err *err)
{
    if (!w->allocators)
        return 0;
    if (word->source != CELL_SYNTHETIC || !workload_wants_classes(&word->spec))
        return err_set(err, EINVAL, "%s is the same for all allocators: leave out --allocators",
                       word->name);
    int rc = discover_classes_of_list(w->allocators, places, classes, err);
    word->spec.classes = classes;
    return rc;
}

static int write_plan(const struct words *w, const struct cell_word *word, uint32_t threads,
                      uint64_t seed, struct err *err)
{
    struct cell cell;
    int rc = cell_open(&cell, word, threads, seed, err);
    if (rc == 0)
        rc = plan_file_write(w->output, cell.plan, err);
    if (rc == 0)
        print_plan_info(stdout, cell.plan);
    cell_close(&cell);
    return rc;
}

static int run(int argc, char **argv, struct err *err)
{
    static const struct argp argp = {
        options,
        parse,
        "WORKLOAD",
        "Writes the plan of a workload into a file: every operation of every thread, ready to be "
        "executed. `arenabench run -w FILE` executes it.\v"
        "example: arenabench plan -t 4 -o larson.plan larson:remote=0.2:live=10000",
        NULL,
        NULL,
        NULL};
    struct words w = {.threads = "1", .seed = "1", .err = err};
    struct places places;
    struct cell_word word;
    struct size_classes classes;
    uint64_t threads, seed;
    recorded_preset(&w.recorded);
    argp_parse(&argp, argc, argv, 0, NULL, &w);
    int rc = w.failed;
    if (rc == 0)
        rc = output_allowed(w.output, w.force, err);
    if (rc == 0)
        rc = words_number(w.threads, "--threads", 1, WORKLOAD_THREADS_MAX, &threads, err);
    if (rc == 0)
        rc = words_number(w.seed, "--seed", 0, INT64_MAX, &seed, err);
    if (rc == 0)
        rc = places_find(&places, err);
    if (rc == 0)
        rc = cell_find(w.workload, &places, &w.recorded, &word, err);
    if (rc == 0)
        rc = aim(&w, &places, &word, &classes, err);
    if (rc == 0 && word.threads > 0)
        threads = word.threads;
    return rc < 0 ? rc : write_plan(&w, &word, (uint32_t)threads, seed, err);
}

const struct command command_plan = {
    .name = "plan",
    .summary = "write the plan of a workload into a file",
    .run = run,
};
