#include "store.h"

#include <errno.h>
#include <sqlite3.h>

#include "store_fixture.h"

START_TEST(a_run_comes_back_as_it_was)
{
    struct fixture f;
    fixture_init(&f);
    struct store *s = fixture_open(&f, STORE_WRITE);
    int64_t id = fixture_begin(&f, s);
    store_close(s);

    s = fixture_open(&f, STORE_READ);
    struct store_run run;
    ck_assert_int_eq(store_load_run(s, id, &run, &f.err), 0);
    ck_assert_str_eq(run.name, "20261120-231455");
    ck_assert_int_eq(run.started_s, FIXTURE_START);
    ck_assert_int_eq(run.finished_s, 0);
    ck_assert_str_eq(run.manifest, "{\"seed\": 7}");
    ck_assert_str_eq(run.program_version, "0.1.0");
    ck_assert_uint_eq(run.seed, UINT64_MAX - 1);
    ck_assert_uint_eq(run.n_blocks, 5);
    ck_assert_uint_eq(run.n_facts, 2);
    ck_assert_str_eq(run.facts[0].key, "cpu");
    ck_assert_str_eq(run.facts[1].value, "6.1");
    ck_assert_uint_eq(run.n_subjects, 2);
    ck_assert_str_eq(run.subjects[1].name, "mine, \"new\"");
    ck_assert_str_eq(run.subjects[1].library, "/opt/lib/mine.so");
    ck_assert_uint_eq(run.n_cells, 3);
    ck_assert_str_eq(run.cells[2].workload, "larson");
    ck_assert_uint_eq(run.cells[1].frees, 70);
    ck_assert_uint_eq(run.cells[1].remote_frees, 7);
    ck_assert_uint_eq(run.cells[2].calls_per_pass, UINT64_MAX);
    store_run_release(&run);
    ck_assert_ptr_null(run.memory);
    store_close(s);
    fixture_release(&f);
}
END_TEST

START_TEST(a_run_that_cannot_be_is_refused_and_leaves_nothing)
{
    struct fixture f;
    fixture_init(&f);
    struct store *s = fixture_open(&f, STORE_WRITE);
    int64_t id;
    struct store_run run = fixture_run;
    run.baseline = "jemalloc";
    ck_assert_int_eq(store_run_begin(s, &run, &id, &f.err), -EINVAL);
    ck_assert_ptr_nonnull(strstr(f.err.text, "baseline 'jemalloc'"));
    const struct store_cell twice[] = {fixture_cells[0], fixture_cells[0]};
    run = fixture_run;
    run.cells = twice;
    run.n_cells = 2;
    ck_assert_int_eq(store_run_begin(s, &run, &id, &f.err), -EINVAL);
    const struct store_subject same[] = {fixture_subjects[0], fixture_subjects[0]};
    run = fixture_run;
    run.subjects = same;
    ck_assert_int_eq(store_run_begin(s, &run, &id, &f.err), -EINVAL);
    run = fixture_run;
    run.started_s = INT64_MAX;
    ck_assert_int_eq(store_run_begin(s, &run, &id, &f.err), -EINVAL);
    ck_assert_int_eq(store_find_run(s, "", &id, &f.err), -ENOENT);
    ck_assert_ptr_nonnull(strstr(f.err.text, "no runs yet"));
    store_close(s);
    fixture_release(&f);
}
END_TEST

START_TEST(runs_are_found_by_name_number_or_as_the_latest)
{
    struct fixture f;
    fixture_init(&f);
    struct store *s = fixture_open(&f, STORE_WRITE);
    int64_t first = fixture_begin(&f, s), second = fixture_begin(&f, s), id;
    ck_assert_int_eq(store_find_run(s, "20261120-231455", &id, &f.err), 0);
    ck_assert_int_eq(id, first);
    ck_assert_int_eq(store_find_run(s, "20261120-231455-2", &id, &f.err), 0);
    ck_assert_int_eq(id, second);
    ck_assert_int_eq(store_find_run(s, "", &id, &f.err), 0);
    ck_assert_int_eq(id, second);
    ck_assert_int_eq(store_find_run(s, NULL, &id, &f.err), 0);
    ck_assert_int_eq(id, second);
    ck_assert_int_eq(store_find_run(s, "1", &id, &f.err), 0);
    ck_assert_int_eq(id, first);
    static const char *const unknown[] = {"20261120", "1x",        "-1",
                                          "0",        "' OR 1 --", "99999999999999999999"};
    for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
        ck_assert_int_eq(store_find_run(s, unknown[i], &id, &f.err), -ENOENT);
    ck_assert_ptr_nonnull(strstr(f.err.text, "newest are: 20261120-231455-2, 20261120-231455"));
    store_close(s);
    fixture_release(&f);
}
END_TEST

