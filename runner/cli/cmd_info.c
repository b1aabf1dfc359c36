#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cell.h"
#include "command.h"
#include "plan_file.h"
#include "print_info.h"

static error_t parse(int key, char *arg, struct argp_state *state)
{
    const char **file = state->input;
    switch (key) {
    case ARGP_KEY_ARG:
        if (*file)
            argp_error(state, "one file at a time: '%s' is too much", arg);
        *file = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which file?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int info_of_plan(const char *path, struct err *err)
{
    struct cell cell = {.fd = -1};
    int rc = plan_file_read(path, &cell.fd, &cell.plan, err);
    if (rc == 0)
        print_plan_info(stdout, cell.plan);
    cell_close(&cell);
    return rc;
}

static int info_of_trace(const char *path, struct err *err)
{
    struct trace_info info;
    int rc = trace_info_read(path, &info, err);
    if (rc == 0)
        print_trace_info(stdout, &info);
    return rc;
}

static int run(int argc, char **argv, struct err *err)
{
    static const struct argp argp = {
        NULL,
        parse,
        "FILE",
        "Tells what a trace or a plan holds: calls, threads, remote frees, live bytes. FILE is a "
        "path or the name of a recorded workload that ships with the project.\v"
        "example: arenabench info my.trace",
        NULL,
        NULL,
        NULL};
    const char *file = NULL;
    struct places places;
    struct cell_word word;
    argp_parse(&argp, argc, argv, 0, NULL, &file);
    int rc = places_find(&places, err);
    if (rc == 0)
        rc = cell_find(file, &places, NULL, &word, err);
    if (rc < 0)
        return rc;
    if (word.source == CELL_SYNTHETIC)
        return err_set(err, EINVAL, "%s is no file: `arenabench list workloads -v` tells about it",
                       file);
    return word.source == CELL_PLAN ? info_of_plan(word.path, err) : info_of_trace(word.path, err);
}

const struct command command_info = {
    .name = "info",
    .summary = "tell what a trace or a plan holds",
    .run = run,
};
