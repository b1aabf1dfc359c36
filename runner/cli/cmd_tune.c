#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "output_file.h"
#include "text.h"
#include "tune_print.h"
#include "tuning.h"
#include "words.h"

#define DEFAULT_ALLOCATOR "glibc"
#define DEFAULT_BUDGET    5.0 /* minutes */
#define DEFAULT_SECONDS   0.1
#define DEFAULT_WARM_UP   2
#define DEFAULT_KEEP      0.97
#define BUDGET_MAX        10000.0

#define TEXT_OF(x) #x
#define TEXT(x)    TEXT_OF(x)

struct words {
    struct tune_config config;
    const char *file, *resume;
    const char *minimize, *maximize;
    double keep, rss_at_most; /* NaN: not said */
    bool json, given;
    struct err *err;
    int failed;
};

enum {
    KEY_BUDGET = 256,
    KEY_CORES,
    KEY_JSON,
    KEY_KEEP,
    KEY_KNOBS,
    KEY_LIMIT,
    KEY_MAXIMIZE,
    KEY_MINIMIZE,
    KEY_PIN,
    KEY_RESUME,
    KEY_RSS,
    KEY_SEED,
    KEY_TOUCH,
    KEY_WARM_UP,
};

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "What is tuned:", 1},
    {"allocator", 'a', "ONE", 0,
     "the allocator (default " DEFAULT_ALLOCATOR "); settings behind its name hold throughout", 1},
    {"workload", 'w', "ONE", 0, "a trace, a workload or a plan, as `arenabench run` takes them", 1},
    {"threads", 't', "N", 0, "of a synthetic workload (default: the CPUs)", 1},
    {"knobs", KEY_KNOBS, "LIST", 0,
     "search these settings (default: all that `arenabench list settings -v` has levels for)", 1},
    {NULL, 0, NULL, 0, "What for:", 2},
    {"minimize", KEY_MINIMIZE, "WHAT", 0,
     "rss (peak, default), mean-rss, cost (resident by live memory, over time), or p99 (of single calls; takes two executions for each trial)",
     2},
    {"keep-throughput", KEY_KEEP, "PERCENT", 0,
     "with --minimize: of the default's throughput at least so much (default 97%)", 2},
    {"maximize", KEY_MAXIMIZE, "throughput", 0, "as fast as possible instead", 2},
    {"rss-at-most", KEY_RSS, "PERCENT", 0,
     "with --maximize: of the default's peak RSS at most so much (default 110%)", 2},
    {NULL, 0, NULL, 0, "How:", 3},
    {"budget", KEY_BUDGET, "MINUTES", 0, "for search and confirmation (default 5)", 3},
    {"seconds", 's', "S", 0,
     "repeat a workload for S seconds in each trial (default " TEXT(
         DEFAULT_SECONDS) "); recorded programs run once",
     3},
    {"pin", KEY_PIN, "HOW", 0, "compact, scatter, or none (default compact)", 3},
    {"cores", KEY_CORES, "LIST", 0, "use these CPUs only, e.g. 0-3,8 (default: all)", 3},
    {"warm-up", KEY_WARM_UP, "N", 0, "as `arenabench run` takes it (default 2)", 3},
    {"touch", KEY_TOUCH, "HOW", 0, "as `arenabench run` takes it (default line)", 3},
    {"limit", KEY_LIMIT, "S", 0, "end a trial after S seconds as hung (default: by its length)", 3},
    {"seed", KEY_SEED, "N", 0, "of workload, order and intervals (default 1)", 3},
    {NULL, 0, NULL, 0, "Results:", 4},
    {"output", 'o', "FILE", 0, "keep the run in FILE (default results/runs/bench.db)", 4},
    {"resume", KEY_RESUME, "RUN", OPTION_ARG_OPTIONAL,
     "go on with the tuning RUN (default: the latest run), as it was begun", 4},
    {"json", KEY_JSON, NULL, 0, "print JSON in place of the table", 4},
    {0},
};

static int set(struct words *w, char **text, const char *value)
{
    return run_config_set(text, value) < 0 ? err_set(w->err, ENOMEM, "out of memory") : 0;
}

