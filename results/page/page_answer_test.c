/* What the page says first, over runs whose answer is known. */
#include "page.h"

#include <jansson.h>
#include <string.h>

#include "store_fixture.h"

static const struct store_subject subjects[] = {
    {.name = "glibc", .allocator = "glibc"},
    {.name = "quick", .allocator = "custom"},
    {.name = "nearly", .allocator = "custom"},
    {.name = "null", .allocator = "null"},
};

static const struct store_cell cells[] = {
    {.workload = "nop", .threads = 1},
    {.workload = "churn", .threads = 1},
    {.workload = "larson", .threads = 2},
    {.workload = "ratchet", .threads = 2},
};

/* Throughput relative to glibc by cell and subject; 0 fails. */
typedef double speed_fn(uint32_t cell, uint32_t subject, uint32_t block);

struct answers {
    struct fixture f;
    char *page;
    json_t *data;
};

static void add_trials(struct answers *t, struct store *s, int64_t run, uint32_t n_blocks,
                       speed_fn *speed)
{
    for (uint32_t b = 0; b < n_blocks; b++)
        for (uint32_t c = 0; c < ARRAY_SIZE(cells); c++)
            for (uint32_t i = 0; i < ARRAY_SIZE(subjects); i++) {
                double x = speed(c, i, b);
                struct trial_result r = {.status = x > 0 ? TRIAL_OK : TRIAL_HUNG,
                                         .calls = 1000000,
                                         .wall_ns = x > 0 ? (uint64_t)(1e8 / x) : 1,
                                         .peak_bytes = 64 * MIB};
                struct store_place place = {c, i, b, c * 4 + i};
                ck_assert_int_eq(store_add_trial(s, run, &place, &r, &t->f.err), 0);
            }
}

static void write_page(struct answers *t, struct store *s, int64_t run)
{
    static const struct summary_options options;
    struct summary summary;
    size_t n_bytes;
    FILE *out = open_memstream(&t->page, &n_bytes);
    ck_assert_int_eq(summary_make(s, run, &options, &summary, &t->f.err), 0);
    ck_assert_int_eq(page_write(out, s, &summary, "arenabench run", &t->f.err), 0);
    fclose(out);
    summary_release(&summary);
    static const char mark[] = "id=\"data\">";
    const char *from = strstr(t->page, mark) + strlen(mark);
    t->data = json_loadb(from, (size_t)(strstr(from, "</script>") - from), 0, NULL);
    ck_assert_ptr_nonnull(t->data);
}

static void answers_init(struct answers *t, uint32_t n_blocks, speed_fn *speed)
{
    struct store_run run = {.started_s = FIXTURE_START,
                            .program_version = "0.1.0",
                            .manifest = "{}",
                            .baseline = "glibc",
                            .seed = 7,
                            .n_blocks = n_blocks,
                            .subjects = subjects,
                            .n_subjects = ARRAY_SIZE(subjects),
                            .cells = cells,
                            .n_cells = ARRAY_SIZE(cells)};
    int64_t id;
    fixture_init(&t->f);
    struct store *s = fixture_open(&t->f, STORE_WRITE);
    ck_assert_int_eq(store_run_begin(s, &run, &id, &t->f.err), 0);
    add_trials(t, s, id, n_blocks, speed);
    write_page(t, s, id);
    store_close(s);
}

static void answers_release(struct answers *t)
{
    json_decref(t->data);
    free(t->page);
    fixture_release(&t->f);
}

/* A sentence of the answer; "" behind the last. */
static const char *sentence(const struct answers *t, const char *of, size_t i)
{
    const char *text = json_string_value(
        json_array_get(json_object_get(json_object_get(t->data, "answer"), of), i));
    return text ? text : "";
}

static double wobble(uint32_t cell, uint32_t subject, uint32_t block)
{
    return subject == 0 ? 1 : 1 + 0.02 * ((block * 3 + subject * 5 + cell) % 7 - 3.0);
}

static double one_wins(uint32_t cell, uint32_t subject, uint32_t block)
{
    static const double speeds[] = {1, 2, 1.5, 9};
    return speeds[subject] * wobble(cell, subject, block);
}

START_TEST(the_fastest_is_named_with_the_next)
{
    struct answers t;
    answers_init(&t, 9, one_wins);
    const char *first = sentence(&t, "speed", 0);
    ck_assert_ptr_nonnull(strstr(first, "quick is the fastest here: 2.0"));
    ck_assert_ptr_nonnull(strstr(first, "times the throughput of glibc"));
    ck_assert_str_eq(sentence(&t, "speed", 1),
                     "It is faster than each of 2 others, at 95 % certainty each.");
    ck_assert_ptr_nonnull(strstr(sentence(&t, "speed", 2), "The next is nearly with 0.7"));
    ck_assert_str_eq(sentence(&t, "speed", 3), "");
    answers_release(&t);
}
END_TEST

/* All have the same peak. */
START_TEST(no_difference_is_an_answer)
{
    struct answers t;
    answers_init(&t, 9, one_wins);
    ck_assert_str_eq(sentence(&t, "memory", 0),
                     "glibc has the lowest mean peak resident memory here, over 3 cells.");
    ck_assert_ptr_nonnull(strstr(
        sentence(&t, "memory", 1),
        "No difference was found between it and quick (1.00 [1.00, 1.00] times its peak resident memory)"));
    ck_assert_ptr_nonnull(strstr(sentence(&t, "memory", 1), " and nearly (1.00 [1.00, 1.00])."));
    ck_assert_str_eq(sentence(&t, "memory", 2), "");
    answers_release(&t);
}
END_TEST

