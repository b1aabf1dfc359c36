#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gnu/libc-version.h>

#include "command.h"
#include "places.h"
#include "preload.h"
#include "process_maps.h"
#include "text.h"
#include "watch.h"

struct words {
    const char *allocator;
    char *settings; /* ":SETTING=VALUE" for each; owned */
    char **program;
    const char *watch; /* write what is seen of the program into this file; NULL: become it */
    bool heap;
    bool out_of_memory;
};

enum { KEY_HEAP = 256, KEY_SET, KEY_WATCH };

static const struct argp_option options[] = {
    {"allocator", 'a', "ONE", 0,
     "the allocator: NAME, NAME:SETTING=VALUE, or the path of a library", 0},
    {"set", KEY_SET, "SETTING=VALUE", 0,
     "a setting of it (`arenabench list settings -v`), or VARIABLE=VALUE; may be given again", 0},
    /* What `arenabench validate` starts programs with. */
    {"watch", KEY_WATCH, "FILE", OPTION_HIDDEN, NULL, 0},
    {"heap", KEY_HEAP, NULL, OPTION_HIDDEN, NULL, 0},
    {0},
};

static void add_setting(struct words *w, const char *text)
{
    char *longer = NULL;
    if (asprintf(&longer, "%s:%s", w->settings ? w->settings : "", text) < 0) {
        w->out_of_memory = true;
        return;
    }
    free(w->settings);
    w->settings = longer;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct words *w = state->input;
    switch (key) {
    case 'a':
        if (w->allocator)
            argp_error(state, "one allocator at a time: '%s' is too much", arg);
        w->allocator = arg;
        return 0;
    case KEY_SET:
        add_setting(w, arg);
        return 0;
    case KEY_WATCH:
        w->watch = arg;
        return 0;
    case KEY_HEAP:
        w->heap = true;
        return 0;
    case ARGP_KEY_ARG: /* the program; what follows is its own */
        w->program = &state->argv[state->next - 1];
        state->next = state->argc;
        return 0;
    case ARGP_KEY_END:
        if (!w->allocator)
            argp_error(state, "which allocator? --allocator NAME or /path/lib.so");
        if (!w->program)
            argp_error(state, "which program? arenabench exec --allocator NAME -- PROGRAM ARGS");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int read_subject(const struct words *w, struct subject *s, struct err *err)
{
    char text[2 * SUBJECT_TEXT_MAX];
    const char *settings = w->settings ? w->settings : "";
    if (w->out_of_memory)
        return err_set(err, ENOMEM, "out of memory");
    if (strlen(w->allocator) + strlen(settings) >= sizeof(text))
        return err_set(err, EINVAL, "allocator and settings are too long together");
    text_format(text, sizeof(text), "%s%s", w->allocator, settings);
    return subject_parse(s, text, err);
}

/* Returns only when the program could not be started, with what env(1) would end with then. */
static int become(char **program, char **environment, struct err *err)
{
    execvpe(program[0], program, environment);
    int code = errno;
    err_set_errno(err, code, "cannot start %s", program[0]);
    return code == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_STARTED;
}

/*
 * A program may be linked with an allocator of its own. Where the C library's is wanted, and that is to
 * be proved, it has to stand in front.
 */
static int find_libc(char *path, size_t n, struct err *err)
{
    return process_file_of(getpid(), (uint64_t)gnu_get_libc_version, path, n, err);
}

/* Starts the program, and tells of it in a file what was seen. Its exit status. */
static int watch(const struct words *w, const char *library, char **environment, struct err *err)
{
    struct watch_result seen = {0};
    const struct watch_request request = {
        .argv = w->program, .environment = environment, .library = library, .heap = w->heap};
    int rc = watch_program(&request, &seen, err);
    if (rc < 0)
        return rc == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_STARTED;
    rc = watch_file_write(w->watch, &seen, err);
    watch_result_release(&seen);
    return rc < 0 ? rc : seen.exit_status;
}

static int run(int argc, char **argv, struct err *err)
{
    static const struct argp argp = {
        options,
        parse,
        "-- PROGRAM [ARG...]",
        "Runs a program on an allocator: the library is preloaded, settings replace what their variable "
        "held, all else is as without. The "
        "program takes the place of this one, so that its exit status and signals are its own; "
        "127 when it is not found, 126 when it cannot be started. A program that is linked "
        "statically or set-user-ID takes no preload and keeps its own allocator.\v"
        "example: arenabench exec --allocator ptmalloc --set mmap_threshold=1M -- git status\n"
        "example: arenabench exec --allocator ./libmine.so -- python3 script.py\n",
        NULL,
        NULL,
        NULL};
    struct words w = {0};
    struct places places;
    struct subject subject = {0};
    struct preload_environment environment = {0};
    char library[PATH_MAX];
    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &w);
    int rc = places_find(&places, err);
    if (rc == 0)
        rc = read_subject(&w, &subject, err);
    if (rc == 0)
        rc = preload_find(&subject, places.workers, library, sizeof(library), err);
    if (rc == 0 && w.watch && !library[0])
        rc = find_libc(library, sizeof(library), err);
    if (rc == 0)
        rc = preload_environment_make(&environment, &subject, library, environ, err);
    if (rc == 0)
        rc = w.watch ? watch(&w, library, environment.lines, err)
                     : become(w.program, environment.lines, err);
    preload_environment_release(&environment);
    subject_release(&subject);
    free(w.settings);
    return rc;
}

const struct command command_exec = {
    .name = "exec",
    .summary = "run any program on an allocator",
    .run = run,
};
