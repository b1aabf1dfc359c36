/*
 * The way of the counters, from the runner through a worker's threads and back, with counters of the kernel's own: those of the
 * processor are not everywhere.
 */
#include "counters.h"

#include <linux/perf_event.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "count.h"
#include "os.h"
#include "unit.h"

#define AT(field) offsetof(struct trial_result, field)

enum { PAGES = 100, THREADS = 3, BUSY_MS = 20 };

static const struct counter task_clock = {"task clock", PERF_TYPE_SOFTWARE,
                                          PERF_COUNT_SW_TASK_CLOCK, AT(cycles)};
static const struct counter faults = {"page faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS,
                                      AT(cache_misses)};
static const struct counter none = {"dreams", PERF_TYPE_SOFTWARE, 9999, AT(instructions)};

static pthread_barrier_t line;

static void touch_pages(void)
{
    volatile char *p = os_map(PAGES * os_page_bytes(), OS_PLAIN);
    for (unsigned i = 0; p && i < PAGES; i++)
        p[i * os_page_bytes()] = 1;
}

static void *work(void *ignored)
{
    touch_pages(); /* before the clock */
    pthread_barrier_wait(&line);
    pthread_barrier_wait(&line);
    touch_pages();
    uint64_t begin = clock_ns();
    while (clock_ns() - begin < BUSY_MS * NS_PER_MS)
        continue;
    return ignored;
}

/* As the worker does: threads, then the clock. */
static _Noreturn void be_worker(const struct counters *counters, struct control *control)
{
    pthread_t threads[THREADS];
    counters_install(counters);
    pthread_barrier_init(&line, NULL, THREADS + 1);
    for (unsigned i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, work, NULL) != 0)
            _exit(1);
    pthread_barrier_wait(&line);
    counters_begin(control);
    pthread_barrier_wait(&line);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    counters_end(control);
    touch_pages(); /* behind it */
    _exit(0);
}

static struct trial_result count(const struct counters *counters)
{
    int status;
    struct trial_result result;
    struct control *control =
        mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(control, MAP_FAILED);
    control->n_counters = counters->n;
    pid_t pid = fork();
    if (pid == 0)
        be_worker(counters, control);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    trial_result_begin(&result);
    counters_take(counters, control, &result);
    munmap(control, sizeof(*control));
    return result;
}

START_TEST(all_threads_are_counted_while_the_clock_runs)
{
    struct counters counters;
    const struct counter all[] = {none, task_clock, faults};
    counters_probe(&counters, all, ARRAY_SIZE(all));
    ck_assert_uint_eq(counters.n, 2);
    struct trial_result r = count(&counters);
    ck_assert_uint_ge(r.cache_misses, THREADS * PAGES);
    ck_assert_uint_lt(r.cache_misses, THREADS * PAGES + PAGES);
    ck_assert_uint_gt(r.cycles, BUSY_MS * NS_PER_MS / 2); /* CPU time: they may share one CPU */
    ck_assert_uint_lt(r.cycles, 2 * THREADS * BUSY_MS * NS_PER_MS);
    ck_assert_uint_eq(r.counted_millionths, 1000000);
    ck_assert_uint_eq(r.instructions, TRIAL_UNKNOWN);
    ck_assert_uint_eq(r.dtlb_load_misses, TRIAL_UNKNOWN);
}
END_TEST

START_TEST(what_there_is_not_is_said_in_one_line)
{
    struct counters counters;
    const struct counter some[] = {task_clock, none, faults};
    counters_probe(&counters, some, ARRAY_SIZE(some));
    ck_assert_msg(
        strncmp(counters.fact, "task clock, page faults; no dreams: the kernel has none", 55) == 0,
        "%s", counters.fact);
    counters_probe(&counters, &none, 1);
    ck_assert_uint_eq(counters.n, 0);
    ck_assert_msg(strncmp(counters.fact, "none: the kernel has none to offer here (ENOENT)", 48) ==
                      0,
                  "%s", counters.fact);
    ck_assert_ptr_null(strchr(counters.fact, '\n'));
    struct trial_result r = count(&counters);
    ck_assert_uint_eq(r.counted_millionths, TRIAL_UNKNOWN);
    ck_assert_uint_eq(r.instructions, TRIAL_UNKNOWN);
}
END_TEST

START_TEST(the_hardware_is_there_or_not)
{
    const struct counters *c = counters_of_machine();
    ck_assert_ptr_eq(c, counters_of_machine());
    ck_assert_int_eq(c->n == 0, strncmp(c->fact, "none: ", 6) == 0);
    struct trial_result r = count(c);
    for (unsigned i = 0; i < c->n; i++)
        if (c->wanted[i]->offset == AT(instructions)) /* a billion of them or so, in so long */
            ck_assert_uint_gt(r.instructions, 1000000);
    if (c->n == 0)
        ck_assert_uint_eq(r.instructions, TRIAL_UNKNOWN);
}
END_TEST

/* A counter that ran for a part of the time is scaled; what cannot be is not taken. */
START_TEST(a_part_is_scaled_to_the_whole)
{
    static const struct {
        struct control_counter told;
        uint64_t value, millionths;
    } rows[] = {
        {{100, 300, 100}, 300, 333333},
        {{7, 5, 5}, 7, 1000000},
        {{UINT64_MAX / 2, 1000, 1000}, UINT64_MAX / 2, 1000000},
        {{UINT64_MAX / 2, 1000, 100}, TRIAL_UNKNOWN, TRIAL_UNKNOWN},
        {{UINT64_MAX, 1, 1}, TRIAL_UNKNOWN, TRIAL_UNKNOWN},
        {{100, 300, 0}, TRIAL_UNKNOWN, TRIAL_UNKNOWN},
        {{100, 300, 301}, TRIAL_UNKNOWN, TRIAL_UNKNOWN},
    };
    const struct counters counters = {.wanted = {&task_clock, &faults}, .n = 2};
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        static struct control control;
        struct trial_result r;
        trial_result_begin(&r);
        control.counters[0] = rows[i].told;
        counters_take(&counters, &control, &r);
        ck_assert_uint_eq(r.cycles, rows[i].value);
        ck_assert_uint_eq(r.counted_millionths, rows[i].millionths);
        control.counters[1] = (struct control_counter){10, 1000, 1};
        counters_take(&counters, &control, &r);
        ck_assert_uint_eq(r.cache_misses, 10000);
        ck_assert_uint_eq(r.counted_millionths, 1000);
        control.counters[1] = (struct control_counter){0};
    }
}
END_TEST

UNIT_MAIN("counters", all_threads_are_counted_while_the_clock_runs,
          what_there_is_not_is_said_in_one_line, the_hardware_is_there_or_not,
          a_part_is_scaled_to_the_whole)
