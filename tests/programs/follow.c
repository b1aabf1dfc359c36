/*
 * follow: runs a command with a library preloaded, follows every process that comes of it to its end, and
 * writes down what became of them. Each process is looked at (ptrace) when it is about to end, while its
 * mappings still stand, so that none is too short to be seen and none that lacks the library gets through.
 *
 *   follow -o REPORT -l LIBRARY -t SECONDS -- COMMAND [WORD]...
 *
 * Lines of the report, a word and its values each:
 *   status N          how the command ended       signal N    or the signal that ended it
 *   limit 1           the time was over before all had ended; they were killed (then neither of the two)
 *   seconds S         wall clock, until the last process had ended
 *   peak KIB NAME     greatest resident set of a single process, and which
 *   with N            processes that ended and had the library       without N NAME   those without, and the first
 *   killed N SIGNAL NAME   how many ended by a signal of their own making (SIGSEGV, SIGABRT, ...), and the first
 *
 * Ends with 0 when there is a report, whatever it says, and with 2 when there is none.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct sight {
    const char *library; /* as /proc/PID/maps names it */
    pid_t command;
    int status; /* of the command, as wait tells it; -1 while it runs */
    long peak_kib;
    char peak_name[64];
    unsigned n_with, n_without;
    char without_name[64];
    unsigned n_killed;
    int killed_by;
    char killed_name[64];
};

static volatile sig_atomic_t time_is_over;

static void on_alarm(int number)
{
    (void)number;
    time_is_over = 1;
}

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "follow: %s: %m\n", what);
    _exit(2);
}

static FILE *open_proc(pid_t pid, const char *name)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    return fopen(path, "re");
}

/* Whether this is the first thread of a process; fills its name and the most it had resident. */
static bool read_status(pid_t pid, char name[static 64], long *peak_kib)
{
    FILE *file = open_proc(pid, "status");
    if (!file)
        return false;
    char line[256];
    int group = -1;
    name[0] = '\0';
    *peak_kib = 0;
    while (fgets(line, sizeof(line), file)) {
        sscanf(line, "Name: %63s", name);
        sscanf(line, "Tgid: %d", &group);
        sscanf(line, "VmHWM: %ld", peak_kib);
    }
    fclose(file);
    return group == pid;
}

enum library { LIBRARY_MAPPED, LIBRARY_LACKING, LIBRARY_IMPOSSIBLE };

/* Impossible: a process without the dynamic loader, which cannot take one. */
static enum library find_library(pid_t pid, const char *library)
{
    FILE *file = open_proc(pid, "maps");
    if (!file)
        return LIBRARY_LACKING; /* unseen is not proven */
    char *line = NULL;
    size_t room = 0;
    bool has_loader = false, has_library = false;
    while (getline(&line, &room, file) > 0) {
        char *path = strchr(line, '/');
        if (!path)
            continue;
        path[strcspn(path, "\n")] = '\0';
        has_library |= strcmp(path, library) == 0;
        has_loader |= strstr(path, "/ld-") != NULL;
    }
    free(line);
    fclose(file);
    if (has_library)
        return LIBRARY_MAPPED;
    return has_loader ? LIBRARY_LACKING : LIBRARY_IMPOSSIBLE;
}

static bool is_own_fault(int number)
{
    return number == SIGSEGV || number == SIGABRT || number == SIGBUS || number == SIGILL ||
           number == SIGFPE || number == SIGTRAP || number == SIGSYS;
}

/* A thread is about to end; its process is still there. */
static void look_at(struct sight *s, pid_t pid)
{
    char name[64];
    long peak_kib;
    if (!read_status(pid, name, &peak_kib))
        return;
    if (peak_kib > s->peak_kib) {
        s->peak_kib = peak_kib;
        memcpy(s->peak_name, name, sizeof(name));
    }
    enum library found = find_library(pid, s->library);
    s->n_with += found == LIBRARY_MAPPED;
    if (found == LIBRARY_LACKING && s->n_without++ == 0)
        memcpy(s->without_name, name, sizeof(name));

    unsigned long ending = 0;
    ptrace(PTRACE_GETEVENTMSG, pid, NULL, &ending);
    int number = WTERMSIG((int)ending);
    if (is_own_fault(number) && s->n_killed++ == 0) {
        s->killed_by = number;
        memcpy(s->killed_name, name, sizeof(name));
    }
}

