#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "output_file.h"
#include "page.h"
#include "places.h"
#include "run_command.h"
#include "run_name.h"

#define DEFAULT_PAGE "report.html"

struct words {
    const char *run, *file, *page;
};

enum { KEY_RESULTS = 256 };

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0,
     "write FILE, in the place of what it holds (default: " DEFAULT_PAGE ")", 0},
    {"results", KEY_RESULTS, "FILE", 0,
     "the file where runs are kept (default results/runs/bench.db); RUN may name it too: FILE.db:RUN",
     0},
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

/* In memory first: of many small writes, only the last one's error would be known. */
static int write_page(const char *path, struct store *store, const struct summary *s,
                      struct err *err)
{
    char *text = NULL;
    size_t n_bytes;
    FILE *out = open_memstream(&text, &n_bytes);
    if (!out)
        return err_set_errno(err, errno, "cannot make the page");
    char *command = command_of(&s->run);
    int rc = page_write(out, store, s, command, err);
    free(command);
    if (fclose(out) != 0 && rc == 0)
        rc = err_set_errno(err, errno, "cannot make the page");
    if (rc == 0)
        rc = output_file_write(path, text, n_bytes, err);
    free(text);
    return rc;
}

static int report_run(struct store *store, const char *run, const char *path, struct err *err)
{
    static const struct summary_options options_of_run;
    struct summary summary = {0};
    int64_t run_id;
    int rc = store_find_run(store, run, &run_id, err);
    if (rc == 0)
        rc = summary_make(store, run_id, &options_of_run, &summary, err);
    if (rc == 0)
        rc = write_page(path, store, &summary, err);
    if (rc == 0)
        printf("%s shows run %s\n", path, summary.run.name);
    summary_release(&summary);
    return rc;
}

static int report(const struct words *w, const struct run_name *name, struct err *err)
{
    struct places places;
    struct store *store = NULL;
    const char *file = name->file[0] ? name->file : w->file;
    int rc = file ? 0 : places_find(&places, err);
    if (rc == 0)
        rc = store_open(file ? file : places.store, STORE_READ, &store, err);
    if (rc == 0)
        rc = report_run(store, name->run, w->page, err);
    store_close(store);
    return rc;
}

static int run(int argc, char **argv, struct err *err)
{
    static const struct argp argp = {
        options,
        parse,
        "[RUN]",
        "Writes a page that shows a stored run: RUN (a name or number, FILE.db:RUN, or FILE.db for the latest of a "
        "file), or the latest. It is one HTML file for the browser that needs no network.\v"
        "example: arenabench report -o run.html 20261120-231455",
        NULL,
        NULL,
        NULL};
    struct words w = {.page = DEFAULT_PAGE};
    struct run_name name;
    argp_parse(&argp, argc, argv, 0, NULL, &w);
    int rc = run_name_read(w.run ? w.run : "", &name, err);
    if (rc == 0 && name.subject)
        rc = err_set(err, EINVAL, "a page shows all allocators of a run: leave ':%s' out",
                     name.subject);
    if (rc == 0 && name.file[0] && w.file)
        rc = err_set(err, EINVAL, "two results files: --results %s and %s", w.file, name.file);
    return rc < 0 ? rc : report(&w, &name, err);
}

const struct command command_report = {
    .name = "report",
    .summary = "a stored run as a page for the browser",
    .run = run,
};