static double two_are_alike(uint32_t cell, uint32_t subject, uint32_t block)
{
    static const double speeds[] = {1, 2, 2.001, 9};
    return speeds[subject] * wobble(cell, subject, block);
}

START_TEST(who_cannot_be_told_apart_is_not_beaten)
{
    struct answers t;
    answers_init(&t, 9, two_are_alike);
    ck_assert_ptr_null(strstr(sentence(&t, "speed", 0), "fastest"));
    ck_assert_ptr_nonnull(strstr(sentence(&t, "speed", 0), "has the highest mean throughput here"));
    ck_assert_ptr_nonnull(
        strstr(sentence(&t, "speed", 1), "No difference was found between it and"));
    ck_assert_str_eq(sentence(&t, "speed", 2), "It is faster than 1 other, at 95 % certainty.");
    answers_release(&t);
}
END_TEST

START_TEST(too_few_blocks_claim_nothing)
{
    struct answers t;
    answers_init(&t, 5, one_wins);
    ck_assert_ptr_null(strstr(sentence(&t, "speed", 0), "fastest"));
    ck_assert_str_eq(sentence(&t, "speed", 1),
                     "5 blocks are too few to claim any difference; 6 are the least.");
    ck_assert_str_eq(sentence(&t, "speed", 2), "");
    answers_release(&t);
}
END_TEST

static double one_workload_turns(uint32_t cell, uint32_t subject, uint32_t block)
{
    double speed = subject == 1 ? (cell == 3 ? 0.01 : 2) : subject == 2 ? 0.9 : 1;
    return speed * wobble(cell, subject, block);
}

START_TEST(a_workload_that_turns_the_mean_is_told)
{
    struct answers t;
    answers_init(&t, 9, one_workload_turns);
    ck_assert_ptr_nonnull(strstr(sentence(&t, "speed", 0), "glibc is the fastest here"));
    ck_assert_ptr_nonnull(
        strstr(sentence(&t, "speed", 3),
               "Without ratchet, the workload that moves this mean most, quick has the highest: "));
    answers_release(&t);
}
END_TEST

static double one_hangs(uint32_t cell, uint32_t subject, uint32_t block)
{
    return cell == 2 && subject == 1 ? 0 : one_wins(cell, subject, block);
}

START_TEST(who_failed_in_a_cell_is_not_ranked)
{
    struct answers t;
    answers_init(&t, 9, one_hangs);
    ck_assert_ptr_nonnull(strstr(sentence(&t, "speed", 0), "nearly is the fastest here: 1.5"));
    ck_assert_str_eq(sentence(&t, "speed", 3),
                     "quick is not ranked: it can be compared in 2 of 3 cells only.");
    answers_release(&t);
}
END_TEST

/* Both can be compared in two cells, but not in the same ones. */
static double each_hangs_elsewhere(uint32_t cell, uint32_t subject, uint32_t block)
{
    return (subject == 1 || subject == 2) && cell == subject + 1 ? 0
                                                                 : one_wins(cell, subject, block);
}

START_TEST(means_over_different_cells_are_not_ranked)
{
    struct answers t;
    answers_init(&t, 9, each_hangs_elsewhere);
    ck_assert_ptr_nonnull(strstr(sentence(&t, "speed", 0), "quick is the fastest here"));
    ck_assert_str_eq(sentence(&t, "speed", 1), "It is faster than 1 other, at 95 % certainty.");
    ck_assert_str_eq(sentence(&t, "speed", 3),
                     "nearly is not ranked: it can be compared in 2 of 3 cells only.");
    answers_release(&t);
}
END_TEST

static double most_hang(uint32_t cell, uint32_t subject, uint32_t block)
{
    return subject == 1 && block > 1 ? 0 : subject == 2 ? 0 : one_wins(cell, subject, block);
}

START_TEST(blocks_that_failed_do_not_count)
{
    struct answers t;
    answers_init(&t, 9, most_hang);
    ck_assert_str_eq(
        sentence(&t, "speed", 1),
        "2 blocks, those in which both ended well, are too few to claim any difference; 6 are the least.");
    answers_release(&t);
}
END_TEST

static double all_hang(uint32_t cell, uint32_t subject, uint32_t block)
{
    (void)cell, (void)subject, (void)block;
    return 0;
}

START_TEST(nothing_to_compare_is_said)
{
    struct answers t;
    answers_init(&t, 6, all_hang);
    ck_assert_str_eq(
        sentence(&t, "speed", 0),
        "No throughput can be compared: in no cell did glibc and another one both end well.");
    answers_release(&t);
}
END_TEST

UNIT_MAIN("page_answer", the_fastest_is_named_with_the_next, no_difference_is_an_answer,
          who_cannot_be_told_apart_is_not_beaten, too_few_blocks_claim_nothing,
          a_workload_that_turns_the_mean_is_told, who_failed_in_a_cell_is_not_ranked,
          nothing_to_compare_is_said, means_over_different_cells_are_not_ranked,
          blocks_that_failed_do_not_count)