/* Lets a stopped thread go on, with the signal that it stopped for where that was one. */
static void go_on(struct sight *s, pid_t pid, int status)
{
    int event = status >> 16, number = WSTOPSIG(status);
    if (event == PTRACE_EVENT_EXIT)
        look_at(s, pid);
    bool is_stop = number == SIGSTOP || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
    if (event == PTRACE_EVENT_STOP && is_stop)
        ptrace(PTRACE_LISTEN, pid, NULL, NULL);
    else
        ptrace(PTRACE_CONT, pid, NULL, (long)(event ? 0 : number));
}

/* Until no process is left, or the time is over. */
static void follow(struct sight *s)
{
    while (!time_is_over) {
        int status;
        pid_t pid = waitpid(-1, &status, __WALL);
        if (pid < 0 && errno == ECHILD)
            return;
        if (pid < 0)
            continue;
        if (WIFSTOPPED(status))
            go_on(s, pid, status);
        else if (pid == s->command)
            s->status = status;
    }
}

/* The command's process, which waits until it is followed. */
static pid_t start(const char *library, char **words)
{
    int gate[2];
    if (pipe2(gate, O_CLOEXEC) != 0)
        fail("cannot make a pipe");
    pid_t pid = fork();
    if (pid < 0)
        fail("cannot start a process");
    if (pid == 0) {
        char byte;
        close(gate[1]);
        if (read(gate[0], &byte, 1) == 1 && setenv("LD_PRELOAD", library, 1) == 0)
            execvp(words[0], words);
        fail(words[0]);
    }
    long options = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                   PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL;
    if (ptrace(PTRACE_SEIZE, pid, NULL, options) != 0)
        fail("cannot follow a process (is ptrace forbidden here?)");
    if (write(gate[1], "", 1) != 1)
        fail("cannot start the command");
    close(gate[0]);
    close(gate[1]);
    return pid;
}

static void report(const struct sight *s, double seconds, const char *path)
{
    FILE *out = fopen(path, "we");
    if (!out)
        fail(path);
    if (time_is_over)
        fprintf(out, "limit 1\n");
    else if (WIFSIGNALED(s->status))
        fprintf(out, "signal %d\n", WTERMSIG(s->status));
    else
        fprintf(out, "status %d\n", WEXITSTATUS(s->status));
    fprintf(out, "seconds %.3f\npeak %ld %s\nwith %u\n", seconds, s->peak_kib, s->peak_name,
            s->n_with);
    if (s->n_without)
        fprintf(out, "without %u %s\n", s->n_without, s->without_name);
    if (s->n_killed)
        fprintf(out, "killed %u %d %s\n", s->n_killed, s->killed_by, s->killed_name);
    if (fclose(out) != 0)
        fail(path);
}

static void arm(double seconds)
{
    struct sigaction action = {.sa_handler = on_alarm};
    /* Again and again: the first may come just before the wait begins. */
    struct itimerval timer = {
        .it_value = {.tv_sec = (time_t)seconds, .tv_usec = (suseconds_t)(seconds * 1e6) % 1000000},
        .it_interval = {.tv_usec = 100000}};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
}

static double now_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int n_words, char **words)
{
    const char *out = NULL, *library = NULL;
    double limit_seconds = 0;
    int option;
    while ((option = getopt(n_words, words, "+o:l:t:")) != -1) {
        if (option == 'o')
            out = optarg;
        else if (option == 'l')
            library = optarg;
        else if (option == 't')
            limit_seconds = strtod(optarg, NULL);
    }
    if (!out || !library || !(limit_seconds > 0 && limit_seconds < 1e6) || optind >= n_words) {
        fprintf(stderr, "usage: follow -o REPORT -l LIBRARY -t SECONDS -- COMMAND [WORD]...\n");
        return 2;
    }
    struct sight sight = {.library = realpath(library, NULL), .status = -1};
    if (!sight.library)
        fail(library);
    double begin = now_seconds();
    sight.command = start(library, words + optind);
    arm(limit_seconds);
    follow(&sight);
    report(&sight, now_seconds() - begin, out);
    free((char *)sight.library);
    return 0; /* whatever still runs is killed by the kernel (PTRACE_O_EXITKILL) */
}
