#include "subject.h"

#include <fnmatch.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "setting.h"
#include "unit.h"
#include "wanted.h"

/* The environment lines of `text`, joined by a blank; in a buffer that the next call overwrites. */
static const char *environment_of(const char *text)
{
    static char all[4096];
    struct subject s;
    struct err err = {{0}};
    int rc = subject_parse(&s, text, &err);
    ck_assert_msg(rc == 0, "%s: %s", text, err.text);
    all[0] = '\0';
    for (size_t i = 0; i < s.n_environment; i++) {
        strcat(all, i ? " " : "");
        strcat(all, s.environment[i]);
    }
    subject_release(&s);
    return all;
}

/* The sentence with which `text` is refused. */
static const char *refusal_of(const char *text)
{
    static struct err err;
    struct subject s;
    err.text[0] = '\0';
    int rc = subject_parse(&s, text, &err);
    ck_assert_msg(rc < 0, "'%s' is taken", text);
    ck_assert_msg(err.text[0] && !strchr(err.text, '\n'), "'%s': no one line", text);
    ck_assert(!s.name && !s.environment && !s.library && s.n_environment == 0);
    return err.text;
}

#define REFUSED(text, part) \
    do { \
        const char *said = refusal_of(text); \
        ck_assert_msg(strstr(said, part) != NULL, "'%s' is refused with: %s", text, said); \
    } while (0)

START_TEST(a_plain_name_has_no_environment)
{
    struct subject s;
    struct err err;
    ck_assert_int_eq(subject_parse(&s, "mimalloc", &err), 0);
    ck_assert_ptr_eq(s.allocator, &allocator_mimalloc);
    ck_assert_str_eq(s.name, "mimalloc");
    ck_assert_str_eq(s.label, "mimalloc");
    ck_assert_ptr_null(s.library);
    ck_assert_uint_eq(s.n_environment, 0);
    subject_release(&s);
    subject_release(&s); /* empty now, and that is a valid state */
}
END_TEST

START_TEST(settings_become_what_the_allocator_reads)
{
    ck_assert_str_eq(environment_of("glibc:arena_max=1:mmap_threshold=1M"),
                     "GLIBC_TUNABLES=glibc.malloc.arena_max=1:glibc.malloc.mmap_threshold=1048576");
    ck_assert_str_eq(environment_of("jemalloc:narenas=2:tcache=off:percpu_arena=percpu"),
                     "MALLOC_CONF=narenas:2,tcache:false,percpu_arena:percpu");
    ck_assert_str_eq(environment_of("jemalloc:dirty_decay_ms=-1:background_thread=yes"),
                     "MALLOC_CONF=dirty_decay_ms:-1,background_thread:true");
    ck_assert_str_eq(environment_of("tcmalloc:release_rate=2.5:max_total_thread_cache_bytes=64MiB"),
                     "TCMALLOC_RELEASE_RATE=2.5 TCMALLOC_MAX_TOTAL_THREAD_CACHE_BYTES=67108864");
    ck_assert_str_eq(environment_of("mimalloc:page_reset=on:decommit_delay=0"),
                     "MIMALLOC_PAGE_RESET=1 MIMALLOC_DECOMMIT_DELAY=0");
}
END_TEST

START_TEST(any_variable_can_be_given_as_it_is)
{
    ck_assert_str_eq(environment_of("jemalloc:MALLOC_CONF=narenas:1,tcache:false"),
                     "MALLOC_CONF=narenas:1,tcache:false");
    ck_assert_str_eq(environment_of("glibc:GLIBC_TUNABLES=glibc.malloc.check=3:glibc.malloc."
                                    "perturb=1:SECOND=a=b:c:THIRD_3="),
                     "GLIBC_TUNABLES=glibc.malloc.check=3:glibc.malloc.perturb=1 SECOND=a=b:c "
                     "THIRD_3=");
    ck_assert_str_eq(environment_of("glibc:arena_max=2:SAME=1"),
                     "GLIBC_TUNABLES=glibc.malloc.arena_max=2 SAME=1");
    ck_assert_str_eq(environment_of("glibc:SAME=1:x:arena_max=2"),
                     "SAME=1:x GLIBC_TUNABLES=glibc.malloc.arena_max=2");
    ck_assert_str_eq(environment_of("null:ANY=1"), "ANY=1");
}
END_TEST

