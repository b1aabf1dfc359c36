#include "report.h"

#include <errno.h>
#include <jansson.h>

#include "statistics_block.h"
#include "store_fixture.h"
#include "tally.h"

static const struct store_subject subjects[] = {
    {.name = "glibc", .allocator = "glibc"},
    {.name = "own", .allocator = "own"},
    {.name = "own:top_pad=0", .allocator = "own", .setting = "top_pad=0"},
};
enum { GLIBC, OWN, OWN_PAD, N_SUBJECTS };

static const struct store_cell cells[] = {
    {.workload = "churn", .threads = 1},
    {.workload = "larson:size=\x1b[1m", .threads = 2},
};
enum { CHURN, LARSON, N_CELLS };

struct scene {
    struct fixture f;
    struct store *s;
    int64_t run;
    struct summary summary;
    size_t width; /* of tables; 0: any */
};

static void scene_init(struct scene *t)
{
    t->width = 0;
    struct store_run run = {.started_s = FIXTURE_START,
                            .program_version = "0.1.0",
                            .manifest = "{}",
                            .baseline = "glibc",
                            .seed = 7,
                            .n_blocks = 3,
                            .subjects = subjects,
                            .n_subjects = N_SUBJECTS,
                            .cells = cells,
                            .n_cells = N_CELLS};
    fixture_init(&t->f);
    t->s = fixture_open(&t->f, STORE_WRITE);
    ck_assert_int_eq(store_run_begin(t->s, &run, &t->run, &t->f.err), 0);
}

static void scene_release(struct scene *t)
{
    summary_release(&t->summary);
    store_close(t->s);
    fixture_release(&t->f);
}

static void add(struct scene *t, struct store_place place, struct trial_result r)
{
    r.wall_ns = r.calls = 1000;
    ck_assert_msg(store_add_trial(t->s, t->run, &place, &r, &t->f.err) == 0, "%s", t->f.err.text);
}

/* Block b: two arenas, the second half as large as the first; what is told grows with b. */
static void add_own(struct scene *t, uint32_t cell, uint32_t subject, uint32_t b)
{
    struct statistic rows[] = {
        {"mmap_threshold", STATISTIC_SETTING, 0, (128 + 4 * b) * KIB},
        {"top_pad", STATISTIC_SETTING, 0, subject == OWN ? 131072 : 0},
        {"mmap_max", STATISTIC_SETTING, 0, 65536},
        {"arenas_created", STATISTIC_PROCESS, 0, 2},
        {"bytes_held", STATISTIC_ARENA, 0, (uint64_t)(b + 1) * MIB},
        {"lock_waits", STATISTIC_ARENA, 0, 100 * b},
        {"bytes_held", STATISTIC_ARENA, 1, (uint64_t)(b + 1) * MIB / 2},
        {"lock_waits", STATISTIC_ARENA, 1, 1},
        {"only_with_pad", STATISTIC_PROCESS, 0, 1023},
    };
    struct trial_result r = {.status = TRIAL_OK,
                             .statistics = rows,
                             .n_statistics = ARRAY_SIZE(rows) - (subject == OWN)};
    r.statistics_lost = subject == OWN_PAD && b == 2;
    add(t, (struct store_place){cell, subject, b, subject}, r);
}

/* Larson is told by nobody; a trial that failed has numbers that do not count. */
static void fill(struct scene *t)
{
    static struct statistic wild[] = {{"arenas_created", STATISTIC_PROCESS, 0, UINT64_MAX}};
    for (uint32_t b = 0; b < 3; b++)
        for (uint32_t c = 0; c < N_CELLS; c++) {
            add(t, (struct store_place){c, GLIBC, b, GLIBC}, (struct trial_result){0});
            if (c == CHURN)
                add_own(t, c, OWN, b);
            if (c == CHURN)
                add_own(t, c, OWN_PAD, b);
        }
    add(t, (struct store_place){LARSON, OWN, 0, OWN},
        (struct trial_result){.status = TRIAL_NOT_SUBJECT, .statistics = wild, .n_statistics = 1});
}

static void summarise(struct scene *t)
{
    static const struct summary_options options;
    ck_assert_msg(summary_make(t->s, t->run, &options, &t->summary, &t->f.err) == 0, "%s",
                  t->f.err.text);
}

enum kind { TABLE, JSON, CSV };

