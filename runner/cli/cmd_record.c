#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "command.h"
#include "facts.h"
#include "places.h"
#include "print_info.h"
#include "progress.h"
#include "replace.h"
#include "trace_record.h"

struct words {
    const char *output, *recover;
    char **program;
    bool force, tree, anonymous;
};

/* A program that lives so much longer than its recording may have become another one. */
#define HINT_NS (100 * NS_PER_MS)

enum { KEY_PID_TREE = 256, KEY_ANONYMOUS, KEY_RECOVER };

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "the trace to write (default PROGRAM.trace)", 0},
    {"force", 'f', NULL, 0, "replace FILE if it exists", 0},
    {"pid-tree", KEY_PID_TREE, NULL, 0,
     "record what the program forks and executes, too: each process into a trace of its own, "
     "FILE.1.trace and so on; wait for all of them",
     0},
    {"anonymous", KEY_ANONYMOUS, NULL, 0, "leave the program's arguments and folder out", 0},
    {"recover", KEY_RECOVER, "SPOOL", 0,
     "make a trace of the raw events (.arenabench-spool-...) of a recording that was killed itself",
     0},
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
    case KEY_PID_TREE:
        w->tree = true;
        return 0;
    case KEY_ANONYMOUS:
        w->anonymous = true;
        return 0;
    case KEY_RECOVER:
        w->recover = arg;
        return 0;
    case ARGP_KEY_ARG: /* the program; what follows is its own */
        if (w->recover)
            argp_error(state, "--recover starts no program: '%s' is too much", arg);
        w->program = &state->argv[state->next - 1];
        state->next = state->argc;
        return 0;
    case ARGP_KEY_END:
        if (!w->program && !w->recover)
            argp_error(state, "which program? arenabench record -o FILE -- PROGRAM ARGS");
        if (w->recover && !w->output)
            argp_error(state, "into which file? arenabench record --recover SPOOL -o FILE");
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

struct telling {
    struct progress progress;
    uint32_t n_traces;
};

static void tell_trace(void *context, const char *path, const struct trace_info *info)
{
    struct telling *t = context;
    progress_clear(&t->progress);
    fflush(stdout);
    fprintf(stderr, "recorded into %s\n", path);
    if (t->n_traces++ == 0)
        print_trace_info(stderr, info);
    else
        fprintf(stderr, "  %s: %lu events, %u threads\n", info->command, info->events,
                info->n_threads);
}

static void tell_progress(void *context, double share)
{
    struct telling *t = context;
    progress_note(&t->progress, "writing the trace: %.0f %%", 100 * share);
}

static void tell_waiting(void *context)
{
    (void)context;
    fprintf(stderr, "the program has ended; waiting for what it left running (Ctrl-C: wait no "
                    "longer)\n");
}

static void tell_notes(const struct words *w, const struct record_result *result)
{
    const struct record_end *end = &result->end;
    if (result->info.clock == TRACE_CLOCK_MONOTONIC)
        fprintf(stderr,
                "note: this machine's time-stamp counter cannot be trusted (not invariant, or "
                "not in step between CPUs); the slower system clock was used\n");
    if (result->inner_calls > 0)
        fprintf(stderr,
                "note: %lu calls were made while the allocator or a thread's start was at "
                "work in the same thread, and left out: a replay makes them again\n",
                result->inner_calls);
    if (!w->tree && result->info.totals.lost_events == 0 &&
        end->lived_ns > 2 * result->info.totals.duration_ns + HINT_NS)
        fprintf(
            stderr,
            "note: the program lived for %.2f s but was recorded for %.2f s: if it is a script "
            "or starts another one (exec, a child), record that one directly, or add --pid-tree\n",
            (double)end->lived_ns / 1e9, (double)result->info.totals.duration_ns / 1e9);
    if (end->signal != 0)
        fprintf(stderr, "note: the program was ended by signal %d (%s)\n", end->signal,
                strsignal(end->signal));
    else if (end->exit_status > 0)
        fprintf(stderr, "note: the program ended with status %d\n", end->exit_status);
}

static int record(const struct words *w, const char *output, struct err *err)
{
    struct places places;
    struct record_result result;
    struct telling telling = {0};
    struct machine_facts facts;
    int rc = places_find(&places, err);
    if (rc < 0)
        return rc;
    progress_init(&telling.progress, 0, 0, 0);
    machine_facts_read("/", &facts);
    struct record_options how = {
        .recorder = places.recorder,
        .cpu = machine_fact(&facts, "cpu_model"),
        .output = output,
        .tree = w->tree,
        .replace = w->force,
        .anonymous = w->anonymous,
        .wrote = tell_trace,
        .progress = tell_progress,
        .waiting = tell_waiting,
        .context = &telling,
    };
    if (w->recover)
        rc = trace_record_recover(&how, w->recover, &result, err);
    else
        rc = trace_record(&how, w->program, &result, err);
    progress_clear(&telling.progress);
    if (rc < 0)
        return rc;
    if (result.n_traces == 1 && result.info.events > 0)
        fprintf(stderr, "  %-18s %.2f bytes per event, while the program ran for %.3f s\n", "raw",
                (double)result.raw_bytes / (double)result.info.events,
                (double)result.end.lived_ns / 1e9);
    tell_notes(w, &result);
    return w->recover ? EXIT_GOOD : result.end.exit_status;
}

static int run(int argc, char **argv, struct err *err)
{
    static const struct argp argp = {
        options,
        parse,
        "-- PROGRAM [ARG...]\n--recover SPOOL -o FILE",
        "Runs a program and records what it asks of its allocator, thread by thread: sizes, order, "
        "threads, hand-overs; no contents, no addresses. `arenabench run -w FILE` replays it on "
        "any allocator.\v"
        "The exit status is the program's, 128 + N when signal N ended it; 2 when nothing could be "
        "recorded.\n\n"
        "example: arenabench record -o sort.trace -- sort --parallel=2 big.txt",
        NULL,
        NULL,
        NULL};
    struct words w = {0};
    char output[PATH_MAX];
    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &w);
    if (w.output)
        snprintf(output, sizeof(output), "%s", w.output);
    else
        snprintf(output, sizeof(output), "%s.trace", base_name(w.program[0]));
    int rc = output_allowed(output, w.force, err);
    return rc < 0 ? rc : record(&w, output, err);
}

const struct command command_record = {
    .name = "record",
    .summary = "record a program's allocations into a trace",
    .run = run,
};
