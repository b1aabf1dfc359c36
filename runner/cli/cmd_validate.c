#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "places.h"
#include "validate.h"
#include "words.h"

#define DEFAULT_ALLOCATORS "glibc,jemalloc,tcmalloc,mimalloc,ptmalloc"
#define DEFAULT_BLOCKS     5
#define BLOCKS_MAX         1000u

#define TEXT_OF(x) #x
#define TEXT(x)    TEXT_OF(x)

struct words {
    struct validate v;
    const char *trace, *plot;
    double max_error, min_tau; /* NaN: not asked for */
    bool json;
    struct err *err;
    int failed;
};

enum {
    KEY_CORES = 256,
    KEY_JSON,
    KEY_LIMIT,
    KEY_MAX_ERROR,
    KEY_MIN_TAU,
    KEY_PACE,
    KEY_PIN,
    KEY_SEED,
    KEY_TIME_PACE,
    KEY_TOUCH,
    KEY_WITH,
};

static const struct argp_option options[] = {
    {"allocators", 'a', "LIST", 0,
     "as `arenabench run` takes them (default " DEFAULT_ALLOCATORS ")", 0},
    {"blocks", 'b', "N", 0, "repeat everything N times (default " TEXT(DEFAULT_BLOCKS) ")", 0},
    {"with", KEY_WITH, "COMMAND", 0,
     "in place of PROGRAM: a shell command that starts the program behind the words in $RUN_PREFIX "
     "and puts load on it, as the recipes of the recorded workloads do with --run",
     0},
    {"pace", KEY_PACE, "HOW", 0, "of the replay that memory is taken from (default time)", 0},
    {"time-pace", KEY_TIME_PACE, "HOW", 0, "of the replay that time is taken from (default none)",
     0},
    {"touch", KEY_TOUCH, "HOW", 0, "as `arenabench run` takes it (default line)", 0},
    {"pin", KEY_PIN, "HOW", 0, "of the replays; the real program is never bound (default none)", 0},
    {"cores", KEY_CORES, "LIST", 0, "use these CPUs only, on both sides", 0},
    {"limit", KEY_LIMIT, "S", 0, "end a replay after S seconds as hung (default: by its length)",
     0},
    {"seed", KEY_SEED, "N", 0, "of the order (default 1)", 0},
    {"output", 'o', "FILE", 0, "draw the heap over time into FILE, an SVG (needs gnuplot)", 0},
    {"json", KEY_JSON, NULL, 0, "print JSON in place of the table", 0},
    {"max-error", KEY_MAX_ERROR, "PCT", 0,
     "end with status 1 if the median error of peak heap is greater", 0},
    {"min-tau", KEY_MIN_TAU, "X", 0, "end with status 1 if the orders by time agree by less", 0},
    {0},
};

