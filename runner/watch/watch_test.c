#include "watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

/* A shell program, watched. */
static int watch_shell(const char *script, const char *library, bool heap, struct watch_result *r)
{
    struct err err;
    char *argv[] = {(char *)"sh", (char *)"-c", (char *)script, NULL};
    struct watch_request request = {
        .argv = argv, .environment = environ, .library = library, .heap = heap};
    int rc = watch_program(&request, r, &err);
    ck_assert_msg(rc == 0, "%s", err.text);
    return rc;
}

START_TEST(tells_how_it_ended)
{
    struct watch_result r;
    watch_shell("exit 7", "", false, &r);
    ck_assert_int_eq(r.exit_status, 7);
    watch_result_release(&r);
    watch_shell("kill -TERM $$", "", false, &r);
    ck_assert_int_eq(r.exit_status, 143);
    watch_result_release(&r);
}
END_TEST

START_TEST(samples_what_it_holds)
{
    struct watch_result r;
    watch_shell("sleep 0.1; i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done", "", false, &r);
    ck_assert_uint_gt(r.n_samples, 20);
    ck_assert_uint_gt(r.samples[r.n_samples - 1].anonymous_bytes, 16384);
    ck_assert_uint_gt(r.user_ns, 1000000);
    ck_assert_uint_ge(r.wall_ns, 100000000);
    for (size_t i = 1; i < r.n_samples; i++)
        ck_assert_uint_gt(r.samples[i].t_ns, r.samples[i - 1].t_ns);
    watch_result_release(&r);
}
END_TEST

START_TEST(tells_the_data_segment_apart)
{
    struct watch_result r;
    watch_shell("sleep 0.1; true", "", true, &r);
    ck_assert_uint_gt(r.n_samples, 2);
    const struct watch_sample *last = &r.samples[r.n_samples - 1];
    ck_assert_uint_gt(last->heap_bytes, 0);
    ck_assert_uint_lt(last->heap_bytes, last->anonymous_bytes);
    watch_result_release(&r);
}
END_TEST

START_TEST(sees_whether_a_library_is_there)
{
    struct watch_result r;
    watch_shell("sleep 0.05; true", "/no/such/library.so", false, &r);
    ck_assert(!r.has_library);
    watch_result_release(&r);
    watch_shell("sleep 0.05; true", "", false, &r);
    ck_assert(r.has_library);
    watch_result_release(&r);
}
END_TEST

START_TEST(a_program_that_is_not_there)
{
    struct err err;
    struct watch_result r;
    char *argv[] = {(char *)"/no/such/program", NULL};
    struct watch_request request = {.argv = argv, .environment = environ, .library = ""};
    ck_assert_int_eq(watch_program(&request, &r, &err), -ENOENT);
    ck_assert_ptr_nonnull(strstr(err.text, "cannot start /no/such/program"));
}
END_TEST

START_TEST(a_file_holds_what_was_seen)
{
    struct err err;
    char folder[] = "/tmp/watch-test-XXXXXX", path[64];
    struct watch_sample samples[] = {{1, 2, 3}, {4, 5, 6}};
    struct watch_result in = {.exit_status = 3,
                              .has_library = true,
                              .wall_ns = 10,
                              .user_ns = 11,
                              .system_ns = 12,
                              .samples = samples,
                              .n_samples = 2},
                        out;
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/seen", folder);
    ck_assert_int_eq(watch_file_write(path, &in, &err), 0);
    ck_assert_int_eq(watch_file_read(path, &out, &err), 0);
    ck_assert_int_eq(out.exit_status, 3);
    ck_assert(out.has_library);
    ck_assert_uint_eq(out.system_ns, 12);
    ck_assert_uint_eq(out.n_samples, 2);
    ck_assert_int_eq(memcmp(out.samples, samples, sizeof(samples)), 0);
    watch_result_release(&out);
    ck_assert_int_eq(watch_file_write(path, &in, &err), -EEXIST);
    ck_assert_int_eq(truncate(path, 100), 0);
    ck_assert_int_eq(watch_file_read(path, &out, &err), -EINVAL);
    ck_assert_int_eq(truncate(path, 10), 0);
    ck_assert_int_eq(watch_file_read(path, &out, &err), -EINVAL);
    unlink(path);
    rmdir(folder);
}
END_TEST

UNIT_MAIN("watch", tells_how_it_ended, samples_what_it_holds, tells_the_data_segment_apart,
          sees_whether_a_library_is_there, a_program_that_is_not_there, a_file_holds_what_was_seen)
