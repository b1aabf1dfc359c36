/* Surveys: they come back as they were, and what cannot be is refused both ways. */
#include "store_survey.h"

#include <errno.h>
#include <sqlite3.h>

#include "store_fixture.h"

enum { N_MARKS = 4, N_REGIONS = 5, N_LATENCIES = 2 };

struct made {
    struct trial_result result;
    struct survey survey;
    struct survey_mark marks[N_MARKS];
    struct survey_region regions[N_REGIONS];
    struct survey_latency latencies[N_LATENCIES];
};

static void make_marks(struct made *m)
{
    static const uint32_t kinds[N_MARKS] = {SURVEY_STEP, SURVEY_PHASE, SURVEY_DRAINED,
                                            SURVEY_IDLE_1S};
    uint64_t value = 1;
    for (unsigned i = 0; i < N_MARKS; i++) {
        m->marks[i].kind = kinds[i];
        for (const struct store_number *n = store_mark_numbers; n->name; n++)
            *(uint64_t *)((char *)&m->marks[i] + n->offset) = value++;
        m->marks[i].empty_bytes = m->marks[i].shared_lines = 0;
    }
    m->marks[1].phase = 7;
    m->marks[1].held_bytes = m->marks[2].pages[16] = SURVEY_UNKNOWN;
    m->marks[0].n_regions = 2;
    m->marks[2].first_region = 2;
    m->marks[2].n_regions = 3;
    static const uint64_t addresses[N_REGIONS] = {4096, 1ul << 47, 65536, 131072, 1ul << 40};
    for (unsigned i = 0; i < N_REGIONS; i++)
        m->regions[i] = (struct survey_region){.address = addresses[i],
                                               .n_pages = i < 2 ? 1 : 16,
                                               .resident_pages = 1,
                                               .live_bytes = 1000 + i};
}

static void make(struct made *m)
{
    memset(m, 0, sizeof(*m));
    m->result.status = TRIAL_CRASHED;
    m->result.signal = 6;
    m->result.wall_ns = 123;
    m->result.steal_ns = UINT64_MAX;
    strcpy(m->result.message, "free(): invalid pointer");
    make_marks(m);
    for (unsigned i = 0; i < N_LATENCIES; i++) {
        struct survey_latency *l = &m->latencies[i];
        *l = (struct survey_latency){.kind = LATENCY_FREE,
                                     .size_class = 8,
                                     .is_remote = i,
                                     .has_faulted = 1,
                                     .n = LATENCY_BUCKETS * (uint64_t)(i + 1),
                                     .min_ns = i,
                                     .max_ns = 1ul << 40};
        for (unsigned k = 0; k < LATENCY_BUCKETS; k++)
            l->counts[k] = i + 1;
    }
    m->survey = (struct survey){.marks = m->marks,
                                .regions = m->regions,
                                .latencies = m->latencies,
                                .n_marks = N_MARKS,
                                .n_regions = N_REGIONS,
                                .n_latencies = N_LATENCIES,
                                .clock_ns = 21,
                                .latency_period = 64,
                                .purge = "malloc_trim(0)",
                                .held_source = "mallinfo2"};
}

/* A file with one run in it. */
struct open_fixture {
    struct fixture f;
    struct store *s;
    int64_t run;
};

static void begin(struct open_fixture *o)
{
    fixture_init(&o->f);
    o->s = fixture_open(&o->f, STORE_WRITE);
    o->run = fixture_begin(&o->f, o->s);
}

static void end(struct open_fixture *o)
{
    store_close(o->s);
    fixture_release(&o->f);
}

static void expect_equal(const struct survey *a, const struct survey *b)
{
    ck_assert_uint_eq(a->n_marks, b->n_marks);
    ck_assert_uint_eq(a->n_regions, b->n_regions);
    ck_assert_uint_eq(a->n_latencies, b->n_latencies);
    ck_assert_uint_eq(a->clock_ns, b->clock_ns);
    ck_assert_uint_eq(a->latency_period, b->latency_period);
    ck_assert_str_eq(a->purge, b->purge);
    ck_assert_str_eq(a->held_source, b->held_source);
    ck_assert_mem_eq(a->marks, b->marks, a->n_marks * sizeof(*a->marks));
    ck_assert_mem_eq(a->regions, b->regions, a->n_regions * sizeof(*a->regions));
    ck_assert_mem_eq(a->latencies, b->latencies, a->n_latencies * sizeof(*a->latencies));
}

