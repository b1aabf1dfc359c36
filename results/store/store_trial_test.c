/* Trials with their series and statistics: they come back as they were, and what cannot be is refused. */
#include "store.h"

#include <errno.h>
#include <sqlite3.h>

#include "store_fixture.h"

struct seen {
    unsigned n;
    struct store_trial trials[4];
    struct store_place places[4];
};

static int see_trial(void *context, const struct store_trial *trial, struct err *err)
{
    (void)err;
    struct seen *seen = context;
    ck_assert_uint_lt(seen->n, 4);
    seen->trials[seen->n++] = *trial;
    return 0;
}

static int see_place(void *context, const struct store_place *place, struct err *err)
{
    (void)err;
    struct seen *seen = context;
    ck_assert_uint_lt(seen->n, 4);
    seen->places[seen->n++] = *place;
    return 0;
}

START_TEST(a_trial_comes_back_as_it_was)
{
    struct fixture f;
    fixture_init(&f);
    struct store *s = fixture_open(&f, STORE_WRITE);
    int64_t run = fixture_begin(&f, s);
    struct trial_result crashed = fixture_result();
    crashed.status = TRIAL_CRASHED;
    crashed.signal = 11;
    struct store_place late = {.cell = 2, .subject = 1, .block = 1, .position = 3};
    ck_assert_int_eq(store_add_trial(s, run, &late, &crashed, &f.err), 0);
    fixture_add(&f, s, run,
                (struct store_place){.cell = 1, .subject = 0, .block = 0, .position = 1});
    fixture_add(&f, s, run,
                (struct store_place){.cell = 0, .subject = 0, .block = 0, .position = 0});

    struct seen seen = {0};
    ck_assert_int_eq(store_each_trial(s, run, see_trial, &seen, &f.err), 0);
    ck_assert_uint_eq(seen.n, 3);
    ck_assert_uint_eq(seen.trials[0].place.cell, 0);
    ck_assert_uint_eq(seen.trials[1].place.cell, 1);
    ck_assert_int_eq(memcmp(&seen.trials[2].place, &late, sizeof(late)), 0);
    ck_assert_int_eq(seen.trials[2].result.status, TRIAL_CRASHED);
    ck_assert_int_eq(seen.trials[2].result.signal, 11);
    for (const struct store_number *n = store_numbers; n->name; n++)
        ck_assert_uint_eq(store_number_of(&seen.trials[2].result, n), store_number_of(&crashed, n));
    for (const struct store_text *t = store_texts; t->name; t++)
        ck_assert_str_eq(store_text_of(&seen.trials[2].result, t), store_text_of(&crashed, t));

    struct seen done = {0};
    ck_assert_int_eq(store_done_trials(s, run, see_place, &done, &f.err), 0);
    ck_assert_uint_eq(done.n, 3);
    store_close(s);
    fixture_release(&f);
}
END_TEST

/* A field that struct trial_result gets and the store does not would be lost in silence. */
START_TEST(every_number_of_a_trial_is_stored)
{
    struct trial_result r = {0};
    char *at = (char *)&r;
    size_t first = offsetof(struct trial_result, wall_ns);
    size_t end = offsetof(struct trial_result, malloc_path);
    for (const struct store_number *n = store_numbers; n->name; n++)
        *(uint64_t *)(at + n->offset) = UINT64_MAX;
    for (size_t i = first; i < end; i++)
        ck_assert_msg(at[i] == (char)0xff, "byte %zu of struct trial_result is not stored", i);
}
END_TEST

