/*
 * That the value of each setting is read back or shown by its effect, for the allocators that are not the
 * project's own; and that a setting which was not taken fails its trial and says why.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "knob.h"
#include "rig.h"
#include "subject.h"

static const char *must_have(const char *name)
{
    const char *value = getenv(name);
    ck_assert_msg(value != NULL, "%s is not set: `meson test` sets it", name);
    return value;
}

/* Executes a plan of two calls with the allocator, in that environment; the settings are to be proved. */
static void run(struct rig *r, const struct allocator *a, const char *const *environment,
                const struct statistic_wanted *settings, size_t n_settings)
{
    char worker[512];
    snprintf(worker, sizeof(worker), "%s/%s", must_have("WORKERS"), a->worker);
    setenv("WORKER", worker, 1);
    setenv("SUPPLIER", a->malloc_file, 1);
    rig_init(r, 1);
    plan_builder_malloc(r->builder, 0, 0, 100);
    plan_builder_free_slot(r->builder, 0, 0);
    r->environment = environment;
    r->settings = settings;
    r->n_settings = n_settings;
    rig_run(r);
}

static void run_subject(struct rig *r, const char *text)
{
    const char *environment[16] = {NULL};
    struct subject subject;
    struct err err;
    ck_assert_msg(subject_parse(&subject, text, &err) == 0, "%s: %s", text, err.text);
    for (size_t i = 0; i < subject.n_environment; i++)
        environment[i] = subject.environment[i];
    run(r, subject.allocator, environment, subject.settings, subject.n_settings);
    subject_release(&subject);
}

static const struct statistic *find(const struct rig *r, const char *name)
{
    for (size_t i = 0; i < r->result.n_statistics; i++)
        if (strcmp(r->result.statistics[i].name, name) == 0)
            return &r->result.statistics[i];
    return NULL;
}

/* The trial is good and the value of the one setting is known; or known not to be. */
static void prove(const char *text, const char *name, enum statistic_kind kind)
{
    struct rig r;
    run_subject(&r, text);
    ck_assert_msg(r.result.status == TRIAL_OK, "%s: %s", text, r.result.message);
    const struct statistic *s = find(&r, name);
    ck_assert_msg(s && s->kind == kind, "%s: %s", text, s ? "the wrong kind" : "nothing told");
    rig_release(&r);
}

static void refuse(const char *text, const char *why)
{
    struct rig r;
    run_subject(&r, text);
    ck_assert_msg(r.result.status == TRIAL_NOT_SUBJECT, "%s passes", text);
    ck_assert_msg(strstr(r.result.message, why) != NULL, "%s: %s", text, r.result.message);
    rig_release(&r);
}

static const struct allocator *const asked[] = {&allocator_jemalloc, &allocator_tcmalloc,
                                                &allocator_mimalloc};

/* What needs more than itself: memory for huge pages, or a reserve to live on. */
static bool needs_more(const struct setting *s)
{
    return strcmp(s->name, "reserve_huge_os_pages") == 0 || strcmp(s->name, "limit_os_alloc") == 0;
}

/* A number that the setting takes and, where it has a unit of bytes, one that means something. */
static long some_number(const struct setting *s)
{
    int64_t number = s->unit == SETTING_BYTES ? (int64_t)MIB : 7;
    return (long)(s->most < number ? s->most : s->least > number ? s->least : number);
}

START_TEST(each_setting_of_an_allocator_that_can_be_asked_is_read_back)
{
    const struct allocator *a = asked[_i];
    for (const struct setting *s = a->settings; s->name; s++) {
        char text[256];
        const char *word = s->unit == SETTING_CHOICE   ? strrchr(s->choices, '|') + 1
                           : s->unit == SETTING_SWITCH ? "on"
                                                       : NULL;
        if (needs_more(s))
            continue;
        if (word)
            snprintf(text, sizeof(text), "%s:%s=%s", a->name, s->name, word);
        else
            snprintf(text, sizeof(text), "%s:%s=%ld", a->name, s->name, some_number(s));
        prove(text, s->told ? s->told : s->name, s->proof ? STATISTIC_SETTING : STATISTIC_UNPROVED);
    }
}
END_TEST

static const struct allocator *const tuned[] = {&allocator_jemalloc, &allocator_tcmalloc,
                                                &allocator_mimalloc, &allocator_implicit,
                                                &allocator_ptmalloc, &allocator_buddy};

START_TEST(each_level_of_a_knob_is_read_back)
{
    const struct allocator *a = tuned[_i];
    const struct setting *knobs[32];
    size_t n = knob_list(a, knobs, ARRAY_SIZE(knobs));
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < knob_n_levels(knobs[k]); i++) {
            char text[256], level[SETTING_VALUE_BYTES];
            knob_level(knobs[k], i, level);
            snprintf(text, sizeof(text), "%s:%s=%s", a->name, knobs[k]->name, level);
            prove(text, knobs[k]->told ? knobs[k]->told : knobs[k]->name, STATISTIC_SETTING);
        }
}
END_TEST

