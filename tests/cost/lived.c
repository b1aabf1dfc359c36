/*
 * lived [-e FILE] SECONDS-FILE PROGRAM ARGS: starts the program, waits for its end, and writes how many seconds
 * it lived into SECONDS-FILE. -e: its standard error goes into FILE. Ends with the program's status.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void redirect(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
        _exit(126);
}

int main(int argc, char **argv)
{
    const char *errors = NULL;
    int status;
    if (argc > 2 && strcmp(argv[1], "-e") == 0) {
        errors = argv[2];
        argv += 2;
        argc -= 2;
    }
    if (argc < 3) {
        fprintf(stderr, "usage: lived [-e FILE] SECONDS-FILE PROGRAM ARGS\n");
        return 2;
    }
    double begin = seconds();
    pid_t child = fork();
    if (child == 0) {
        if (errors)
            redirect(errors);
        execvp(argv[2], argv + 2);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        return 126;
    double lived = seconds() - begin;
    FILE *file = fopen(argv[1], "w");
    if (!file || fprintf(file, "%.6f\n", lived) < 0 || fclose(file) != 0)
        return 126;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
