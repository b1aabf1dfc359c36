#include "table.h"

#include <ctype.h>
#include <dlfcn.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

#include "unit.h"

static bool is_word(const char *text)
{
    return text && text[0] && text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

START_TEST(every_row_is_complete_and_found_by_its_name)
{
    size_t n;
    const struct allocator *const *table = allocator_table(&n);
    ck_assert_uint_ge(n, 5);
    for (size_t i = 0; i < n; i++) {
        const struct allocator *a = table[i];
        ck_assert(is_word(a->name));
        ck_assert(a->summary && a->worker && a->malloc_file);
        ck_assert_ptr_eq(allocator_find(a->name), a); /* also: no two of one name */
        ck_assert(strncmp(a->worker, "worker-", 7) == 0);
        ck_assert(!a->variable || (a->assign && a->between));
    }
    ck_assert_ptr_null(allocator_find("library"));
    ck_assert_ptr_null(allocator_find(""));
}
END_TEST

static void check_setting(const struct allocator *a, const struct setting *s)
{
    ck_assert_msg(is_word(s->name), "%s: %s", a->name, s->name);
    ck_assert_msg(s->key && s->initial && s->help, "%s.%s lacks something", a->name, s->name);
    ck_assert_msg(!s->proof == (s->no_proof != NULL), "%s.%s: proof, or why not", a->name, s->name);
    ck_assert_ptr_eq(allocator_setting(a, s->name), s);
    ck_assert_ptr_nonnull(setting_unit_name(s->unit));
    bool is_number = s->unit != SETTING_SWITCH && s->unit != SETTING_CHOICE;
    ck_assert_msg(is_number == (s->least < s->most), "%s.%s: its range", a->name, s->name);
    ck_assert_msg((s->unit == SETTING_CHOICE) == (s->choices != NULL), "%s.%s", a->name, s->name);
    ck_assert_msg(s->unit != SETTING_SWITCH || (a->on && a->off), "%s.%s", a->name, s->name);
    /* What an allocator tells is a number, and is looked up in its one variable. */
    ck_assert_msg(!a->tells || (s->unit != SETTING_FACTOR && s->least >= 0), "%s.%s", a->name,
                  s->name);
    ck_assert_msg(!a->tells || a->variable, "%s", a->name);
    ck_assert_msg(a->variable || isupper((unsigned char)s->key[0]), "%s.%s", a->name, s->name);
}

START_TEST(every_setting_is_complete)
{
    size_t n;
    const struct allocator *const *table = allocator_table(&n);
    for (size_t i = 0; i < n; i++) {
        size_t settings = 0;
        for (const struct setting *s = table[i]->settings; s && s->name; s++, settings++)
            check_setting(table[i], s);
        ck_assert_uint_lt(settings, 64); /* subjects keep a bit for each */
    }
}
END_TEST

/* Whether the file holds `text` with a 0 behind. Read as a whole: libraries are small. */
static bool file_holds(const char *path, const char *text)
{
    FILE *in = fopen(path, "r");
    ck_assert_msg(in != NULL, "cannot open %s", path);
    static char bytes[8 << 20];
    size_t n = fread(bytes, 1, sizeof(bytes), in);
    fclose(in);
    return memmem(bytes, n, text, strlen(text) + 1) != NULL;
}

/* The allocators lie where libc lies. */
static const char *beside_libc(const char *name)
{
    static char path[PATH_MAX];
    Dl_info libc;
    ck_assert_int_ne(dladdr((void *)fopen, &libc), 0);
    const char *slash = strrchr(libc.dli_fname, '/');
    snprintf(path, sizeof(path), "%.*s/%s", (int)(slash - libc.dli_fname), libc.dli_fname, name);
    return path;
}

START_TEST(glibc_knows_its_tunables)
{
    Dl_info loader;
    ck_assert_int_ne(dladdr((void *)getauxval(AT_BASE), &loader), 0);
    for (const struct setting *s = allocator_glibc.settings; s->name; s++)
        ck_assert_msg(file_holds(loader.dli_fname, s->key), "%s has no %s", loader.dli_fname,
                      s->key);
}
END_TEST

START_TEST(jemalloc_knows_its_options)
{
    for (const struct setting *s = allocator_jemalloc.settings; s->name; s++)
        ck_assert_msg(file_holds(beside_libc("libjemalloc.so.2"), s->key), "no %s", s->key);
}
END_TEST

START_TEST(tcmalloc_knows_its_variables)
{
    for (const struct setting *s = allocator_tcmalloc.settings; s->name; s++)
        ck_assert_msg(file_holds(beside_libc("libtcmalloc_minimal.so.4"), s->key), "no %s", s->key);
}
END_TEST

START_TEST(mimalloc_knows_its_variables)
{
    for (const struct setting *s = allocator_mimalloc.settings; s->name; s++) {
        char text[64];
        ck_assert(strncmp(s->key, "MIMALLOC_", 9) == 0);
        snprintf(text, sizeof(text), "%s", s->key + 9);
        for (char *p = text; *p; p++)
            *p = (char)tolower((unsigned char)*p);
        ck_assert_msg(file_holds(beside_libc("libmimalloc.so.2"), text), "no %s", text);
    }
}
END_TEST

UNIT_MAIN("table", every_row_is_complete_and_found_by_its_name, every_setting_is_complete,
          glibc_knows_its_tunables, jemalloc_knows_its_options, tcmalloc_knows_its_variables,
          mimalloc_knows_its_variables)
