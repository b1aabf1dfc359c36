/*
 * What an allocator tells of itself gets to the runner, and nothing gets there that breaks the rules;
 * settings that did not hold fail the trial. Real workers; a library that lies where a lie is needed.
 */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "rig.h"
#include "subject.h"
#include "unit.h"

static const char *must_have(const char *name)
{
    const char *value = getenv(name);
    ck_assert_msg(value != NULL, "%s is not set: `meson test` sets it", name);
    return value;
}

/* A plan of one object, on the library that lies. */
static void lie(struct rig *r, const char *line)
{
    static const char *environment[] = {NULL, NULL, NULL};
    rig_init(r, 1);
    r->library = must_have("LIAR");
    environment[0] = line;
    r->environment = environment;
    plan_builder_malloc(r->builder, 0, 0, 100);
    plan_builder_free_slot(r->builder, 0, 0);
}

START_TEST(an_allocator_that_tells_nothing_is_no_failure)
{
    struct rig r;
    lie(&r, "LIE=none");
    r.library = NULL; /* WORKER: glibc's */
    rig_run_well(&r);
    ck_assert_uint_eq(r.result.n_statistics, 0);
    ck_assert_ptr_null(r.result.statistics);
    rig_release(&r);

    lie(&r, "LIE=nothing");
    rig_run_well(&r);
    ck_assert_uint_eq(r.result.n_statistics, 0);
    rig_release(&r);
}
END_TEST

START_TEST(what_is_told_arrives_in_its_order)
{
    static const char *const names[] = {"top_pad", "arenas_created", "bytes_held", "bytes_held"};
    struct rig r;
    lie(&r, "LIE=none");
    rig_run_well(&r);
    ck_assert_uint_eq(r.result.n_statistics, 4);
    ck_assert_uint_eq(r.result.statistics_lost, 0);
    for (size_t i = 0; i < 4; i++)
        ck_assert_str_eq(r.result.statistics[i].name, names[i]);
    ck_assert_uint_eq(r.result.statistics[0].value, 4096);
    ck_assert_uint_eq(r.result.statistics[3].arena, 1);
    ck_assert_uint_eq(r.result.statistics[3].kind, STATISTIC_ARENA);
    rig_release(&r);
}
END_TEST

START_TEST(rows_that_break_a_rule_fail_the_trial)
{
    static const char *const lies[][2] = {
        {"LIE=name", "row 3 of the allocator's statistics: its name is not"},
        {"LIE=endless", "row 3 of the allocator's statistics: its name is not"},
        {"LIE=kind", "bytes_held is of a kind 5 that there is not"},
        {"LIE=arena", "bytes_held is of arena 4294967295"},
        {"LIE=stray", "bytes_held is of no arena but names arena 1"},
        {"LIE=twice", "bytes_held of arena 0 twice"},
        {"LIE=wild", "row 0 of the allocator's statistics"},
    };
    struct rig r;
    lie(&r, lies[_i][0]);
    rig_run(&r);
    ck_assert_int_eq(r.result.status, TRIAL_CRASHED);
    ck_assert_msg(strstr(r.result.message, lies[_i][1]) != NULL, "%s", r.result.message);
    ck_assert_uint_eq(r.result.n_statistics, 0);
    rig_release(&r);
}
END_TEST

START_TEST(rows_beyond_the_room_are_counted)
{
    static const struct {
        const char *lie;
        uint64_t lost;
    } cases[] = {{"LIE=more", 7}, {"LIE=all", UINT64_MAX - STATISTICS_ROOM}};
    struct rig r;
    lie(&r, cases[_i].lie);
    rig_run_well(&r);
    ck_assert_uint_eq(r.result.n_statistics, STATISTICS_ROOM);
    ck_assert_uint_eq(r.result.statistics_lost, cases[_i].lost);
    ck_assert_uint_eq(r.result.statistics[STATISTICS_ROOM - 1].arena, STATISTICS_ROOM - 1);
    rig_release(&r);
}
END_TEST

/* What was measured before stays with the trial. */
START_TEST(an_allocator_that_does_not_come_back_fails_the_trial)
{
    static const struct {
        const char *lie;
        enum trial_status status;
        int signal;
    } cases[] = {{"LIE=crash", TRIAL_CRASHED, SIGSEGV},
                 {"LIE=exit", TRIAL_CRASHED, 0},
                 {"LIE=hang", TRIAL_HUNG, 0}};
    struct rig r;
    lie(&r, cases[_i].lie);
    r.limit_ns = 2 * NS_PER_S;
    rig_run(&r);
    ck_assert_int_eq(r.result.status, cases[_i].status);
    ck_assert_int_eq(r.result.signal, cases[_i].signal);
    ck_assert_msg(strstr(r.result.message, "when asked for its statistics") != NULL, "%s",
                  r.result.message);
    ck_assert_uint_eq(r.result.calls, 2);
    ck_assert_uint_eq(r.result.n_statistics, 0);
    rig_release(&r);
}
END_TEST

/* Many arenas take their time; as long as the trial has, the runner waits. */
START_TEST(a_slow_allocator_is_waited_for)
{
    struct rig r;
    lie(&r, "LIE=slow");
    rig_run_well(&r);
    ck_assert_uint_eq(r.result.n_statistics, 4);
    rig_release(&r);
}
END_TEST

