/* Its build gives it ARENABENCH_TUNABLES=FROM_PROC, so that there is something to find in /proc. */
#include "parameters.h"

#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "bump.h"
#include "unit.h"

#define TOLD_BYTES (256 * 1024)
#define FROM_PROC  "implicit.fit=next:buddy.x=1"

/* What parameters_read wrote to stderr. */
static const char *told_by(const char *text)
{
    static char told[TOLD_BYTES];
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    int was = dup(STDERR_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    parameters_read(text, arena_kind.tunables);
    dup2(was, STDERR_FILENO);
    close(was);
    rewind(file);
    size_t n = fread(told, 1, sizeof(told) - 1, file);
    told[n] = '\0';
    fclose(file);
    return told;
}

static size_t lines(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

START_TEST(good_settings_hold_and_nothing_is_told)
{
    ck_assert_str_eq(
        told_by("bump.mmap_threshold=1M:bump.top_pad=0:bump.arena_max=3::bump.mmap_max=7:"
                "bump.bump_word=high:bump.bump_number=99:bump.perturb=255"),
        "");
    ck_assert_uint_eq(PAR_GET(mmap_threshold), 1 * MIB);
    ck_assert_uint_eq(PAR_GET(top_pad), 0);
    ck_assert_uint_eq(PAR_GET(arena_max), 3);
    ck_assert_uint_eq(PAR_GET(mmap_max), 7);
    ck_assert_uint_eq(PAR_GET(perturb), 255);
    ck_assert_uint_eq(bump_word, 1);
    ck_assert_uint_eq(bump_number, 99);
    ck_assert_str_eq(told_by("bump.trim_threshold=18446744073709551615:bump.top_pad=3K"), "");
    ck_assert_uint_eq(PAR_GET(trim_threshold), SIZE_MAX);
    ck_assert_uint_eq(PAR_GET(top_pad), 3 * KIB);
}
END_TEST

START_TEST(a_threshold_that_was_set_no_longer_moves)
{
    const char *const fixing[] = {"bump.mmap_threshold=1", "bump.trim_threshold=1",
                                  "bump.top_pad=1", "bump.mmap_max=1"};
    const char *const others[] = {"bump.arena_max=1", "bump.arena_test=1", "bump.perturb=1"};
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        told_by(others[i]);
        ck_assert(!PAR_GET(no_dyn_threshold));
    }
    for (size_t i = 0; i < ARRAY_SIZE(fixing); i++) {
        PAR_SET(no_dyn_threshold, false);
        told_by(fixing[i]);
        ck_assert(PAR_GET(no_dyn_threshold));
    }
}
END_TEST

START_TEST(settings_of_the_other_allocators_are_passed_over)
{
    ck_assert_str_eq(told_by("implicit.fit=next:ptmalloc.tcache_count=x:buddy.:ptmalloc"), "");
    ck_assert_uint_eq(PAR_GET(top_pad), DEFAULT_TOP_PAD);
}
END_TEST

START_TEST(a_bad_value_is_told_once_with_what_is_allowed)
{
    const char *const bad[] = {
        "bump.bump_number=0",
        "bump.bump_number=100",
        "bump.bump_number=",
        "bump.bump_number",
        "bump.bump_number=-1",
        "bump.bump_number=5x",
        "bump.bump_number= 5",
        "bump.bump_number=5KK",
        "bump.bump_number=K",
        "bump.bump_number=0x5",
        "bump.bump_number=5\n",
        "bump.bump_number=18446744073709551617",
        "bump.bump_number=1=1",
        "bump.bump_number=+5",
        "bump.bump_number=18014398509481985K",
        "bump.bump_number=5.0",
        "bump.bump_number=99999999999999999999999999999999999999",
    };
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        const char *told = told_by(bad[i]);
        ck_assert_uint_eq(lines(told), 1);
        ck_assert_ptr_nonnull(strstr(told, "from 1 to 99"));
        ck_assert_ptr_nonnull(strstr(told, "bump: ARENABENCH_TUNABLES: 'bump.bump_number"));
        ck_assert_uint_eq(bump_number, 7);
    }
    ck_assert_uint_eq(lines(told_by("bump.top_pad=18014398509481985K")), 1);
    ck_assert_uint_eq(PAR_GET(top_pad), DEFAULT_TOP_PAD);
    ck_assert_ptr_nonnull(strstr(told_by("bump.bump_word=middle"), "one of low, high"));
    ck_assert_ptr_nonnull(strstr(told_by("bump.bump_word=hig"), "one of low, high"));
    ck_assert_ptr_nonnull(strstr(told_by("bump.bump_word=highs"), "one of low, high"));
    ck_assert_uint_eq(bump_word, 0);
    ck_assert_ptr_nonnull(strstr(told_by("bump.mmap_max=2G"), "from 0 to 2147483647"));
    ck_assert(!PAR_GET(no_dyn_threshold));
}
END_TEST