/* Huge pages may be missing on a machine, and that is said; all else is shown, or known not to be. */
START_TEST(each_level_of_a_knob_of_glibc_is_shown_or_known_not_to_be)
{
    const struct setting *knobs[32];
    size_t n = knob_list(&allocator_glibc, knobs, ARRAY_SIZE(knobs));
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < knob_n_levels(knobs[k]); i++) {
            char text[256], level[SETTING_VALUE_BYTES];
            struct rig r;
            knob_level(knobs[k], i, level);
            snprintf(text, sizeof(text), "glibc:%s=%s", knobs[k]->name, level);
            run_subject(&r, text);
            bool is_missing = strcmp(knobs[k]->name, "hugetlb") == 0 &&
                              r.result.status == TRIAL_NOT_SUBJECT &&
                              strstr(r.result.message, "disabled on this machine");
            ck_assert_msg(is_missing || r.result.status == TRIAL_OK, "%s: %s", text,
                          r.result.message);
            ck_assert_msg(is_missing || find(&r, knobs[k]->name), "%s: nothing told", text);
            rig_release(&r);
        }
}
END_TEST

START_TEST(the_settings_of_glibc_are_shown_by_what_they_do)
{
    static const char *const settings[] = {
        "mmap_threshold=0",   "mmap_threshold=4K",  "mmap_threshold=100001",
        "mmap_threshold=32M", "mmap_threshold=1G",  "trim_threshold=256K",
        "trim_threshold=1M",  "trim_threshold=64M", "trim_threshold=512M",
        "top_pad=0",          "top_pad=1M",         "top_pad=64M",
        "mmap_max=0",         "mmap_max=1",         "mmap_max=256",
        "arena_max=1",        "arena_max=3",        "arena_max=32",
        "tcache_count=0",     "tcache_count=7",     "tcache_count=1024",
        "tcache_count=65535", "tcache_max=64",      "tcache_max=1032",
        "mxfast=0",           "mxfast=64",          "mxfast=160",
        "perturb=0",          "perturb=90",         "perturb=255",
        "hugetlb=0",
    };
    for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
        char text[256], name[64];
        snprintf(text, sizeof(text), "glibc:%s", settings[i]);
        snprintf(name, sizeof(name), "%.*s", (int)strcspn(settings[i], "="), settings[i]);
        prove(text, name, STATISTIC_SETTING);
    }
}
END_TEST

START_TEST(settings_of_glibc_are_shown_beside_each_other)
{
    static const char text[] = "glibc:mmap_threshold=2M:trim_threshold=8M:top_pad=1M:mmap_max=10:"
                               "arena_max=2:tcache_count=32:tcache_max=256:mxfast=96";
    struct rig r;
    run_subject(&r, text);
    ck_assert_msg(r.result.status == TRIAL_OK, "%s", r.result.message);
    ck_assert_uint_eq(r.result.n_statistics, 8);
    for (size_t i = 0; i < r.result.n_statistics; i++)
        ck_assert_uint_eq(r.result.statistics[i].kind, STATISTIC_SETTING);
    rig_release(&r);
}
END_TEST

START_TEST(what_cannot_be_told_from_another_value_is_not_proved)
{
    prove("glibc:mmap_max=65536", "mmap_max", STATISTIC_UNPROVED);
    prove("glibc:trim_threshold=64K", "trim_threshold", STATISTIC_UNPROVED); /* top_pad is more */
    prove("glibc:arena_test=1", "arena_test", STATISTIC_UNPROVED); /* 8 for each core are more */
    prove("glibc:tcache_unsorted_limit=5", "tcache_unsorted_limit", STATISTIC_UNPROVED);
    prove("tcmalloc:skip_mmap=on", "skip_mmap", STATISTIC_UNPROVED);
}
END_TEST

START_TEST(a_setting_that_another_disables_says_so)
{
    refuse("glibc:mmap_max=0:mmap_threshold=1M", "disabled by mmap_max=0");
    refuse("jemalloc:oversize_threshold=7", "was to be 7 and was 0"); /* less than it can be */
    refuse("glibc:tcache_count=0:tcache_max=64", "a thread keeps nothing (tcache_count=0)");
    refuse("glibc:arena_max=2:arena_test=64", "disabled by arena_max");
}
END_TEST

