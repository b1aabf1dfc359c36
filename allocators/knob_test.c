#include "knob.h"

#include <math.h>
#include <string.h>

#include "unit.h"

enum { KNOBS_MOST = 32 };

/* Calls `each` with every knob of the table. */
static void for_knobs(void (*each)(const struct allocator *a, const struct setting *s))
{
    size_t n;
    const struct allocator *const *table = allocator_table(&n);
    for (size_t i = 0; i < n; i++) {
        const struct setting *knobs[KNOBS_MOST];
        size_t n_knobs = knob_list(table[i], knobs, KNOBS_MOST);
        ck_assert_uint_le(n_knobs, KNOBS_MOST);
        for (size_t k = 0; k < n_knobs; k++)
            each(table[i], knobs[k]);
    }
}

static void check_form(const struct allocator *a, const struct setting *s)
{
    const struct setting_knob *k = &s->knob;
    bool is_scale = k->from > 0 && k->to > k->from && k->steps >= 2;
    ck_assert_msg(is_scale != (k->levels != NULL), "%s.%s: a scale or a list", a->name, s->name);
    ck_assert_msg(!is_scale || (s->unit != SETTING_SWITCH && s->unit != SETTING_CHOICE),
                  "%s.%s: no scale of words", a->name, s->name);
    ck_assert_uint_ge(knob_n_levels(s), 1);
}

START_TEST(a_knob_has_a_scale_or_a_list_of_levels)
{
    for_knobs(check_form);
}
END_TEST

/* Inside the range, taken by the allocator, ascending, and each once. */
static void check_levels(const struct allocator *a, const struct setting *s)
{
    double last = -INFINITY;
    char level[SETTING_VALUE_BYTES], spelling[SETTING_VALUE_BYTES];
    struct err err;
    for (size_t i = 0; i < knob_n_levels(s); i++) {
        knob_level(s, i, level);
        ck_assert_msg(setting_value(a, s, level, spelling, &err) == 0, "%s: %s", a->name, err.text);
        double position = knob_position(s, level);
        ck_assert_msg(!isnan(position), "%s.%s=%s", a->name, s->name, level);
        ck_assert_msg(position > last || (s->unit == SETTING_CHOICE && position != last),
                      "%s.%s=%s does not ascend", a->name, s->name, level);
        last = position;
    }
}

START_TEST(levels_are_values_that_ascend)
{
    for_knobs(check_levels);
}
END_TEST

START_TEST(ranks_are_from_one_on_and_each_once)
{
    size_t n;
    const struct allocator *const *table = allocator_table(&n);
    for (size_t i = 0; i < n; i++) {
        size_t knobs = 0;
        uint64_t seen = 0;
        for (const struct setting *s = table[i]->settings; s && s->name; s++) {
            if (!knob_is(s))
                continue;
            knobs++;
            ck_assert_uint_lt(s->knob.rank, 64);
            ck_assert_msg(!(seen >> s->knob.rank & 1), "%s.%s", table[i]->name, s->name);
            seen |= (uint64_t)1 << s->knob.rank;
        }
        ck_assert_uint_eq(seen, (((uint64_t)1 << knobs) - 1) << 1);
        ck_assert_uint_eq(knob_list(table[i], NULL, 0), knobs);
    }
}
END_TEST

START_TEST(the_thresholds_come_first_and_are_dynamic)
{
    static const struct allocator *const with_thresholds[] = {
        &allocator_glibc, &allocator_implicit, &allocator_ptmalloc, &allocator_buddy};
    for (size_t i = 0; i < ARRAY_SIZE(with_thresholds); i++) {
        const struct setting *knobs[2];
        ck_assert_uint_gt(knob_list(with_thresholds[i], knobs, 2), 2);
        ck_assert_str_eq(knobs[0]->name, "mmap_threshold");
        ck_assert_str_eq(knobs[1]->name, "trim_threshold");
        ck_assert(knobs[0]->knob.is_dynamic && knobs[1]->knob.is_dynamic);
    }
}
END_TEST

START_TEST(a_scale_has_both_ends_and_equal_factors)
{
    static const char *const levels[] = {"32K", "128K", "512K", "2M", "8M", "32M"};
    const struct setting *s = allocator_setting(&allocator_glibc, "mmap_threshold");
    ck_assert_uint_eq(knob_n_levels(s), ARRAY_SIZE(levels));
    for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
        char level[SETTING_VALUE_BYTES];
        knob_level(s, i, level);
        ck_assert_str_eq(level, levels[i]);
    }
}
END_TEST

START_TEST(positions_are_numbers_of_the_unit)
{
    const struct setting *decay = allocator_setting(&allocator_jemalloc, "dirty_decay_ms");
    const struct setting *rate = allocator_setting(&allocator_tcmalloc, "release_rate");
    const struct setting *percpu = allocator_setting(&allocator_jemalloc, "percpu_arena");
    const struct setting *thread = allocator_setting(&allocator_jemalloc, "background_thread");
    ck_assert_double_eq(knob_position(decay, "100"), 100);
    ck_assert(isinf(knob_position(decay, "-1")));
    ck_assert_double_eq_tol(knob_position(rate, "0.1"), 0.1, 1e-12);
    ck_assert_double_eq(knob_position(percpu, "phycpu"), 2);
    ck_assert_double_eq(knob_position(thread, "on"), 1);
    ck_assert_double_eq(knob_position(thread, "off"), 0);
    ck_assert(isnan(knob_position(decay, "soon")));
}
END_TEST

/* At least: those that manuals and folklore name. */
START_TEST(the_knobs_that_people_set_are_there)
{
    static const struct {
        const struct allocator *a;
        const char *names[16];
    } wanted[] = {
        {&allocator_glibc,
         {"mmap_threshold", "trim_threshold", "top_pad", "mmap_max", "arena_max", "arena_test",
          "tcache_count", "tcache_max", "mxfast", "hugetlb"}},
        {&allocator_ptmalloc,
         {"mmap_threshold", "trim_threshold", "top_pad", "mmap_max", "arena_max", "arena_test",
          "tcache_count", "tcache_max", "mxfast"}},
        {&allocator_implicit, {"mmap_threshold", "trim_threshold", "fit"}},
        {&allocator_buddy, {"mmap_threshold", "trim_threshold", "arena_max"}},
        {&allocator_jemalloc,
         {"dirty_decay_ms", "muzzy_decay_ms", "narenas", "tcache_max", "background_thread",
          "percpu_arena", "metadata_thp"}},
        {&allocator_tcmalloc,
         {"release_rate", "max_total_thread_cache_bytes", "aggressive_decommit", "transfer_num_obj",
          "large_alloc_report_threshold"}},
        {&allocator_mimalloc, {"decommit_delay", "allow_decommit", "eager_commit"}},
    };
    for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
        for (const char *const *name = wanted[i].names; *name; name++) {
            const struct setting *s = allocator_setting(wanted[i].a, *name);
            ck_assert_msg(s && knob_is(s), "%s.%s", wanted[i].a->name, *name);
        }
}
END_TEST

UNIT_MAIN("knob", a_knob_has_a_scale_or_a_list_of_levels, levels_are_values_that_ascend,
          ranks_are_from_one_on_and_each_once, the_thresholds_come_first_and_are_dynamic,
          a_scale_has_both_ends_and_equal_factors, positions_are_numbers_of_the_unit,
          the_knobs_that_people_set_are_there)