static char *text_of(struct scene *t, enum kind kind)
{
    char *text = NULL;
    size_t n_bytes;
    FILE *out = open_memstream(&text, &n_bytes);
    struct report_look look = {.width = t->width};
    int rc = kind == TABLE ? report_statistics(out, t->s, &t->summary, &look, &t->f.err)
             : kind == CSV ? report_statistics_csv(out, t->s, &t->summary, &t->f.err)
                           : report_json(out, t->s, &t->summary,
                                         &(struct report_detail){.statistics = true}, &t->f.err);
    ck_assert_msg(rc == 0, "%s", t->f.err.text);
    fclose(out);
    return text;
}

/* clang-format off */
static const char golden[] =
    "\n"
    "Statistics: churn, 1 thread\n"
    "                own                           own:top_pad=0\n"
    "of the process\n"
    "arenas_created  2                             2\n"
    "only_with_pad   -                             1023\n"
    "of its arenas\n"
    "bytes_held      3.00M [1.50M, 4.50M] / 2.00M  3.00M [1.50M, 4.50M] / 2.00M\n"
    "lock_waits      101 [1, 201] / 100            101 [1, 201] / 100\n"
    "settings of own: mmap_threshold=128K..136K top_pad=128K mmap_max=65536\n"
    "settings of own:top_pad=0: mmap_threshold=128K..136K top_pad=0 mmap_max=65536\n"
    "\n"
    "Statistics: larson:size= [1m, 2 threads\n"
    "none: no trial that ended well told any\n"
    "\n"
    "statistics: what the allocator told of itself when all threads had ended; the median over trials [least, greatest], bytes in powers of 1024\n"
    "of its arenas: summed over them / the greatest in one\n"
    "-: not told by this allocator\n"
    "1 of 6 trials told more than the 16384 rows that are kept: their sums lack arenas\n";
/* clang-format on */

START_TEST(the_table_is_as_drawn)
{
    struct scene t;
    scene_init(&t);
    fill(&t);
    summarise(&t);
    char *text = text_of(&t, TABLE);
    ck_assert_str_eq(text, golden);
    free(text);
    scene_release(&t);
}
END_TEST

/* Each panel has the rows of its own allocators. */
START_TEST(a_narrow_table_has_panels)
{
    static const char panels[] = "                own\n"
                                 "of the process\n"
                                 "arenas_created  2\n"
                                 "of its arenas\n"
                                 "bytes_held      3.00M [1.50M, 4.50M] / 2.00M\n"
                                 "lock_waits      101 [1, 201] / 100\n"
                                 "\n"
                                 "                own:top_pad=0\n"
                                 "of the process\n"
                                 "arenas_created  2\n"
                                 "only_with_pad   1023\n";
    struct scene t;
    scene_init(&t);
    fill(&t);
    summarise(&t);
    for (t.width = 1; t.width < 200; t.width++) {
        char *text = text_of(&t, TABLE);
        ck_assert_int_eq(strstr(text, panels) != NULL, t.width < 74);
        ck_assert_int_eq(strstr(text, golden) == text, t.width >= 74);
        free(text);
    }
    scene_release(&t);
}
END_TEST

START_TEST(a_run_of_allocators_that_tell_nothing_says_so)
{
    struct scene t;
    scene_init(&t);
    add(&t, (struct store_place){CHURN, GLIBC, 0, 0}, (struct trial_result){0});
    summarise(&t);
    char *text = text_of(&t, TABLE), *csv = text_of(&t, CSV);
    ck_assert_str_eq(text, "\nStatistics: none; no allocator of this run tells any\n");
    ck_assert_str_eq(csv, "run,workload,threads,subject,block,status,kind,arena,name,value\n");
    free(text);
    free(csv);
    scene_release(&t);
}
END_TEST

/* It has no column, and what is not proved says so. */
START_TEST(an_allocator_that_shows_settings_only_has_a_line_of_them)
{
    static struct statistic rows[] = {{"dirty_decay_ms", STATISTIC_SETTING, 0, UINT64_MAX},
                                      {"mmap_max", STATISTIC_UNPROVED, 0, 65536}};
    struct scene t;
    scene_init(&t);
    add(&t, (struct store_place){CHURN, GLIBC, 0, 0},
        (struct trial_result){.statistics = rows, .n_statistics = ARRAY_SIZE(rows)});
    summarise(&t);
    char *text = text_of(&t, TABLE);
    ck_assert_msg(strstr(text,
                         "\nStatistics: churn, 1 thread\nsettings of glibc: dirty_decay_ms=-1 "
                         "mmap_max=65536 (not proved)\n") != NULL,
                  "%s", text);
    free(text);
    scene_release(&t);
}
END_TEST