/* A library to name, at a place without blanks wherever the build is. Unlinked by the caller. */
static void copy_library(char *path)
{
    FILE *in = fopen(getenv("NULL_SO"), "r"), *out = fdopen(mkstemp(path), "w");
    ck_assert(in && out);
    for (int c; (c = getc(in)) != EOF;)
        putc(c, out);
    fclose(in);
    ck_assert_int_eq(fclose(out), 0);
}

START_TEST(a_library_of_ones_own_is_preloaded)
{
    char path[] = "/tmp/subject_test.XXXXXX", text[200], line[200];
    copy_library(path);
    snprintf(text, sizeof(text), "mine=%s:MINE_SIZE=3", path);
    snprintf(line, sizeof(line), "LD_PRELOAD=%s MINE_SIZE=3", path);
    ck_assert_str_eq(environment_of(text), line);

    struct subject s;
    struct err err;
    ck_assert_int_eq(subject_parse(&s, text, &err), 0);
    ck_assert_str_eq(s.label, "mine");
    ck_assert_str_eq(s.allocator->worker, "worker-glibc");
    ck_assert_str_eq(s.name, "mine:MINE_SIZE=3");
    ck_assert_str_eq(subject_supplier(&s), path);
    subject_release(&s);

    snprintf(text, sizeof(text), "mine=%s:arena_max=3", path);
    REFUSED(text, "takes no setting 'arena_max'");
    snprintf(text, sizeof(text), "glibc=%s", path);
    REFUSED(text, "'glibc' is an allocator of this program");
    snprintf(text, sizeof(text), "a b=%s", path);
    REFUSED(text, "cannot name an allocator");

    char blank[] = "/tmp/subject test.XXXXXX";
    copy_library(blank);
    snprintf(text, sizeof(text), "mine=%s", blank);
    REFUSED(text, "no path with a space or a colon");
    unlink(path);
    unlink(blank);
}
END_TEST

START_TEST(a_path_alone_names_itself)
{
    char folder[] = "/tmp/subject_test.XXXXXX";
    static const char *const names[][2] = {{"libmine.so.2.1", "mine"},
                                           {"mine.so", "mine"},
                                           {"libglibc.so", "libglibc.so"},
                                           {"lib.so", "lib.so"},
                                           {"a=b.so", "library"}};
    ck_assert_ptr_nonnull(mkdtemp(folder));
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        char path[120], text[120];
        snprintf(path, sizeof(path), "%s/XXXXXX", folder);
        copy_library(path);
        snprintf(text, sizeof(text), "%s/%s", folder, names[i][0]);
        ck_assert_int_eq(rename(path, text), 0);
        snprintf(path, sizeof(path), "%s", text);
        strcat(text, ":SIZE=3");

        struct subject s;
        struct err err;
        ck_assert_msg(subject_parse(&s, text, &err) == 0, "%s", err.text);
        ck_assert_str_eq(s.label, names[i][1]);
        ck_assert_str_eq(s.library, path);
        ck_assert_int_eq(strcmp(s.name + strlen(s.label), ":SIZE=3"), 0);
        subject_release(&s);
        unlink(path);
    }
    rmdir(folder);
    REFUSED("./nothing-there.so", "cannot open ./nothing-there.so");
}
END_TEST

START_TEST(the_file_that_supplies_malloc_proves_the_subject)
{
    struct subject s;
    struct err err;
    ck_assert_int_eq(subject_parse(&s, "tcmalloc", &err), 0);
    ck_assert_int_eq(fnmatch(subject_supplier(&s), "libtcmalloc_minimal.so.4.5.10", 0), 0);
    ck_assert_int_eq(fnmatch(subject_supplier(&s), "libtcmalloc_minimal.so.4", 0), 0);
    ck_assert_int_ne(fnmatch(subject_supplier(&s), "libtcmalloc.so.4", 0), 0);
    ck_assert_int_ne(fnmatch(subject_supplier(&s), "", 0), 0);
    subject_release(&s);
}
END_TEST

