#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "campaign.h"
#include "command.h"
#include "output.h"
#include "text.h"
#include "words.h"

#define DEFAULT_ALLOCATORS "glibc,jemalloc,tcmalloc,mimalloc,implicit,ptmalloc,buddy,null"
#define DEFAULT_WORKLOADS \
    "nop,churn,larson,producer-consumer,thread-churn,realloc-growth,threshold-ratchet,rocksdb," \
    "mariadb,ffmpeg,ripgrep"
#define DEFAULT_BLOCKS  9
#define DEFAULT_SECONDS 0.08
#define DEFAULT_WARM_UP 2
#define QUICK_BLOCKS    3
#define QUICK_SECONDS   0.04
#define DEFAULT_BUDGET  5.0
#define QUICK_BUDGET    1.0

#define TEXT_OF(x) #x
#define TEXT(x)    TEXT_OF(x)

struct words {
    struct run_config config;
    char *added;        /* allocators given one by one, a newline behind each; owned */
    const char *file;   /* of the store */
    const char *resume; /* run to go on with; "" for the latest */
    struct output output;
    bool quick, given; /* any option that --resume must not be given with */
    bool survey_given, no_survey_given;
    bool blocks_given, seconds_given, budget_given, threads_given;
    struct err *err;
    int failed;
};

enum {
    KEY_ALLOCATOR = 256,
    KEY_BASELINE,
    KEY_BUDGET,
    KEY_COPIES,
    KEY_CORES,
    KEY_CSV,
    KEY_JSON,
    KEY_LIMIT,
    KEY_NO_SURVEY,
    KEY_PACE,
    KEY_PIN,
    KEY_QUICK,
    KEY_MEMORY,
    KEY_RESUME,
    KEY_SEED,
    KEY_STATS,
    KEY_SURVEY,
    KEY_TOUCH,
    KEY_WARM_UP,
};

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "What is measured:", 1},
    {"allocators", 'a', "LIST", 0,
     "allocators, with settings or from a file: NAME, NAME:SETTING=VALUE, /path/lib.so, NAME=/path/lib.so "
     "(default " DEFAULT_ALLOCATORS ")",
     1},
    {"allocator", KEY_ALLOCATOR, "ONE", 0, "one more allocator; may be given again", 1},
    {"baseline", KEY_BASELINE, "NAME", 0, "compare with this one (default: the first)", 1},
    {"workloads", 'w', "LIST", 0,
     "workloads: NAME, NAME:PARAMETER=VALUE, a recorded program's name or a trace's path (with "
     "pace=, scale= or copies= in the same way), a shape's name or a table's path (.csv, with heap=, "
     "remote= and others), or the path of a plan (default " DEFAULT_WORKLOADS ")",
     1},
    {"threads", 't', "LIST", 0,
     "thread counts of synthetic workloads and shapes (default: 1, the CPUs, twice the CPUs)", 1},
    {NULL, 0, NULL, 0, "How:", 2},
    {"blocks", 'b', "N", 0, "repeat every trial N times (default " TEXT(DEFAULT_BLOCKS) ")", 2},
    {"seconds", 's', "S", 0,
     "repeat a workload for S seconds in each trial (default " TEXT(
         DEFAULT_SECONDS) "); recorded "
                          "programs run once",
     2},
    {"budget", KEY_BUDGET, "S", 0,
     "repeat a trial no more when its repetitions took S seconds together, however many blocks there "
     "are; the baseline always is; 0: no bound (default " TEXT(DEFAULT_BUDGET) ")",
     2},
    {"quick", KEY_QUICK, NULL, 0,
     "a first impression in about a minute: " TEXT(
         QUICK_BLOCKS) " blocks of short trials, and no second pass",
     2},
    {"no-survey", KEY_NO_SURVEY, NULL, 0,
     "leave out the second pass, in which every workload is executed once more with every allocator and "
     "looked at from inside: pages, fragmentation, idling, single calls",
     2},
    {"survey", KEY_SURVEY, NULL, 0,
     "make the second pass with --quick, too, and of allocators that are slow, however long that takes",
     2},
    {"pin", KEY_PIN, "HOW", 0,
     "compact (neighbouring cores first), scatter, or none (default compact)", 2},
    {"cores", KEY_CORES, "LIST", 0, "use these CPUs only, e.g. 0-3,8 (default: all)", 2},
    {"warm-up", KEY_WARM_UP, "N", 0,
     "passes of a synthetic workload before the clock starts (default " TEXT(DEFAULT_WARM_UP) ")",
     2},
    {"touch", KEY_TOUCH, "HOW", 0,
     "how much of each new object is written: none, first (byte), line, page or all (default line)",
     2},
    {"pace", KEY_PACE, "HOW", 0, RECORDED_PACE_HELP, 2},
    {"copies", KEY_COPIES, "N", 0, RECORDED_COPIES_HELP, 2},
    {"limit", KEY_LIMIT, "S", 0, "end a trial after S seconds as hung (default: by its length)", 2},
    {"seed", KEY_SEED, "N", 0, "of workloads and order (default 1)", 2},
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

