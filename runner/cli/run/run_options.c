#include "run_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cell.h"
#include "near.h"
#include "subject.h"
#include "suite.h"
#include "words.h"

enum {
    KEY_ALLOCATOR = 256,
    KEY_BASELINE,
    KEY_BUDGET,
    KEY_COPIES,
    KEY_CORES,
    KEY_LIMIT,
    KEY_NO_SURVEY,
    KEY_PACE,
    KEY_PIN,
    KEY_QUICK,
    KEY_SEED,
    KEY_SUITE,
    KEY_SURVEY,
    KEY_TOUCH,
    KEY_WARM_UP,
};

static const struct argp_option rows[] = {
    {NULL, 0, NULL, 0, "What is measured:", 1},
    {"suite", KEY_SUITE, "NAME|FILE", 0,
     "a set of allocators, workloads and all other options of these two groups; what it leaves open is "
     "as in the set standard, which is the default; may be given again (see `arenabench list suites`)",
     1},
    {"allocators", 'a', "LIST", 0,
     "allocators, with settings or from a file: NAME, NAME:SETTING=VALUE, /path/lib.so, "
     "NAME=/path/lib.so",
     1},
    {"allocator", KEY_ALLOCATOR, "ONE", 0, "one more allocator; may be given again", 1},
    {"baseline", KEY_BASELINE, "NAME", 0, "compare with this one (default: the first)", 1},
    {"workloads", 'w', "LIST", 0,
     "workloads: NAME, NAME:PARAMETER=VALUE, a recorded program's name or a trace's path (with "
     "pace=, scale= or copies= in the same way), a shape's name or a table's path (.csv, with heap=, "
     "remote= and others), or the path of a plan",
     1},
    {"threads", 't', "LIST", 0,
     "thread counts of synthetic workloads and shapes: numbers, cpus, 2cpus", 1},
    {NULL, 0, NULL, 0, "How:", 2},
    {"blocks", 'b', "N", 0, "repeat every trial N times", 2},
    {"seconds", 's', "S", 0,
     "repeat a workload for S seconds in each trial; recorded programs run once", 2},
    {"budget", KEY_BUDGET, "S", 0,
     "repeat a trial no more when its repetitions took S seconds together, however many blocks there "
     "are; the baseline always is; 0: no bound",
     2},
    {"quick", KEY_QUICK, NULL, 0, "a first impression in about a minute: as `--suite quick`", 2},
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
    {"warm-up", KEY_WARM_UP, "N", 0, "passes of a synthetic workload before the clock starts", 2},
    {"touch", KEY_TOUCH, "HOW", 0,
     "how much of each new object is written: none, first (byte), line, page or all (default line)",
     2},
    {"pace", KEY_PACE, "HOW", 0, RECORDED_PACE_HELP, 2},
    {"copies", KEY_COPIES, "N", 0, RECORDED_COPIES_HELP, 2},
    {"limit", KEY_LIMIT, "S", 0, "end a trial after S seconds as hung (default: by its length)", 2},
    {"seed", KEY_SEED, "N", 0, "of workloads and order (default 1)", 2},
    {0},
};
static_assert(ARRAY_SIZE(rows) <= 64, "a bit for each row");

static int set(char **text, const char *value, struct err *err)
{
    return run_config_set(text, value) < 0 ? err_set(err, ENOMEM, "out of memory") : 0;
}

/* --- values --- */

static int take_number(struct run_config *c, int key, const char *value, struct err *err)
{
    uint64_t n = 0;
    int rc = 0;
    switch (key) {
    case 'b':
        rc = words_number(value, "--blocks", 1, RUN_BLOCKS_MAX, &n, err);
        c->blocks = (uint32_t)n;
        return rc;
    case 's':
        return words_decimal(value, "--seconds", 0, RUN_SECONDS_MAX, &c->seconds, err);
    case KEY_BUDGET:
        return words_decimal(value, "--budget", 0, RUN_SECONDS_MAX, &c->budget_s, err);
    case KEY_LIMIT:
        return words_decimal(value, "--limit", 0.1, RUN_SECONDS_MAX, &c->limit_s, err);
    case KEY_WARM_UP:
        rc = words_number(value, "--warm-up", 0, RUN_WARM_UP_MAX, &n, err);
        c->warm_up = (uint32_t)n;
        return rc;
    default:
        return words_number(value, "--seed", 0, INT64_MAX, &c->seed, err);
    }
}

