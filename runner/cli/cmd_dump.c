#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cell.h"
#include "command.h"
#include "replace.h"
#include "trace_text.h"

struct words {
    const char *file, *output;
    bool force;
};

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "the text to write (default: standard output)", 0},
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
    case ARGP_KEY_ARG:
        if (w->file)
            argp_error(state, "one trace at a time: '%s' is too much", arg);
        w->file = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which trace?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat of_a, of_b;
    return stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
           of_a.st_ino == of_b.st_ino;
}

/* Into a file of its own, which goes again when the dump fails. */
static int dump_into(const char *path, const char *output, bool force, struct err *err)
{
    if (is_same_file(path, output))
        return err_set(err, EINVAL, "%s would be written over itself", path);
    int rc = output_allowed(output, force, err);
    if (rc < 0)
        return rc;
    FILE *out = fopen(output, force ? "we" : "wxe");
    if (!out)
        return err_set_errno(err, errno, "cannot write %s", output);
    rc = trace_text_write(path, out, err);
    bool failed = ferror(out);
    if ((fclose(out) != 0 || failed) && rc == 0)
        rc = err_set_errno(err, errno, "cannot write %s", output);
    if (rc < 0)
        unlink(output);
    return rc;
}

static int run(int argc, char **argv, struct err *err)
{
    static const struct argp argp = {
        options,
        parse,
        "TRACE",
        "Writes a trace as plain text, a line per event in one legal order: TID OP TOKEN SIZE. `arenabench "
        "import --from text` makes the same trace of it again. TRACE is a path or the name of a recorded "
        "workload that ships with the project.\v"
        "example: arenabench dump my.trace | head",
        NULL,
        NULL,
        NULL};
    struct words w = {0};
    struct places places;
    struct cell_word word;
    argp_parse(&argp, argc, argv, 0, NULL, &w);
    int rc = places_find(&places, err);
    if (rc == 0)
        rc = cell_find(w.file, &places, NULL, &word, err);
    if (rc < 0)
        return rc;
    if (word.source != CELL_TRACE)
        return err_set(err, EINVAL, "%s is no trace", w.file);
    return w.output ? dump_into(word.path, w.output, w.force, err)
                    : trace_text_write(word.path, stdout, err);
}

const struct command command_dump = {
    .name = "dump",
    .summary = "write a trace as plain text",
    .run = run,
};
