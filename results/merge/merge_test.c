#include "merge.h"

#include <errno.h>
#include <sqlite3.h>

#include "store_fixture.h"
#include "store_survey.h"

enum { SHARDS = 3, BLOCKS = 7, CELLS = 3, SUBJECTS = 2 };

struct files {
    struct fixture f; /* f.path is OUT */
    char shard[SHARDS][128], other[128];
};

static const struct store_fact machine[] = {{"cpu_model", "two cores"},
                                            {"memory_bytes", "1000000000"}};

static void files_init(struct files *x)
{
    fixture_init(&x->f);
    for (unsigned i = 0; i < SHARDS; i++)
        snprintf(x->shard[i], sizeof(x->shard[i]), "%s/shard-%uof%u.db", x->f.folder, i, SHARDS);
    snprintf(x->other, sizeof(x->other), "%s/other.db", x->f.folder);
}

static void add(struct store *s, int64_t run, uint32_t block, uint64_t wall_ns)
{
    struct err err;
    for (uint32_t i = 0; i < CELLS * SUBJECTS; i++) {
        const struct store_place place = {i % CELLS, i / CELLS, block, i};
        struct trial_sample sample = {.t_ns = block, .ops = i};
        struct statistic told = {.kind = STATISTIC_PROCESS, .name = "bytes", .value = i};
        struct trial_result r = fixture_result();
        r.wall_ns = wall_ns;
        r.samples = &sample;
        r.statistics = &told;
        r.n_samples = r.n_statistics = 1;
        ck_assert_msg(store_add_trial(s, run, &place, &r, &err) == 0, "%s", err.text);
    }
}

/* A complete shard whose trials took so long. */
static void make_shard(const char *path, uint32_t shard, uint64_t wall_ns)
{
    const struct store_shard row = {.ordinal = shard, .attempt = "a", .host = "h", .started_s = 5};
    struct store_run run = fixture_run;
    struct survey_mark mark = {.kind = SURVEY_DRAINED};
    struct survey found = {.clock_ns = 3, .marks = &mark, .n_marks = 1};
    struct trial_result r = fixture_result();
    struct store *s;
    struct err err;
    int64_t id;
    run.n_blocks = BLOCKS;
    run.n_shards = SHARDS;
    run.facts = machine;
    run.n_facts = ARRAY_SIZE(machine);
    run.shards = &row;
    run.n_held = 1;
    ck_assert_msg(store_open(path, STORE_NEW, &s, &err) == 0, "%s", err.text);
    ck_assert_int_eq(store_run_begin(s, &run, &id, &err), 0);
    for (uint32_t b = shard; b < BLOCKS; b += SHARDS)
        add(s, id, b, wall_ns);
    ck_assert_msg(store_add_survey(s, id, shard, 0, &r, &found, &err) == 0, "%s", err.text);
    ck_assert_int_eq(store_run_finish(s, id, 9, &err), 0);
    store_close(s);
}

/* One number that a file answers with. */
static int64_t ask(const char *path, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *q;
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &q, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    int code = sqlite3_step(q);
    ck_assert(code == SQLITE_ROW || code == SQLITE_DONE);
    int64_t answer = code == SQLITE_ROW ? sqlite3_column_int64(q, 0) : 0;
    sqlite3_finalize(q);
    sqlite3_close(db);
    return answer;
}

/* Merges one file into OUT; what became of it. */
static struct merge_added merge_one(struct files *x, const char *path)
{
    struct merge *m;
    struct merge_added added;
    ck_assert_msg(merge_open(x->f.path, NULL, &m, &x->f.err) == 0, "%s", x->f.err.text);
    ck_assert_int_eq(merge_add(m, path, &added, &x->f.err), 0);
    ck_assert_msg(merge_publish(m, &x->f.err) == 0, "%s", x->f.err.text);
    merge_close(m);
    return added;
}