/* Without the blanks around commas and at both ends, and without a comma at the end. */
static char *tidy_list(const char *value)
{
    char *out = malloc(strlen(value) + 1);
    size_t n = 0;
    for (const char *c = value; out && *c; c++) {
        bool blank = *c == ' ' || *c == '\t';
        const char *next = c + strspn(c, " \t");
        if (blank && (n == 0 || out[n - 1] == ',' || *next == ',' || *next == '\0'))
            continue;
        out[n++] = *c;
    }
    if (!out)
        return NULL;
    out[n > 0 && out[n - 1] == ',' ? n - 1 : n] = '\0';
    return out;
}

/* On the command line the last one holds; in a file a list may be given in parts. */
static int take_list(struct run_options *o, char **list, const char *value, bool again,
                     struct err *err)
{
    char *joined = NULL;
    if (!o->from_file)
        return set(list, value, err);
    char *tidy = tidy_list(value);
    if (!tidy)
        return err_set(err, ENOMEM, "out of memory");
    if (!again || !*list)
        joined = strdup(tidy);
    else if (asprintf(&joined, "%s,%s", *list, tidy) < 0)
        joined = NULL;
    free(tidy);
    if (!joined)
        return err_set(err, ENOMEM, "out of memory");
    free(*list);
    *list = joined;
    return 0;
}

/* A list of allocators begins anew: what earlier layers added one by one goes too. */
static void drop_added(struct run_options *o)
{
    if (o->added)
        memmove(o->added, o->added + o->added_below, strlen(o->added + o->added_below) + 1);
    o->added_below = 0;
}

static int take_words(struct run_options *o, int key, const char *value, bool again,
                      struct err *err)
{
    struct run_config *c = &o->config;
    switch (key) {
    case 'a':
        if (!again)
            drop_added(o);
        return take_list(o, &c->allocators, value, again, err);
    case KEY_ALLOCATOR:
        return words_append(&o->added, value, err);
    case 'w':
        return take_list(o, &c->workloads, value, again, err);
    case 't':
        return take_list(o, &c->threads, value, again, err);
    case KEY_CORES:
        return take_list(o, &c->cores, value, again, err);
    case KEY_BASELINE:
        return set(&c->baseline, value, err);
    case KEY_PIN:
        return pin_policy_parse(value, &c->pin, err);
    case KEY_TOUCH:
        return touch_parse(value, &c->touch, err);
    case KEY_PACE:
        return recorded_parse_pace(&c->recorded, value, err);
    case KEY_COPIES:
        return recorded_parse_copies(&c->recorded, value, err);
    default:
        return take_number(c, key, value, err);
    }
}

/* Of a layer the two words exclude each other; together they replace what earlier layers said. */
static int take_survey(struct run_options *o, bool survey, uint64_t both, struct err *err)
{
    if (!(o->seen & both))
        o->survey = o->no_survey = false;
    *(survey ? &o->survey : &o->no_survey) = true;
    return o->survey && o->no_survey
               ? err_set(err, EINVAL, "--survey and --no-survey exclude each other")
               : 0;
}

static size_t row_index(int key)
{
    size_t i = 0;
    while (rows[i].key != key)
        i++;
    return i;
}