static int set(struct words *w, char **text, const char *value)
{
    return run_config_set(text, value) < 0 ? err_set(w->err, ENOMEM, "out of memory") : 0;
}

static int parse_number(struct words *w, int key, const char *arg)
{
    uint64_t n = 0;
    int rc = 0;
    switch (key) {
    case 'b':
        rc = words_number(arg, "--blocks", 1, RUN_BLOCKS_MAX, &n, w->err);
        w->config.blocks = (uint32_t)n;
        w->blocks_given = true;
        return rc;
    case 's':
        w->seconds_given = true;
        return words_decimal(arg, "--seconds", 0, RUN_SECONDS_MAX, &w->config.seconds, w->err);
    case KEY_BUDGET:
        w->budget_given = true;
        return words_decimal(arg, "--budget", 0, RUN_SECONDS_MAX, &w->config.budget_s, w->err);
    case KEY_LIMIT:
        return words_decimal(arg, "--limit", 0.1, RUN_SECONDS_MAX, &w->config.limit_s, w->err);
    case KEY_WARM_UP:
        rc = words_number(arg, "--warm-up", 0, RUN_WARM_UP_MAX, &n, w->err);
        w->config.warm_up = (uint32_t)n;
        return rc;
    case KEY_SEED:
        return words_number(arg, "--seed", 0, INT64_MAX, &w->config.seed, w->err);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/*
 * Options that say what a run is, and that a run which goes on has already. 0, a negative errno, or
 * ARGP_ERR_UNKNOWN for what is none of them.
 */
static int parse_config(struct words *w, int key, const char *arg)
{
    switch (key) {
    case 'a':
        return set(w, &w->config.allocators, arg);
    case KEY_ALLOCATOR:
        return words_append(&w->added, arg, w->err);
    case KEY_BASELINE:
        return set(w, &w->config.baseline, arg);
    case 'w':
        return set(w, &w->config.workloads, arg);
    case 't':
        w->threads_given = true;
        return set(w, &w->config.threads, arg);
    case KEY_CORES:
        return set(w, &w->config.cores, arg);
    case KEY_PIN:
        return pin_policy_parse(arg, &w->config.pin, w->err);
    case KEY_TOUCH:
        return touch_parse(arg, &w->config.touch, w->err);
    case KEY_PACE:
        return recorded_parse_pace(&w->config.recorded, arg, w->err);
    case KEY_COPIES:
        return recorded_parse_copies(&w->config.recorded, arg, w->err);
    case KEY_QUICK:
        w->quick = true;
        return 0;
    case KEY_SURVEY:
        w->survey_given = true;
        return 0;
    case KEY_NO_SURVEY:
        w->no_survey_given = true;
        return 0;
    default:
        return parse_number(w, key, arg);
    }
}

/* The first failure is kept, and told when all has been parsed. */
static error_t take_config(struct words *w, int key, const char *arg)
{
    int rc = parse_config(w, key, arg);
    if (rc == ARGP_ERR_UNKNOWN)
        return ARGP_ERR_UNKNOWN;
    w->given = true;
    w->failed = rc;
    return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct words *w = state->input;
    switch (key) {
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
        return w->failed < 0 ? 0 : take_config(w, key, arg);
    }
}

/* "1,2,4" on two CPUs; --quick leaves out the last. */
static int default_threads(struct words *w, char *out, size_t n)
{
    struct topology *topology;
    int rc = topology_load(&topology, w->err);
    if (rc == 0 && w->config.cores[0])
        rc = topology_restrict(topology, w->config.cores, w->err);
    if (rc < 0)
        return rc;
    unsigned cpus = topology_n_cpus(topology);
    topology_free(topology);
    if (w->quick)
        text_format(out, n, "1,%u", cpus > 1 ? cpus : 2);
    else
        text_format(out, n, "1,%u,%u", cpus, 2 * cpus);
    return 0;
}

static int set_default(struct words *w, char **text, const char *value)
{
    return *text ? 0 : set(w, text, value);
}

/*
 * The list, and what was added to it, wherever that stood: by newlines, for either may hold commas.
 */
static int join_allocators(struct words *w)
{
    char **list = &w->config.allocators, *joined = NULL;
    if (!w->added)
        return 0;
    bool by_commas = !strchr(*list, '\n');
    for (char *p = *list; by_commas && (p = strchr(p, ',')); p++)
        *p = '\n';
    if (asprintf(&joined, "%s\n%s", *list, w->added) < 0)
        return err_set(w->err, ENOMEM, "out of memory");
    free(*list);
    *list = joined;
    return 0;
}

static int fill_defaults(struct words *w)
{
    struct run_config *c = &w->config;
    char threads[64] = "";
    if (set_default(w, &c->allocators, DEFAULT_ALLOCATORS) < 0 ||
        set_default(w, &c->workloads, DEFAULT_WORKLOADS) < 0 || set_default(w, &c->cores, "") < 0 ||
        set_default(w, &c->baseline, "") < 0 || join_allocators(w) < 0)
        return -ENOMEM;
    if (w->survey_given && w->no_survey_given)
        return err_set(w->err, EINVAL, "--survey and --no-survey exclude each other");
    c->survey = !w->no_survey_given && (!w->quick || w->survey_given);
    c->survey_all = w->survey_given;
    if (!w->blocks_given)
        c->blocks = w->quick ? QUICK_BLOCKS : DEFAULT_BLOCKS;
    if (!w->seconds_given)
        c->seconds = w->quick ? QUICK_SECONDS : DEFAULT_SECONDS;
    if (!w->budget_given)
        c->budget_s = w->quick ? QUICK_BUDGET : DEFAULT_BUDGET;
    int rc = w->threads_given ? 0 : default_threads(w, threads, sizeof(threads));
    if (rc == 0)
        rc = set_default(w, &c->threads, threads);
    return rc;
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
        rc = run_config_from_json(&w->config, run->manifest, w->err);
    return rc;
}

/* The stored run whose rest is to be done; its manifest becomes the configuration. */
static int load_begun(struct words *w, const char *file, struct store_run *run)
{
    struct store *store;
    if (w->given)
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
    int rc = w->resume ? load_begun(w, file, &begun) : fill_defaults(w);
    if (rc == 0)
        rc = campaign_prepare(&campaign, &w->config, places, w->err);
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
    static const struct argp argp = {
        options,
        parse,
        NULL,
        "Compares allocators on workloads, in shuffled blocks of fresh processes, and prints a "
        "table of throughput and peak RSS with intervals.\v"
        "example: arenabench run --quick\n"
        "example: arenabench run -a glibc,glibc:arena_max=1,mine=./libmine.so -w larson,my.trace "
        "-b 10\n",
        NULL,
        NULL,
        NULL};
    struct words w = {
        .config = {.touch = TOUCH_LINE, .pin = PIN_COMPACT, .seed = 1, .warm_up = DEFAULT_WARM_UP},
        .err = err};
    struct places places;
    recorded_preset(&w.config.recorded);
    argp_parse(&argp, argc, argv, 0, NULL, &w);
    int rc = w.failed < 0 ? w.failed : places_find(&places, err);
    if (rc == 0)
        rc = execute(&w, &places);
    run_config_release(&w.config);
    free(w.added);
    return rc;
}

const struct command command_run = {
    .name = "run",
    .summary = "compare allocators: the main job",
    .run = run,
};