START_TEST(sums_do_not_wrap_around)
{
    struct statistic rows[] = {{"bytes_held", STATISTIC_ARENA, 0, UINT64_MAX - 1},
                               {"bytes_held", STATISTIC_ARENA, 1, 7}};
    struct scene t;
    scene_init(&t);
    add(&t, (struct store_place){CHURN, OWN, 0, 0},
        (struct trial_result){.statistics = rows, .n_statistics = 2});
    summarise(&t);
    struct tally tally;
    ck_assert_int_eq(tally_read(&tally, t.s, &t.summary, &t.f.err), 0);
    const struct tally_line *line =
        tally_find(tally_entry(&tally, CHURN, OWN), STATISTIC_ARENA, "bytes_held");
    ck_assert_ptr_nonnull(line);
    ck_assert_uint_eq(line->values[0].sum, UINT64_MAX);
    ck_assert_uint_eq(line->values[0].most, UINT64_MAX - 1);
    ck_assert_uint_eq(line->most_arenas, 2);
    ck_assert_ptr_null(
        tally_find(tally_entry(&tally, CHURN, OWN), STATISTIC_PROCESS, "bytes_held"));
    ck_assert_ptr_null(tally_find(tally_entry(&tally, LARSON, OWN), STATISTIC_ARENA, "bytes_held"));
    tally_release(&tally);
    free(text_of(&t, TABLE));
    scene_release(&t);
}
END_TEST

START_TEST(csv_has_a_line_for_each_row)
{
    struct scene t;
    scene_init(&t);
    fill(&t);
    summarise(&t);
    char *text = text_of(&t, CSV);
    unsigned n_lines = 0;
    for (const char *p = text; *p; p++)
        n_lines += *p == '\n';
    ck_assert_uint_eq(n_lines, 1 + 3 * (8 + 9) + 1);
    ck_assert_ptr_nonnull(
        strstr(text, "\n20261120-231455,churn,1,own,2,ok,arena,1,bytes_held,1572864\n"));
    ck_assert_ptr_nonnull(strstr(text, "\n20261120-231455,churn,1,own:top_pad=0,0,ok,setting,0,"
                                       "top_pad,0\n"));
    ck_assert_ptr_nonnull(
        strstr(text, ",not the subject,process,0,arenas_created,18446744073709551615\n"));
    free(text);
    scene_release(&t);
}
END_TEST

START_TEST(json_has_the_rows_of_each_trial)
{
    struct scene t;
    scene_init(&t);
    fill(&t);
    summarise(&t);
    char *text = text_of(&t, JSON);
    json_t *root = json_loads(text, 0, NULL), *trials = json_object_get(root, "trials");
    json_t *of_glibc = json_object_get(json_array_get(trials, GLIBC), "statistics");
    json_t *of_own = NULL, *trial;
    size_t i;
    json_array_foreach(trials, i, trial)
    {
        if (json_integer_value(json_object_get(trial, "subject")) == OWN && !of_own)
            of_own = json_object_get(trial, "statistics");
    }
    ck_assert(json_is_array(of_glibc));
    ck_assert_uint_eq(json_array_size(of_own), 8);
    const char *kind, *name;
    int arena, value;
    ck_assert_int_eq(json_unpack(json_array_get(of_own, 6), "{s:s, s:i, s:s, s:i}", "kind", &kind,
                                 "arena", &arena, "name", &name, "value", &value),
                     0);
    ck_assert_str_eq(kind, "arena");
    ck_assert_str_eq(name, "bytes_held");
    ck_assert_int_eq(arena, 1);
    ck_assert_int_eq(value, MIB / 2);
    json_decref(root);
    free(text);
    scene_release(&t);
}
END_TEST

START_TEST(a_full_disk_is_an_error)
{
    struct scene t;
    scene_init(&t);
    fill(&t);
    summarise(&t);
    for (int csv = 0; csv < 2; csv++) {
        FILE *full = fopen("/dev/full", "w");
        ck_assert_ptr_nonnull(full);
        int rc = csv ? report_statistics_csv(full, t.s, &t.summary, &t.f.err)
                     : report_statistics(full, t.s, &t.summary, &(struct report_look){0}, &t.f.err);
        ck_assert_int_lt(rc, 0);
        fclose(full);
    }
    scene_release(&t);
}
END_TEST

UNIT_MAIN("report_statistics", the_table_is_as_drawn, a_narrow_table_has_panels,
          an_allocator_that_shows_settings_only_has_a_line_of_them, sums_do_not_wrap_around,
          a_run_of_allocators_that_tell_nothing_says_so, csv_has_a_line_for_each_row,
          json_has_the_rows_of_each_trial, a_full_disk_is_an_error)