static void expect(const struct statistic_wanted *wanted, const char *failure)
{
    struct rig r;
    lie(&r, "LIE_VALUE=4096");
    r.settings = wanted;
    r.n_settings = 1;
    rig_run(&r);
    ck_assert_int_eq(r.result.status, failure ? TRIAL_NOT_SUBJECT : TRIAL_OK);
    if (failure)
        ck_assert_msg(strstr(r.result.message, failure) != NULL, "%s", r.result.message);
    ck_assert_uint_eq(r.result.n_statistics, 4); /* kept: it shows what was there */
    rig_release(&r);
}

START_TEST(settings_that_did_not_hold_fail_the_trial)
{
    static const struct statistic_wanted right = {"top_pad", 4096, 1, STATISTIC_TOLD},
                                         low = {"top_pad", 4095, 1, STATISTIC_TOLD},
                                         near = {"top_pad", 4111, 16, STATISTIC_TOLD},
                                         far = {"top_pad", 4112, 16, STATISTIC_TOLD},
                                         unknown = {"mmap_max", 1, 1, STATISTIC_TOLD},
                                         no_setting = {"arenas_created", 10, 1, STATISTIC_TOLD};
    expect(&right, NULL);
    expect(&near, NULL);
    expect(&low, "top_pad was to be 4095 and was 4096 in the worker");
    expect(&far, "top_pad was to be 4112 and was 4096 in the worker");
    expect(&unknown, "mmap_max was to be 1, and that the allocator took it cannot be proved");
    expect(&no_setting, "it tells no setting of that name");
}
END_TEST

START_TEST(settings_of_an_allocator_that_tells_nothing_are_not_proved)
{
    static const struct statistic_wanted wanted = {"top_pad", 4096, 1, STATISTIC_TOLD};
    struct rig r;
    lie(&r, "LIE=none");
    r.library = NULL;
    r.settings = &wanted;
    r.n_settings = 1;
    rig_run(&r);
    ck_assert_int_eq(r.result.status, TRIAL_NOT_SUBJECT);
    rig_release(&r);
}
END_TEST

/* A value that is not the default, if there is one. */
static void some_value(const struct setting *s, char *out, size_t n)
{
    if (s->unit == SETTING_CHOICE)
        snprintf(out, n, "%s",
                 strrchr(s->choices, '|') ? strrchr(s->choices, '|') + 1 : s->choices);
    else if (s->unit == SETTING_SWITCH)
        snprintf(out, n, "on");
    else
        snprintf(out, n, "%ld", (long)(s->most < 77 ? s->most : s->least > 77 ? s->least : 77));
}

/* The row, the allocator's reading of its variable and what it tells say the same. */
static void prove(const struct allocator *a, const struct setting *s)
{
    char value[64], text[256], worker[512];
    struct subject subject;
    struct err err;
    struct rig r;
    some_value(s, value, sizeof(value));
    snprintf(text, sizeof(text), "%s:%s=%s", a->name, s->name, value);
    ck_assert_msg(subject_parse(&subject, text, &err) == 0, "%s: %s", text, err.text);
    ck_assert_uint_eq(subject.n_settings, 1);
    snprintf(worker, sizeof(worker), "%s/%s", must_have("WORKERS"), a->worker);
    setenv("WORKER", worker, 1);
    setenv("SUPPLIER", a->malloc_file, 1);

    const char *environment[] = {subject.environment[0], NULL};
    lie(&r, NULL);
    r.library = NULL;
    r.environment = environment;
    r.settings = subject.settings;
    r.n_settings = 1;
    rig_run(&r);
    ck_assert_msg(r.result.status == TRIAL_OK, "%s: %s", text, r.result.message);
    rig_release(&r);
    subject_release(&subject);
}

START_TEST(every_setting_of_every_allocator_that_tells_them_is_proved)
{
    size_t n, n_proved = 0;
    const struct allocator *const *table = allocator_table(&n);
    for (size_t i = 0; i < n; i++)
        for (const struct setting *s = table[i]->settings; table[i]->tells && s->name; s++) {
            prove(table[i], s);
            n_proved++;
        }
    ck_assert_uint_gt(n_proved, 7);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("statistics");
    tcase_add_test(tests, an_allocator_that_tells_nothing_is_no_failure);
    tcase_add_test(tests, what_is_told_arrives_in_its_order);
    tcase_add_loop_test(tests, rows_that_break_a_rule_fail_the_trial, 0, 7);
    tcase_add_loop_test(tests, rows_beyond_the_room_are_counted, 0, 2);
    tcase_add_loop_test(tests, an_allocator_that_does_not_come_back_fails_the_trial, 0, 3);
    tcase_add_test(tests, a_slow_allocator_is_waited_for);
    tcase_add_test(tests, settings_that_did_not_hold_fail_the_trial);
    tcase_add_test(tests, settings_of_an_allocator_that_tells_nothing_are_not_proved);
    tcase_add_test(tests, every_setting_of_every_allocator_that_tells_them_is_proved);
    return rig_main(tests);
}