START_TEST(unknown_names_are_told_the_known_ones)
{
    REFUSED("gibc", "no allocator 'gibc'; did you mean glibc?");
    REFUSED(
        "xyzzy",
        "there are glibc, jemalloc, tcmalloc, mimalloc, implicit, ptmalloc, buddy, null, and /path");
    REFUSED("", "no allocator ''");
    REFUSED("library", "no allocator 'library'");
    REFUSED("glibc:arena_mx=1", "glibc has no setting 'arena_mx'; did you mean arena_max");
    REFUSED("glibc:xyzzy=1", "glibc has no setting 'xyzzy'; it has arena_max, arena_test");
    REFUSED("null:size=1", "null takes no setting 'size'");
}
END_TEST

START_TEST(bad_values_are_told_the_good_ones)
{
    REFUSED("glibc:arena_max=0", "from 1 to 65536");
    REFUSED("glibc:arena_max=2K", "takes a number");
    REFUSED("glibc:arena_max=", "takes a number");
    REFUSED("glibc:arena_max=99999999999999999999", "takes a number");
    REFUSED("glibc:mmap_threshold=-1", "at least 0");
    REFUSED("glibc:mmap_threshold=9000000000G", "takes a size");
    REFUSED("glibc:mmap_threshold=1Mi", "takes a size");
    REFUSED("glibc:mmap_threshold= 1", "takes a size");
    REFUSED("jemalloc:tcache=maybe", "takes on or off");
    REFUSED("jemalloc:thp=", "one of always|never|default");
    REFUSED("jemalloc:thp=always|never", "one of always|never|default");
    REFUSED("tcmalloc:release_rate=1e3", "a decimal number");
    REFUSED("tcmalloc:release_rate=.", "a decimal number");
    REFUSED("tcmalloc:release_rate=1001", "from 0 to 1000");
    REFUSED("tcmalloc:release_rate=1.00000000000000000000000000000000001", "a decimal number");
}
END_TEST

START_TEST(malformed_texts_are_refused)
{
    REFUSED("glibc:", "has no value");
    REFUSED("glibc:arena_max", "has no value");
    REFUSED("glibc:arena_max=1:arena_max=2", "arena_max is set twice");
    REFUSED("glibc:A=1:A=2", "A is set twice");
    REFUSED("glibc:GLIBC_TUNABLES=x:arena_max=1", "arena_max is set twice");
    REFUSED("glibc:arena_max=1:GLIBC_TUNABLES=x", "GLIBC_TUNABLES is set twice");
    REFUSED("mimalloc:MIMALLOC_PAGE_RESET=1:B=:page_reset=1", "set twice");
    REFUSED("glibc:LD_PRELOAD=/tmp/x.so", "loader's variables");
    REFUSED("glibc:A=1\nB=2", "control character");
    char many[SUBJECT_TEXT_MAX + 20];
    memset(many, 'x', sizeof(many));
    many[sizeof(many) - 1] = '\0';
    REFUSED(many, "at most 512 characters");
    REFUSED("mine=", "cannot open");
    REFUSED("mine=/nonexistent/lib.so", "/nonexistent/lib.so: No such file");
    REFUSED("=/lib/x.so", "cannot name an allocator");
}
END_TEST

/* "name value" of what the allocator must tell, and "/grain" where it rounds. */
static const char *wanted_of(const char *text)
{
    static char all[1024];
    struct subject s;
    struct err err = {{0}};
    int rc = subject_parse(&s, text, &err), n = 0;
    ck_assert_msg(rc == 0, "%s: %s", text, err.text);
    all[0] = '\0';
    for (size_t i = 0; i < s.n_settings; i++) {
        const struct statistic_wanted *w = &s.settings[i];
        n += snprintf(all + n, sizeof(all) - (size_t)n, "%s%s %lu", i ? ", " : "", w->name,
                      w->value);
        if (w->grain != 1)
            n += snprintf(all + n, sizeof(all) - (size_t)n, "/%lu", w->grain);
    }
    subject_release(&s);
    return all;
}

