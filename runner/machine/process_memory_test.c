#include "process_memory.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os.h"
#include "unit.h"

#define AREA  (8 * MIB)
#define SLACK MIB /* of what the C library and the kernel's counters do meanwhile */

static struct process_memory read_own(void)
{
    struct process_memory m;
    struct err err = {0};
    ck_assert_msg(process_memory_read(getpid(), &m, &err) == 0, "%s", err.text);
    return m;
}

static uint64_t own_peak(void)
{
    uint64_t bytes;
    struct err err = {0};
    ck_assert_msg(process_peak_bytes(getpid(), &bytes, &err) == 0, "%s", err.text);
    return bytes;
}

static char *map_area(void)
{
    char *area = os_map(AREA, OS_PLAIN);
    ck_assert_ptr_nonnull(area);
    madvise(area, AREA, MADV_NOHUGEPAGE);
    return area;
}

START_TEST(touched_memory_is_resident_and_anonymous)
{
    struct process_memory before = read_own();
    char *area = map_area();
    struct process_memory mapped = read_own();
    ck_assert_uint_lt(mapped.rss_bytes, before.rss_bytes + SLACK); /* mapped is not resident */
    memset(area, 1, AREA);
    struct process_memory touched = read_own();
    ck_assert_uint_ge(touched.rss_bytes, mapped.rss_bytes + AREA);
    ck_assert_uint_le(touched.rss_bytes, mapped.rss_bytes + AREA + SLACK);
    ck_assert_uint_ge(touched.anonymous_bytes, mapped.anonymous_bytes + AREA);
    ck_assert_uint_le(touched.anonymous_bytes, mapped.anonymous_bytes + AREA + SLACK);
    os_unmap(area, AREA);
    ck_assert_uint_lt(read_own().rss_bytes, before.rss_bytes + SLACK);
}
END_TEST

START_TEST(memory_given_up_is_lazily_free)
{
    char *area = map_area();
    memset(area, 1, AREA);
    uint64_t before = read_own().lazy_free_bytes;
    ck_assert_int_eq(madvise(area, AREA, MADV_FREE), 0);
    struct process_memory after = read_own();
    /* The last pages of a call may wait in a list of their CPU before they are counted. */
    if (after.swap_bytes == 0) /* under pressure the kernel may have taken them at once */
        ck_assert_uint_ge(after.lazy_free_bytes + SLACK, before + AREA);
    ck_assert_uint_le(after.lazy_free_bytes, before + AREA);
    os_unmap(area, AREA);
}
END_TEST

START_TEST(the_peak_stays_until_it_is_reset)
{
    struct err err = {0};
    char *area = map_area();
    memset(area, 1, AREA);
    uint64_t high = read_own().rss_bytes;
    os_unmap(area, AREA);
    ck_assert_uint_ge(own_peak() + SLACK, high);
    ck_assert_uint_lt(read_own().rss_bytes, high - AREA + SLACK);
    ck_assert_msg(process_reset_peak(getpid(), &err) == 0, "%s", err.text);
    ck_assert_uint_lt(own_peak(), high - AREA + SLACK);
}
END_TEST

START_TEST(the_fast_reading_follows)
{
    struct process_statm s;
    struct statm before;
    struct statm after;
    struct err err = {0};
    ck_assert_msg(process_statm_open(&s, getpid(), &err) == 0, "%s", err.text);
    ck_assert_int_eq(process_statm_read(&s, &before, &err), 0);
    char *area = map_area();
    memset(area, 1, AREA);
    ck_assert_int_eq(process_statm_read(&s, &after, &err), 0);
    ck_assert_uint_ge(after.size_bytes, before.size_bytes + AREA);
    ck_assert_uint_ge(after.rss_bytes + SLACK, before.rss_bytes + AREA);
    ck_assert_uint_le(after.rss_bytes, before.rss_bytes + AREA + 2 * SLACK);
    ck_assert_uint_lt(after.rss_bytes, after.size_bytes);
    os_unmap(area, AREA);
    process_statm_close(&s);
    process_statm_close(&s); /* once more does nothing */
}
END_TEST

START_TEST(a_process_that_ended_has_nothing)
{
    struct process_statm s;
    struct statm m = {1, 1};
    struct err err = {0};
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    ck_assert_msg(process_statm_open(&s, child, &err) == 0, "%s", err.text);
    ck_assert_int_eq(process_statm_read(&s, &m, &err), 0);
    ck_assert_uint_gt(m.rss_bytes, 0);

    kill(child, SIGKILL);
    siginfo_t info;
    ck_assert_int_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    ck_assert_int_eq(process_statm_read(&s, &m, &err), 0);
    ck_assert_uint_eq(m.rss_bytes, 0);
    uint64_t bytes;
    ck_assert_int_eq(process_peak_bytes(child, &bytes, &err), -ENODATA);

    waitpid(child, NULL, 0);
    ck_assert_int_eq(process_statm_read(&s, &m, &err), -ESRCH);
    process_statm_close(&s);
    struct process_memory memory;
    ck_assert_int_eq(process_memory_read(child, &memory, &err), -ENOENT);
    ck_assert_str_ne(err.text, "");
    ck_assert_int_eq(process_peak_bytes(child, &bytes, &err), -ENOENT);
    ck_assert_int_eq(process_reset_peak(child, &err), -ENOENT);
    ck_assert_int_eq(process_statm_open(&s, child, &err), -ENOENT);
    process_statm_close(&s);
}
END_TEST

UNIT_MAIN("process_memory", touched_memory_is_resident_and_anonymous,
          memory_given_up_is_lazily_free, the_peak_stays_until_it_is_reset,
          the_fast_reading_follows, a_process_that_ended_has_nothing)
