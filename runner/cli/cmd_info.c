#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cell.h"
#include "command.h"
#include "plan_file.h"
#include "print_info.h"
#include "print_profile.h"
#include "print_thresholds.h"
#include "words.h"

struct words {
    const char *file;
    const char *rows;
    bool json, thresholds, profile;
};

enum { OPTION_ROWS = 256 };
#define ROWS_PRESET "1000"

static const struct argp_option options[] = {
    {"json", 'j', NULL, 0, "of a trace: all facts as JSON", 0},
    {"profile", 'p', NULL, 0,
     "of a trace: how often each size is allocated and how many of it live on average, as a table "
     "(CSV) that `arenabench run -w FILE.csv` makes a workload of",
     0},
    {"rows", OPTION_ROWS, "N", 0,
     "rows of that table at most: beyond them, sizes of little weight are merged (default " ROWS_PRESET
     ")",
     0},
    {"thresholds", 't', NULL, 0,
     "what mmap_threshold and trim_threshold mean for it: objects above them, how long these live, "
     "where glibc's own go, what would be trimmed; also of a synthetic workload",
     0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct words *words = state->input;
    switch (key) {
    case 'j':
        words->json = true;
        return 0;
    case 'p':
        words->profile = true;
        return 0;
    case OPTION_ROWS:
        words->rows = arg;
        return 0;
    case 't':
        words->thresholds = true;
        return 0;
    case ARGP_KEY_ARG:
        if (words->file)
            argp_error(state, "one file at a time: '%s' is too much", arg);
        words->file = arg;
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

static int info_of_trace(const char *path, bool json, struct err *err)
{
    struct trace_info info;
    int rc = trace_info_read(path, &info, err);
    if (rc < 0)
        return rc;
    print_trace_cut(stderr, path, &info);
    if (json)
        return print_trace_json(stdout, &info, err);
    print_trace_info(stdout, &info);
    return 0;
}

static int info_of_profile(const struct cell_word *word, const char *rows, struct err *err)
{
    struct trace_profile profile;
    uint64_t n;
    if (word->source != CELL_TRACE)
        return err_set(err, EINVAL, "%s is no trace: --profile tells about recorded programs",
                       word->name);
    int rc = words_number(rows ? rows : ROWS_PRESET, "--rows", TRACE_PROFILE_ROWS_MIN,
                          SIZE_COUNTS_EXACT, &n, err);
    if (rc < 0)
        return rc;
    rc = trace_profile_read(word->path, (uint32_t)n, &profile, err);
    if (rc == 0)
        print_profile(stdout, &profile);
    trace_profile_release(&profile);
    return rc;
}

/* What a table holds, and what is made of it. */
static int info_of_shape(const struct cell_word *word, struct err *err)
{
    struct shape_table table;
    int rc = shape_table_read(word->path, &table, err);
    if (rc == 0)
        print_shape(stdout, &table);
    shape_table_release(&table);
    return rc;
}

/* A trace is taken with its times, where it has them, so that lives are told in both. */
static int info_of_thresholds(struct cell_word *word, struct err *err)
{
    struct cell cell = {.fd = -1};
    struct thresholds thresholds;
    const struct thresholds_pair neither = {THRESHOLDS_UNKNOWN, THRESHOLDS_UNKNOWN};
    char why[THRESHOLDS_SENTENCES][THRESHOLDS_SENTENCE_BYTES];
    struct trace_info info;
    int rc = 0;
    if (word->source == CELL_TRACE) {
        rc = trace_info_read(word->path, &info, err);
        if (rc == 0 && info.clock != TRACE_CLOCK_NONE && word->recorded.pace == TRACE_PACE_NONE)
            word->recorded.pace = TRACE_PACE_TIME;
    }
    if (rc == 0)
        rc = cell_open(&cell, word, 1, 1, err);
    if (rc == 0)
        rc = thresholds_read(cell.plan, &thresholds_usual, &thresholds, err);
    if (rc == 0)
        rc = thresholds_why(cell.plan, &neither, why, err);
    if (rc == 0)
        print_thresholds(stdout, &thresholds, why);
    cell_close(&cell);
    return rc;
}

static int run(int argc, char **argv, struct err *err)
{
    static const struct argp argp = {
        options,
        parse,
        "FILE",
        "Tells what a trace or a plan holds: calls, threads, remote frees, live bytes, sizes. Of a "
        "trace that was cut off, what is complete of it; of a table (.csv), its sizes and lives. FILE is a "
        "path or the name of a recorded workload or a shape that ships with the project.\v"
        "example: arenabench info my.trace",
        NULL,
        NULL,
        NULL};
    struct words words = {0};
    struct places places;
    struct cell_word word;
    argp_parse(&argp, argc, argv, 0, NULL, &words);
    int rc = places_find(&places, err);
    if (rc == 0)
        rc = cell_find(words.file, &places, NULL, &word, err);
    if (rc < 0)
        return rc;
    if (words.thresholds + words.json + words.profile > 1)
        return err_set(err, EINVAL, "one of --thresholds, --json and --profile at a time");
    if (words.rows && !words.profile)
        return err_set(err, EINVAL, "--rows is of --profile");
    if (words.profile)
        return info_of_profile(&word, words.rows, err);
    if (words.thresholds)
        return info_of_thresholds(&word, err);
    if (word.source == CELL_SYNTHETIC)
        return err_set(err, EINVAL, "%s is no file: `arenabench list workloads -v` tells about it",
                       words.file);
    if (word.source == CELL_SHAPE && !words.json)
        return info_of_shape(&word, err);
    if (word.source == CELL_TRACE)
        return info_of_trace(word.path, words.json, err);
    if (words.json)
        return err_set(err, EINVAL, "%s is no trace, which --json tells about", words.file);
    return info_of_plan(word.path, err);
}

const struct command command_info = {
    .name = "info",
    .summary = "tell what a trace, a table or a plan holds",
    .run = run,
};