START_TEST(a_series_comes_back_exactly_and_small)
{
    struct fixture f;
    fixture_init(&f);
    struct store *s = fixture_open(&f, STORE_WRITE);
    int64_t run = fixture_begin(&f, s);
    enum { N = 5000 };
    static struct trial_sample samples[N];
    for (uint64_t i = 0; i < N; i++)
        samples[i] = (struct trial_sample){.t_ns = i * 1000000,
                                           .ops = i * i,
                                           .rss_bytes = (N - i) * 4096,
                                           .live_bytes = i * 7919 % 100000,
                                           .address_bytes = i / 100 * 65536};
    samples[N - 2].live_bytes = TRIAL_LIVE_UNKNOWN;
    samples[N - 1] = (struct trial_sample){
        .t_ns = UINT64_MAX, .rss_bytes = UINT64_MAX, .address_bytes = UINT64_MAX};
    struct trial_result r = fixture_result();
    r.samples = samples;
    r.n_samples = N;
    struct store_place place = {0};
    ck_assert_int_eq(store_add_trial(s, run, &place, &r, &f.err), 0);
    place.block = 1;
    fixture_add(&f, s, run, place);

    struct seen seen = {0};
    ck_assert_int_eq(store_each_trial(s, run, see_trial, &seen, &f.err), 0);
    struct trial_sample *loaded;
    size_t n;
    ck_assert_int_eq(store_load_series(s, seen.trials[0].id, &loaded, &n, &f.err), 0);
    ck_assert_uint_eq(n, N);
    ck_assert_int_eq(memcmp(loaded, samples, sizeof(samples)), 0);
    free(loaded);
    ck_assert_int_eq(store_load_series(s, seen.trials[1].id, &loaded, &n, &f.err), 0);
    ck_assert_ptr_null(loaded);
    ck_assert_uint_eq(n, 0);
    store_close(s);

    sqlite3 *db;
    sqlite3_stmt *q;
    ck_assert_int_eq(sqlite3_open(f.path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db, "SELECT length(data) FROM series", -1, &q, NULL), 0);
    ck_assert_int_eq(sqlite3_step(q), SQLITE_ROW);
    ck_assert_int_lt(sqlite3_column_int(q, 0), (int)sizeof(samples) / 10);
    sqlite3_finalize(q);
    sqlite3_close(db);
    fixture_release(&f);
}
END_TEST

static const struct statistic told[] = {
    {.name = "mmap_threshold", .kind = STATISTIC_SETTING, .value = 131072},
    {.name = "arenas_created", .kind = STATISTIC_PROCESS, .value = 2},
    {.name = "bytes_held", .kind = STATISTIC_ARENA, .arena = 0, .value = UINT64_MAX},
    {.name = "bytes_held", .kind = STATISTIC_ARENA, .arena = 7, .value = 0},
};

/* Changes the file behind the store's back. */
static void execute(const char *path, const char *sql)
{
    sqlite3 *db;
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", sql,
                  sqlite3_errmsg(db));
    sqlite3_close(db);
}

START_TEST(statistics_come_back_in_their_order)
{
    struct fixture f;
    fixture_init(&f);
    struct store *s = fixture_open(&f, STORE_WRITE);
    int64_t run = fixture_begin(&f, s);
    struct trial_result r = fixture_result();
    r.statistics = (struct statistic *)told;
    r.n_statistics = ARRAY_SIZE(told);
    struct store_place place = {0};
    ck_assert_int_eq(store_add_trial(s, run, &place, &r, &f.err), 0);
    place.block = 1;
    fixture_add(&f, s, run, place);

    struct seen seen = {0};
    ck_assert_int_eq(store_each_trial(s, run, see_trial, &seen, &f.err), 0);
    ck_assert_ptr_null(seen.trials[0].result.statistics);
    struct statistic *rows;
    size_t n;
    ck_assert_int_eq(store_load_statistics(s, seen.trials[0].id, &rows, &n, &f.err), 0);
    ck_assert_uint_eq(n, ARRAY_SIZE(told));
    for (size_t i = 0; i < n; i++) {
        ck_assert_str_eq(rows[i].name, told[i].name);
        ck_assert_uint_eq(rows[i].kind, told[i].kind);
        ck_assert_uint_eq(rows[i].arena, told[i].arena);
        ck_assert_uint_eq(rows[i].value, told[i].value);
    }
    free(rows);
    ck_assert_int_eq(store_load_statistics(s, seen.trials[1].id, &rows, &n, &f.err), 0);
    ck_assert_ptr_null(rows);
    ck_assert_uint_eq(n, 0);
    store_close(s);
    fixture_release(&f);
}
END_TEST

