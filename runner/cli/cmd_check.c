#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "command.h"
#include "contract_report.h"
#include "near.h"
#include "output.h"
#include "places.h"
#include "preload.h"
#include "progress.h"
#include "words.h"

#define DEFAULT_LIMIT_S 60
#define MOST_LIMIT_S    86400.0
#define GUESS_S         0.4 /* a clause, until there is experience */

/* An allocator under check. */
struct candidate {
    struct subject subject;
    struct preload_environment environment;
    char library[PATH_MAX];
    struct clause_result *results;
};

struct check {
    char *allocators, *clauses; /* as given, a newline behind each; NULL: all */
    enum output_form form;
    bool list;
    double limit_s;
    struct places places;
    const struct clause **wanted;
    size_t n_wanted;
    struct candidate *candidates;
    size_t n_candidates;
    struct err *err;
    int failed;
};

enum { KEY_CSV = 256, KEY_JSON, KEY_LIMIT, KEY_LIST };

static const struct argp_option options[] = {
    {"clause", 'c', "NAME", 0, "try this clause only; may be given again", 0},
    {"limit", KEY_LIMIT, "S", 0, "a clause that is not through after S seconds fails (default 60)",
     0},
    {"list", KEY_LIST, NULL, 0, "list the clauses", 0},
    {"json", KEY_JSON, NULL, 0, "print JSON in place of the table", 0},
    {"csv", KEY_CSV, NULL, 0, "print CSV, one line per clause and allocator", 0},
    {0},
};

static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
    interrupted = signal;
}

/* The first failure is kept, and told when all has been parsed. */
static void keep(struct check *c, int rc)
{
    if (c->failed == 0)
        c->failed = rc;
}