static int parse_number(struct words *w, int key, const char *arg)
{
    uint64_t n = 0;
    int rc;
    switch (key) {
    case 'b':
        rc = words_number(arg, "--blocks", 1, BLOCKS_MAX, &n, w->err);
        w->v.config.blocks = (uint32_t)n;
        return rc;
    case KEY_SEED:
        return words_number(arg, "--seed", 0, INT64_MAX, &w->v.config.seed, w->err);
    case KEY_LIMIT:
        return words_decimal(arg, "--limit", 0.1, RUN_SECONDS_MAX, &w->v.config.limit_s, w->err);
    case KEY_MAX_ERROR:
        return words_decimal(arg, "--max-error", 0, 1e6, &w->max_error, w->err);
    case KEY_MIN_TAU:
        return words_decimal(arg, "--min-tau", 0, 1, &w->min_tau, w->err);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int parse_config(struct words *w, int key, const char *arg)
{
    struct run_config *c = &w->v.config;
    switch (key) {
    case 'a':
        return run_config_set(&c->allocators, arg) < 0 ? err_set(w->err, ENOMEM, "out of memory")
                                                       : 0;
    case KEY_CORES:
        return run_config_set(&c->cores, arg) < 0 ? err_set(w->err, ENOMEM, "out of memory") : 0;
    case KEY_PIN:
        return pin_policy_parse(arg, &c->pin, w->err);
    case KEY_TOUCH:
        return touch_parse(arg, &c->touch, w->err);
    case KEY_PACE:
        return recorded_parse_pace(&c->recorded, arg, w->err);
    case KEY_TIME_PACE:
        return recorded_parse_pace(&w->v.time_recorded, arg, w->err);
    default:
        return parse_number(w, key, arg);
    }
}

/* The trace, and behind it the program, whose words are its own. */
static void take_word(struct words *w, char *arg, struct argp_state *state)
{
    if (!w->trace) {
        w->trace = arg;
        return;
    }
    w->v.program = &state->argv[state->next - 1];
    state->next = state->argc;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct words *w = state->input;
    switch (key) {
    case 'o':
        w->plot = arg;
        return 0;
    case KEY_JSON:
        w->json = true;
        return 0;
    case KEY_WITH:
        w->v.command = arg;
        return 0;
    case ARGP_KEY_ARG:
        take_word(w, arg, state);
        return 0;
    case ARGP_KEY_END:
        if (!w->trace)
            argp_error(state, "which trace? arenabench validate TRACE -- PROGRAM ARGS");
        if (!w->v.program == !w->v.command)
            argp_error(state, "which program? either -- PROGRAM ARGS or --with COMMAND");
        return 0;
    default:
        if (w->failed == 0) {
            int rc = parse_config(w, key, arg);
            if (rc == ARGP_ERR_UNKNOWN)
                return ARGP_ERR_UNKNOWN;
            w->failed = rc;
        }
        return 0;
    }
}

static int add_subject(void *context, const char *word, struct err *err)
{
    struct validate *v = context;
    struct subject *more = reallocarray(v->subjects, v->n_subjects + 1, sizeof(*more));
    if (!more)
        return err_set(err, ENOMEM, "out of memory");
    v->subjects = more;
    int rc = subject_parse(&more[v->n_subjects], word, err);
    if (rc == 0 && more[v->n_subjects].allocator == &allocator_null) {
        subject_release(&more[v->n_subjects]);
        return err_set(err, EINVAL, "null is no allocator that a program could run on");
    }
    v->n_subjects += rc == 0;
    return rc;
}

static int open_replay(struct validate *v, const char *trace, const struct recorded_spec *recorded,
                       struct err *err)
{
    struct cell_word word;
    uint32_t i = v->n_replays;
    int rc = cell_find(trace, v->places, recorded, &word, err);
    if (rc == 0 && word.source != CELL_TRACE)
        rc = err_set(err, EINVAL, "%s is no trace", trace);
    if (rc == 0)
        rc = cell_open(&v->cells[i], &word, 0, v->config.seed, err);
    if (rc == 0)
        rc = topology_place(v->topology, v->config.pin, v->cells[i].plan->n_seats,
                            &v->placements[i], err);
    v->n_replays += rc == 0;
    return rc;
}

static int prepare(struct words *w, const struct places *places, struct err *err)
{
    struct validate *v = &w->v;
    v->places = places;
    int rc = topology_load(&v->topology, err);
    if (rc == 0 && v->config.cores)
        rc = topology_restrict(v->topology, v->config.cores, err);
    if (rc == 0)
        rc = words_each(v->config.allocators ? v->config.allocators : DEFAULT_ALLOCATORS,
                        "allocators", add_subject, v, err);
    if (rc == 0)
        rc = open_replay(v, w->trace, &v->config.recorded, err);
    if (rc == 0 && (v->config.recorded.pace != v->time_recorded.pace ||
                    v->config.recorded.scale != v->time_recorded.scale))
        rc = open_replay(v, w->trace, &v->time_recorded, err);
    return rc;
}

static bool is_missed(const struct words *w, const struct fidelity *f)
{
    double tau = f->orders[FIDELITY_TIME].tau; /* without a pair, nothing is out of order */
    return w->v.n_failed > 0 ||
           (!isnan(w->max_error) && !(f->median_error * 100 <= w->max_error)) ||
           (!isnan(w->min_tau) && tau < w->min_tau);
}

static int tell(struct words *w, struct err *err)
{
    struct fidelity f;
    int rc = fidelity_of(&w->v.values, w->v.config.seed, &f, err);
    if (rc == 0)
        rc = w->json ? validate_print_json(&w->v, &f, err) : validate_print(&w->v, &f, err);
    if (rc == 0 && w->plot)
        rc = validate_plot(&w->v, w->plot, err);
    int status = rc < 0             ? rc
                 : w->v.interrupted ? EXIT_INTERRUPTED
                 : is_missed(w, &f) ? EXIT_FAILED
                                    : EXIT_GOOD;
    fidelity_release(&f);
    return status;
}

static int run(int argc, char **argv, struct err *err)
{
    static const struct argp argp = {
        options,
        parse,
        "TRACE -- PROGRAM [ARG...]\nTRACE --with COMMAND",
        "Runs a real program under each allocator and replays its trace under each, and tells how "
        "near the replays came: peak of the heap, CPU time, and the order of the allocators by "
        "each. TRACE is a path or the name of a recorded workload.\v"
        "The status is 1 when a run failed, or --max-error or --min-tau were missed.\n\n"
        "example: arenabench validate sort.trace -o sort.svg -- sort --parallel=2 big.txt\n"
        "example: arenabench validate redis --with 'workloads/recorded/redis.sh --run'",
        NULL,
        NULL,
        NULL};
    struct words w = {.v = {.config = {.blocks = DEFAULT_BLOCKS,
                                       .touch = TOUCH_LINE,
                                       .pin = PIN_NONE,
                                       .seed = 1}},
                      .max_error = NAN,
                      .min_tau = NAN,
                      .err = err};
    struct places places;
    recorded_preset(&w.v.config.recorded);
    recorded_preset(&w.v.time_recorded);
    w.v.config.recorded.pace = TRACE_PACE_TIME;
    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &w);
    int rc = w.failed < 0 ? w.failed : places_find(&places, err);
    if (rc == 0)
        rc = prepare(&w, &places, err);
    if (rc == 0)
        rc = validate_measure(&w.v, err);
    if (rc == 0)
        rc = tell(&w, err);
    validate_release(&w.v);
    return rc;
}

const struct command command_validate = {
    .name = "validate",
    .summary = "hold replays against the real program",
    .run = run,
};