START_TEST(an_unknown_key_is_told_with_those_that_are_known)
{
    const char *const unknown[] = {"bump.nix=1", "nix.top_pad=1", "top_pad=1",    "=",
                                   ".",          "bump.",         "bump",         "bump.top_pa=1",
                                   "BUMP.x=1",   "bump.top_pads", "bum.top_pad=1"};
    for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
        const char *told = told_by(unknown[i]);
        ck_assert_uint_eq(lines(told), 1);
        ck_assert_ptr_nonnull(strstr(told, "unknown"));
        ck_assert_ptr_nonnull(strstr(told, " top_pad,"));
        ck_assert_ptr_nonnull(strstr(told, " bump_number"));
    }
}
END_TEST

START_TEST(a_bad_setting_does_not_hide_the_next)
{
    ck_assert_uint_eq(lines(told_by(":::bump.x=1:bump.top_pad=q:bump.top_pad=5::")), 2);
    ck_assert_uint_eq(PAR_GET(top_pad), 5);
}
END_TEST

START_TEST(hostile_text_neither_steers_the_terminal_nor_overflows)
{
    static char text[100000];
    for (size_t i = 0; i < sizeof(text) - 1; i++)
        text[i] = (char)(1 + i % 255);
    const char *told = told_by(text);
    ck_assert_uint_gt(lines(told), 0);
    for (; *told; told++)
        ck_assert((*told >= ' ' && *told <= '~') || *told == '\n');
    memset(text, 'a', sizeof(text) - 1);
    told = told_by(text);
    ck_assert_uint_eq(lines(told), 1);
    ck_assert_uint_lt(strlen(told), 1024);
    memset(text, ':', sizeof(text) - 1);
    ck_assert_str_eq(told_by(text), "");
    memset(text, '=', sizeof(text) - 1);
    ck_assert_uint_eq(lines(told_by(text)), 1);
}
END_TEST

START_TEST(mallopt_keeps_glibcs_rules)
{
    ck_assert_int_eq(mallopt(M_MMAP_THRESHOLD, DEFAULT_MMAP_THRESHOLD_MAX + 1), 1);
    ck_assert_uint_eq(PAR_GET(mmap_threshold), DEFAULT_MMAP_THRESHOLD_MAX + 1);
    ck_assert(PAR_GET(no_dyn_threshold));
    ck_assert_int_eq(mallopt(M_MMAP_MAX, -1), 0);
    ck_assert_uint_eq(PAR_GET(mmap_max), DEFAULT_MMAP_MAX);
    ck_assert_int_eq(mallopt(M_TRIM_THRESHOLD, -1), 1);
    ck_assert_uint_eq(PAR_GET(trim_threshold), SIZE_MAX);
    ck_assert_int_eq(mallopt(M_ARENA_MAX, 0), 0);
    ck_assert_int_eq(mallopt(M_ARENA_MAX, 2), 1);
    ck_assert_int_eq(mallopt(BUMP_NUMBER, 100), 0);
    ck_assert_int_eq(mallopt(BUMP_NUMBER, 42), 1);
    ck_assert_uint_eq(bump_number, 42);
    ck_assert_int_eq(mallopt(0, 1), 0);
    ck_assert_int_eq(mallopt(INT_MIN, 1), 0);
}
END_TEST

START_TEST(the_environment_is_found_by_libc_and_by_proc)
{
    char out[64];
    setenv("ARENABENCH_TUNABLES", "x=1", 1);
    ck_assert(parameters_environment(out, sizeof(out)));
    ck_assert_str_eq(out, "x=1");
    unsetenv("ARENABENCH_TUNABLES");
    setenv("ARENABENCH_TUNABLES_NOT", "x=1", 1);
    ck_assert(!parameters_environment(out, sizeof(out)));
    environ = NULL;
    ck_assert(parameters_environment(out, sizeof(out)));
    ck_assert_str_eq(out, FROM_PROC);
    ck_assert(parameters_environment(out, sizeof(FROM_PROC)));
    close(STDERR_FILENO);
    ck_assert(!parameters_environment(out, sizeof(FROM_PROC) - 1));
}
END_TEST

START_TEST(a_value_without_room_is_passed_over)
{
    char out[8] = "before";
    close(STDERR_FILENO);
    setenv("ARENABENCH_TUNABLES", "12345678", 1);
    ck_assert(!parameters_environment(out, sizeof(out)));
    setenv("ARENABENCH_TUNABLES", "1234567", 1);
    ck_assert(parameters_environment(out, sizeof(out)));
    ck_assert_str_eq(out, "1234567");
    setenv("ARENABENCH_TUNABLES", "", 1);
    ck_assert(parameters_environment(out, sizeof(out)));
    ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(the_first_call_reads_the_environment)
{
    setenv("ARENABENCH_TUNABLES", "bump.top_pad=12345", 1);
    ck_assert_ptr_nonnull(bump_alloc(1));
    ck_assert_uint_eq(PAR_GET(top_pad), 12345);
}
END_TEST

UNIT_MAIN("parameters", good_settings_hold_and_nothing_is_told,
          a_threshold_that_was_set_no_longer_moves,
          settings_of_the_other_allocators_are_passed_over,
          a_bad_value_is_told_once_with_what_is_allowed,
          an_unknown_key_is_told_with_those_that_are_known, a_bad_setting_does_not_hide_the_next,
          hostile_text_neither_steers_the_terminal_nor_overflows, mallopt_keeps_glibcs_rules,
          the_environment_is_found_by_libc_and_by_proc, a_value_without_room_is_passed_over,
          the_first_call_reads_the_environment)