static int add_word(struct check *c, char **list, const char *word)
{
    return *word ? words_append(list, word, c->err) : err_set(c->err, EINVAL, "an empty name");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct check *c = state->input;
    if (c->failed < 0)
        return 0;
    switch (key) {
    case 'c':
        keep(c, add_word(c, &c->clauses, arg));
        return 0;
    case KEY_LIMIT:
        keep(c, words_decimal(arg, "--limit", 0.01, MOST_LIMIT_S, &c->limit_s, c->err));
        return 0;
    case KEY_LIST:
        c->list = true;
        return 0;
    case KEY_JSON:
        c->form = OUTPUT_JSON;
        return 0;
    case KEY_CSV:
        c->form = OUTPUT_CSV;
        return 0;
    case ARGP_KEY_ARG:
        keep(c, add_word(c, &c->allocators, arg));
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int unknown_clause(const char *name, struct err *err)
{
    struct near near;
    char hint[128];
    size_t n;
    const struct clause *table = clause_table(&n);
    near_init(&near, name, strlen(name));
    for (size_t i = 0; i < n; i++)
        near_offer(&near, table[i].name);
    bool is_near = near_hint(&near, hint, sizeof(hint)) > 0;
    return err_set(err, EINVAL, "no clause '%s'; %s", name,
                   is_near ? hint : "`arenabench check --list` names them");
}

static int add_clause(void *context, const char *name, struct err *err)
{
    struct check *c = context;
    const struct clause *clause = clause_find(name);
    if (!clause)
        return unknown_clause(name, err);
    for (size_t i = 0; i < c->n_wanted; i++)
        if (c->wanted[i] == clause)
            return 0;
    c->wanted[c->n_wanted++] = clause;
    return 0;
}

static int choose_clauses(struct check *c)
{
    size_t n;
    const struct clause *table = clause_table(&n);
    c->wanted = calloc(n, sizeof(const struct clause *));
    if (!c->wanted)
        return err_set(c->err, ENOMEM, "out of memory");
    if (c->clauses)
        return words_each(c->clauses, "clauses", add_clause, c, c->err);
    for (size_t i = 0; i < n; i++)
        c->wanted[c->n_wanted++] = &table[i];
    return 0;
}

static void release_candidate(struct candidate *a)
{
    preload_environment_release(&a->environment);
    subject_release(&a->subject);
    free(a->results);
    *a = (struct candidate){0};
}

/* Nothing of the user's environment reaches a clause. */
static int open_candidate(struct check *c, struct candidate *a, const char *word, struct err *err)
{
    static char *const nothing[] = {NULL};
    int rc = words_check_text(word, "the allocator", err);
    if (rc == 0)
        rc = subject_parse(&a->subject, word, err);
    for (size_t i = 0; rc == 0 && i < c->n_candidates; i++)
        if (strcmp(c->candidates[i].subject.name, a->subject.name) == 0)
            rc = err_set(err, EINVAL, "allocator '%s' is named twice", a->subject.name);
    if (rc == 0)
        rc = preload_find(&a->subject, c->places.workers, a->library, sizeof(a->library), err);
    if (rc == 0)
        rc = preload_environment_make(&a->environment, &a->subject, a->library, nothing, err);
    if (rc == 0 && !(a->results = calloc(c->n_wanted, sizeof(*a->results))))
        rc = err_set(err, ENOMEM, "out of memory");
    return rc;
}

static int add_candidate(void *context, const char *word, struct err *err)
{
    struct check *c = context;
    struct candidate *more =
        reallocarray(c->candidates, c->n_candidates + 1, sizeof(*c->candidates));
    if (!more)
        return err_set(err, ENOMEM, "out of memory");
    c->candidates = more;
    struct candidate *a = &more[c->n_candidates];
    *a = (struct candidate){0};
    int rc = open_candidate(c, a, word, err);
    if (rc < 0)
        release_candidate(a);
    else
        c->n_candidates++;
    return rc;
}

/* All that are installed, but for null, which forgets what it is given back. */
static int choose_allocators(struct check *c)
{
    size_t n;
    const struct allocator *const *table = allocator_table(&n);
    if (c->allocators)
        return words_each(c->allocators, "allocators", add_candidate, c, c->err);
    for (size_t i = 0; i < n; i++) {
        int rc = table[i] == &allocator_null ? 0 : add_candidate(c, table[i]->name, c->err);
        if (rc == -ENOMEM)
            return rc;
        if (rc < 0)
            fprintf(stderr, "%s: left out: %s\n", program_invocation_name, c->err->text);
    }
    return 0;
}

static int try_one(struct check *c, struct candidate *a, size_t clause)
{
    struct clause_request request = {.folder = c->places.contract,
                                     .library = a->library,
                                     .environment = a->environment.lines,
                                     .limit_ns = (uint64_t)(c->limit_s * 1e9),
                                     .interrupted = &interrupted};
    return clause_try(c->wanted[clause], &request, &a->results[clause], c->err);
}

static int try_all(struct check *c)
{
    struct sigaction action = {.sa_handler = on_signal}, old_int, old_term;
    struct progress progress;
    int rc = 0;
    progress_init(&progress, c->n_wanted * c->n_candidates, 0, GUESS_S);
    sigaction(SIGINT, &action, &old_int);
    sigaction(SIGTERM, &action, &old_term);
    for (size_t a = 0; a < c->n_candidates; a++) {
        for (size_t i = 0; i < c->n_wanted && rc == 0 && !interrupted; i++) {
            progress_show(&progress, "%s: %s", c->candidates[a].subject.name, c->wanted[i]->says);
            rc = try_one(c, &c->candidates[a], i);
            progress.done++;
        }
    }
    sigaction(SIGINT, &old_int, NULL);
    sigaction(SIGTERM, &old_term, NULL);
    progress_clear(&progress);
    return rc;
}

static int print(const struct check *c)
{
    struct contract_column *columns = calloc(c->n_candidates, sizeof(*columns));
    if (!columns)
        return err_set(c->err, ENOMEM, "out of memory");
    for (size_t i = 0; i < c->n_candidates; i++)
        columns[i] = (struct contract_column){.name = c->candidates[i].subject.name,
                                              .file = c->candidates[i].library,
                                              .results = c->candidates[i].results};
    struct contract_report report = {.clauses = c->wanted,
                                     .n_clauses = c->n_wanted,
                                     .columns = columns,
                                     .n_columns = c->n_candidates};
    int rc = 0;
    if (c->form == OUTPUT_JSON)
        rc = contract_report_json(stdout, &report, c->err);
    else if (c->form == OUTPUT_CSV)
        contract_report_csv(stdout, &report);
    else
        contract_report_table(stdout, &report);
    free(columns);
    return rc;
}

static int exit_status(const struct check *c)
{
    size_t n_bad = 0;
    for (size_t a = 0; a < c->n_candidates; a++)
        for (size_t i = 0; i < c->n_wanted; i++)
            n_bad += c->candidates[a].results[i].verdict == CLAUSE_FAIL ||
                     c->candidates[a].results[i].verdict == CLAUSE_DIFFERS;
    if (interrupted) {
        fflush(stdout);
        fprintf(stderr, "interrupted: '-' stands for what was not tried\n");
        return EXIT_INTERRUPTED;
    }
    return n_bad ? EXIT_FAILED : EXIT_GOOD;
}

static void list_clauses(void)
{
    size_t n;
    const struct clause *table = clause_table(&n);
    for (size_t i = 0; i < n; i++)
        printf("%-16s %s\n", table[i].name, table[i].says);
}

static int check(struct check *c)
{
    int rc = places_find(&c->places, c->err);
    if (rc == 0)
        rc = choose_clauses(c);
    if (rc == 0)
        rc = choose_allocators(c);
    if (rc == 0)
        rc = try_all(c);
    if (rc == 0)
        rc = print(c);
    return rc == 0 ? exit_status(c) : rc;
}

static int run(int argc, char **argv, struct err *err)
{
    static const struct argp argp = {
        options,
        parse,
        "[NAME|/path/lib.so...]",
        "Holds allocators to the contract of malloc: each clause is a small program, started afresh "
        "with the allocator preloaded. A table tells what passes, what FAILs, and what differs from "
        "glibc where the standards leave it open. Ends with 0 when all pass, else with 1. Without "
        "names: all allocators that are installed.\v"
        "example: arenabench check ptmalloc ./libmine.so\n"
        "example: arenabench check -c fork -c exhaustion mine=./libmine.so:MINE_OPTION=2\n",
        NULL,
        NULL,
        NULL};
    struct check c = {.limit_s = DEFAULT_LIMIT_S, .err = err};
    argp_parse(&argp, argc, argv, 0, NULL, &c);
    int rc = c.failed;
    if (rc == 0 && c.list)
        list_clauses();
    else if (rc == 0)
        rc = check(&c);
    for (size_t i = 0; i < c.n_candidates; i++)
        release_candidate(&c.candidates[i]);
    free(c.candidates);
    free(c.wanted);
    free(c.allocators);
    free(c.clauses);
    return rc;
}

const struct command command_check = {
    .name = "check",
    .summary = "hold allocators to the contract of malloc, clause by clause",
    .run = run,
};
