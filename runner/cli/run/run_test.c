/* The parts of the command line that decide something by themselves. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ledger.h"
#include "limit.h"
#include "order.h"
#include "progress.h"
#include "recorded.h"
#include "unit.h"
#include "words.h"

enum { BLOCKS = 5, CELLS = 3, SUBJECTS = 4 };

static struct err err;
static const struct ledger_size size = {
    .n_blocks = BLOCKS, .n_cells = CELLS, .n_subjects = SUBJECTS, .budget_ns = 1000};

/* --- ledger --- */

static void note(struct ledger *l, uint32_t cell, uint32_t subject, uint32_t block,
                 enum trial_status status)
{
    struct store_place place = {.cell = cell, .subject = subject, .block = block};
    struct trial_result r = {.status = status};
    ledger_note(l, &place, &r);
}

static unsigned n_open(const struct ledger *l, uint32_t cell, uint32_t subject)
{
    unsigned n = 0;
    for (uint32_t b = 0; b < BLOCKS; b++) {
        struct store_place place = {.cell = cell, .subject = subject, .block = b};
        n += ledger_is_open(l, &place);
    }
    return n;
}

static void spend(struct ledger *l, uint32_t subject, uint32_t block, uint64_t ns)
{
    struct store_place place = {.cell = 1, .subject = subject, .block = block};
    struct trial_result r = {.status = TRIAL_OK, .wall_ns = ns};
    ledger_note(l, &place, &r);
}

START_TEST(what_has_used_up_its_budget_is_repeated_no_more_but_the_baseline)
{
    struct ledger l;
    ck_assert_int_eq(ledger_init(&l, &size, &err), 0);
    spend(&l, 2, 0, 600);
    ck_assert_uint_eq(n_open(&l, 1, 2), BLOCKS - 1);
    spend(&l, 2, 1, 400);
    ck_assert_uint_eq(n_open(&l, 1, 2), 0);
    ck_assert_uint_eq(n_open(&l, 0, 2), BLOCKS);
    ck_assert_uint_eq(n_open(&l, 1, 3), BLOCKS);
    spend(&l, 0, 0, 5000);
    ck_assert_uint_eq(n_open(&l, 1, 0), BLOCKS - 1);
    ledger_release(&l);

    struct ledger_size unbounded = size;
    unbounded.budget_ns = 0;
    ck_assert_int_eq(ledger_init(&l, &unbounded, &err), 0);
    spend(&l, 2, 0, UINT64_MAX / 2);
    ck_assert_uint_eq(n_open(&l, 1, 2), BLOCKS - 1);
    ledger_release(&l);
}
END_TEST

START_TEST(two_hangs_are_enough_and_the_order_does_not_matter)
{
    struct ledger l;
    ck_assert_int_eq(ledger_init(&l, &size, &err), 0);
    ck_assert_uint_eq(ledger_n_open(&l), BLOCKS * CELLS * SUBJECTS);
    note(&l, 1, 2, 4, TRIAL_HUNG);
    ck_assert_uint_eq(n_open(&l, 1, 2), BLOCKS - 1);
    note(&l, 1, 2, 0, TRIAL_OK);
    note(&l, 1, 3, 0, TRIAL_HUNG); /* another subject's */
    note(&l, 1, 2, 1, TRIAL_HUNG);
    ck_assert_uint_eq(n_open(&l, 1, 2), 0);
    ck_assert_uint_eq(n_open(&l, 1, 3), BLOCKS - 1);
    ck_assert_uint_eq(n_open(&l, 0, 2), BLOCKS);
    ck_assert_uint_eq(l.n_done, 4);
    ck_assert_uint_eq(l.n_given_up, 2);
    ck_assert_uint_eq(ledger_n_open(&l), BLOCKS * CELLS * SUBJECTS - 6);
    note(&l, 1, 2, 2, TRIAL_HUNG); /* another runner did it all the same */
    note(&l, 1, 2, 2, TRIAL_HUNG);
    ck_assert_uint_eq(l.n_done, 5);
    ck_assert_uint_eq(l.n_given_up, 1);
    ledger_release(&l);
}
END_TEST

