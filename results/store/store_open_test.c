/* Files that are not what the store needs: each gives one clear line and is left as it was. */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store_fixture.h"

static void write_file(const char *path, const char *content, size_t n)
{
    FILE *out = fopen(path, "wb");
    ck_assert_ptr_nonnull(out);
    ck_assert_uint_eq(fwrite(content, 1, n, out), n);
    ck_assert_int_eq(fclose(out), 0);
}

static void execute(const char *path, const char *sql)
{
    sqlite3 *db;
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* The sentence of a failed opening names the file, is one line, and holds `word`. */
static void expect_refusal(struct fixture *f, enum store_access access, int code, const char *word)
{
    struct store *s = (struct store *)f;
    int result = store_open(f->path, access, &s, &f->err);
    ck_assert_int_eq(result, code);
    ck_assert_ptr_null(s);
    ck_assert_ptr_nonnull(strstr(f->err.text, f->path));
    ck_assert_ptr_null(strchr(f->err.text, '\n'));
    ck_assert_msg(strstr(f->err.text, word) != NULL, "'%s' not in: %s", word, f->err.text);
}

START_TEST(no_file_is_told_to_readers_and_made_for_writers)
{
    struct fixture f;
    fixture_init(&f);
    expect_refusal(&f, STORE_READ, -ENOENT, "no results yet");
    ck_assert_int_ne(access(f.path, F_OK), 0);
    snprintf(f.path, sizeof(f.path), "%s/a/b c/d?e%%41.db", f.folder);
    store_close(fixture_open(&f, STORE_WRITE));
    store_close(fixture_open(&f, STORE_READ));
    ck_assert_int_eq(access(f.path, F_OK), 0);
    fixture_release(&f);
}
END_TEST

START_TEST(an_empty_name_or_a_folder_is_no_file)
{
    struct fixture f;
    fixture_init(&f);
    struct store *s;
    ck_assert_int_eq(store_open("", STORE_WRITE, &s, &f.err), -EINVAL);
    ck_assert_int_eq(store_open(NULL, STORE_READ, &s, &f.err), -EINVAL);
    strcpy(f.path, f.folder);
    ck_assert_int_lt(store_open(f.path, STORE_WRITE, &s, &f.err), 0);
    ck_assert_ptr_nonnull(strstr(f.err.text, f.folder));
    ck_assert_int_lt(store_open(f.path, STORE_READ, &s, &f.err), 0);
    char file[160];
    snprintf(file, sizeof(file), "%s/file", f.folder);
    write_file(file, "x", 1);
    snprintf(f.path, sizeof(f.path), "%s/file/bench.db", f.folder);
    ck_assert_int_eq(store_open(f.path, STORE_WRITE, &s, &f.err), -ENOTDIR);
    fixture_release(&f);
}
END_TEST

START_TEST(a_file_that_is_no_database_is_left_as_it_was)
{
    struct fixture f;
    fixture_init(&f);
    char content[5000];
    memset(content, 'x', sizeof(content));
    write_file(f.path, content, sizeof(content));
    expect_refusal(&f, STORE_WRITE, -EINVAL, "not a results file");
    expect_refusal(&f, STORE_READ, -EINVAL, "not a results file");
    char after[sizeof(content) + 1];
    FILE *in = fopen(f.path, "rb");
    ck_assert_uint_eq(fread(after, 1, sizeof(after), in), sizeof(content));
    fclose(in);
    ck_assert_int_eq(memcmp(after, content, sizeof(content)), 0);
    fixture_release(&f);
}
END_TEST

START_TEST(a_database_of_another_program_is_left_as_it_was)
{
    struct fixture f;
    fixture_init(&f);
    execute(f.path, "CREATE TABLE bookmarks (url TEXT); PRAGMA user_version = 1");
    struct stat before, after;
    ck_assert_int_eq(stat(f.path, &before), 0);
    expect_refusal(&f, STORE_WRITE, -EINVAL, "another program");
    expect_refusal(&f, STORE_READ, -EINVAL, "another program");
    ck_assert_int_eq(stat(f.path, &after), 0);
    ck_assert_int_eq(before.st_size, after.st_size);
    ck_assert_int_eq(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    fixture_release(&f);
}
END_TEST

START_TEST(another_version_is_named)
{
    struct fixture f;
    fixture_init(&f);
    store_close(fixture_open(&f, STORE_WRITE));
    execute(f.path, "PRAGMA user_version = 77");
    expect_refusal(&f, STORE_WRITE, -EINVAL, "number 77");
    expect_refusal(&f, STORE_READ, -EINVAL, "number 77");
    fixture_release(&f);
}
END_TEST

START_TEST(an_empty_file_becomes_a_store)
{
    struct fixture f;
    fixture_init(&f);
    write_file(f.path, "", 0);
    expect_refusal(&f, STORE_READ, -ENOENT, "is empty");
    store_close(fixture_open(&f, STORE_WRITE));
    store_close(fixture_open(&f, STORE_READ));
    fixture_release(&f);
}
END_TEST

/* Root may write anywhere: these run as a user who may not. */
static void drop_root(void)
{
    if (geteuid() == 0)
        ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
}

START_TEST(a_read_only_file_or_folder_is_named_and_can_be_read)
{
    struct fixture f;
    fixture_init(&f);
    struct store *s = fixture_open(&f, STORE_WRITE);
    fixture_begin(&f, s);
    store_close(s);
    ck_assert_int_eq(chmod(f.path, 0444), 0);
    ck_assert_int_eq(chmod(f.folder, 0555), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        drop_root();
        expect_refusal(&f, STORE_WRITE, -EACCES, "cannot be written");
        s = fixture_open(&f, STORE_READ);
        int64_t id;
        ck_assert_int_eq(store_find_run(s, "", &id, &f.err), 0);
        struct store_fact fact = {.key = "a", .value = "b"};
        ck_assert_int_lt(store_add_fact(s, id, &fact, &f.err), 0);
        store_close(s);
        snprintf(f.path, sizeof(f.path), "%s/new/bench.db", f.folder);
        ck_assert_int_eq(store_open(f.path, STORE_WRITE, &s, &f.err), -EACCES);
        _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(chmod(f.folder, 0755), 0);
    fixture_release(&f);
}
END_TEST

static int count_place(void *context, const struct store_place *place, struct err *err)
{
    (void)place;
    (void)err;
    ++*(uint32_t *)context;
    return 0;
}

/* The kernel's limit on the size of a file stands for a disk that fills up. */
START_TEST(a_full_disk_keeps_what_was_stored)
{
    struct fixture f;
    fixture_init(&f);
    struct store *s = fixture_open(&f, STORE_WRITE);
    int64_t run = fixture_begin(&f, s);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit old, small;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 300 * 1024;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    struct trial_result r = {.status = TRIAL_OK};
    memset(r.environment, 'e', sizeof(r.environment) - 1);
    struct store_place place = {0};
    int result = 0;
    while (result == 0 && place.block < 5000) {
        result = store_add_trial(s, run, &place, &r, &f.err);
        place.block += result == 0;
    }
    ck_assert_msg(result == -ENOSPC, "%d: %s", result, f.err.text);
    ck_assert_msg(strstr(f.err.text, "no room") != NULL, "%s", f.err.text);
    ck_assert_ptr_nonnull(strstr(f.err.text, f.path));
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);

    /* What was stored is there, and it goes on where there is room again. */
    uint32_t n = 0;
    ck_assert_int_eq(store_done_trials(s, run, count_place, &n, &f.err), 0);
    ck_assert_uint_eq(n, place.block);
    ck_assert_uint_gt(n, 10);
    ck_assert_int_eq(store_add_trial(s, run, &place, &r, &f.err), 0);
    store_close(s);
    fixture_release(&f);
}
END_TEST

static int ignore_trial(void *context, const struct store_trial *trial, struct err *err)
{
    (void)context;
    (void)trial;
    (void)err;
    return 0;
}

/* A store that somebody wrote into by hand must give an error, never a wild index. */
START_TEST(damaged_rows_are_refused)
{
    static const char *const damages[] = {
        "UPDATE trial SET block = -1",         "UPDATE trial SET block = 4000000000",
        "UPDATE trial SET position = 1 << 40", "UPDATE trial SET status = 'exploded'",
        "UPDATE trial SET cell = -1",
    };
    struct fixture f;
    fixture_init(&f);
    struct store *s = fixture_open(&f, STORE_WRITE);
    int64_t run = fixture_begin(&f, s);
    struct trial_sample samples[2] = {{1, 2, 3, 4, 5}, {6, 7, 8, 9, 10}};
    struct trial_result r = {.status = TRIAL_OK, .samples = samples, .n_samples = 2};
    struct store_place place = {0};
    ck_assert_int_eq(store_add_trial(s, run, &place, &r, &f.err), 0);
    for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
        execute(f.path, damages[i]);
        ck_assert_int_eq(store_each_trial(s, run, ignore_trial, NULL, &f.err), -EINVAL);
        execute(f.path, "UPDATE trial SET block = 0, position = 0, status = 'ok', cell = 0");
    }
    ck_assert_int_eq(store_each_trial(s, run, ignore_trial, NULL, &f.err), 0);

    static const char *const series_damages[] = {
        "UPDATE series SET n_samples = 3",          "UPDATE series SET n_samples = -1",
        "UPDATE series SET n_samples = 1 << 60",    "UPDATE series SET n_samples = 2, data = x''",
        "UPDATE series SET data = x'28b52ffd2030'",
    };
    struct trial_sample *loaded;
    size_t n;
    for (size_t i = 0; i < ARRAY_SIZE(series_damages); i++) {
        execute(f.path, series_damages[i]);
        ck_assert_int_eq(store_load_series(s, 1, &loaded, &n, &f.err), -EINVAL);
        ck_assert_ptr_null(loaded);
    }
    execute(f.path, "DELETE FROM subject WHERE ordinal = 0");
    struct store_run loaded_run;
    ck_assert_int_eq(store_load_run(s, run, &loaded_run, &f.err), -EINVAL);
    store_run_release(&loaded_run);
    store_close(s);
    fixture_release(&f);
}
END_TEST

UNIT_MAIN("store_open", no_file_is_told_to_readers_and_made_for_writers,
          an_empty_name_or_a_folder_is_no_file, a_file_that_is_no_database_is_left_as_it_was,
          a_database_of_another_program_is_left_as_it_was, another_version_is_named,
          an_empty_file_becomes_a_store, a_read_only_file_or_folder_is_named_and_can_be_read,
          a_full_disk_keeps_what_was_stored, damaged_rows_are_refused)