START_TEST(shards_become_one_run_with_all_that_hangs_on_them)
{
    struct files x;
    files_init(&x);
    for (unsigned i = 0; i < SHARDS; i++) {
        make_shard(x.shard[i], i, 100 + i);
        struct merge_added added = merge_one(&x, x.shard[i]);
        ck_assert_uint_eq(added.n_new, 1);
        ck_assert_uint_eq(added.n_trials, (BLOCKS - i - 1) / SHARDS * 6 + 6);
    }
    ck_assert_int_eq(ask(x.f.path, "SELECT count(*) FROM run"), 1);
    ck_assert_int_eq(ask(x.f.path, "SELECT count(*) FROM trial"), BLOCKS * CELLS * SUBJECTS);
    ck_assert_int_eq(ask(x.f.path, "SELECT count(*) FROM trial WHERE wall_ns <> 100 + block % 3"),
                     0);
    ck_assert_int_eq(ask(x.f.path,
                         "SELECT count(*) FROM trial t JOIN statistic s ON s.trial = t.id "
                         "WHERE s.value = t.position AND s.name = 'bytes'"),
                     BLOCKS * CELLS * SUBJECTS);
    ck_assert_int_eq(ask(x.f.path, "SELECT count(*) FROM survey u JOIN mark m ON m.survey = u.id"),
                     SHARDS);
    ck_assert_int_eq(
        ask(x.f.path, "SELECT count(*) FROM shard WHERE host = 'h' AND finished_s = 9"), SHARDS);
    struct store *s = fixture_open(&x.f, STORE_READ);
    struct trial_sample *samples;
    size_t n;
    ck_assert_int_eq(store_load_series(s, ask(x.f.path, "SELECT id FROM trial WHERE block = 5"),
                                       &samples, &n, &x.f.err),
                     0);
    ck_assert_uint_eq(n, 1);
    ck_assert_uint_eq(samples[0].t_ns, 5);
    free(samples);
    store_close(s);
    fixture_release(&x.f);
}
END_TEST

START_TEST(the_first_of_two_attempts_counts_whole)
{
    struct files x;
    files_init(&x);
    make_shard(x.shard[0], 0, 100);
    ask(x.shard[0], "DELETE FROM trial WHERE block = 3 AND subject = 1"); /* given up */
    make_shard(x.other, 0, 200);
    merge_one(&x, x.shard[0]);
    struct merge_added added = merge_one(&x, x.other);
    ck_assert_uint_eq(added.n_new, 0);
    ck_assert_uint_eq(added.n_known, 1);
    ck_assert_int_eq(ask(x.f.path, "SELECT count(*) FROM trial WHERE wall_ns = 200"), 0);
    ck_assert_int_eq(ask(x.f.path, "SELECT count(*) FROM trial"), 3 * 6 - 3);
    /* Likewise where the other attempt comes in a file with a shard that is new. */
    struct merge *m;
    make_shard(x.shard[1], 1, 200);
    char both[140];
    snprintf(both, sizeof(both), "%s/both.db", x.f.folder);
    ck_assert_int_eq(merge_open(both, NULL, &m, &x.f.err), 0);
    ck_assert_int_eq(merge_add(m, x.other, &added, &x.f.err), 0);
    ck_assert_int_eq(merge_add(m, x.shard[1], &added, &x.f.err), 0);
    ck_assert_int_eq(merge_publish(m, &x.f.err), 0);
    merge_close(m);
    added = merge_one(&x, both);
    ck_assert_uint_eq(added.n_new, 1);
    ck_assert_uint_eq(added.n_known, 1);
    ck_assert_int_eq(ask(x.f.path, "SELECT count(*) FROM trial WHERE block % 3 = 0"), 3 * 6 - 3);
    ck_assert_int_eq(ask(x.f.path, "SELECT count(*) FROM trial WHERE block % 3 = 1"), 2 * 6);
    fixture_release(&x.f);
}
END_TEST