START_TEST(not_the_subject_once_is_enough_and_a_crash_never)
{
    struct ledger l;
    ck_assert_int_eq(ledger_init(&l, &size, &err), 0);
    note(&l, 0, 0, 2, TRIAL_NOT_SUBJECT);
    ck_assert_uint_eq(n_open(&l, 0, 0), 0);
    for (uint32_t b = 0; b + 1 < BLOCKS; b++)
        note(&l, 0, 1, b, TRIAL_CRASHED);
    ck_assert_uint_eq(n_open(&l, 0, 1), 1);
    struct store_place outside = {.cell = CELLS};
    ck_assert(!ledger_knows(&l, &outside));
    ledger_release(&l);
}
END_TEST

static struct trial_result good(const char *path, const char *build_id, const char *version)
{
    struct trial_result r = {.status = TRIAL_OK, .wall_ns = 7};
    strcpy(r.malloc_path, path);
    strcpy(r.build_id, build_id);
    strcpy(r.version, version);
    return r;
}

START_TEST(a_subject_stays_who_it_was)
{
    const struct trial_result others[] = {good("/lib/b.so", "01", "1"),
                                          good("/lib/a.so", "02", "1"), good("/lib/a.so", "", "1"),
                                          good("/lib/a.so", "01", "2")};
    struct trial_result first = good("/lib/a.so", "01", "1"), same = first;
    struct store_place place = {.subject = 1};
    struct ledger l;
    ck_assert_int_eq(ledger_init(&l, &size, &err), 0);
    note(&l, 0, 1, 1, TRIAL_CRASHED); /* proves nothing */
    ledger_prove(&l, 1, &first);
    ck_assert_int_eq(first.status, TRIAL_OK);
    ledger_note(&l, &place, &first);
    ledger_prove(&l, 1, &same);
    ck_assert_int_eq(same.status, TRIAL_OK);
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        struct trial_result r = others[i];
        ledger_prove(&l, 1, &r);
        ck_assert_int_eq(r.status, TRIAL_NOT_SUBJECT);
        r = others[i];
        ledger_prove(&l, 2, &r); /* another subject, not known yet */
        ck_assert_int_eq(r.status, TRIAL_OK);
    }
    struct trial_result rebuilt = others[1];
    ledger_prove(&l, 1, &rebuilt);
    ck_assert_ptr_nonnull(strstr(rebuilt.message, "build id was '01' and is '02' now"));
    ledger_release(&l);
}
END_TEST

/* --- order --- */

START_TEST(a_block_is_a_permutation_cell_by_cell)
{
    uint32_t order[CELLS * SUBJECTS], again[CELLS * SUBJECTS];
    unsigned firsts[CELLS] = {0}, leads[SUBJECTS] = {0};
    for (uint32_t block = 0; block < 300; block++) {
        unsigned seen = 0;
        order_block(order, CELLS, SUBJECTS, 1, block);
        order_block(again, CELLS, SUBJECTS, 1, block);
        ck_assert_mem_eq(order, again, sizeof(order));
        for (uint32_t i = 0; i < CELLS * SUBJECTS; i++) {
            seen |= 1u << order[i];
            ck_assert_uint_eq(order[i] / SUBJECTS, order[i - i % SUBJECTS] / SUBJECTS);
        }
        ck_assert_uint_eq(seen, (1u << CELLS * SUBJECTS) - 1);
        firsts[order[0] / SUBJECTS]++;
        leads[order[SUBJECTS] % SUBJECTS]++;
    }
    for (unsigned i = 0; i < CELLS; i++) /* 100 wanted; 8 is a standard deviation */
        ck_assert(firsts[i] > 60 && firsts[i] < 140);
    for (unsigned i = 0; i < SUBJECTS; i++) /* 75 wanted */
        ck_assert(leads[i] > 40 && leads[i] < 110);
}
END_TEST

START_TEST(the_seed_changes_the_order)
{
    uint32_t a[20 * SUBJECTS], b[20 * SUBJECTS];
    order_block(a, 20, SUBJECTS, 1, 0);
    order_block(b, 20, SUBJECTS, 2, 0);
    ck_assert_mem_ne(a, b, sizeof(a));
}
END_TEST

/* --- limit --- */

