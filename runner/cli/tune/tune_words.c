#include "tune_words.h"

#include <argp.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "recorded.h"
#include "text.h"
#include "topology.h"
#include "words.h"

#define DEFAULT_ALLOCATOR "glibc"
#define DEFAULT_BUDGET    5.0 /* minutes */
#define DEFAULT_SECONDS   0.1
#define DEFAULT_WARM_UP   2
#define DEFAULT_KEEP      0.97
#define BUDGET_MAX        10000.0

#define TEXT_OF(x) #x
#define TEXT(x)    TEXT_OF(x)

/* While they are parsed. */
struct parsing {
    struct tune_words *w;
    struct err *err;
    int failed; /* the first failure */
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

static int set(char **text, const char *value, struct err *err)
{
    return run_config_set(text, value) < 0 ? err_set(err, ENOMEM, "out of memory") : 0;
}

/* "97%", "97 %" or "97": 0.97. */
static int percent(struct parsing *p, int key, const char *arg, double *out)
{
    bool is_keep = key == KEY_KEEP;
    const char *what = is_keep ? "--keep-throughput" : "--rss-at-most";
    double least = is_keep ? 1 : 100, most = is_keep ? 100 : 100000;
    char number[32];
    struct err ignored;
    size_t n = strcspn(arg, " %");
    bool is_percent =
        n < sizeof(number) && (!arg[n] || strcmp(arg + n, "%") == 0 || strcmp(arg + n, " %") == 0);
    text_format(number, sizeof(number), "%.*s", (int)n, arg);
    if (!is_percent || words_decimal(number, what, least, most, out, &ignored) < 0)
        return err_set(p->err, EINVAL, "%s is a percentage from %d%% to %d%%, not '%s'", what,
                       (int)least, (int)most, arg);
    *out /= 100;
    return 0;
}

static int parse_number(struct parsing *p, int key, const char *arg)
{
    struct run_config *run = &p->w->config.run;
    uint64_t n = 0;
    int rc;
    switch (key) {
    case KEY_BUDGET:
        rc = words_decimal(arg, "--budget", 0.001, BUDGET_MAX, &p->w->config.budget_s, p->err);
        p->w->config.budget_s *= 60;
        return rc;
    case 's':
        return words_decimal(arg, "--seconds", 0, RUN_SECONDS_MAX, &run->seconds, p->err);
    case KEY_LIMIT:
        return words_decimal(arg, "--limit", 0.1, RUN_SECONDS_MAX, &run->limit_s, p->err);
    case KEY_WARM_UP:
        rc = words_number(arg, "--warm-up", 0, RUN_WARM_UP_MAX, &n, p->err);
        run->warm_up = (uint32_t)n;
        return rc;
    case KEY_SEED:
        return words_number(arg, "--seed", 0, INT64_MAX, &run->seed, p->err);
    case KEY_KEEP:
        return percent(p, key, arg, &p->w->keep);
    case KEY_RSS:
        return percent(p, key, arg, &p->w->rss_at_most);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int parse_config(struct parsing *p, int key, const char *arg)
{
    struct tune_config *c = &p->w->config;
    switch (key) {
    case 'a':
        free(c->run.allocators);
        c->run.allocators = NULL;
        return words_append(&c->run.allocators, arg, p->err); /* one, though it may hold commas */
    case 'w':
        free(c->run.workloads);
        c->run.workloads = NULL;
        return words_append(&c->run.workloads, arg, p->err);
    case 't':
        return set(&c->run.threads, arg, p->err);
    case KEY_CORES:
        return set(&c->run.cores, arg, p->err);
    case KEY_KNOBS:
        return *arg ? set(&c->knobs, arg, p->err)
                    : err_set(p->err, EINVAL, "--knobs names none: leave it out to search all");
    case KEY_PIN:
        return pin_policy_parse(arg, &c->run.pin, p->err);
    case KEY_TOUCH:
        return touch_parse(arg, &c->run.touch, p->err);
    case KEY_MINIMIZE:
        p->w->minimize = arg;
        return 0;
    case KEY_MAXIMIZE:
        p->w->maximize = arg;
        return 0;
    default:
        return parse_number(p, key, arg);
    }
}

/* The first failure is kept, and told when all has been parsed. */
static error_t take_config(struct parsing *p, int key, const char *arg)
{
    int rc = parse_config(p, key, arg);
    if (rc == ARGP_ERR_UNKNOWN)
        return ARGP_ERR_UNKNOWN;
    p->w->given = true;
    p->failed = rc;
    return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct parsing *p = state->input;
    struct tune_words *w = p->w;
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
        return p->failed < 0 ? 0 : take_config(p, key, arg);
    }
}

static int choose_objective(struct tune_words *w, struct err *err)
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
        return err_set(err, EINVAL, "--minimize and --maximize contradict each other: say one");
    if (w->maximize && strcmp(w->maximize, "throughput") != 0)
        return err_set(err, EINVAL, "--maximize is 'throughput', not '%s'", w->maximize);
    if (w->maximize && !isnan(w->keep))
        return err_set(err, EINVAL,
                       "--keep-throughput limits --minimize; with --maximize say --rss-at-most");
    if (!w->maximize && !isnan(w->rss_at_most))
        return err_set(err, EINVAL,
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
    return err_set(err, EINVAL, "--minimize is 'rss', 'mean-rss', 'cost' or 'p99', not '%s'",
                   w->minimize);
}

static int set_default(char **text, const char *value, struct err *err)
{
    return *text ? 0 : set(text, value, err);
}

int tune_words_complete(struct tune_words *w, struct err *err)
{
    struct run_config *run = &w->config.run;
    struct topology *topology = NULL;
    char threads[16];
    if (!run->workloads)
        return err_set(err, EINVAL,
                       "what is it tuned on? say --workload TRACE, or one of `arenabench list`");
    int rc = choose_objective(w, err);
    if (rc == 0)
        rc = topology_load(&topology, err);
    if (rc < 0)
        return rc;
    text_format(threads, sizeof(threads), "%u", topology_n_cpus(topology));
    topology_free(topology);
    run->blocks = TUNE_BLOCKS_MAX;
    if (set_default(&run->allocators, DEFAULT_ALLOCATOR "\n", err) < 0 ||
        set_default(&run->cores, "", err) < 0 || set_default(&run->baseline, "", err) < 0 ||
        set_default(&run->threads, threads, err) < 0 || set_default(&w->config.knobs, "", err) < 0)
        return -ENOMEM;
    return 0;
}

int tune_words_parse(struct tune_words *w, int argc, char **argv, struct err *err)
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
    struct parsing p = {.w = w, .err = err};
    *w = (struct tune_words){
        .config = {.run = {.touch = TOUCH_LINE,
                           .pin = PIN_COMPACT,
                           .seed = 1,
                           .seconds = DEFAULT_SECONDS,
                           .warm_up = DEFAULT_WARM_UP},
                   .budget_s = DEFAULT_BUDGET * 60},
        .keep = NAN,
        .rss_at_most = NAN,
    };
    recorded_preset(&w->config.run.recorded);
    argp_parse(&argp, argc, argv, 0, NULL, &p);
    return p.failed;
}