struct seen {
    unsigned n;
    struct store_survey surveys[3];
};

static int see(void *context, const struct store_survey *survey, struct err *err)
{
    (void)err;
    struct seen *seen = context;
    ck_assert_uint_lt(seen->n, 3);
    seen->surveys[seen->n++] = *survey;
    return 0;
}

START_TEST(a_survey_comes_back_as_it_was)
{
    struct open_fixture o;
    static struct made m;
    begin(&o);
    make(&m);
    ck_assert_int_eq(store_add_survey(o.s, o.run, 2, 1, &m.result, &m.survey, &o.f.err), 0);
    struct seen seen = {0};
    ck_assert_int_eq(store_each_survey(o.s, o.run, see, &seen, &o.f.err), 0);
    ck_assert_uint_eq(seen.n, 1);
    const struct store_survey *x = &seen.surveys[0];
    ck_assert_uint_eq(x->cell, 2);
    ck_assert_uint_eq(x->subject, 1);
    ck_assert_int_eq(x->result.status, TRIAL_CRASHED);
    ck_assert_int_eq(x->result.signal, 6);
    ck_assert_str_eq(x->result.message, m.result.message);
    for (const struct store_number *n = store_numbers; n->name; n++)
        ck_assert_uint_eq(store_number_of(&x->result, n), store_number_of(&m.result, n));
    ck_assert_uint_eq(x->n_marks, N_MARKS);
    ck_assert_uint_eq(x->n_latencies, N_LATENCIES);
    ck_assert_uint_eq(x->clock_ns, 21);
    ck_assert_uint_eq(x->latency_period, 64);
    ck_assert_str_eq(x->purge, "malloc_trim(0)");
    ck_assert_str_eq(x->held_source, "mallinfo2");

    struct survey loaded;
    ck_assert_msg(store_load_survey(o.s, x->id, &loaded, &o.f.err) == 0, "%s", o.f.err.text);
    expect_equal(&loaded, &m.survey);
    survey_release(&loaded);
    ck_assert_int_eq(store_load_survey(o.s, x->id + 1, &loaded, &o.f.err), -ENOENT);
    survey_release(&loaded);
    end(&o);
}
END_TEST

static int64_t count_nulls(const char *path, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *q;
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(q), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    sqlite3_close(db);
    return n;
}

START_TEST(what_is_unknown_is_null_in_the_file)
{
    struct open_fixture o;
    static struct made m;
    begin(&o);
    make(&m);
    ck_assert_int_eq(store_add_survey(o.s, o.run, 0, 0, &m.result, &m.survey, &o.f.err), 0);
    ck_assert_int_eq(count_nulls(o.f.path,
                                 "SELECT count(*) FROM mark WHERE held_bytes IS NULL AND kind = "
                                 "'phase' AND phase = 7"),
                     1);
    ck_assert_int_eq(count_nulls(o.f.path, "SELECT count(*) FROM mark WHERE pages_16 IS NULL"), 1);
    ck_assert_int_eq(count_nulls(o.f.path, "SELECT count(*) FROM mark WHERE usable_bytes IS NULL"),
                     0);
    end(&o);
}
END_TEST

/* A field that struct survey_mark gets and the store does not would be lost in silence. */
START_TEST(every_number_of_a_mark_is_stored)
{
    struct survey_mark m = {0};
    for (const struct store_number *n = store_mark_numbers; n->name; n++)
        *(uint64_t *)((char *)&m + n->offset) = UINT64_MAX;
    for (size_t i = offsetof(struct survey_mark, t_ns);
         i < offsetof(struct survey_mark, first_region); i++)
        ck_assert_msg(((char *)&m)[i] == (char)0xff, "byte %zu of a mark is not stored", i);
}
END_TEST

