/*
 * abuse [ROUNDS [FIRST]] | abuse --one FORM ROUND
 *
 * Each round of each form is a process that makes and frees objects at random, abuses the heap once, and goes on.
 * It must come to its end, or to SIGABRT with one line on stderr that names the fault and the allocator: no
 * other signal, no endless loop, no pointer outside the heap. How the rounds of a form ended is printed. The
 * rounds are the same in every run but for the secrets that the kernel gives each process; --one repeats one of
 * them here, for a debugger.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fatal.h"
#include "forms.h"

#define ROUNDS_DEFAULT 40u
#define BUSY_SECONDS   20u /* a round takes some milliseconds */
#define IDLE_SECONDS   120u
#define SAID_BYTES     512u

/* How far the process of a round has come, shared with it. */
static volatile enum phase { PHASE_WHOLE, PHASE_ABUSE, PHASE_AFTER } * phase;

static void *play(void *driver)
{
    struct driver *d = driver;
    const struct form *form = &forms[d->rng.s[0]];
    rng_seed(&d->rng, d->rng.s[1] * 1000 + d->rng.s[0]);
    drive(d, 100 + (unsigned)rng_below(&d->rng, 900));
    *phase = PHASE_ABUSE;
    if (!form->commit(d))
        _exit(ABUSE_IMPOSSIBLE);
    *phase = PHASE_AFTER;
    drive(d, 1000);
    for (struct slot *s = d->slots; s < d->slots + N_SLOTS; s++) {
        if (s->p)
            driver_drop(d, s);
    }
    return NULL;
}

/* Half of the rounds are played by a second thread, whose arena lies on heaps. */
static void play_round(unsigned form, uint64_t round)
{
    static struct driver d;
    pthread_t thread;
    d.rng.s[0] = form;
    d.rng.s[1] = round;
    if (round % 2 == 0)
        play(&d);
    else if (pthread_create(&thread, NULL, play, &d) == 0)
        pthread_join(thread, NULL);
}

enum end { END_UNHARMED, END_NAMED_AT_ONCE, END_NAMED_LATER, END_IMPOSSIBLE, END_WRONG, N_ENDS };

/* One line: the allocator, a colon, the fault. */
static bool is_named(const char *said)
{
    size_t n = strlen(heap_name);
    const char *line_end = strchr(said, '\n');
    return strncmp(said, heap_name, n) == 0 && said[n] == ':' && said[n + 1] == ' ' && line_end &&
           line_end > said + n + 2 && line_end[1] == '\0';
}

static enum end judge(int status, const char *said, const char **wrong)
{
    *wrong = NULL;
    if (WIFSIGNALED(status)) {
        if (WTERMSIG(status) == SIGABRT && is_named(said) && *phase != PHASE_WHOLE)
            return *phase == PHASE_ABUSE ? END_NAMED_AT_ONCE : END_NAMED_LATER;
        *wrong = WTERMSIG(status) == SIGXCPU ? "an endless loop" : sigdescr_np(WTERMSIG(status));
        return END_WRONG;
    }
    switch (WEXITSTATUS(status)) {
    case 0:
        *wrong = said[0] ? "something said without an end" : NULL;
        return said[0] ? END_WRONG : END_UNHARMED;
    case ABUSE_IMPOSSIBLE:
        return END_IMPOSSIBLE;
    case ABUSE_OUTSIDE:
        *wrong = "a pointer outside the heap";
        return END_WRONG;
    case ABUSE_BEYOND:
        *wrong = "an object that reaches out of the heap";
        return END_WRONG;
    case ABUSE_MISALIGNED:
        *wrong = "a misaligned object";
        return END_WRONG;
    default:
        *wrong = "an unknown status";
        return END_WRONG;
    }
}

static void limit_child(void)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    setrlimit(RLIMIT_CPU, &(struct rlimit){BUSY_SECONDS, BUSY_SECONDS + 1});
    alarm(IDLE_SECONDS);
}

/* Plays a round in a process of its own; `said` is what came on stderr. -1: there is no process to be had. */
static int run_round(unsigned form, uint64_t round, char said[SAID_BYTES])
{
    int err[2], status = -1;
    if (pipe(err) < 0)
        return -1;
    *phase = PHASE_WHOLE;
    pid_t child = fork();
    if (child == 0) {
        dup2(err[1], STDERR_FILENO);
        limit_child();
        play_round(form, round);
        _exit(0);
    }
    close(err[1]);
    ssize_t n = child > 0 ? read(err[0], said, SAID_BYTES - 1) : -1;
    said[n > 0 ? n : 0] = '\0';
    if (child > 0 && waitpid(child, &status, 0) != child)
        status = -1;
    close(err[0]);
    return status;
}

/* Whether all rounds of a form ended as they may. */
static bool run_form(unsigned form, uint64_t first, uint64_t n_rounds)
{
    uint64_t ends[N_ENDS] = {0};
    for (uint64_t round = first; round < first + n_rounds; round++) {
        char said[SAID_BYTES] = "";
        const char *wrong;
        int status = run_round(form, round, said);
        enum end end = judge(status, said, &wrong);
        if (forms[form].is_always_named && (end == END_UNHARMED || end == END_NAMED_LATER)) {
            end = END_WRONG;
            wrong = "it was not found out at once";
        }
        ends[end]++;
        if (wrong)
            printf("# --one %u %llu: %s%s%s", form, (unsigned long long)round, wrong,
                   said[0] ? ": " : "\n", said);
    }
    printf("# %llu named at once, %llu named later, %llu unharmed, %llu without anything to abuse, "
           "%llu wrong\n",
           (unsigned long long)ends[END_NAMED_AT_ONCE], (unsigned long long)ends[END_NAMED_LATER],
           (unsigned long long)ends[END_UNHARMED], (unsigned long long)ends[END_IMPOSSIBLE],
           (unsigned long long)ends[END_WRONG]);
    bool is_good = ends[END_WRONG] == 0;
    printf("%s %u - %s%s\n", is_good ? "ok" : "not ok", form + 1, forms[form].name,
           ends[END_IMPOSSIBLE] == n_rounds ? " # SKIP the allocator keeps no such word" : "");
    fflush(stdout);
    return is_good;
}

/* Addresses that are the same in every run. */
static void without_randomized_addresses(char **argv)
{
    int now = personality(0xffffffff);
    if (now >= 0 && !(now & ADDR_NO_RANDOMIZE) &&
        personality((unsigned long)now | ADDR_NO_RANDOMIZE) >= 0)
        execv("/proc/self/exe", argv);
}

int main(int argc, char **argv)
{
    without_randomized_addresses(argv);
    phase = mmap(NULL, sizeof(*phase), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (phase == MAP_FAILED)
        return 2;
    if (argc == 4 && strcmp(argv[1], "--one") == 0) {
        unsigned long form = strtoul(argv[2], NULL, 10);
        if (form >= n_forms)
            return 2;
        play_round((unsigned)form, strtoull(argv[3], NULL, 10));
        return 0;
    }
    uint64_t n_rounds = argc > 1 ? strtoull(argv[1], NULL, 10) : ROUNDS_DEFAULT;
    uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
    bool all_good = n_rounds > 0;
    printf("1..%u\n", n_forms);
    fflush(stdout);
    for (unsigned form = 0; form < n_forms; form++)
        all_good &= run_form(form, first, n_rounds);
    return all_good ? 0 : 1;
}
