#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "import.h"
#include "print_info.h"
#include "progress.h"
#include "replace.h"

struct words {
    struct import_options import;
    bool force;
};

static const struct argp_option options[] = {
    {"from", 'F', "FORMAT", 0, "what FILE is (default: as its beginning tells)", 0},
    {"output", 'o', "TRACE", 0, "the trace to write (default FILE.trace)", 0},
    {"force", 'f', NULL, 0, "replace TRACE if it exists", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct words *w = state->input;
    switch (key) {
    case 'F':
        w->import.format = arg;
        return 0;
    case 'o':
        w->import.output = arg;
        return 0;
    case 'f':
        w->force = true;
        return 0;
    case ARGP_KEY_ARG:
        if (w->import.input)
            argp_error(state, "one file at a time: '%s' is too much", arg);
        w->import.input = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which file?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The list of formats, from their table, behind the options. */
static char *add_formats(int key, const char *text, void *input)
{
    (void)input;
    if (key != ARGP_KEY_HELP_POST_DOC)
        return (char *)text;
    char *out = NULL;
    size_t n_bytes;
    FILE *f = open_memstream(&out, &n_bytes);
    if (!f)
        return (char *)text;
    const char *name, *summary;
    fputs("FORMAT is one of\n", f);
    for (size_t i = 0; import_format_at(i, &name, &summary); i++)
        fprintf(f, "  %-12s %s\n", name, summary);
    fprintf(f, "\n%s", text ? text : "");
    fclose(f);
    return out;
}

static void show(void *context, double share)
{
    progress_note(context, "importing: %.0f %%", 100 * share);
}

static void print_count(uint64_t n, const char *what)
{
    if (n > 0)
        fprintf(stderr, "  %-18s %lu %s\n", "", n, what);
}

/* In words, what the trace has not or has otherwise. */
static void print_losses(const struct import_result *r)
{
    if (r->lost[0])
        fprintf(stderr, "note: the format %s does not hold %s\n", r->format, r->lost);
    if (r->note[0])
        fprintf(stderr, "note: %s\n", r->note);
    const struct import_counts *c = &r->counts;
    if (c->unknown_frees + c->unknown_reallocs + c->conflicts + c->failed + c->null_frees == 0)
        return;
    fprintf(stderr, "  not as it stood\n");
    print_count(c->null_frees, "frees of NULL: left out");
    print_count(c->failed, "calls that returned NULL: left out");
    print_count(c->unknown_frees, "frees of what was not allocated before: left out");
    print_count(c->unknown_reallocs, "reallocs of what was not allocated before: of NULL now");
    print_count(c->conflicts, "allocations where an object lived: that one is freed before");
}

static int import(const struct import_options *words, struct err *err)
{
    struct import_result result;
    struct progress progress;
    struct import_options how = *words;
    progress_init(&progress, 1, 0, 0);
    how.progress = show;
    how.context = &progress;
    int rc = import_trace(&how, &result, err);
    progress_clear(&progress);
    if (rc < 0)
        return rc;
    fprintf(stderr, "imported into %s; format %s%s\n", how.output, result.format,
            result.is_guessed ? ", guessed" : "");
    print_trace_info(stderr, &result.info);
    print_losses(&result);
    return EXIT_GOOD;
}

static int run(int argc, char **argv, struct err *err)
{
    static const struct argp argp = {
        options,
        parse,
        "FILE",
        "Makes a trace of an allocation log that another tool wrote. FILE may be compressed (gzip, "
        "bzip2, xz, zstd) or a zip or tar archive with one file in it. `arenabench run -w TRACE` "
        "replays it on any allocator.\v"
        "example: arenabench import --from android -o systemui.trace systemui.zip",
        NULL,
        add_formats,
        NULL};
    struct words w = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &w);
    char *output = NULL;
    const char *slash = strrchr(w.import.input, '/');
    if (!w.import.output && asprintf(&output, "%s.trace", slash ? slash + 1 : w.import.input) < 0)
        return err_set(err, ENOMEM, "no memory for a file's name");
    if (output)
        w.import.output = output;
    int rc = output_allowed(w.import.output, w.force, err);
    if (rc == 0)
        rc = import(&w.import, err);
    free(output);
    return rc;
}

const struct command command_import = {
    .name = "import",
    .summary = "make a trace of another tool's allocation log",
    .run = run,
};