START_TEST(the_limit_grows_with_words_and_bytes)
{
    struct run_config config = {.seconds = 0.1, .touch = TOUCH_LINE};
    struct plan plan = {0};
    uint64_t least = limit_of_trial(&config, &plan);
    ck_assert_uint_ge(least, 10000000000);
    plan.n_ops = 1000000;
    ck_assert_uint_ge(limit_of_trial(&config, &plan), least + 1000000000);
    plan.n_ops = 0;
    plan.facts.bytes = 160 * GIB; /* takes 10 s of page faults where one costs 0.25 us */
    ck_assert_uint_ge(limit_of_trial(&config, &plan), least + 100000000000);
    uint64_t lines = limit_of_trial(&config, &plan);
    config.touch = TOUCH_ALL;
    ck_assert_uint_gt(limit_of_trial(&config, &plan), lines);
}
END_TEST

START_TEST(no_plan_makes_the_limit_overflow)
{
    struct run_config config = {.seconds = RUN_SECONDS_MAX, .touch = TOUCH_ALL};
    struct plan plan = {.n_ops = UINT64_MAX, .facts.bytes = UINT64_MAX};
    ck_assert_uint_ge(limit_of_trial(&config, &plan), (uint64_t)(RUN_SECONDS_MAX * 1e9));
    ck_assert_uint_lt(limit_of_trial(&config, &plan), (uint64_t)INT64_MAX);
    config.limit_s = 0.3;
    ck_assert_uint_eq(limit_of_trial(&config, &plan), 300000000);
}
END_TEST

/* --- progress --- */

START_TEST(lines_are_cut_at_whole_characters)
{
    static const struct {
        const char *line, *cut;
        unsigned columns;
    } cases[] = {{"abcdef", "abc", 3},
                 {"abc", "abc", 3},
                 {"abc", "abc", 80},
                 {"abc", "", 0},
                 {"a\xc3\xa4z", "a\xc3\xa4", 2},
                 {"\xe2\x82\xacx", "\xe2\x82\xac", 1}};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char line[16];
        strcpy(line, cases[i].line);
        progress_cut(line, cases[i].columns);
        ck_assert_str_eq(line, cases[i].cut);
    }
}
END_TEST

/* --- words --- */

static int collect(void *context, const char *word, struct err *unused)
{
    (void)unused;
    strcat(strcat(context, word), "|");
    return 0;
}

START_TEST(lists_go_by_commas_or_by_newlines)
{
    static const struct {
        const char *list, *words; /* NULL: refused */
    } cases[] = {{"a,b", "a|b|"}, {"a,b\n", "a,b|"}, {"a,b\nc\n", "a,b|c|"}, {"a,b\nc", "a,b|c|"},
                 {"", NULL},      {"a,,b", NULL},    {"\n", NULL},           {"a\n\nb\n", NULL}};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char words[32] = "";
        int rc = words_each(cases[i].list, "things", collect, words, &err);
        ck_assert_int_eq(rc, cases[i].words ? 0 : -EINVAL);
        if (cases[i].words)
            ck_assert_str_eq(words, cases[i].words);
    }
}
END_TEST

START_TEST(appended_words_are_read_back)
{
    char *list = NULL, words[32] = "";
    ck_assert_int_eq(words_append(&list, "a,b", &err), 0);
    ck_assert_int_eq(words_append(&list, "c", &err), 0);
    ck_assert_int_eq(words_each(list, "things", collect, words, &err), 0);
    ck_assert_str_eq(words, "a,b|c|");
    free(list);
}
END_TEST