/* What makes a shard one of another run, and what does not. */
static const struct {
    const char *sql;
    int n_runs;
    const char
        *why; /* it is kept apart and this is told; NULL: a type of machine, or the same run */
} changes[] = {
    {"UPDATE fact SET value = 'four cores' WHERE key = 'cpu_model'", 2, NULL},
    {"UPDATE fact SET value = '1001000000' WHERE key = 'memory_bytes'", 1, NULL},
    {"UPDATE fact SET value = '2000000000' WHERE key = 'memory_bytes'", 2, NULL},
    {"UPDATE trial SET build_id = 'other' WHERE subject = 0", 2, NULL},
    {"UPDATE run SET manifest = '{\"seed\": 8}'", 2, "seed"},
    {"UPDATE run SET program_version = '0.2.0'", 2, "version"},
    {"UPDATE subject SET name = 'mine' WHERE ordinal = 1", 2, "allocators"},
    {"UPDATE cell SET threads = 3 WHERE ordinal = 1", 2, "workloads"},
    {"UPDATE cell SET peak_live_bytes = 3 WHERE ordinal = 0", 2, "not the same work"},
};

static void check_change(unsigned i)
{
    struct files x;
    files_init(&x);
    make_shard(x.shard[0], 0, 100);
    make_shard(x.shard[1], 1, 100);
    ask(x.shard[1], changes[i].sql);
    merge_one(&x, x.shard[0]);
    struct merge_added added = merge_one(&x, x.shard[1]);
    ck_assert_msg(!added.is_left_out, "%s: %s", changes[i].sql, added.why);
    ck_assert_msg(ask(x.f.path, "SELECT count(*) FROM run") == changes[i].n_runs, "%s",
                  changes[i].sql);
    ck_assert_msg(added.is_apart == (changes[i].why != NULL), "%s", changes[i].sql);
    if (changes[i].why)
        ck_assert_msg(strstr(added.why, changes[i].why) != NULL, "%s", added.why);
    fixture_release(&x.f);
}

START_TEST(what_differs_is_not_mixed)
{
    for (unsigned i = 0; i < ARRAY_SIZE(changes); i++)
        check_change(i);
}
END_TEST

/* What no shard can hold. */
static const char *const damages[] = {
    "UPDATE trial SET block = 1 WHERE block = 0",
    "UPDATE trial SET block = 99 WHERE block = 3",
    "UPDATE shard SET finished_s = NULL",
    "DELETE FROM shard",
    "UPDATE shard SET ordinal = 3",
    "UPDATE run SET n_shards = 4000000000",
    "UPDATE trial SET status = 'splendid' WHERE id = 2",
    "UPDATE series SET data = x'1234' WHERE trial = 3",
    "UPDATE trial SET cell = 77 WHERE id = 2",
    "UPDATE mark SET kind = 'splendid'",
    "ALTER TABLE trial DROP COLUMN steal_ns",
    "DROP TABLE statistic",
};

static void check_damage(const char *damage)
{
    struct files x;
    files_init(&x);
    make_shard(x.shard[0], 0, 100);
    make_shard(x.shard[1], 1, 100);
    ask(x.shard[0], damage);
    merge_one(&x, x.shard[1]);
    struct merge_added added = merge_one(&x, x.shard[0]);
    ck_assert_msg(added.is_left_out, "%s was taken", damage);
    ck_assert_uint_gt(strlen(added.why), 10);
    ck_assert_int_eq(ask(x.f.path, "SELECT count(*) FROM trial"), 2 * 6);
    ck_assert_int_eq(ask(x.f.path, "SELECT count(*) FROM shard"), 1);
    fixture_release(&x.f);
}

START_TEST(damage_is_left_out_and_leaves_no_trace)
{
    for (unsigned i = 0; i < ARRAY_SIZE(damages); i++)
        check_damage(damages[i]);
}
END_TEST