START_TEST(a_survey_that_found_nothing_is_stored_too)
{
    struct open_fixture o;
    begin(&o);
    struct trial_result hung = {.status = TRIAL_HUNG, .message = "no end after 9 s"};
    ck_assert_int_eq(store_add_survey(o.s, o.run, 1, 0, &hung, NULL, &o.f.err), 0);
    struct seen seen = {0};
    ck_assert_int_eq(store_each_survey(o.s, o.run, see, &seen, &o.f.err), 0);
    ck_assert_int_eq(seen.surveys[0].result.status, TRIAL_HUNG);
    ck_assert_uint_eq(seen.surveys[0].clock_ns, SURVEY_UNKNOWN);
    struct survey loaded;
    ck_assert_int_eq(store_load_survey(o.s, seen.surveys[0].id, &loaded, &o.f.err), 0);
    ck_assert_uint_eq(loaded.n_marks + loaded.n_regions + loaded.n_latencies, 0);
    survey_release(&loaded);
    end(&o);
}
END_TEST

static int see_done(void *context, uint32_t cell, uint32_t subject, struct err *err)
{
    (void)err;
    *(unsigned *)context += 1 + 10 * cell + 100 * subject;
    return 0;
}

START_TEST(each_cell_and_subject_has_one_survey)
{
    struct open_fixture o;
    static struct made m;
    begin(&o);
    make(&m);
    ck_assert_int_eq(store_add_survey(o.s, o.run, 2, 1, &m.result, &m.survey, &o.f.err), 0);
    ck_assert_int_eq(store_add_survey(o.s, o.run, 1, 0, &m.result, &m.survey, &o.f.err), 0);
    ck_assert_int_eq(store_add_survey(o.s, o.run, 2, 1, &m.result, &m.survey, &o.f.err), -EEXIST);
    ck_assert_ptr_nonnull(strstr(o.f.err.text, "cell 2 and subject 1"));
    ck_assert_int_eq(store_add_survey(o.s, o.run, 3, 0, &m.result, &m.survey, &o.f.err), -EINVAL);
    ck_assert_int_eq(store_add_survey(o.s, 9, 0, 0, &m.result, &m.survey, &o.f.err), -EINVAL);
    m.result.status = TRIAL_INTERRUPTED;
    ck_assert_int_eq(store_add_survey(o.s, o.run, 0, 0, &m.result, &m.survey, &o.f.err), -EINVAL);
    unsigned done = 0;
    ck_assert_int_eq(store_done_surveys(o.s, o.run, see_done, &done, &o.f.err), 0);
    ck_assert_uint_eq(done, 2 + 30 + 100);
    end(&o);
}
END_TEST

START_TEST(a_survey_that_cannot_be_leaves_nothing)
{
    struct open_fixture o;
    static struct made m;
    begin(&o);
    make(&m);
    m.marks[1].kind = SURVEY_MARK_KINDS;
    ck_assert_int_eq(store_add_survey(o.s, o.run, 0, 0, &m.result, &m.survey, &o.f.err), -EINVAL);
    unsigned done = 0;
    ck_assert_int_eq(store_done_surveys(o.s, o.run, see_done, &done, &o.f.err), 0);
    ck_assert_uint_eq(done, 0);
    end(&o);
}
END_TEST

static void execute(const char *path, const char *sql)
{
    sqlite3 *db;
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", sql,
                  sqlite3_errmsg(db));
    sqlite3_close(db);
}

static const char *const damages[] = {
    "UPDATE survey SET latency_period = -1",
    "UPDATE mark SET kind = 'noon' WHERE ordinal = 1",
    "UPDATE mark SET ordinal = 9 WHERE ordinal = 3",
    "UPDATE mark SET phase = -1 WHERE ordinal = 1",
    "UPDATE mark SET phase = 1 WHERE ordinal = 0",
    "UPDATE mark SET t_ns = 1 << 60 WHERE ordinal = 0",
    "UPDATE mark SET live_bytes = -5 WHERE ordinal = 1",
    "UPDATE mark SET empty_bytes = 1 << 60 WHERE ordinal = 2",
    "UPDATE mark SET shared_lines = used_lines + 1 WHERE ordinal = 2",
    "UPDATE mark SET kind = 'purged' WHERE ordinal = 2",
    "WITH RECURSIVE n(i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 200)"
    " INSERT INTO mark (survey, ordinal, kind, phase) SELECT 1, i, 'step', 0 FROM n",
    "UPDATE region SET mark = 77 WHERE mark = 2",
    "UPDATE region SET n_regions = 0 WHERE mark = 0",
    "UPDATE region SET n_regions = 3 WHERE mark = 0",
    "UPDATE region SET n_regions = -1 WHERE mark = 0",
    "UPDATE region SET n_regions = 1 << 31 WHERE mark = 0",
    "UPDATE region SET data = x'' WHERE mark = 0",
    "UPDATE region SET data = x'28b52ffd2030' WHERE mark = 0",
    /* A frame of the right length that holds zeros only: pages that are no power of two. */
    "UPDATE region SET data = x'28b52ffd203045000010000001009b000b' WHERE mark = 0",
    "UPDATE latency SET kind = 'mmap' WHERE ordinal = 0",
    "UPDATE latency SET size_class = 9 WHERE ordinal = 0",
    "UPDATE latency SET size_class = -1 WHERE ordinal = 0",
    "UPDATE latency SET is_remote = 2 WHERE ordinal = 0",
    "UPDATE latency SET is_remote = 0 WHERE ordinal = 1",
    "UPDATE latency SET has_faulted = 5000000000 WHERE ordinal = 0",
    "UPDATE latency SET n = n + 1 WHERE ordinal = 1",
    "UPDATE latency SET min_ns = max_ns + 1 WHERE ordinal = 1",
    "UPDATE latency SET data = x'00' WHERE ordinal = 1",
    "UPDATE latency SET data = (SELECT data FROM region WHERE mark = 2) WHERE ordinal = 1",
    "WITH RECURSIVE n(i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 400)"
    " INSERT INTO latency SELECT 1, i, 'free', 0, 0, 0, n, 0, 1, data FROM n, latency WHERE ordinal = 0",
};

