/* A command of the program: one row here, one file cmd_NAME.c. */
#pragma once

#include <argp.h>

#include "err.h"

/* Exit statuses that scripts can trust. */
enum exit_status {
    EXIT_GOOD = 0,
    EXIT_FAILED = 1,        /* a measurement or a check failed, or got worse */
    EXIT_USAGE = 2,         /* wrong words, bad input, nothing done */
    EXIT_NOT_STARTED = 126, /* exec: the program could not be started, as env(1) says it */
    EXIT_NOT_FOUND = 127,   /* exec: there is no such program */
    EXIT_INTERRUPTED = 130  /* by Ctrl-C; what was measured is kept */
};

struct command {
    const char *name;
    const char *summary; /* one line, for the list of commands */
    /*
     * argv[0] is "arenabench NAME". Returns an exit status, or a negative errno with one sentence
     * in err, which becomes EXIT_USAGE. EXIT_NOT_STARTED and EXIT_NOT_FOUND come with a sentence too.
     */
    int (*run)(int argc, char **argv, struct err *err);
};

extern const struct command command_run, command_show, command_list, command_record, command_info,
    command_plan, command_exec, command_check, command_import, command_dump, command_validate,
    command_export, command_plot, command_compare, command_report, command_merge, command_submit,
    command_tune;
