/*
 * A program that does what is hard on a recorder: edge_subject WHAT. Objects that its test looks
 * for have sizes from EDGE_FIRST on. Status 0: all went well; 77: not possible here.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "edge_sizes.h"

static void pairs(unsigned n, size_t bytes)
{
    while (n-- > 0)
        free(malloc(bytes));
}

static void sleep_ms(unsigned ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000l}, NULL);
}

/* Objects are freed long after they were made: first in, first out, half of them moved meanwhile. */
static int far(void)
{
    static void *objects[EDGE_FAR];
    for (unsigned i = 0; i < EDGE_FAR; i++)
        objects[i] = malloc(EDGE_FIRST + i % 100);
    for (unsigned i = 0; i < EDGE_FAR; i += 2)
        objects[i] = realloc(objects[i], EDGE_FIRST + 100 + i % 100);
    for (unsigned i = 0; i < EDGE_FAR; i++)
        free(objects[i]);
    return 0;
}

static volatile sig_atomic_t n_handled;

static void allocate_in_handler(int unused)
{
    (void)unused;
    if (n_handled < EDGE_HANDLED) {
        n_handled++;
        free(malloc(EDGE_HANDLER));
    }
}

/* Signals come at any moment, and their handler allocates. */
static int handlers(void)
{
    struct itimerval often = {{0, 50}, {0, 50}}, never = {0};
    struct sigaction action = {.sa_handler = allocate_in_handler, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    while (n_handled < EDGE_HANDLED)
        pairs(10, EDGE_FIRST);
    setitimer(ITIMER_REAL, &never, NULL);
    return 0;
}

static sigjmp_buf out_of_join;

static void jump(int unused)
{
    (void)unused;
    siglongjmp(out_of_join, 1);
}

static _Atomic bool may_end;

static void *waits(void *unused)
{
    while (!atomic_load(&may_end))
        sleep_ms(1);
    return unused;
}

static int jumps(void)
{
    pthread_t thread;
    struct sigaction action = {.sa_handler = jump};
    struct itimerval once = {.it_value = {0, 20000}};
    sigset_t alarm_only;
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &alarm_only, NULL);
    if (pthread_create(&thread, NULL, waits, NULL) != 0)
        return 1;
    pthread_sigmask(SIG_UNBLOCK, &alarm_only, NULL);
    sigaction(SIGALRM, &action, NULL);
    if (sigsetjmp(out_of_join, 1) == 0) {
        setitimer(ITIMER_REAL, &once, NULL);
        pthread_join(thread, NULL);
        return 2;
    }
    pairs(EDGE_PAIRS, EDGE_FIRST);
    atomic_store(&may_end, true);
    return pthread_join(thread, NULL);
}

static void *joins(void *thread)
{
    pthread_cleanup_push(free, malloc(EDGE_FIRST));
    pthread_join(*(pthread_t *)thread, NULL);
    pthread_cleanup_pop(1);
    return NULL;
}

static int cancelled(void)
{
    pthread_t waiting, joining;
    if (pthread_create(&waiting, NULL, waits, NULL) != 0 ||
        pthread_create(&joining, NULL, joins, &waiting) != 0)
        return 1;
    sleep_ms(50);
    pthread_cancel(joining);
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 10;
    if (pthread_timedjoin_np(joining, NULL, &until) != 0)
        return 2;
    atomic_store(&may_end, true);
    while (pthread_tryjoin_np(waiting, NULL) == EBUSY)
        sleep_ms(1);
    return 0;
}

static pthread_barrier_t all_live;

static void *lives_small(void *unused)
{
    (void)unused;
    pairs(3, EDGE_FIRST);
    void *large = malloc(EDGE_LARGE);
    pthread_barrier_wait(&all_live);
    free(large);
    return NULL;
}

/* All live at once, on the smallest stacks. */
static int thousand(void)
{
    static pthread_t threads[EDGE_THREADS];
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, (size_t)sysconf(_SC_THREAD_STACK_MIN));
    pthread_barrier_init(&all_live, NULL, EDGE_THREADS);
    for (unsigned i = 0; i < EDGE_THREADS; i++) {
        if (pthread_create(&threads[i], &small, lives_small, NULL) != 0)
            return 77; /* no thread is joined: the program ends now */
    }
    for (unsigned i = 0; i < EDGE_THREADS; i++)
        pthread_join(threads[i], NULL);
    return 0;
}

static void *outlives(void *main_thread)
{
    pthread_join(*(pthread_t *)main_thread, NULL);
    pairs(EDGE_PAIRS, EDGE_FIRST);
    return NULL;
}

static int main_ends_first(void)
{
    static pthread_t self;
    pthread_t thread;
    self = pthread_self();
    pairs(EDGE_PAIRS, EDGE_FIRST + 1);
    if (pthread_create(&thread, NULL, outlives, &self) != 0)
        return 1;
    pthread_exit(NULL);
}

