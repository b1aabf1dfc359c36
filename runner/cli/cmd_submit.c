#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "places.h"
#include "run_config.h"
#include "script.h"
#include "status.h"
#include "submit.h"
#include "surroundings.h"
#include "words.h"

enum what { SUBMIT, STATUS, AGAIN };

struct words {
    struct submission s;
    enum what what;
    const char *which;  /* of --status and --again */
    const char *folder; /* of -o */
    bool dry_run, json;
    struct err *err;
    int failed;
};

enum {
    KEY_AGAIN = 256,
    KEY_AT_MOST,
    KEY_CPUS,
    KEY_DRY_RUN,
    KEY_JSON,
    KEY_SHARDS,
    KEY_SLURM,
    KEY_STATUS,
};

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "What:", 1},
    {"shards", KEY_SHARDS, "N", 0, "divide the run's blocks into N shards, each a task of Slurm's",
     1},
    {"status", KEY_STATUS, "JOB|FOLDER", 0,
     "tell how far a submission is; status 1 while shards are missing", 1},
    {"again", KEY_AGAIN, "JOB|FOLDER", 0,
     "submit anew the shards of a submission that are neither there nor in the queue; --time may be "
     "another one",
     1},
    {NULL, 0, NULL, 0, "Where:", 2},
    {"partition", 'p', "P", 0, "as sbatch takes it", 2},
    {"constraint", 'C', "FEATURES", 0, "as sbatch takes it: to choose a type of machine", 2},
    {"account", 'A', "ACCOUNT", 0, "as sbatch takes it", 2},
    {"time", 't', "LIMIT", 0,
     "of one shard at most, as sbatch takes it; a shard that takes longer is lost: make more of them",
     2},
    {"slurm", KEY_SLURM, "OPTION", 0,
     "another option of sbatch's, e.g. --slurm=--qos=long; may be given again", 2},
    {"cpus", KEY_CPUS, "N", 0,
     "only on nodes with N CPUs or more (default: as many as the run's -t has threads)", 2},
    {"at-most", KEY_AT_MOST, "N", 0, "run N shards at a time (default: as many as there are nodes)",
     2},
    {NULL, 0, NULL, 0, "Results:", 3},
    {"output", 'o', "FOLDER", 0,
     "keep scripts, logs and results in FOLDER, which all nodes see (default: one beside the results file, named by the time)",
     3},
    {"dry-run", KEY_DRY_RUN, NULL, 0, "print the scripts and submit nothing", 3},
    {"json", KEY_JSON, NULL, 0, "with --status: print JSON", 3},
    {0},
};

static int keep(struct words *w, char **text, const char *arg, const char *what)
{
    int rc = script_check(arg, what, w->err);
    return rc < 0                          ? rc
           : run_config_set(text, arg) < 0 ? err_set(w->err, ENOMEM, "out of memory")
                                           : 0;
}

/* What the scripts say, or what makes sbatch do something else than hand in. */
static bool is_own_option(const char *arg)
{
    static const char *const names[] = {
        "--array",  "--chdir",     "--error",  "--export-file", "--input",  "--nodes",
        "--ntasks", "--open-mode", "--output", "--parsable",    "--wait",   "--test-only",
        "--wrap",   "--clusters",  "--help",   "--usage",       "--version"};
    size_t n = strcspn(arg, "=");
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (strlen(names[i]) == n && strncmp(arg, names[i], n) == 0)
            return true;
    return arg[1] && strchr("aDehiMNnoVW", arg[1]);
}

static int keep_option(struct words *w, const char *arg)
{
    int rc = script_check(arg, "--slurm", w->err);
    if (rc == 0 && *arg != '-')
        rc = err_set(w->err, EINVAL,
                     "--slurm=%s is no option of sbatch's, as in --slurm=--qos=long", arg);
    if (rc == 0 && is_own_option(arg))
        rc = err_set(w->err, EINVAL, "--slurm=%s: a submission says that itself, or cannot have it",
                     arg);
    return rc < 0 ? rc : submission_add(&w->s.options, &w->s.n_options, arg, w->err);
}

static int parse_number(const char *arg, const char *what, uint64_t most, uint32_t *out,
                        struct err *err)
{
    uint64_t n = 0;
    int rc = words_number(arg, what, 1, most, &n, err);
    *out = (uint32_t)n;
    return rc;
}