static int see_line(void *context, const struct store_run_line *line, struct err *err)
{
    unsigned *n = context;
    if (++*n == 1) {
        ck_assert_str_eq(line->name, "20261120-231455-2");
        ck_assert_int_eq(line->finished_s, FIXTURE_START + 60);
        ck_assert_uint_eq(line->n_trials, 2);
        ck_assert_uint_eq(line->n_failed, 1);
        ck_assert_uint_eq(line->n_cells, 3);
        ck_assert_uint_eq(line->n_subjects, 2);
        return 0;
    }
    ck_assert_int_eq(line->finished_s, 0);
    return err_set(err, ECANCELED, "enough");
}

START_TEST(runs_are_listed_newest_first_until_the_callback_ends_it)
{
    struct fixture f;
    fixture_init(&f);
    struct store *s = fixture_open(&f, STORE_WRITE);
    fixture_begin(&f, s);
    fixture_begin(&f, s);
    int64_t run = fixture_begin(&f, s), middle = run - 1;
    (void)run;
    struct trial_result r = fixture_result();
    r.status = TRIAL_HUNG;
    struct store_place place = {0};
    ck_assert_int_eq(store_add_trial(s, middle, &place, &r, &f.err), 0);
    place.block = 1;
    fixture_add(&f, s, middle, place);
    ck_assert_int_eq(store_run_finish(s, middle, FIXTURE_START + 60, &f.err), 0);
    sqlite3 *db;
    ck_assert_int_eq(sqlite3_open(f.path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, "PRAGMA foreign_keys = ON; DELETE FROM run WHERE id = 3",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);

    unsigned n = 0;
    ck_assert_int_eq(store_list_runs(s, see_line, &n, &f.err), -ECANCELED);
    ck_assert_uint_eq(n, 2);
    ck_assert_str_eq(f.err.text, "enough");
    ck_assert_int_eq(store_run_finish(s, 77, 1, &f.err), -ENOENT);
    store_close(s);
    fixture_release(&f);
}
END_TEST

START_TEST(a_later_fact_replaces_an_earlier_one)
{
    struct fixture f;
    fixture_init(&f);
    struct store *s = fixture_open(&f, STORE_WRITE);
    int64_t id = fixture_begin(&f, s);
    struct store_fact fact = {.key = "kernel", .value = "6.2"};
    ck_assert_int_eq(store_add_fact(s, id, &fact, &f.err), 0);
    ck_assert_int_eq(store_add_fact(s, id + 1, &fact, &f.err), -ENOENT);
    struct store_run run;
    ck_assert_int_eq(store_load_run(s, id, &run, &f.err), 0);
    ck_assert_uint_eq(run.n_facts, 2);
    ck_assert_str_eq(run.facts[1].value, "6.2");
    store_run_release(&run);
    store_close(s);
    fixture_release(&f);
}
END_TEST

START_TEST(a_subject_that_is_found_later_is_put_once)
{
    struct fixture f;
    fixture_init(&f);
    struct store *s = fixture_open(&f, STORE_WRITE);
    int64_t id = fixture_begin(&f, s);
    struct store_subject found = {
        .name = "glibc:arena_max=1", .allocator = "glibc", .library = "", .setting = "arena_max=1"};
    struct store_run run;
    ck_assert_int_eq(store_put_subject(s, id, 2, &found, &f.err), 0);
    ck_assert_int_eq(store_put_subject(s, id, 2, &found, &f.err), 0);
    ck_assert_int_eq(store_load_run(s, id, &run, &f.err), 0);
    ck_assert_uint_eq(run.n_subjects, 3);
    ck_assert_str_eq(run.subjects[2].name, "glibc:arena_max=1");
    ck_assert_str_eq(run.subjects[2].setting, "arena_max=1");
    ck_assert_str_eq(store_run_fact(&run, run.facts[1].key), run.facts[1].value);
    ck_assert_ptr_null(store_run_fact(&run, FACT_TUNE_KNOBS));
    store_run_release(&run);
    found.name = "glibc:arena_max=2";
    ck_assert_int_eq(store_put_subject(s, id, 2, &found, &f.err), -EINVAL);
    ck_assert(strstr(f.err.text, "arena_max=1"));
    store_close(s);
    fixture_release(&f);
}
END_TEST

UNIT_MAIN("store", a_subject_that_is_found_later_is_put_once, a_run_comes_back_as_it_was,
          a_run_that_cannot_be_is_refused_and_leaves_nothing,
          runs_are_found_by_name_number_or_as_the_latest,
          runs_are_listed_newest_first_until_the_callback_ends_it,
          a_later_fact_replaces_an_earlier_one)
