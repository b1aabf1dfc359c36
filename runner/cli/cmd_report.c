#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "command.h"
#include "page.h"
#include "places.h"
#include "replace.h"
#include "run_command.h"
#include "text.h"

#define DEFAULT_PAGE "report.html"

struct words {
    const char *run, *file, *page;
};

enum { KEY_RESULTS = 256 };

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "write the page to FILE (default " DEFAULT_PAGE ")", 0},
    {"results", KEY_RESULTS, "FILE", 0,
     "the file where runs are kept (default results/runs/bench.db)", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct words *w = state->input;
    switch (key) {
    case KEY_RESULTS:
        w->file = arg;
        return 0;
    case 'o':
        w->page = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (w->run)
            argp_error(state, "one run at a time: '%s' is too much", arg);
        w->run = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* How the run was asked for; NULL where its manifest does not tell. The caller frees it. */
static char *command_of(const struct store_run *run)
{
    struct run_config config = {0};
    struct err ignored;
    int rc = run_config_from_json(&config, run->manifest, &ignored);
    char *command = rc == 0 ? run_command(&config) : NULL;
    run_config_release(&config);
    return command;
}

static int write_draft(FILE *out, struct store *store, const struct summary *s, struct err *err)
{
    char *command = command_of(&s->run);
    int rc = page_write(out, store, s, command, err);
    free(command);
    if (fclose(out) != 0 && rc == 0)
        rc = err_set_errno(err, errno, "the page could not be written whole");
    return rc;
}

/* A reader sees the old file or the new one, never a part. */
static int write_page(const char *path, struct store *store, const struct summary *s,
                      struct err *err)
{
    char draft[PATH_MAX];
    int rc = output_replaceable(path, err);
    if (rc < 0)
        return rc;
    text_format(draft, sizeof(draft), "%s.%d", path, (int)getpid());
    FILE *out = fopen(draft, "wxe");
    if (!out)
        return err_set_errno(err, errno, "cannot write %s", path);
    rc = write_draft(out, store, s, err);
    if (rc < 0)
        err_prefix(err, "%s", path);
    else if (rename(draft, path) < 0)
        rc = err_set_errno(err, errno, "cannot write %s", path);
    if (rc < 0)
        unlink(draft);
    return rc;
}

static int report(struct store *store, const struct words *w, struct err *err)
{
    static const struct summary_options summary_options;
    struct summary summary = {0};
    int64_t run_id;
    int rc = store_find_run(store, w->run ? w->run : "", &run_id, err);
    if (rc == 0)
        rc = summary_make(store, run_id, &summary_options, &summary, err);
    if (rc == 0)
        rc = write_page(w->page, store, &summary, err);
    if (rc == 0)
        fprintf(stderr, "arenabench report: %s shows run %s\n", w->page, summary.run.name);
    summary_release(&summary);
    return rc;
}

static int run(int argc, char **argv, struct err *err)
{
    static const struct argp argp = {
        options,
        parse,
        "[RUN]",
        "Writes a page that shows a stored run: RUN (a name or number), or the latest. It is one HTML file that works "
        "without a network.\v"
        "example: arenabench report -o run.html 20261120-231455",
        NULL,
        NULL,
        NULL};
    struct words w = {.page = DEFAULT_PAGE};
    struct places places;
    struct store *store = NULL;
    argp_parse(&argp, argc, argv, 0, NULL, &w);
    int rc = places_find(&places, err);
    if (rc == 0)
        rc = store_open(w.file ? w.file : places.store, STORE_READ, &store, err);
    if (rc == 0)
        rc = report(store, &w, err);
    store_close(store);
    return rc;
}

const struct command command_report = {
    .name = "report",
    .summary = "a stored run as a page for the browser",
    .run = run,
};
