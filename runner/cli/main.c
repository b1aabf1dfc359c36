#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "near.h"
#include "text.h"

const char *argp_program_version = "arenabench " ARENABENCH_VERSION;

static const struct command *const commands[] = {
    /* clang-format off: one a line, so that a new one changes one */
    &command_run,     &command_tune,     &command_show,    &command_report, &command_plot,
    &command_compare, &command_export,   &command_compare, &command_list,   &command_record,
    &command_import,  &command_dump,     &command_info,    &command_plan,   &command_exec,
    &command_check,   &command_validate,
    /* clang-format on */
};

static void print_help(FILE *out)
{
    fputs("usage: arenabench COMMAND [OPTION...]\n\n"
          "Measures memory allocators: throughput and memory, on synthetic workloads and on\n"
          "recorded programs, side by side and with intervals.\n\n",
          out);
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
        fprintf(out, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n`arenabench COMMAND --help` tells more.\n\n"
          "example: arenabench run --quick --allocators glibc,mimalloc,mine=./libmine.so\n",
          out);
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static int unknown(const char *name)
{
    struct near near;
    char hint[128];
    near_init(&near, name, strlen(name));
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
        near_offer(&near, commands[i]->name);
    near_hint(&near, hint, sizeof(hint));
    fprintf(stderr, "arenabench: unknown command '%s'; %s\n", name,
            hint[0] ? hint : "`arenabench --help` lists them");
    return EXIT_USAGE;
}

static bool has_told_error;

/*
 * A full disk or a closed pipe must not look like success. At exit, because argp ends --help
 * itself.
 */
static void check_output(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return;
    if (errno != EPIPE && !has_told_error)
        fprintf(stderr, "arenabench: cannot write the output: %s\n", strerror(errno));
    _exit(EXIT_USAGE);
}

static int run_command(const struct command *command, int argc, char **argv)
{
    static char name[64];
    struct err err = {""};
    text_format(name, sizeof(name), "arenabench %s", command->name);
    argv[0] = program_invocation_name = name;
    int status = command->run(argc, argv, &err);
    if (status < 0 || status == EXIT_NOT_STARTED || status == EXIT_NOT_FOUND) {
        fflush(stdout);
        fprintf(stderr, "%s: %s\n", name, err.text);
        has_told_error = true;
        return status < 0 ? EXIT_USAGE : status;
    }
    return status;
}

/*
 * A standard stream that was closed leaves its number to the next file that is opened, and what is
 * printed would land there. In its place goes a file on which each use fails.
 */
static void occupy_standard_streams(void)
{
    int fd;
    do
        fd = open("/dev/null", O_PATH);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv)
{
    occupy_standard_streams();
    argp_err_exit_status = EXIT_USAGE;
    signal(SIGCHLD, SIG_DFL); /* ignored, as some parents leave it, it would hide how workers end */
    atexit(check_output);
    if (argc < 2 || strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
        strcmp(argv[1], "-?") == 0) {
        print_help(argc < 2 ? stderr : stdout);
        return argc < 2 ? EXIT_USAGE : EXIT_GOOD;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        puts(argp_program_version);
        return EXIT_GOOD;
    }
    const struct command *command = find(argv[1]);
    return command ? run_command(command, argc - 1, argv + 1) : unknown(argv[1]);
}