/* Each gives one clear line that names the file, whatever it is. */
START_TEST(damaged_surveys_are_refused)
{
    for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
        struct open_fixture o;
        static struct made m;
        begin(&o);
        make(&m);
        ck_assert_int_eq(store_add_survey(o.s, o.run, 0, 0, &m.result, &m.survey, &o.f.err), 0);
        execute(o.f.path, damages[i]);
        struct survey loaded;
        int result = store_load_survey(o.s, 1, &loaded, &o.f.err);
        ck_assert_msg(result == -EINVAL, "%s: %d %s", damages[i], result, o.f.err.text);
        ck_assert_msg(strstr(o.f.err.text, "is damaged") && strstr(o.f.err.text, o.f.path), "%s",
                      o.f.err.text);
        ck_assert_ptr_null(strchr(o.f.err.text, '\n'));
        survey_release(&loaded);
        end(&o);
    }
}
END_TEST

START_TEST(a_damaged_head_of_a_survey_is_refused)
{
    static const char *const heads[] = {
        "UPDATE survey SET status = 'exploded'",
        "UPDATE survey SET cell = -1",
        "UPDATE survey SET subject = 1 << 40",
        "UPDATE survey SET latency_period = -1",
    };
    for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
        struct open_fixture o;
        static struct made m;
        begin(&o);
        make(&m);
        ck_assert_int_eq(store_add_survey(o.s, o.run, 0, 0, &m.result, &m.survey, &o.f.err), 0);
        execute(o.f.path, heads[i]);
        struct seen seen = {0};
        ck_assert_int_eq(store_each_survey(o.s, o.run, see, &seen, &o.f.err), -EINVAL);
        ck_assert_uint_eq(seen.n, 0);
        end(&o);
    }
}
END_TEST

START_TEST(a_run_that_goes_takes_its_surveys_along)
{
    struct open_fixture o;
    static struct made m;
    begin(&o);
    make(&m);
    ck_assert_int_eq(store_add_survey(o.s, o.run, 0, 0, &m.result, &m.survey, &o.f.err), 0);
    execute(o.f.path, "PRAGMA foreign_keys = ON; DELETE FROM run");
    ck_assert_int_eq(count_nulls(o.f.path, "SELECT (SELECT count(*) FROM survey)"
                                           " + (SELECT count(*) FROM mark)"
                                           " + (SELECT count(*) FROM region)"
                                           " + (SELECT count(*) FROM latency)"),
                     0);
    end(&o);
}
END_TEST

UNIT_MAIN("store_survey", a_survey_comes_back_as_it_was, what_is_unknown_is_null_in_the_file,
          every_number_of_a_mark_is_stored, a_survey_that_found_nothing_is_stored_too,
          each_cell_and_subject_has_one_survey, a_survey_that_cannot_be_leaves_nothing,
          damaged_surveys_are_refused, a_damaged_head_of_a_survey_is_refused,
          a_run_that_goes_takes_its_surveys_along)