static int parse_place(struct words *w, int key, const char *arg)
{
    switch (key) {
    case 'p':
        return keep(w, &w->s.partition, arg, "--partition");
    case 'C':
        return keep(w, &w->s.constraint, arg, "--constraint");
    case 'A':
        return keep(w, &w->s.account, arg, "--account");
    case 't':
        return keep(w, &w->s.time, arg, "--time");
    case KEY_SLURM:
        return keep_option(w, arg);
    case KEY_SHARDS:
        return parse_number(arg, "--shards", SUBMISSION_SHARDS_MAX, &w->s.n_shards, w->err);
    case KEY_CPUS:
        return parse_number(arg, "--cpus", UINT32_MAX, &w->s.cpus, w->err);
    case KEY_AT_MOST:
        return parse_number(arg, "--at-most", SUBMISSION_SHARDS_MAX, &w->s.at_most, w->err);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* "run" and all that stands behind it: its own words. */
static int take_run(struct words *w, const char *arg, struct argp_state *state)
{
    int rc = 0;
    if (strcmp(arg, "run") != 0)
        return err_set(w->err, EINVAL,
                       "'%s' cannot be submitted: only a run can, as in `arenabench submit "
                       "--shards 8 -- run --suite full`",
                       arg);
    for (; rc == 0 && state->next < state->argc; state->next++) {
        if (w->s.n_words == SUBMISSION_WORDS_MAX)
            return err_set(w->err, EINVAL, "more than %u words behind `run`", SUBMISSION_WORDS_MAX);
        rc = submission_add(&w->s.words, &w->s.n_words, state->argv[state->next], w->err);
    }
    return rc;
}

/* Whether there are words that only a new submission takes. */
static bool is_described(const struct words *w)
{
    const struct submission *s = &w->s;
    return s->n_shards || s->n_words || s->n_options || s->cpus || s->at_most || s->partition ||
           s->constraint || s->account || w->folder || w->dry_run;
}

static void check_words(const struct words *w, struct argp_state *state)
{
    bool is_new = w->what == SUBMIT;
    if (w->failed < 0)
        return;
    if (is_new && w->s.n_shards == 0)
        argp_error(state, "how many? --shards N -- run ..., or --status, or --again");
    if (is_new && w->s.n_words == 0 && !w->which)
        argp_error(state, "which run? --shards N -- run [OPTION...]");
    if (w->what == STATUS && (is_described(w) || w->s.time))
        argp_error(state, "--status takes a submission as it is, and only --json beside it");
    if (w->what == AGAIN && is_described(w))
        argp_error(state, "--again takes a submission as it is, and only --time beside it");
    if (w->json && w->what != STATUS)
        argp_error(state, "--json goes with --status");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct words *w = state->input;
    int rc = 0;
    switch (key) {
    case KEY_STATUS:
    case KEY_AGAIN:
        if (w->what != SUBMIT)
            argp_error(state, "--status or --again, once");
        w->what = key == KEY_STATUS ? STATUS : AGAIN;
        w->which = arg;
        return 0;
    case KEY_DRY_RUN:
        w->dry_run = true;
        return 0;
    case KEY_JSON:
        w->json = true;
        return 0;
    case 'o':
        w->folder = arg;
        return 0;
    case ARGP_KEY_ARG:
        rc = w->failed < 0 ? 0 : take_run(w, arg, state);
        state->next = state->argc;
        break;
    case ARGP_KEY_END:
        check_words(w, state);
        return 0;
    default:
        rc = parse_place(w, key, arg);
        if (rc == ARGP_ERR_UNKNOWN)
            return ARGP_ERR_UNKNOWN;
    }
    if (rc < 0 && w->failed == 0)
        w->failed = rc;
    return 0;
}

static int status(struct words *w)
{
    struct status st;
    int rc = status_look(&w->s, &st, w->err);
    if (rc < 0)
        return rc;
    if (w->json)
        rc = status_print_json(&w->s, &st, stdout, w->err);
    else
        status_print(&w->s, &st, stdout);
    bool is_complete = st.n[SHARD_DONE] == st.n_shards;
    status_release(&st);
    return rc < 0 ? rc : is_complete ? EXIT_GOOD : EXIT_FAILED;
}

static int execute(struct words *w)
{
    struct places places;
    int rc = places_find(&places, w->err);
    if (rc == 0)
        rc = surroundings_take(w->what == SUBMIT ? &w->s : NULL, w->err);
    if (rc < 0)
        return rc;
    *strrchr(places.store, '/') = '\0'; /* the folder beside the results file */
    if (w->what == SUBMIT && w->dry_run)
        return submit_dry(&w->s, w->folder, places.store, w->err);
    if (w->what == SUBMIT)
        return submit_new(&w->s, w->folder, places.store, w->err);
    char *time = w->s.time;
    rc = submission_read(w->which, places.store, &w->s, w->err);
    if (rc == 0)
        rc = w->what == STATUS ? status(w) : submit_again(&w->s, time, w->err);
    free(time);
    return rc;
}

static int submit_main(int argc, char **argv, struct err *err)
{
    static const struct argp argp = {
        options,
        parse,
        "-- run [OPTION...]\n--status JOB|FOLDER\n--again JOB|FOLDER",
        "Runs a suite on a Slurm cluster: the blocks of a run in shards, each on a node of its own, and "
        "one result at the end.\v"
        "The folder of a submission holds its scripts, which can be read, and submitted by hand. A shard counts as done when its "
        "results are there and whole, whatever its exit status was.\n\n"
        "example: arenabench submit --shards 8 --constraint epyc -- run --suite full -b 16 --allocator mine=/shared/libmine.so\n"
        "example: arenabench submit --status 4711",
        NULL,
        NULL,
        NULL};
    struct words w = {.err = err};
    error_t code = argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &w);
    int rc = code ? err_set(err, code, "cannot read the words") : w.failed ? w.failed : execute(&w);
    submission_release(&w.s);
    return rc;
}

const struct command command_submit = {
    .name = "submit",
    .summary = "run a suite on the nodes of a Slurm cluster",
    .run = submit_main,
};