static int take(struct run_options *o, const struct argp_option *row, const char *value,
                struct err *err)
{
    uint64_t bit = (uint64_t)1 << (row - rows);
    bool again = o->seen & bit;
    uint64_t surveys = (uint64_t)1 << row_index(KEY_SURVEY) | (uint64_t)1
                                                                  << row_index(KEY_NO_SURVEY);
    int rc = bit & surveys ? take_survey(o, row->key == KEY_SURVEY, surveys, err)
                           : take_words(o, row->key, value, again, err);
    o->seen |= bit;
    return rc;
}

/* --- layers --- */

static void begin_layer(struct run_options *o, bool from_file)
{
    o->seen = 0;
    o->added_below = o->added ? strlen(o->added) : 0;
    o->from_file = from_file;
}

static COLD int unknown_key(const char *key, struct err *err)
{
    char hint[256];
    struct near near;
    near_init(&near, key, strlen(key));
    for (const struct argp_option *row = rows; row->name || row->doc; row++)
        if (row->name && row->key != KEY_SUITE && row->key != KEY_QUICK)
            near_offer(&near, row->name);
    if (near_hint(&near, hint, sizeof(hint)) == 0)
        return err_set(err, EINVAL,
                       "a set takes no such key: keys are options of `arenabench run`, as blocks");
    return err_set(err, EINVAL, "a set takes no such key; %s", hint);
}

static bool is_list(int key)
{
    return key == 'a' || key == 'w' || key == 't' || key == KEY_CORES || key == KEY_ALLOCATOR;
}

static int check_workload(void *context, const char *word, struct err *err)
{
    struct cell_word found;
    return cell_find(word, context, NULL, &found, err);
}

static int check_allocator(void *context, const char *word, struct err *err)
{
    struct subject subject = {0};
    (void)context;
    int rc = subject_parse(&subject, word, err);
    if (rc == 0)
        subject_release(&subject);
    return rc;
}

/* What the run would find out later, when file and line are forgotten. */
static int check_words(const struct run_options *o, int key, const char *value, struct err *err)
{
    if (!o->checks || (key != 'a' && key != 'w' && key != KEY_ALLOCATOR))
        return 0;
    if (key == KEY_ALLOCATOR)
        return check_allocator(NULL, value, err);
    char *tidy = tidy_list(value);
    if (!tidy)
        return err_set(err, ENOMEM, "out of memory");
    int rc = key == 'a' ? words_each(tidy, "allocators", check_allocator, NULL, err)
                        : words_each(tidy, "workloads", check_workload, (void *)o->checks, err);
    free(tidy);
    return rc;
}

static int take_line(void *context, const char *key, const char *value, struct err *err)
{
    struct run_options *o = context;
    const struct argp_option *row = rows;
    while ((row->name || row->doc) && !(row->name && strcmp(row->name, key) == 0))
        row++;
    if (!row->name || row->key == KEY_SUITE || row->key == KEY_QUICK)
        return unknown_key(key, err);
    if ((o->seen & (uint64_t)1 << (row - rows)) && !is_list(row->key))
        return err_set(err, EINVAL, "given twice");
    if (!*value)
        return err_set(err, EINVAL, "has no value");
    int rc = words_check_text(value, "the value", err);
    if (rc == 0)
        rc = check_words(o, row->key, value, err);
    if (rc < 0 || row->arg)
        return rc < 0 ? rc : take(o, row, value, err);
    if (strcmp(value, "yes") != 0)
        return err_set(err, EINVAL, "is yes, or not there; not '%.*s'", 40, value);
    return take(o, row, NULL, err);
}

static int take_suite(struct run_options *o, const char *word, const struct places *places,
                      struct err *err)
{
    char path[PATH_MAX];
    int rc = suite_find(word, places, path, err);
    begin_layer(o, true);
    return rc < 0 ? rc : suite_read(path, take_line, o, err);
}

struct stack {
    struct run_options *o;
    const struct places *places;
};

static int take_named(void *context, const char *word, struct err *err)
{
    struct stack *stack = context;
    return take_suite(stack->o, word, stack->places, err);
}

