#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "compare.h"
#include "places.h"
#include "report.h"
#include "run_name.h"
#include "words.h"

struct words {
    const char *sides[2], *file, *gate;
    unsigned n_sides;
    bool json;
};

enum { KEY_GATE = 256, KEY_JSON, KEY_RESULTS };

static const struct argp_option options[] = {
    {"gate", KEY_GATE, "N%", 0,
     "exit with 1 when throughput or peak resident memory of B is worse than A's by more than N % with certainty, in a "
     "workload or on average, or when trials failed in B only",
     0},
    {"json", KEY_JSON, NULL, 0, "print JSON", 0},
    {"results", KEY_RESULTS, "FILE", 0,
     "the file where runs are kept that A and B do not name (default results/runs/bench.db)", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct words *w = state->input;
    switch (key) {
    case KEY_GATE:
        w->gate = arg;
        return 0;
    case KEY_JSON:
        w->json = true;
        return 0;
    case KEY_RESULTS:
        w->file = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (w->n_sides == 2)
            argp_error(state, "two at a time: '%s' is too much", arg);
        w->sides[w->n_sides++] = arg;
        return 0;
    case ARGP_KEY_END:
        if (w->n_sides < 2)
            argp_error(state, "name two: A and B");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* "5%" */
static int read_gate(const char *text, struct compare_options *out, struct err *err)
{
    char number[32];
    size_t n = strlen(text);
    double percent;
    if (n < 2 || n > sizeof(number) || text[n - 1] != '%')
        return err_set(err, EINVAL, "a gate is a percentage such as 5%%, not '%s'", text);
    memcpy(number, text, n - 1);
    number[n - 1] = '\0';
    int rc = words_decimal(number, "the percentage of --gate", 0, 99, &percent, err);
    out->has_gate = true;
    out->gate = percent / 100;
    return rc;
}

/* What the user named, opened: one store where both are in one file. */
struct opened {
    struct run_name names[2];
    struct store *stores[2];
    struct compare_side sides[2];
};

static int open_side(struct opened *o, unsigned i, const char *otherwise, struct err *err)
{
    const char *file = o->names[i].file[0] ? o->names[i].file : otherwise;
    const char *first = i > 0 ? store_path(o->stores[0]) : NULL;
    int rc = 0;
    if (first && strcmp(first, file) == 0)
        o->sides[i].store = o->sides[0].store;
    else
        rc = store_open(file, STORE_READ, &o->stores[i], err);
    if (rc < 0)
        return rc;
    if (o->stores[i])
        o->sides[i].store = o->stores[i];
    o->sides[i].subject = o->names[i].subject;
    return store_find_run(o->sides[i].store, o->names[i].run, &o->sides[i].run_id, err);
}

static int print(const struct comparison *c, bool json, struct err *err)
{
    struct report_look look = {.colour = report_wants_colour(stdout),
                               .width = report_width(stdout)};
    int rc = json ? compare_json(stdout, c, err) : compare_print(stdout, c, &look, err);
    return rc == 0 && c->n_findings > 0 ? EXIT_FAILED : rc;
}

static int compare(const struct words *w, struct opened *o, const struct compare_options *how,
                   struct err *err)
{
    struct places places;
    struct comparison c = {0};
    int rc = w->file ? 0 : places_find(&places, err);
    for (unsigned i = 0; i < 2 && rc == 0; i++)
        rc = open_side(o, i, w->file ? w->file : places.store, err);
    if (rc == 0)
        rc = comparison_make(&o->sides[0], &o->sides[1], how, &c, err);
    if (rc == 0)
        rc = print(&c, w->json, err);
    comparison_release(&c);
    store_close(o->stores[0]);
    store_close(o->stores[1]);
    return rc;
}

static int run(int argc, char **argv, struct err *err)
{
    static const struct argp argp = {
        options,
        parse,
        "A B",
        "Compares B with A: two runs, allocator by allocator, or two allocators. Each is [FILE.db:][RUN][:ALLOCATOR], or "
        "FILE.db for the latest run of a file; RUN is a name or number, nothing is the latest.\n\n"
        "Two allocators of one run are compared in pairs, trial by trial as they ran one after the other: that is what "
        "an allocator's continuous integration should use, with both builds in one run. Two runs made at different times "
        "are not paired, and what changed on the machine between them shows as a difference. They have to be of one "
        "machine and of the same work; what differs is told, and nothing is compared.\v"
        "examples:\n"
        "  arenabench run -a old=./old.so,new=./new.so -b 12\n"
        "  arenabench compare :old :new --gate 5%\n"
        "  arenabench compare main.db branch.db --gate 10%\n"
        "  arenabench compare 20261120-231455 20261121-101500",
        NULL,
        NULL,
        NULL};
    struct words w = {0};
    struct opened o = {0};
    struct compare_options how = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &w);
    int rc = w.gate ? read_gate(w.gate, &how, err) : 0;
    for (unsigned i = 0; i < 2 && rc == 0; i++)
        rc = run_name_read(w.sides[i], &o.names[i], err);
    return rc < 0 ? rc : compare(&w, &o, &how, err);
}

const struct command command_compare = {
    .name = "compare",
    .summary = "compare two runs, or two allocators of one run; a gate for CI",
    .run = run,
};
