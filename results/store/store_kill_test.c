/* Several processes on one file, and processes that are killed in the middle. */
#include "store.h"

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "rng.h"
#include "store_fixture.h"

#define N_SAMPLES 200

static int add(struct store *s, int64_t run, uint32_t block, struct err *err)
{
    static struct trial_sample samples[N_SAMPLES];
    for (unsigned i = 0; i < N_SAMPLES; i++)
        samples[i] = (struct trial_sample){.t_ns = i, .ops = block, .rss_bytes = i * block};
    struct trial_result r = {.status = TRIAL_OK, .samples = samples, .n_samples = N_SAMPLES};
    struct store_place place = {.cell = 1, .block = block};
    return store_add_trial(s, run, &place, &r, err);
}

static int64_t number_of(const char *path, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *q;
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 10000);
    ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(q), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    sqlite3_close(db);
    return n;
}

static void check_whole(const char *path)
{
    ck_assert_int_eq(number_of(path, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    ck_assert_int_eq(
        number_of(path, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"),
        1);
    ck_assert_int_eq(number_of(path, "SELECT count(*) FROM trial AS t LEFT JOIN series AS s "
                                     "ON s.trial = t.id WHERE s.n_samples IS NOT 200"),
                     0);
    ck_assert_int_eq(number_of(path, "SELECT count(*) FROM run AS r WHERE "
                                     "(SELECT count(*) FROM cell WHERE run = r.id) <> 3"),
                     0);
}

enum { N_WRITERS = 3, N_RUNS = 4, N_TRIALS = 25 };

/* Exits with 0 or with the errno of what failed, said on stderr. */
static void write_runs(struct fixture *f)
{
    struct store *s;
    int result = store_open(f->path, STORE_WRITE, &s, &f->err);
    for (unsigned i = 0; i < N_RUNS && result == 0; i++) {
        int64_t run;
        result = store_run_begin(s, &fixture_run, &run, &f->err);
        for (uint32_t b = 0; b < N_TRIALS && result == 0; b++)
            result = add(s, run, b, &f->err);
        if (result == 0)
            result = store_run_finish(s, run, FIXTURE_START + 1, &f->err);
    }
    if (result < 0)
        fprintf(stderr, "%s\n", f->err.text);
    store_close(s);
    _exit(-result);
}

/* They start on a file that does not exist yet, and their runs begin in the same second. */
START_TEST(writers_at_once_do_not_disturb_each_other)
{
    struct fixture f;
    fixture_init(&f);
    for (unsigned i = 0; i < N_WRITERS; i++) {
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0)
            write_runs(&f);
    }
    for (unsigned i = 0; i < N_WRITERS; i++) {
        int status;
        ck_assert_int_gt(wait(&status), 0);
        ck_assert_int_eq(status, 0);
    }
    check_whole(f.path);
    ck_assert_int_eq(number_of(f.path, "SELECT count(DISTINCT name) FROM run"), N_WRITERS * N_RUNS);
    ck_assert_int_eq(number_of(f.path, "SELECT count(*) FROM trial"),
                     N_WRITERS * N_RUNS * N_TRIALS);
    fixture_release(&f);
}
END_TEST

/* Whoever is second must see the file before or after its tables are made, never between. */
START_TEST(a_new_file_can_be_made_by_several_at_once)
{
    enum { N_ROUNDS = 60, N_OPENERS = 4 };
    for (unsigned round = 0; round < N_ROUNDS; round++) {
        struct fixture f;
        fixture_init(&f);
        int go[2];
        ck_assert_int_eq(pipe(go), 0);
        for (unsigned i = 0; i < N_OPENERS; i++) {
            pid_t child = fork();
            ck_assert_int_ge(child, 0);
            if (child > 0)
                continue;
            char none;
            close(go[1]);
            if (read(go[0], &none, 1) < 0) /* ends for all when the parent closes its side */
                _exit(EIO);
            struct store *s;
            int result = store_open(f.path, STORE_WRITE, &s, &f.err);
            if (result < 0)
                fprintf(stderr, "round %u: %s\n", round, f.err.text);
            store_close(s);
            _exit(-result);
        }
        close(go[0]);
        close(go[1]);
        for (unsigned i = 0; i < N_OPENERS; i++) {
            int status;
            ck_assert_int_gt(wait(&status), 0);
            ck_assert_int_eq(status, 0);
        }
        fixture_release(&f);
    }
}
END_TEST

/* Two runners that go on with the same run: each trial is stored once, the other gets -EEXIST. */
START_TEST(two_runners_on_one_run_store_each_trial_once)
{
    struct fixture f;
    fixture_init(&f);
    struct store *s = fixture_open(&f, STORE_WRITE);
    int64_t run = fixture_begin(&f, s);
    store_close(s);
    for (unsigned i = 0; i < 2; i++) {
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child > 0)
            continue;
        int result = store_open(f.path, STORE_WRITE, &s, &f.err);
        for (uint32_t b = 0; b < 50 && result == 0; b++) {
            result = add(s, run, b, &f.err);
            result = result == -EEXIST ? 0 : result;
        }
        store_close(s);
        _exit(-result);
    }
    for (unsigned i = 0; i < 2; i++) {
        int status;
        ck_assert_int_gt(wait(&status), 0);
        ck_assert_int_eq(status, 0);
    }
    check_whole(f.path);
    ck_assert_int_eq(number_of(f.path, "SELECT count(*) FROM trial"), 50);
    fixture_release(&f);
}
END_TEST

/* Stores without end, and counts in shared memory what store_add_trial has promised to keep. */
static void write_until_killed(struct fixture *f, _Atomic uint32_t *n_promised, unsigned round)
{
    struct store *s;
    int64_t run;
    int result = store_open(f->path, STORE_WRITE, &s, &f->err);
    if (result == 0)
        result = store_run_begin(s, &fixture_run, &run, &f->err);
    for (uint32_t b = 0; result == 0 && b < STORE_BLOCKS_MAX; b++) {
        result = add(s, run, b, &f->err);
        if (result == 0)
            atomic_fetch_add(n_promised, 1);
    }
    fprintf(stderr, "round %u: %s\n", round, f->err.text);
    _exit(1);
}

static void sleep_at_most(uint64_t ns, struct rng *rng)
{
    struct timespec pause = {.tv_nsec = (long)rng_below(rng, ns)};
    nanosleep(&pause, NULL);
}

START_TEST(a_killed_writer_loses_at_most_the_trial_in_flight)
{
    enum { N_ROUNDS = 25 };
    struct fixture f;
    fixture_init(&f);
    _Atomic uint32_t *n_promised =
        mmap(NULL, sizeof(*n_promised), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne((void *)n_promised, MAP_FAILED);
    struct rng rng;
    rng_seed(&rng, 5);
    for (unsigned i = 0; i < N_ROUNDS; i++) {
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0)
            write_until_killed(&f, n_promised, i);
        /* Every other one is killed on its way to its first trial, the others after some. */
        uint32_t wanted = *n_promised + (i % 2 ? 1 + (uint32_t)rng_below(&rng, 20) : 0);
        while (*n_promised < wanted)
            sleep_at_most(1000 * 1000, &rng);
        sleep_at_most(10 * 1000 * 1000, &rng);
        kill(child, SIGKILL);
        int status;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert(WIFSIGNALED(status));
        if (access(f.path, F_OK) != 0 || number_of(f.path, "PRAGMA user_version") == 0)
            continue; /* killed before the tables stood: the next round makes them */
        check_whole(f.path);
        int64_t n_stored = number_of(f.path, "SELECT count(*) FROM trial");
        ck_assert_int_ge(n_stored, *n_promised);
        ck_assert_int_le(n_stored, *n_promised + i + 1); /* one in flight in each round */
    }
    ck_assert_uint_gt(*n_promised, 0);
    store_close(fixture_open(&f, STORE_READ));
    fixture_release(&f);
}
END_TEST

UNIT_MAIN("store_kill", writers_at_once_do_not_disturb_each_other,
          a_new_file_can_be_made_by_several_at_once, two_runners_on_one_run_store_each_trial_once,
          a_killed_writer_loses_at_most_the_trial_in_flight)
