#include "preload.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

static struct subject subject;
static struct preload_environment made;
static char library[PATH_MAX];
static struct err err;

static int find(const char *text)
{
    ck_assert_msg(subject_parse(&subject, text, &err) == 0, "%s", err.text);
    return preload_find(&subject, getenv("WORKERS"), library, sizeof(library), &err);
}

static const char *line(const char *variable)
{
    size_t n = strlen(variable);
    const char *found = NULL;
    for (char **l = made.lines; *l; l++) {
        if (strncmp(*l, variable, n) == 0 && (*l)[n] == '=') {
            ck_assert_msg(!found, "%s is there twice", variable);
            found = *l + n + 1;
        }
    }
    return found;
}

static void make(const char *text, const char *preload, char *const *base)
{
    ck_assert_int_eq(find(text), 0);
    ck_assert_int_eq(
        preload_environment_make(&made, &subject, preload ? preload : library, base, &err), 0);
}

START_TEST(glibc_needs_no_file)
{
    ck_assert_int_eq(find("glibc"), 0);
    ck_assert_str_eq(library, "");
}
END_TEST

START_TEST(an_allocator_of_the_table_is_the_file_that_its_worker_uses)
{
    ck_assert_int_eq(find("ptmalloc:mxfast=0"), 0);
    ck_assert_ptr_nonnull(strstr(library, "/libarenabench-ptmalloc.so"));
    ck_assert_int_eq(find("jemalloc"), 0);
    ck_assert_ptr_nonnull(strstr(library, "/libjemalloc.so"));
    ck_assert_int_eq(library[0], '/');
}
END_TEST

START_TEST(a_library_is_itself)
{
    ck_assert_int_eq(find(getenv("NULL_SO")), 0);
    struct stat a, b;
    ck_assert(stat(library, &a) == 0 && stat(getenv("NULL_SO"), &b) == 0);
    ck_assert_uint_eq(a.st_ino, b.st_ino);
}
END_TEST

START_TEST(a_missing_worker_is_told)
{
    ck_assert_int_eq(subject_parse(&subject, "mimalloc", &err), 0);
    ck_assert_int_eq(preload_find(&subject, "/nowhere", library, sizeof(library), &err), -ENOENT);
    ck_assert_ptr_nonnull(strstr(err.text, "/nowhere/worker-mimalloc is missing"));
}
END_TEST

START_TEST(a_path_that_does_not_fit_is_refused)
{
    ck_assert_int_eq(subject_parse(&subject, "ptmalloc", &err), 0);
    ck_assert_int_eq(preload_find(&subject, getenv("WORKERS"), library, 10, &err), -ENAMETOOLONG);
}
END_TEST

START_TEST(the_rest_of_the_environment_stays)
{
    char *base[] = {(char *)"A=1", (char *)"LD_LIBRARY_PATH=/x", (char *)"EMPTY=", NULL};
    make("ptmalloc", "/lib/mine.so", base);
    ck_assert_str_eq(line("A"), "1");
    ck_assert_str_eq(line("LD_LIBRARY_PATH"), "/x");
    ck_assert_str_eq(line("EMPTY"), "");
    ck_assert_str_eq(line("LD_PRELOAD"), "/lib/mine.so");
}
END_TEST

START_TEST(other_preloads_stand_behind)
{
    char *base[] = {(char *)"LD_PRELOAD=/a.so:/b.so", NULL};
    make("ptmalloc", "/lib/mine.so", base);
    ck_assert_str_eq(line("LD_PRELOAD"), "/lib/mine.so:/a.so:/b.so");
    preload_environment_release(&made);
    make("glibc", "", base);
    ck_assert_str_eq(line("LD_PRELOAD"), "/a.so:/b.so");
}
END_TEST

START_TEST(settings_take_the_place_of_what_was_there)
{
    char *base[] = {(char *)"GLIBC_TUNABLES=old", (char *)"GLIBC_TUNABLES_2=kept", NULL};
    make("glibc:arena_max=2", NULL, base);
    ck_assert_str_eq(line("GLIBC_TUNABLES"), "glibc.malloc.arena_max=2");
    ck_assert_str_eq(line("GLIBC_TUNABLES_2"), "kept");
    ck_assert_ptr_null(line("LD_PRELOAD"));
}
END_TEST

START_TEST(nothing_is_a_valid_environment)
{
    char *base[] = {NULL};
    make("glibc", NULL, base);
    ck_assert_ptr_null(made.lines[0]);
}
END_TEST

UNIT_MAIN("preload", glibc_needs_no_file,
          an_allocator_of_the_table_is_the_file_that_its_worker_uses, a_library_is_itself,
          a_missing_worker_is_told, a_path_that_does_not_fit_is_refused,
          the_rest_of_the_environment_stays, other_preloads_stand_behind,
          settings_take_the_place_of_what_was_there, nothing_is_a_valid_environment)