/* One row breaks a rule: nothing of the trial is there. */
START_TEST(statistics_that_cannot_be_are_not_stored)
{
    struct fixture f;
    fixture_init(&f);
    struct store *s = fixture_open(&f, STORE_WRITE);
    int64_t run = fixture_begin(&f, s);
    struct statistic rows[] = {told[0], told[1]};
    struct trial_result r = fixture_result();
    r.statistics = rows;
    r.n_statistics = 2;
    rows[1].kind = STATISTIC_KINDS;
    struct store_place place = {0};
    ck_assert_int_eq(store_add_trial(s, run, &place, &r, &f.err), -EINVAL);
    struct seen seen = {0};
    ck_assert_int_eq(store_done_trials(s, run, see_place, &seen, &f.err), 0);
    ck_assert_uint_eq(seen.n, 0);
    fixture_add(&f, s, run, place);
    store_close(s);
    fixture_release(&f);
}
END_TEST

START_TEST(damaged_statistics_are_refused)
{
    static const char *const damages[] = {
        "UPDATE statistic SET kind = 'colour' WHERE ordinal = 0",
        "UPDATE statistic SET arena = -1 WHERE ordinal = 2",
        "UPDATE statistic SET arena = 4294967296 WHERE ordinal = 2",
        "UPDATE statistic SET arena = 1 WHERE ordinal = 1",
        "UPDATE statistic SET name = 'a b' WHERE ordinal = 1",
        "UPDATE statistic SET name = 'a234567890123456789012345678901234567890' WHERE ordinal = 1",
        "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
        " INSERT INTO statistic SELECT 1, i, 'process', 0, 'x', 1 FROM n",
    };
    for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
        struct fixture f;
        fixture_init(&f);
        struct store *s = fixture_open(&f, STORE_WRITE);
        int64_t run = fixture_begin(&f, s);
        struct trial_result r = fixture_result();
        r.statistics = (struct statistic *)told;
        r.n_statistics = ARRAY_SIZE(told);
        struct store_place place = {0};
        ck_assert_int_eq(store_add_trial(s, run, &place, &r, &f.err), 0);
        execute(f.path, damages[i]);
        struct statistic *rows;
        size_t n;
        ck_assert_int_eq(store_load_statistics(s, 1, &rows, &n, &f.err), -EINVAL);
        ck_assert_ptr_nonnull(strstr(f.err.text, "is damaged"));
        ck_assert_ptr_null(rows);
        ck_assert_uint_eq(n, 0);
        store_close(s);
        fixture_release(&f);
    }
}
END_TEST

START_TEST(what_is_no_trial_is_refused)
{
    struct fixture f;
    fixture_init(&f);
    struct store *s = fixture_open(&f, STORE_WRITE);
    int64_t run = fixture_begin(&f, s);
    struct trial_result r = fixture_result();
    struct store_place place = {.cell = 1, .subject = 1, .block = 2};
    ck_assert_int_eq(store_add_trial(s, run, &place, &r, &f.err), 0);
    ck_assert_int_eq(store_add_trial(s, run, &place, &r, &f.err), -EEXIST);
    ck_assert_ptr_nonnull(strstr(f.err.text, "cell 1, subject 1, block 2"));
    place.block = 3;
    ck_assert_int_eq(store_add_trial(s, run + 1, &place, &r, &f.err), -EINVAL);
    place.cell = 3;
    ck_assert_int_eq(store_add_trial(s, run, &place, &r, &f.err), -EINVAL);
    ck_assert_ptr_nonnull(strstr(f.err.text, "cell 3"));
    place = (struct store_place){.block = STORE_BLOCKS_MAX};
    ck_assert_int_eq(store_add_trial(s, run, &place, &r, &f.err), -EINVAL);
    r.status = TRIAL_INTERRUPTED;
    place.block = 4;
    ck_assert_int_eq(store_add_trial(s, run, &place, &r, &f.err), -EINVAL);

    /* None of it is there, and the store goes on working. */
    struct seen seen = {0};
    ck_assert_int_eq(store_done_trials(s, run, see_place, &seen, &f.err), 0);
    ck_assert_uint_eq(seen.n, 1);
    fixture_add(&f, s, run, place);
    store_close(s);
    fixture_release(&f);
}
END_TEST

UNIT_MAIN("store_trial", a_trial_comes_back_as_it_was, every_number_of_a_trial_is_stored,
          a_series_comes_back_exactly_and_small, statistics_come_back_in_their_order,
          statistics_that_cannot_be_are_not_stored, damaged_statistics_are_refused,
          what_is_no_trial_is_refused)