/* What free leaves in errno. */
static int keeps_errno(void)
{
    void *large[4], *small[4];
    for (unsigned i = 0; i < 4; i++) {
        large[i] = malloc((size_t)i << 24 | EDGE_LARGE);
        small[i] = malloc(EDGE_FIRST);
    }
    errno = 77;
    for (unsigned i = 0; i < 4; i++) {
        free(large[i]);
        free(small[i]);
    }
    return errno == 77 ? 0 : 1;
}

static int limit(int resource, rlim_t bytes)
{
    return setrlimit(resource, &(struct rlimit){bytes, bytes});
}

static int short_files(void)
{
    if (limit(RLIMIT_FSIZE, 100000) < 0)
        return 77;
    pairs(100000, EDGE_FIRST);
    return 0;
}

static int little_address_space(void)
{
    void *objects[64];
    pairs(1, EDGE_FIRST);
    if (limit(RLIMIT_AS, 1) < 0)
        return 77;
    errno = 0;
    if (malloc((size_t)1 << 30) != NULL || errno != ENOMEM)
        return 1;
    /* What is there serves on: the C library's heap, and as much of the spool. */
    for (unsigned i = 0; i < 64; i++)
        objects[i] = malloc(EDGE_FIRST);
    for (unsigned i = 0; i < 64; i++)
        free(objects[i]);
    return 0;
}

static void close_all(void)
{
    for (int fd = 3; fd < 1024; fd++)
        close(fd);
}

static int daemon_closes(void)
{
    close_all();
    pairs(EDGE_MANY, EDGE_FIRST);
    return 0;
}

static int gives_up_rights(void)
{
    if (geteuid() != 0 || chroot("/proc/self/fdinfo") < 0 || chdir("/") < 0 || setgid(65534) < 0 ||
        setuid(65534) < 0)
        return 77;
    pairs(EDGE_MANY, EDGE_FIRST);
    return 0;
}

static int gives_up_all(void)
{
    close_all();
    return gives_up_rights();
}

static void *forks(void *unused)
{
    pid_t child = fork();
    if (child == 0) {
        pairs(10, EDGE_CHILD);
        pid_t grandchild = fork();
        if (grandchild == 0) {
            pairs(10, EDGE_CHILD + 1);
            _exit(0);
        }
        int status = 1;
        waitpid(grandchild, &status, 0);
        _exit(status != 0);
    }
    int status = 1;
    waitpid(child, &status, 0);
    return status == 0 ? unused : &may_end;
}

static void *allocates(void *unused)
{
    while (!atomic_load(&may_end)) {
        pairs(5000, EDGE_FIRST + 1);
        sleep_ms(1);
    }
    return unused;
}

/* From a thread, while another one allocates; nested. */
static int forks_from_threads(void)
{
    pthread_t busy, forking;
    void *failed = NULL;
    if (pthread_create(&busy, NULL, allocates, NULL) != 0)
        return 1;
    for (int i = 0; i < EDGE_FORKS; i++) {
        if (pthread_create(&forking, NULL, forks, NULL) != 0)
            return 2;
        void *result;
        pthread_join(forking, &result);
        if (result)
            failed = result;
    }
    atomic_store(&may_end, true);
    pthread_join(busy, NULL);
    pairs(EDGE_PAIRS, EDGE_FIRST);
    return failed ? 3 : 0;
}

/* Ends before a process that it left behind. */
static int leaves_a_daemon(void)
{
    void *inherited = malloc(EDGE_FIRST);
    pid_t child = fork();
    if (child == 0) {
        if (fork() > 0)
            _exit(0);
        setsid();
        sleep_ms(200);
        free(inherited);
        pairs(10, EDGE_CHILD);
        _exit(0);
    }
    return waitpid(child, NULL, 0) == child ? 0 : 1;
}

static int vforks(void)
{
    void *large = malloc(EDGE_LARGE);
    for (int i = 0; i < 10; i++) {
        pid_t child = vfork();
        if (child == 0)
            _exit(0);
        waitpid(child, NULL, 0);
    }
    pairs(EDGE_PAIRS, EDGE_FIRST);
    free(large);
    return 0;
}

/* A copy of the process that no handler of pthread_atfork is told of. */
static int clones(void)
{
    pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (child == 0) {
        pairs(EDGE_MANY, EDGE_CHILD);
        _exit(0);
    }
    if (waitpid(child, NULL, 0) != child)
        return 1;
    pairs(EDGE_MANY, EDGE_FIRST);
    return 0;
}

static char *page(void *object, unsigned i)
{
    return (char *)object + i * 4096ul;
}

/* EDGE_HUGE bytes of which EDGE_PAGES pages are touched. */
static void *touched(void)
{
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
    void *object = malloc(EDGE_HUGE);
    for (unsigned i = 0; i < EDGE_PAGES; i++)
        *page(object, i) = 1;
    return object;
}

static int touched_freed(void)
{
    free(touched());
    return 0;
}

static void *volatile kept;