START_TEST(texts_that_cannot_be_stored_are_refused)
{
    static const char *const good_texts[] = {
        "", "a.trace", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"};
    static const char *const bad_texts[] = {
        "\xff",         "a\xc3",         "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
        "\xf4\x90\x80", "\xf0\x9f\x98 ", "a\nb",     "\x1b[31m",     "\x7f"};
    for (size_t i = 0; i < ARRAY_SIZE(good_texts); i++)
        ck_assert_int_eq(words_check_text(good_texts[i], "the file", &err), 0);
    for (size_t i = 0; i < ARRAY_SIZE(bad_texts); i++)
        ck_assert_int_eq(words_check_text(bad_texts[i], "the file", &err), -EINVAL);
    ck_assert_int_eq(words_check_text("x\xffy\tz", "the file", &err), -EINVAL);
    ck_assert_ptr_nonnull(strstr(err.text, "the file 'x?y?z'"));
    char *longest = malloc(5000);
    memset(longest, 0xff, 4999);
    longest[4999] = '\0';
    ck_assert_int_eq(words_check_text(longest, "the file", &err), -EINVAL);
    free(longest);
}
END_TEST

START_TEST(ways_of_replay_are_read_back)
{
    static const struct {
        const char *option, *word, *canonical;
    } good[] = {
        {"none", "pace=none", ""},
        {"none", "copies=2:pace=order", "pace=order:copies=2"},
        {"order", "copies=1", "pace=order"},
        {"time:0.5", "copies=3", "pace=time:scale=0.5:copies=3"},
        {"time:0.5", "pace=none", ""}, /* the scale goes with it */
        {"time", "scale=1.25", "pace=time:scale=1.25"},
        {"order", "pace=time:scale=0", "pace=time:scale=0"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        struct recorded_spec spec, again;
        char text[128];
        recorded_preset(&spec);
        ck_assert_int_eq(recorded_parse_pace(&spec, good[i].option, &err), 0);
        ck_assert_msg(recorded_parse(&spec, good[i].word, &err) == 0, "%s", err.text);
        recorded_format(&spec, text, sizeof(text));
        ck_assert_str_eq(text, good[i].canonical);
        recorded_preset(&again);
        if (*text)
            ck_assert_int_eq(recorded_parse(&again, text, &err), 0);
        ck_assert_mem_eq(&spec, &again, sizeof(spec));
    }
}
END_TEST

START_TEST(shards_have_all_blocks_between_them_and_none_twice)
{
    for (uint32_t n = 1; n <= BLOCKS; n++) {
        unsigned had[BLOCKS] = {0};
        for (uint32_t i = 0; i < n; i++) {
            struct ledger_size part = size;
            struct ledger l;
            part.shard = (struct shard){i, n};
            ck_assert_int_eq(ledger_init(&l, &part, &err), 0);
            uint64_t n_trials = 0;
            for (uint32_t b = 0; b < BLOCKS; b++) {
                struct store_place place = {.block = b};
                had[b] += ledger_is_open(&l, &place);
                n_trials += ledger_is_open(&l, &place) ? CELLS * SUBJECTS : 0;
                ck_assert(ledger_is_open(&l, &place) == ledger_knows(&l, &place));
            }
            ck_assert_uint_eq(l.n_trials, n_trials);
            ck_assert_uint_eq(ledger_n_open(&l), n_trials);
            ledger_release(&l);
        }
        for (uint32_t b = 0; b < BLOCKS; b++)
            ck_assert_uint_eq(had[b], 1);
    }
}
END_TEST

START_TEST(shards_are_named_from_0)
{
    static const char *const bad[] = {"",
                                      "/",
                                      "1",
                                      "1/",
                                      "/2",
                                      "2/2",
                                      "3/2",
                                      "-1/2",
                                      "0/0",
                                      "1/-2",
                                      "1/2/3",
                                      "a/2",
                                      "1/b",
                                      " 1/2",
                                      "1 / 2",
                                      "1/2 ",
                                      "4294967296/4294967297"};
    struct shard shard = {0};
    ck_assert_int_eq(shard_parse("3/8", &shard, &err), 0);
    ck_assert_uint_eq(shard.index, 3);
    ck_assert_uint_eq(shard.n, 8);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        ck_assert_msg(shard_parse(bad[i], &shard, &err) < 0, "'%s' was taken", bad[i]);
}
END_TEST

UNIT_MAIN("cli", shards_have_all_blocks_between_them_and_none_twice, shards_are_named_from_0,
          ways_of_replay_are_read_back, two_hangs_are_enough_and_the_order_does_not_matter,
          what_has_used_up_its_budget_is_repeated_no_more_but_the_baseline,
          not_the_subject_once_is_enough_and_a_crash_never, a_subject_stays_who_it_was,
          a_block_is_a_permutation_cell_by_cell, the_seed_changes_the_order,
          the_limit_grows_with_words_and_bytes, no_plan_makes_the_limit_overflow,
          lines_are_cut_at_whole_characters, lists_go_by_commas_or_by_newlines,
          appended_words_are_read_back, texts_that_cannot_be_stored_are_refused)