static int take_layers(struct run_options *o, const struct places *places, struct err *err)
{
    struct stack stack = {o, places};
    int rc = take_suite(o, RUN_OPTIONS_STANDARD, places, err);
    o->checks = places;
    if (rc == 0 && o->suites)
        rc = words_each(o->suites, "sets", take_named, &stack, err);
    begin_layer(o, false);
    for (size_t i = 0; rc == 0 && i < o->n_given; i++)
        rc = take(o, o->given[i].row, o->given[i].value, err);
    return rc;
}

/*
 * The list, and what was added to it, wherever that stood: by newlines, for either may hold commas.
 */
static int join_allocators(struct run_options *o, struct err *err)
{
    char **list = &o->config.allocators;
    char *joined = NULL;
    if (!o->added || !*o->added)
        return 0;
    bool by_commas = !strchr(*list, '\n');
    for (char *p = *list; by_commas && (p = strchr(p, ',')); p++)
        *p = '\n';
    if (asprintf(&joined, "%s\n%s", *list, o->added) < 0)
        return err_set(err, ENOMEM, "out of memory");
    free(*list);
    *list = joined;
    return 0;
}

/* The sets by name, as the run keeps them. */
static int name_suites(struct run_options *o, struct err *err)
{
    int rc = set(&o->config.suite, o->suites ? o->suites : RUN_OPTIONS_STANDARD, err);
    if (rc < 0)
        return rc;
    size_t n = strlen(o->config.suite);
    if (o->suites)
        o->config.suite[n - 1] = '\0'; /* the last newline */
    for (char *p = o->config.suite; (p = strchr(p, '\n'));)
        *p = ',';
    return 0;
}

int run_options_name(struct run_options *o, const char *word, struct err *err)
{
    return words_append(&o->suites, word, err);
}

int run_options_resolve(struct run_options *o, const struct places *places, struct err *err)
{
    struct run_config *c = &o->config;
    c->touch = TOUCH_LINE;
    c->pin = PIN_COMPACT;
    c->seed = 1;
    recorded_preset(&c->recorded);
    int rc = take_layers(o, places, err);
    if (rc == 0 && (!c->allocators || !c->workloads || !c->threads || c->blocks == 0))
        rc = err_set(err, EINVAL,
                     "the set %s/" RUN_OPTIONS_STANDARD SUITE_ENDING
                     " lacks allocators, workloads, threads or blocks",
                     places->suites);
    if (rc == 0 && !c->cores)
        rc = set(&c->cores, "", err);
    if (rc == 0 && !c->baseline)
        rc = set(&c->baseline, "", err);
    if (rc == 0)
        rc = join_allocators(o, err);
    if (rc == 0)
        rc = name_suites(o, err);
    c->survey = !o->no_survey;
    c->survey_all = o->survey;
    return rc;
}

void run_options_release(struct run_options *o)
{
    run_config_release(&o->config);
    free(o->given);
    free(o->suites);
    free(o->added);
    *o = (struct run_options){0};
}

/* --- argp --- */

static error_t keep(struct run_options *o, int key, const char *value)
{
    struct run_option *more = reallocarray(o->given, o->n_given + 1, sizeof(*more));
    if (!more)
        return ENOMEM;
    o->given = more;
    more[o->n_given++] = (struct run_option){&rows[row_index(key)], value};
    return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct run_options *o = state->input;
    struct err err;
    if (key == KEY_SUITE && !*arg)
        argp_error(state, "--suite wants the name of a set, or a file");
    if (key == KEY_SUITE || key == KEY_QUICK)
        return words_append(&o->suites, key == KEY_SUITE ? arg : RUN_OPTIONS_QUICK, &err) < 0
                   ? ENOMEM
                   : 0;
    for (const struct argp_option *row = rows; row->name || row->doc; row++)
        if (row->name && row->key == key)
            return keep(o, key, arg);
    return ARGP_ERR_UNKNOWN;
}

const struct argp run_options_argp = {.options = rows, .parser = parse};