/* "97%", "97 %" or "97": 0.97. */
static int percent(const char *arg, const char *what, double least, double most, double *out,
                   struct err *err)
{
    char number[32];
    struct err ignored;
    size_t n = strcspn(arg, " %");
    bool is_percent =
        n < sizeof(number) && (!arg[n] || strcmp(arg + n, "%") == 0 || strcmp(arg + n, " %") == 0);
    text_format(number, sizeof(number), "%.*s", (int)n, arg);
    if (!is_percent || words_decimal(number, what, least, most, out, &ignored) < 0)
        return err_set(err, EINVAL, "%s is a percentage from %d%% to %d%%, not '%s'", what,
                       (int)least, (int)most, arg);
    *out /= 100;
    return 0;
}

static int parse_number(struct words *w, int key, const char *arg)
{
    struct run_config *run = &w->config.run;
    uint64_t n = 0;
    int rc;
    switch (key) {
    case KEY_BUDGET:
        rc = words_decimal(arg, "--budget", 0.001, BUDGET_MAX, &w->config.budget_s, w->err);
        w->config.budget_s *= 60;
        return rc;
    case 's':
        return words_decimal(arg, "--seconds", 0, RUN_SECONDS_MAX, &run->seconds, w->err);
    case KEY_LIMIT:
        return words_decimal(arg, "--limit", 0.1, RUN_SECONDS_MAX, &run->limit_s, w->err);
    case KEY_WARM_UP:
        rc = words_number(arg, "--warm-up", 0, RUN_WARM_UP_MAX, &n, w->err);
        run->warm_up = (uint32_t)n;
        return rc;
    case KEY_SEED:
        return words_number(arg, "--seed", 0, INT64_MAX, &run->seed, w->err);
    case KEY_KEEP:
        return percent(arg, "--keep-throughput", 1, 100, &w->keep, w->err);
    case KEY_RSS:
        return percent(arg, "--rss-at-most", 100, 100000, &w->rss_at_most, w->err);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int parse_config(struct words *w, int key, const char *arg)
{
    struct tune_config *c = &w->config;
    switch (key) {
    case 'a':
        free(c->run.allocators);
        c->run.allocators = NULL;
        return words_append(&c->run.allocators, arg, w->err); /* one, though it may hold commas */
    case 'w':
        free(c->run.workloads);
        c->run.workloads = NULL;
        return words_append(&c->run.workloads, arg, w->err);
    case 't':
        return set(w, &c->run.threads, arg);
    case KEY_CORES:
        return set(w, &c->run.cores, arg);
    case KEY_KNOBS:
        return *arg ? set(w, &c->knobs, arg)
                    : err_set(w->err, EINVAL, "--knobs names none: leave it out to search all");
    case KEY_PIN:
        return pin_policy_parse(arg, &c->run.pin, w->err);
    case KEY_TOUCH:
        return touch_parse(arg, &c->run.touch, w->err);
    case KEY_MINIMIZE:
        w->minimize = arg;
        return 0;
    case KEY_MAXIMIZE:
        w->maximize = arg;
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
        w->json = true;
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

static int choose_objective(struct words *w)
{
    static const struct {
        const char *word;
        enum tune_measure measure;
    } goals[] = {{"rss", TUNE_PEAK_RSS},
                 {"mean-rss", TUNE_MEAN_RSS},
                 {"cost", TUNE_COST},
                 {"p99", TUNE_P99}};
    struct tune_objective *o = &w->config.objective;
    if (w->minimize && w->maximize)
        return err_set(w->err, EINVAL, "--minimize and --maximize contradict each other: say one");
    if (w->maximize && strcmp(w->maximize, "throughput") != 0)
        return err_set(w->err, EINVAL, "--maximize is 'throughput', not '%s'", w->maximize);
    if (w->maximize && !isnan(w->keep))
        return err_set(w->err, EINVAL,
                       "--keep-throughput limits --minimize; with --maximize say --rss-at-most");
    if (!w->maximize && !isnan(w->rss_at_most))
        return err_set(w->err, EINVAL,
                       "--rss-at-most limits --maximize throughput; with --minimize say "
                       "--keep-throughput");
    if (w->maximize) {
        *o = (struct tune_objective){TUNE_THROUGHPUT, TUNE_PEAK_RSS,
                                     isnan(w->rss_at_most) ? 1.1 : w->rss_at_most};
        return 0;
    }
    for (size_t i = 0; i < ARRAY_SIZE(goals); i++)
        if (!w->minimize || strcmp(w->minimize, goals[i].word) == 0) {
            *o = (struct tune_objective){goals[i].measure, TUNE_THROUGHPUT,
                                         isnan(w->keep) ? DEFAULT_KEEP : w->keep};
            return 0;
        }
    return err_set(w->err, EINVAL, "--minimize is 'rss', 'mean-rss', 'cost' or 'p99', not '%s'",
                   w->minimize);
}

static int set_default(struct words *w, char **text, const char *value)
{
    return *text ? 0 : set(w, text, value);
}

static int fill_defaults(struct words *w)
{
    struct run_config *run = &w->config.run;
    struct topology *topology;
    char threads[16];
    if (!run->workloads)
        return err_set(w->err, EINVAL,
                       "what is it tuned on? say --workload TRACE, or one of `arenabench list`");
    int rc = choose_objective(w);
    if (rc == 0)
        rc = topology_load(&topology, w->err);
    if (rc < 0)
        return rc;
    text_format(threads, sizeof(threads), "%u", topology_n_cpus(topology));
    topology_free(topology);
    run->blocks = TUNE_BLOCKS_MAX;
    if (set_default(w, &run->allocators, DEFAULT_ALLOCATOR "\n") < 0 ||
        set_default(w, &run->cores, "") < 0 || set_default(w, &run->baseline, "") < 0 ||
        set_default(w, &run->threads, threads) < 0 || set_default(w, &w->config.knobs, "") < 0)
        return -ENOMEM;
    return 0;
}

/* The stored run whose rest is to be done; its manifest becomes the configuration. */
static int load_begun(struct words *w, const char *file, struct store_run *run)
{
    struct store *store;
    int64_t id;
    if (w->given)
        return err_set(w->err, EINVAL,
                       "--resume goes on as the tuning was begun: it takes no other options but "
                       "--output and --json");
    int rc = store_open(file, STORE_READ, &store, w->err);
    if (rc == 0)
        rc = store_find_run(store, w->resume, &id, w->err);
    if (rc == 0)
        rc = store_load_run(store, id, run, w->err);
    if (rc == 0 && strcmp(run->program_version, ARENABENCH_VERSION) != 0)
        rc = err_set(w->err, EINVAL, "run %s was begun by version %s, this is " ARENABENCH_VERSION,
                     run->name, run->program_version);
    if (rc == 0)
        rc = tune_config_from_json(&w->config, run->manifest, w->err);
    store_close(store);
    return rc;
}

static int print(const struct words *w, struct tuning *t, const struct tune_answer *a)
{
    char *text = NULL;
    size_t n_bytes;
    FILE *out = open_memstream(&text, &n_bytes);
    if (!out)
        return err_set_errno(w->err, errno, "cannot make the answer");
    int rc = w->json ? tune_print_json(out, t, a, w->err) : tune_print_answer(out, t, a, w->err);
    if (fclose(out) != 0 && rc == 0)
        rc = err_set_errno(w->err, errno, "cannot make the answer");
    if (rc == 0)
        rc = output_file_write(NULL, text, n_bytes, w->err);
    free(text);
    return rc;
}

/* For plots of the run. */
static int note_recommended(const struct tuning *t, const struct tune_answer *a, struct err *err)
{
    char value[16];
    text_format(value, sizeof(value), "%u", a->recommended);
    const struct store_fact fact = {.key = FACT_TUNE_RECOMMENDED, .value = value};
    return a->verdict == TUNE_UNCONFIRMED
               ? 0
               : store_add_fact(t->campaign.store, t->campaign.run_id, &fact, err);
}

static int finish(const struct words *w, struct tuning *t, const char *file)
{
    struct store_run run = {0};
    struct tune_answer answer;
    int rc = tune_answer(t->tune, &answer, w->err);
    if (rc == 0)
        rc = note_recommended(t, &answer, w->err);
    if (rc == 0)
        rc = print(w, t, &answer);
    tune_answer_release(&answer);
    if (rc == 0)
        rc = store_load_run(t->campaign.store, t->campaign.run_id, &run, w->err);
    if (rc == 0 && t->interrupted)
        fprintf(stderr,
                "interrupted after %lu trials; go on with: arenabench tune --resume=%s%s%s\n",
                t->n_trials, run.name, w->file ? " --output " : "", w->file ? w->file : "");
    else if (rc == 0)
        fprintf(stderr, "kept as run %s in %s\n", run.name, file);
    store_run_release(&run);
    if (rc < 0)
        return rc;
    return t->interrupted ? EXIT_INTERRUPTED : EXIT_GOOD;
}

/* Everything up to the first stored trial. */
static int begin(struct words *w, struct tuning *t, const struct places *places, char **failure)
{
    int rc = tuning_prepare(t, &w->config, places, w->err);
    if (rc == 0 && !w->resume)
        rc = tuning_calibrate(t, failure, w->err);
    if (rc < 0 || *failure)
        return rc;
    rc = tuning_plan(t, w->err);
    if (rc == 0 && !w->json) {
        tune_print_plan(stdout, t);
        fflush(stdout);
    }
    return rc;
}

static int search(struct words *w, struct tuning *t, const struct store_run *begun,
                  const char *file)
{
    struct store *store = NULL;
    int rc = store_open(file, STORE_WRITE, &store, w->err);
    if (rc == 0)
        rc = w->resume ? tuning_resume(t, store, begun, w->err) : tuning_begin(t, store, w->err);
    if (rc == 0)
        rc = tuning_execute(t, w->err);
    if (rc == -EIO && t->n_failed > 0) { /* a result, not a wrong word */
        fprintf(stderr, "%s: %s\n", program_invocation_name, w->err->text);
        rc = EXIT_FAILED;
    } else if (rc == 0) {
        rc = finish(w, t, file);
    }
    store_close(store);
    return rc;
}

static int execute(struct words *w, const struct places *places)
{
    const char *file = w->file ? w->file : places->store;
    struct store_run begun = {0};
    struct tuning tuning = {0};
    char *failure = NULL;
    int rc = w->resume ? load_begun(w, file, &begun) : fill_defaults(w);
    if (rc == 0)
        rc = begin(w, &tuning, places, &failure);
    if (rc == 0 && failure) {
        fprintf(stderr, "%s: the default itself fails on this workload: %s\n",
                program_invocation_name, failure);
        rc = EXIT_FAILED;
    } else if (rc == 0) {
        rc = search(w, &tuning, &begun, file);
    }
    free(failure);
    tuning_release(&tuning);
    store_run_release(&begun);
    return rc;
}

static int run(int argc, char **argv, struct err *err)
{
    static const struct argp argp = {
        options,
        parse,
        NULL,
        "Searches the settings of an allocator that suit a workload best, and measures the winner again against "
        "the default: only what holds then is recommended.\v"
        "example: arenabench tune --allocator glibc --workload my.trace\n"
        "example: arenabench tune -a glibc -w my.trace --knobs mmap_threshold,trim_threshold --budget 2\n"
        "example: arenabench tune -a jemalloc -w larson -t 4 --maximize throughput --rss-at-most 110%\n",
        NULL,
        NULL,
        NULL};
    struct words w = {
        .config = {.run = {.touch = TOUCH_LINE,
                           .pin = PIN_COMPACT,
                           .seed = 1,
                           .seconds = DEFAULT_SECONDS,
                           .warm_up = DEFAULT_WARM_UP},
                   .budget_s = DEFAULT_BUDGET * 60},
        .keep = NAN,
        .rss_at_most = NAN,
        .err = err,
    };
    struct places places;
    recorded_preset(&w.config.run.recorded);
    argp_parse(&argp, argc, argv, 0, NULL, &w);
    int rc = w.failed < 0 ? w.failed : places_find(&places, err);
    if (rc == 0)
        rc = execute(&w, &places);
    tune_config_release(&w.config);
    return rc;
}

const struct command command_tune = {
    .name = "tune",
    .summary = "search the settings that suit a workload best",
    .run = run,
};
