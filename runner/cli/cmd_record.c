#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "command.h"
#include "places.h"
#include "print_info.h"
#include "trace_record.h"

struct words {
    const char *output;
    char **program;
    bool force;
};

/* A program that lives so much longer than its recording may have become another one. */
#define HINT_NS (100 * NS_PER_MS)

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "the trace to write (default PROGRAM.trace)", 0},
    {"force", 'f', NULL, 0, "replace FILE if it exists", 0},
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
    case ARGP_KEY_ARG: /* the program; what follows is its own */
        w->program = &state->argv[state->next - 1];
        state->next = state->argc;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which program? arenabench record -o FILE -- PROGRAM ARGS");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int run(int argc, char **argv, struct err *err)
{
    static const struct argp argp = {
        options,
        parse,
        "-- PROGRAM [ARG...]",
        "Runs a program and records what it asks of its allocator, thread by thread: sizes, order, "
        "threads, hand-overs; no contents, no addresses. `arenabench run -w FILE` replays it on "
        "any allocator.\v"
        "example: arenabench record -o sort.trace -- sort --parallel=2 big.txt",
        NULL,
        NULL,
        NULL};
    struct words w = {0};
    struct places places;
    struct record_result result;
    char output[PATH_MAX];
    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &w);
    snprintf(output, sizeof(output), "%s.trace", base_name(w.program[0]));
    int rc = places_find(&places, err);
    if (rc < 0)
        return rc;
    if (!w.force && access(w.output ? w.output : output, F_OK) == 0)
        return err_set(err, EEXIST, "%s exists: name another file with -o, or replace it with -f",
                       w.output ? w.output : output);
    struct record_options how = {.recorder = places.recorder,
                                 .output = w.output ? w.output : output};
    rc = trace_record(&how, w.program, &result, err);
    if (rc < 0)
        return rc;
    fflush(stdout);
    fprintf(stderr, "recorded into %s\n", how.output);
    print_trace_info(stderr, &result.info);
    if (result.lived_ns > 2 * result.info.totals.duration_ns + HINT_NS)
        fprintf(
            stderr,
            "note: the program lived for %.2f s but was recorded for %.2f s: if it is a script or "
            "starts another one (exec, a child), record that one directly\n",
            (double)result.lived_ns / 1e9, (double)result.info.totals.duration_ns / 1e9);
    if (result.exit_status != 0)
        fprintf(stderr, "note: the program ended with status %d\n", result.exit_status);
    return EXIT_GOOD;
}

const struct command command_record = {
    .name = "record",
    .summary = "record a program's allocations into a trace",
    .run = run,
};
