#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "placement.h"
#include "unit.h"

#define WORDS 16

static struct topology *load(void)
{
    struct err err = {0};
    struct topology *t;
    ck_assert_msg(topology_load(&t, &err) == 0, "%s", err.text);
    return t;
}

static void *tell_tid_and_wait(void *fd)
{
    pid_t tid = gettid();
    if (write(*(int *)fd, &tid, sizeof(tid)) != sizeof(tid))
        _exit(1);
    for (;;)
        pause();
}

/* A child with a second thread, whose id goes to *tid; both wait until the child is killed. */
static pid_t start_child(pid_t *tid)
{
    int fds[2];
    ck_assert_int_eq(pipe(fds), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, tell_tid_and_wait, &fds[1]) != 0)
            _exit(1);
        pthread_join(thread, NULL);
    }
    ck_assert_int_eq(read(fds[0], tid, sizeof(*tid)), sizeof(*tid));
    close(fds[0]);
    close(fds[1]);
    return child;
}

static void end_child(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

START_TEST(binds_one_thread_of_another_process)
{
    struct err err = {0};
    struct topology *t = load();
    pid_t tid;
    pid_t child = start_child(&tid);
    cpu_set_t before;
    cpu_set_t after;
    ck_assert_int_eq(sched_getaffinity(tid, sizeof(before), &before), 0);
    struct placement p;
    ck_assert_int_eq(topology_place(t, PIN_COMPACT, topology_n_cpus(t), &p, &err), 0);

    for (unsigned i = 0; i < p.n_threads; i++) {
        ck_assert_msg(topology_bind_tid(t, tid, p.cpus[i], &err) == 0, "%s", err.text);
        ck_assert_int_eq(sched_getaffinity(tid, sizeof(after), &after), 0);
        ck_assert_int_eq(CPU_COUNT(&after), 1);
        ck_assert(CPU_ISSET(p.cpus[i], &after));
        char text[64];
        char number[16];
        ck_assert_int_eq(topology_bound_tid(t, tid, text, sizeof(text), &err), 0);
        snprintf(number, sizeof(number), "%d", p.cpus[i]);
        ck_assert_str_eq(text, number);
    }
    ck_assert_int_eq(sched_getaffinity(child, sizeof(after), &after), 0);
    ck_assert(CPU_EQUAL(&before, &after)); /* its other thread stayed as it was */

    ck_assert_int_eq(topology_bind_tid(t, tid, CPU_UNBOUND, &err), 0);
    ck_assert_int_eq(sched_getaffinity(tid, sizeof(after), &after), 0);
    ck_assert(CPU_EQUAL(&before, &after));
    end_child(child);
    placement_release(&p);
    topology_free(t);
}
END_TEST

START_TEST(a_thread_that_is_gone_is_an_error)
{
    struct err err = {0};
    struct topology *t = load();
    pid_t tid;
    pid_t child = start_child(&tid);
    end_child(child);
    ck_assert_int_eq(topology_bind_tid(t, tid, CPU_UNBOUND, &err), -ESRCH);
    ck_assert_ptr_nonnull(strstr(err.text, "No such process"));
    char text[8];
    ck_assert_int_eq(topology_bound_tid(t, tid, text, sizeof(text), &err), -ESRCH);
    ck_assert_int_eq(topology_bind_tid(t, 0, CPU_UNBOUND, &err), -ESRCH);
    ck_assert_int_eq(topology_bind_tid(t, -1, CPU_UNBOUND, &err), -ESRCH);
    topology_free(t);
}
END_TEST

START_TEST(cpus_that_are_not_ours_are_refused)
{
    struct err err = {0};
    struct topology *t = load();
    ck_assert_int_eq(topology_bind_tid(t, getpid(), 60000, &err), -EINVAL);
    ck_assert_int_eq(topology_bind_tid(t, getpid(), -2, &err), -EINVAL);
    uint64_t words[WORDS] = {1};
    ck_assert_int_eq(topology_cpu_mask(t, 60000, words, WORDS, &err), -EINVAL);
    ck_assert_uint_eq(words[0], 0);
    topology_free(t);
}
END_TEST

START_TEST(a_made_up_machine_binds_nobody)
{
    struct err err = {0};
    struct topology *t;
    ck_assert_int_eq(topology_load_synthetic(&t, "core:1 pu:1", &err), 0);
    ck_assert_int_eq(topology_bind_tid(t, getpid(), 0, &err), -ENOTSUP);
    char text[8];
    ck_assert_int_eq(topology_bound_tid(t, getpid(), text, sizeof(text), &err), -ENOTSUP);
    topology_free(t);
}
END_TEST

START_TEST(masks_have_a_bit_per_cpu)
{
    struct err err = {0};
    struct topology *t;
    ck_assert_int_eq(topology_load_synthetic(&t, "numa:8 core:16 pu:2", &err), 0);
    uint64_t words[WORDS];
    memset(words, 0xff, sizeof(words));
    ck_assert_int_eq(topology_cpu_mask(t, 200, words, WORDS, &err), 0);
    for (unsigned i = 0; i < WORDS; i++)
        ck_assert_uint_eq(words[i], i == 3 ? (uint64_t)1 << 8 : 0);
    ck_assert_int_eq(topology_restrict(t, "0-1,63,64,255", &err), 0);
    ck_assert_int_eq(topology_cpu_mask(t, CPU_UNBOUND, words, WORDS, &err), 0);
    ck_assert_uint_eq(words[0], 0x8000000000000003);
    ck_assert_uint_eq(words[1], 1);
    ck_assert_uint_eq(words[2], 0);
    ck_assert_uint_eq(words[3], (uint64_t)1 << 63);
    topology_free(t);
}
END_TEST

START_TEST(cpus_beyond_the_mask_are_an_error)
{
    struct err err = {0};
    struct topology *t;
    ck_assert_int_eq(topology_load_synthetic(&t, "core:1040 pu:1", &err), 0);
    uint64_t words[WORDS];
    ck_assert_int_eq(topology_cpu_mask(t, 1023, words, WORDS, &err), 0);
    ck_assert_uint_eq(words[15], (uint64_t)1 << 63);
    ck_assert_int_eq(topology_cpu_mask(t, 1024, words, WORDS, &err), -ERANGE);
    ck_assert_str_eq(err.text, "CPU 1024 is beyond the first 1024, the most that a worker can be "
                               "told of; choose lower ones");
    ck_assert_int_eq(topology_cpu_mask(t, CPU_UNBOUND, words, WORDS, &err), -ERANGE);
    ck_assert_uint_eq(words[15], 0);
    topology_free(t);
}
END_TEST

UNIT_MAIN("bind", binds_one_thread_of_another_process, a_thread_that_is_gone_is_an_error,
          cpus_that_are_not_ours_are_refused, a_made_up_machine_binds_nobody,
          masks_have_a_bit_per_cpu, cpus_beyond_the_mask_are_an_error)