START_TEST(settings_are_to_be_proved)
{
    ck_assert_str_eq(wanted_of("ptmalloc"), "");
    ck_assert_str_eq(wanted_of("glibc"), "");
    ck_assert_str_eq(wanted_of("glibc:arena_max=1"), "arena_max 1");
    ck_assert_str_eq(wanted_of("glibc:GLIBC_TUNABLES=glibc.malloc.top_pad=0x1000"), "");
    ck_assert_str_eq(wanted_of("tcmalloc:release_rate=2.5"), "release_rate_thousandths 2500");
    ck_assert_str_eq(wanted_of("mimalloc:MIMALLOC_PAGE_RESET=1:decommit_delay=7"),
                     "page_reset 1, decommit_delay 7");
    ck_assert_str_eq(wanted_of("ptmalloc:mmap_threshold=1M:top_pad=0"),
                     "mmap_threshold 1048576, top_pad 0");
    ck_assert_str_eq(wanted_of("ptmalloc:mxfast=100:OTHER=x"), "mxfast 100/16");
    /* By hand: other keys are the allocator's to complain of, the last value holds. */
    ck_assert_str_eq(wanted_of("ptmalloc:ARENABENCH_TUNABLES=ptmalloc.top_pad=1K:buddy.x=1::what:"
                               "ptmalloc.arena_max=3:ptmalloc.top_pad=2K"),
                     "top_pad 2048, arena_max 3");
    REFUSED("ptmalloc:ARENABENCH_TUNABLES=ptmalloc.arena_max=0", "from 1 to 65536");
}
END_TEST

static int read_one(const struct allocator *a, const char *line, struct statistic_wanted **wanted,
                    size_t *n)
{
    struct err err;
    char *lines[] = {(char *)line};
    return wanted_read(a, lines, 1, wanted, n, &err);
}

/* Of an allocator made for the purpose: the words of its settings as it tells them. */
START_TEST(words_are_told_by_their_place)
{
    static const struct setting rows[] = {
        {.name = "fit", .key = "x.fit", .unit = SETTING_CHOICE, .choices = "first|next|best"},
        {.name = "on", .key = "x.on", .unit = SETTING_SWITCH},
        {0}};
    static const struct allocator a = {.name = "x",
                                       .variable = "X",
                                       .assign = '=',
                                       .between = ',',
                                       .on = "yes",
                                       .off = "no",
                                       .tells = true,
                                       .settings = rows};
    struct statistic_wanted *wanted;
    size_t n;
    ck_assert_int_eq(read_one(&a, "X=x.fit=best,x.on=yes", &wanted, &n), 0);
    ck_assert_uint_eq(n, 2);
    ck_assert_uint_eq(wanted[0].value, 2);
    ck_assert_uint_eq(wanted[1].value, 1);
    free(wanted);
    ck_assert_int_eq(read_one(&a, "X=x.fit=first,x.on=off", &wanted, &n), 0);
    ck_assert_uint_eq(wanted[0].value, 0);
    ck_assert_uint_eq(wanted[1].value, 0);
    free(wanted);
    ck_assert_int_eq(read_one(&a, "X=x.on=no,x.fit=worst", &wanted, &n), -EINVAL);
    ck_assert_ptr_null(wanted);
}
END_TEST

UNIT_MAIN("subject", settings_are_to_be_proved, words_are_told_by_their_place,
          a_plain_name_has_no_environment, settings_become_what_the_allocator_reads,
          any_variable_can_be_given_as_it_is, a_library_of_ones_own_is_preloaded,
          a_path_alone_names_itself, the_file_that_supplies_malloc_proves_the_subject,
          unknown_names_are_told_the_known_ones, bad_values_are_told_the_good_ones,
          malformed_texts_are_refused)