static int touched_alive(void)
{
    kept = touched();
    return 0;
}

static int touched_exit(void)
{
    kept = touched();
    _exit(0);
}

static int touched_moved(void)
{
    char *object = realloc(touched(), 2 * (size_t)EDGE_HUGE);
    for (unsigned i = 0; i < EDGE_PAGES / 2; i++)
        *page(object, EDGE_HUGE / 4096 + 10 + i) = 1;
    free(object);
    return 0;
}

/* A page's share of its class is written in memory that another object had written all of. */
static void *touched_middle(unsigned n_pages)
{
    void *volatile used = malloc(EDGE_MIDDLE);
    memset(used, 1, EDGE_MIDDLE);
    free(used);
    void *object = malloc(EDGE_MIDDLE);
    for (unsigned i = 0; i < n_pages; i++)
        *page(object, i) = 1;
    return object;
}

static int touched_middle_freed(void)
{
    free(touched_middle(2));
    return 0;
}

/* Something stands behind it, so that it must be copied. */
static int touched_middle_moved(void)
{
    void *object = touched_middle(2);
    void *volatile behind = malloc(EDGE_FIRST);
    char *moved = realloc(object, 2 * EDGE_MIDDLE + 1);
    *page(moved, EDGE_MIDDLE / 4096 + 3) = 1;
    *page(moved, EDGE_MIDDLE / 4096 + 5) = 1;
    free(moved);
    free(behind);
    return 0;
}

/* More at once than a thread watches; all are alike. */
static int touched_middle_many(void)
{
    enum { N = 300 };
    void *objects[N];
    for (unsigned i = 0; i < N; i++) {
        objects[i] = malloc(EDGE_MIDDLE);
        *page(objects[i], 0) = *page(objects[i], 1) = *page(objects[i], 2) = 1;
    }
    for (unsigned i = 0; i < N; i++)
        free(objects[i]);
    return 0;
}

static int sleeps(void)
{
    free(malloc(EDGE_FIRST));
    sleep_ms(EDGE_SLEEP_MS);
    free(malloc(EDGE_FIRST + 1));
    return 0;
}

void *_Znwm(size_t) __attribute__((weak));
void *_ZnamRKSt9nothrow_t(size_t, const void *) __attribute__((weak));
void *_ZnwmSt11align_val_t(size_t, size_t) __attribute__((weak));
void _ZdlPvm(void *, size_t) __attribute__((weak));
void _ZdaPv(void *) __attribute__((weak));
void _ZdlPvmSt11align_val_t(void *, size_t, size_t) __attribute__((weak));

/* What a C++ compiler makes of new and delete. */
static int operators(void)
{
    if (!_Znwm || !_ZdlPvmSt11align_val_t)
        return 1;
    for (int i = 0; i < EDGE_PAIRS; i++) {
        _ZdlPvm(_Znwm(EDGE_FIRST), EDGE_FIRST);
        _ZdaPv(_ZnamRKSt9nothrow_t(EDGE_FIRST + 1, NULL));
        void *p = _ZnwmSt11align_val_t(EDGE_FIRST + 2, 128);
        if ((uintptr_t)p % 128 != 0)
            return 2;
        _ZdlPvmSt11align_val_t(p, EDGE_FIRST + 2, 128);
    }
    volatile size_t too_many = SIZE_MAX / 2;
    return _ZnamRKSt9nothrow_t(too_many, NULL) == NULL ? 0 : 3;
}

static int wants_term(void)
{
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    pairs(EDGE_PAIRS, EDGE_FIRST);
    if (write(1, "ready\n", 6) != 6)
        return 1;
    int number = 0;
    sigwait(&term, &number);
    return number == SIGTERM ? 43 : 2;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(void);
    } subjects[] = {
        {"far", far},
        {"handlers", handlers},
        {"jumps", jumps},
        {"cancelled", cancelled},
        {"thousand", thousand},
        {"main-ends-first", main_ends_first},
        {"errno", keeps_errno},
        {"short-files", short_files},
        {"little-address-space", little_address_space},
        {"closes", daemon_closes},
        {"rights", gives_up_rights},
        {"all", gives_up_all},
        {"forks", forks_from_threads},
        {"daemon", leaves_a_daemon},
        {"vforks", vforks},
        {"clones", clones},
        {"touched-freed", touched_freed},
        {"touched-alive", touched_alive},
        {"touched-exit", touched_exit},
        {"touched-moved", touched_moved},
        {"touched-middle-freed", touched_middle_freed},
        {"touched-middle-moved", touched_middle_moved},
        {"touched-middle-many", touched_middle_many},
        {"sleeps", sleeps},
        {"operators", operators},
        {"term", wants_term},
    };
    for (size_t i = 0; argc == 2 && i < sizeof(subjects) / sizeof(subjects[0]); i++) {
        if (strcmp(argv[1], subjects[i].name) == 0)
            return subjects[i].run();
    }
    return 99;
}