/* An allocator that ignores what it was given is one that was given nothing. */
START_TEST(a_setting_that_is_ignored_fails_the_trial)
{
    static const struct {
        const struct allocator *a;
        struct statistic_wanted wanted;
        const char *why;
    } ignored[] = {
        {&allocator_glibc, {"mmap_threshold", MIB, 1, STATISTIC_BY_EFFECT}, "and was 131072"},
        {&allocator_glibc, {"trim_threshold", 64 * MIB, 1, STATISTIC_BY_EFFECT}, "and was 1"},
        {&allocator_glibc, {"top_pad", 8 * MIB, 1, STATISTIC_BY_EFFECT}, "and was 13"},
        {&allocator_glibc, {"mmap_max", 3, 1, STATISTIC_BY_EFFECT}, "and was 4096"},
        {&allocator_glibc, {"arena_max", 1, 1, STATISTIC_BY_EFFECT}, "and was "},
        {&allocator_glibc, {"tcache_count", 100, 1, STATISTIC_BY_EFFECT}, "and was 7"},
        {&allocator_glibc, {"tcache_max", 256, 1, STATISTIC_BY_EFFECT}, "and was 1032"},
        {&allocator_glibc, {"mxfast", 64, 1, STATISTIC_BY_EFFECT}, "and was 128"},
        {&allocator_glibc, {"perturb", 90, 1, STATISTIC_BY_EFFECT}, "and was 0"},
        {&allocator_glibc, {"hugetlb", 1, 1, STATISTIC_BY_EFFECT}, "has no effect"},
        {&allocator_tcmalloc, {"transfer_num_obj", 8, 1, STATISTIC_BY_EFFECT}, "and was 32"},
        {&allocator_tcmalloc, {"release_rate_thousandths", 500, 1, STATISTIC_TOLD}, "was 1000"},
        {&allocator_jemalloc,
         {"dirty_decay_ms", UINT64_MAX, 1, STATISTIC_TOLD},
         "was to be -1 and was 10000"},
        {&allocator_jemalloc, {"thp", 1, 1, STATISTIC_TOLD}, "was 2"},
        {&allocator_mimalloc, {"decommit_delay", 99, 1, STATISTIC_TOLD}, "was 25"},
        {&allocator_jemalloc, {"no_such_option", 1, 1, STATISTIC_TOLD}, "tells no setting"},
    };
    static const char *const nothing[] = {NULL};
    for (size_t i = 0; i < ARRAY_SIZE(ignored); i++) {
        const struct statistic_wanted *wanted = &ignored[i].wanted;
        struct rig r;
        run(&r, ignored[i].a, nothing, wanted, 1);
        ck_assert_msg(r.result.status == TRIAL_NOT_SUBJECT, "%s passes", wanted->name);
        ck_assert_msg(strstr(r.result.message, ignored[i].why) != NULL, "%s", r.result.message);
        rig_release(&r);
    }
}
END_TEST

START_TEST(a_misspelt_tunable_is_found_out)
{
    static const char *const misspelt[] = {"GLIBC_TUNABLES=glibc.malloc.mmap_treshold=1048576",
                                           NULL};
    static const struct statistic_wanted wanted = {"mmap_threshold", MIB, 1, STATISTIC_BY_EFFECT};
    struct rig r;
    run(&r, &allocator_glibc, misspelt, &wanted, 1);
    ck_assert_int_eq(r.result.status, TRIAL_NOT_SUBJECT);
    rig_release(&r);
}
END_TEST

/*
 * The trap: given alone, mmap_threshold stands still, and with it trim_threshold, which would have
 * followed at twice its value, but stays at 128K: a top is cut as soon as a trim can leave its pad.
 */
START_TEST(mmap_threshold_alone_leaves_trim_threshold_at_128k)
{
    static const char *const alone[] = {"GLIBC_TUNABLES=glibc.malloc.mmap_threshold=8388608", NULL};
    static const struct statistic_wanted both[] = {
        {"mmap_threshold", 8 * MIB, 1, STATISTIC_BY_EFFECT},
        {"trim_threshold", 16 * MIB, 1, STATISTIC_BY_EFFECT}};
    struct rig r;
    run(&r, &allocator_glibc, alone, both, 2);
    ck_assert_int_eq(r.result.status, TRIAL_NOT_SUBJECT);
    ck_assert_uint_eq(find(&r, "mmap_threshold")->value, 8 * MIB);
    ck_assert_uint_ge(find(&r, "trim_threshold")->value, 128 * KIB);
    ck_assert_uint_lt(find(&r, "trim_threshold")->value, 140 * KIB);
    rig_release(&r);
    prove("glibc:mmap_threshold=8M:trim_threshold=16M", "trim_threshold", STATISTIC_SETTING);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("settings");
    tcase_add_loop_test(tests, each_setting_of_an_allocator_that_can_be_asked_is_read_back, 0,
                        (int)ARRAY_SIZE(asked));
    tcase_add_loop_test(tests, each_level_of_a_knob_is_read_back, 0, (int)ARRAY_SIZE(tuned));
    tcase_add_test(tests, each_level_of_a_knob_of_glibc_is_shown_or_known_not_to_be);
    tcase_add_test(tests, the_settings_of_glibc_are_shown_by_what_they_do);
    tcase_add_test(tests, settings_of_glibc_are_shown_beside_each_other);
    tcase_add_test(tests, what_cannot_be_told_from_another_value_is_not_proved);
    tcase_add_test(tests, a_setting_that_another_disables_says_so);
    tcase_add_test(tests, a_setting_that_is_ignored_fails_the_trial);
    tcase_add_test(tests, a_misspelt_tunable_is_found_out);
    tcase_add_test(tests, mmap_threshold_alone_leaves_trim_threshold_at_128k);
    return rig_main(tests);
}