START_TEST(other_runs_keep_their_names_and_come_once)
{
    struct files x;
    files_init(&x);
    struct store *s = fixture_open(&x.f, STORE_WRITE);
    fixture_begin(&x.f, s);
    int64_t second = fixture_begin(&x.f, s); /* in the same second: it is called -2 */
    fixture_add(&x.f, s, second, (struct store_place){.block = 4});
    ck_assert_int_eq(store_add_fact(s, second, &(struct store_fact){"load_average", "9"}, &x.f.err),
                     0);
    store_close(s);
    ck_assert_int_eq(rename(x.f.path, x.other), 0);
    for (unsigned i = 0; i < 2; i++) {
        struct merge_added added = merge_one(&x, x.other);
        ck_assert_msg(!added.is_left_out, "%s", added.why);
        ck_assert_uint_eq(added.n_trials, i == 0);
        ck_assert_int_eq(ask(x.f.path, "SELECT count(*) FROM run"), 2);
        ck_assert_int_eq(ask(x.f.path, "SELECT count(*) FROM run r JOIN trial t ON t.run = r.id "
                                       "WHERE name = '20261120-231455-2'"),
                         1);
    }
    fixture_release(&x.f);
}
END_TEST

START_TEST(what_is_stopped_or_fails_leaves_the_file_as_it_was)
{
    struct files x;
    struct merge *m;
    struct merge_added added;
    volatile sig_atomic_t stop = 0;
    files_init(&x);
    make_shard(x.shard[0], 0, 100);
    make_shard(x.shard[1], 1, 100);
    merge_one(&x, x.shard[0]);
    ck_assert_int_eq(merge_open(x.f.path, &stop, &m, &x.f.err), 0);
    stop = 1;
    ck_assert_int_eq(merge_add(m, x.shard[1], &added, &x.f.err), -ECANCELED);
    merge_close(m);
    ck_assert_int_eq(ask(x.f.path, "SELECT count(*) FROM shard"), 1);

    /* Somebody else was quicker. */
    struct merge_added other;
    ck_assert_int_eq(merge_open(x.f.path, NULL, &m, &x.f.err), 0);
    ck_assert_int_eq(merge_add(m, x.shard[1], &added, &x.f.err), 0);
    other = merge_one(&x, x.shard[1]);
    ck_assert_uint_eq(other.n_new, 1);
    ck_assert_int_eq(merge_publish(m, &x.f.err), -EBUSY);
    merge_close(m);
    ck_assert_int_eq(ask(x.f.path, "SELECT count(*) FROM shard"), 2);
    fixture_release(&x.f);
}
END_TEST

START_TEST(a_file_of_its_own_is_new_and_one_file)
{
    struct files x;
    struct store *s;
    files_init(&x);
    make_shard(x.other, 0, 100);
    ck_assert_int_eq(store_open(x.other, STORE_NEW, &s, &x.f.err), -EEXIST);
    ck_assert_int_eq(ask(x.other, "SELECT count(*) FROM shard"), 1);
    char beside[140];
    static const char *const tails[] = {"-journal", "-wal", "-shm"};
    for (unsigned i = 0; i < ARRAY_SIZE(tails); i++) {
        snprintf(beside, sizeof(beside), "%s%s", x.other, tails[i]);
        ck_assert_int_ne(access(beside, F_OK), 0);
    }
    fixture_release(&x.f);
}
END_TEST

START_TEST(blocks_are_counted_by_shards)
{
    const struct store_shard held[] = {{.ordinal = 0}, {.ordinal = 2}};
    struct store_run run = {.n_blocks = 7};
    ck_assert_uint_eq(store_run_blocks(&run), 7);
    run.n_shards = 3;
    ck_assert_uint_eq(store_run_blocks(&run), 0);
    run.shards = held;
    run.n_held = 2; /* 0, 3, 6 and 2, 5 */
    ck_assert_uint_eq(store_run_blocks(&run), 5);
}
END_TEST

UNIT_MAIN("merge", shards_become_one_run_with_all_that_hangs_on_them,
          the_first_of_two_attempts_counts_whole, what_differs_is_not_mixed,
          damage_is_left_out_and_leaves_no_trace, other_runs_keep_their_names_and_come_once,
          what_is_stopped_or_fails_leaves_the_file_as_it_was, a_file_of_its_own_is_new_and_one_file,
          blocks_are_counted_by_shards)
