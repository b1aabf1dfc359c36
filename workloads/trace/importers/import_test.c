/* Small logs of every format, whole and broken, and what becomes of them. */
#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "import.h"
#include "trace_text.h"
#include "unit.h"

#define INPUT  "import_test.in"
#define OUTPUT "import_test.trace"

static struct err err;
static struct import_result result;

static void write_file(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
    ck_assert_int_eq(fclose(f), 0);
}

static int import_file(const char *format)
{
    struct import_options o = {.format = format, .input = INPUT, .output = OUTPUT, .level = 1};
    unlink(OUTPUT);
    err.text[0] = '\0';
    return import_trace(&o, &result, &err);
}

static int import_text(const char *format, const char *text)
{
    write_file(INPUT, text, strlen(text));
    return import_file(format);
}

#define THREADS_MAX 4
#define TOKENS_MAX  64

/* The text of OUTPUT; the caller frees it. */
static char *dump_output(void)
{
    char *dump;
    size_t n;
    FILE *out = open_memstream(&dump, &n);
    ck_assert_msg(trace_text_write(OUTPUT, out, &err) == 0, "%s", err.text);
    ck_assert_int_eq(fclose(out), 0);
    return dump;
}

/* An object by its maker and a number there, "0.1", in place of its token. */
static void write_line(FILE *out, const char *line, char names[TOKENS_MAX][16],
                       unsigned made[THREADS_MAX])
{
    char op[16];
    unsigned thread, token = 0;
    int at = 0;
    ck_assert_int_ge(sscanf(line, "%u %15s %u%n", &thread, op, &token, &at), 2);
    bool goes_on = strcmp(op, "realloc") == 0 || strcmp(op, "free") == 0;
    bool begins = !goes_on && strstr("malloc calloc aligned realloc-null", op) != NULL;
    if (begins)
        snprintf(names[token], 16, "%u.%u", thread, ++made[thread]);
    if (begins || goes_on)
        fprintf(out, "%u %s %s%s\n", thread, op, names[token], line + at);
    else
        fprintf(out, "%s\n", line);
}

/*
 * The lines of a dump thread by thread, with names that do not depend on the order of threads:
 * dumps keep to a legal one, not to that of the log. The caller frees it.
 */
static char *by_thread(char *dump)
{
    char *texts[THREADS_MAX], names[TOKENS_MAX][16], *all, *rest;
    FILE *outs[THREADS_MAX];
    unsigned made[THREADS_MAX] = {0};
    size_t n;
    for (unsigned t = 0; t < THREADS_MAX; t++)
        outs[t] = open_memstream(&texts[t], &n);
    strtok_r(dump, "\n", &rest); /* version */
    strtok_r(NULL, "\n", &rest); /* program */
    for (char *line; (line = strtok_r(NULL, "\n", &rest));)
        write_line(outs[atoi(line)], line, names, made);
    FILE *out = open_memstream(&all, &n);
    for (unsigned t = 0; t < THREADS_MAX; t++) {
        fclose(outs[t]);
        fputs(texts[t], out);
        free(texts[t]);
    }
    fclose(out);
    return all;
}

static void expect_events(const char *expected)
{
    char *dump = dump_output(), *events = by_thread(dump);
    ck_assert_str_eq(events, expected);
    free(dump);
    free(events);
}

/* Imports, the format guessed, and holds the trace to `expected`, thread by thread. */
static void expect(const char *format, const char *text, const char *expected)
{
    ck_assert_msg(import_text(NULL, text) == 0, "%s", err.text);
    ck_assert_str_eq(result.format, format);
    expect_events(expected);
}

/* One clear line with `why` in it, and no file. */
static void expect_refusal(const char *format, const char *text, const char *why)
{
    ck_assert_int_lt(import_text(format, text), 0);
    ck_assert_msg(strstr(err.text, why) != NULL, "'%s' is not in: %s", why, err.text);
    ck_assert_ptr_null(strchr(err.text, '\n'));
    ck_assert_int_ne(access(OUTPUT, F_OK), 0);
}

START_TEST(android)
{
    expect("android",
           "7: malloc 0x10 100\n"
           "7: calloc 0x20 3 5\n"
           "8: free 0x10\n"
           "8: malloc 0x10 7\n"
           "7: memalign 0x40 48 9\n"
           "7: realloc 0x50 0x20 80\n"
           "7: realloc 0x60 0x0 81\n"
           "7: free 0x0\n"
           "7: malloc 0x0 5\n"
           "8: thread_done 0x0\n"
           "7: free 0x10\r\n"
           "8: malloc 0x70 6", /* the number came back: another thread */
           "0 clock 0\n0 malloc 0.1 100\n0 calloc 0.2 15\n0 spawn 1\n"
           "0 aligned 0.3 9 64\n0 realloc 0.2 80\n0 realloc-null 0.4 81\n"
           "0 free 1.1\n0 spawn 2\n"
           "1 clock 0\n1 free 0.1\n1 malloc 1.1 7\n1 end\n"
           "2 clock 0\n2 malloc 2.1 6\n");
    ck_assert_uint_eq(result.counts.null_frees, 1);
    ck_assert_uint_eq(result.counts.failed, 1);
    ck_assert_uint_eq(result.info.totals.remote_frees, 2);
    ck_assert_uint_eq(result.info.n_threads, 3);
}
END_TEST

START_TEST(android_times)
{
    expect(
        "android",
        "5: malloc 0x10 100 1000000000 1000000100\n"
        "5: free 0x10 1000100000 1000100900\n"
        "5: malloc 0x10 1 1000050000 1000060000\n", /* time does not go back, and is kept in steps of 128 ns */
        "0 clock 0\n0 malloc 0.1 100\n0 clock 99840\n0 free 0.1\n0 malloc 0.2 1\n");
    ck_assert_uint_eq(result.info.totals.duration_ns, 99900);
    expect_refusal("android", "5: malloc 0x10 100 17\n", ":1: ");
}
END_TEST

START_TEST(what_was_not_seen)
{
    expect("android",
           "1: free 0x10\n"
           "1: malloc 0x10 1\n"
           "2: malloc 0x10 2\n" /* a conflict */
           "2: realloc 0x90 0x80 3\n"
           "1: free 0x10\n"
           "1: free 0x10\n"
           "2: realloc 0x0 0x90 0\n"
           "2: realloc 0x0 0x90 5\n",
           "0 clock 0\n0 malloc 0.1 1\n0 spawn 1\n0 free 1.1\n"
           "1 clock 0\n1 free 0.1\n1 malloc 1.1 2\n1 realloc-null 1.2 3\n"
           "1 free 1.2\n");
    ck_assert_uint_eq(result.counts.unknown_frees, 2);
    ck_assert_uint_eq(result.counts.unknown_reallocs, 1);
    ck_assert_uint_eq(result.counts.conflicts, 1);
    ck_assert_uint_eq(result.counts.failed, 1);
    ck_assert_uint_eq(result.info.totals.unknown_frees, 2);
    ck_assert_uint_eq(result.info.totals.conflicts, 1);
}
END_TEST

START_TEST(threads_without_a_call_that_counts)
{
    ck_assert_int_eq(import_text(NULL, "1: free 0x0\n2: free 0x5\n3: malloc 0x10 1\n"), 0);
    ck_assert_uint_eq(result.info.n_threads, 2);
}
END_TEST

START_TEST(android_broken)
{
    expect_refusal(NULL, "1: malloc 0x10 1\n1: malloc 0x20\n", INPUT ":2: ");
    expect_refusal(NULL, "1: malloc 0x10 1\n1: mallok 0x20 1\n", INPUT ":2: ");
    expect_refusal(NULL, "1: malloc 0x10 1\n\nx: malloc 0x20 1\n", INPUT ":3: ");
    expect_refusal(NULL, "1: malloc 0x10 99999999999999999999\n", "--from");
    expect_refusal("android", "1: malloc 0x10 99999999999999999999\n", "no number");
    expect_refusal("android", "1: malloc 0x10 18446744073709551615\n", "address space");
    expect_refusal("android", "1: calloc 0x10 8589934592 8589934592\n", "64 bits");
    expect_refusal("android", "1: malloc 0x10 -1\n", "no number");
    expect_refusal("android", "1: memalign 0x10 9223372036854775808 1\n", "alignment");
    expect_refusal("android", "1: malloc 0x10 1 2 3 4\n", INPUT ":1: ");
    expect_refusal("android", "", "not one call");
    ck_assert_int_eq(import_text(NULL, "1: calloc 0x0 8589934592 8589934592\n1: free 0x0\n"), 0);
}
END_TEST

START_TEST(no_text)
{
    static const char with_zero[] = "1: malloc 0x10 1\n1: free\0 0x10\n";
    write_file(INPUT, with_zero, sizeof(with_zero) - 1);
    ck_assert_int_lt(import_file(NULL), 0);
    ck_assert_ptr_nonnull(strstr(err.text, INPUT ":2: "));
    char *line = malloc(3u << 20);
    memset(line, '7', 3u << 20);
    write_file(INPUT, line, 3u << 20);
    free(line);
    ck_assert_int_lt(import_file("text"), 0);
    ck_assert_ptr_nonnull(strstr(err.text, INPUT ":1: a line of more than"));
}
END_TEST

START_TEST(mtrace)
{
    expect("mtrace",
           "= Start\n"
           "@ ./a] + b:[0x11] + 0x10 0x64\n"
           "@ ./p:(main+0x1)[0x12] < 0x10\n"
           "@ ./p:(main+0x1)[0x12] > 0x20 0x1388\n"
           "+ 0x30 0x3\n"
           "@ [0x5] ! 0x30 0x4000000000000000\n"
           "@ [0x5] + (nil) 0x4000000000000000\n"
           "@ [0x5] - 0x20\n"
           "= End\n",
           "0 clock 0\n0 malloc 0.1 100\n0 realloc 0.1 5000\n0 malloc 0.2 3\n"
           "0 free 0.1\n");
    ck_assert_uint_eq(result.counts.failed, 2);
    expect_refusal(NULL, "= Start\n@ [0x1] < 0x10\n@ [0x1] + 0x20 0x1\n", INPUT ":3: ");
    expect_refusal(NULL, "= Start\n@ [0x1] > 0x10 0x1\n", INPUT ":2: ");
    expect_refusal(NULL, "= Start\n@ [0x1] < 0x10\n", "cut off");
    expect_refusal(NULL, "= Start\n@ [0x1] + 0x10 0x1fffffffffffffffff\n", INPUT ":2: ");
    expect_refusal(NULL, "= Start\nMemory not freed\n", INPUT ":2: ");
}
END_TEST

START_TEST(rep)
{
    expect("rep", "2000\n3\n7\n1\na 0 20\na 1 100\nf 1\nr 0 400\nf -1\na 2 7\nf 0\n",
           "0 clock 0\n0 malloc 0.1 20\n0 malloc 0.2 100\n0 free 0.2\n"
           "0 realloc 0.1 400\n0 malloc 0.3 7\n0 free 0.1\n");
    ck_assert_str_eq(result.note, "");
    expect("rep", "2000 1 2 1\na 5 20\n", "0 clock 0\n0 malloc 0.1 20\n");
    ck_assert_str_eq(result.note, "it announces 2 operations and holds 1");
    expect_refusal(NULL, "1\n2\n3\n4\na 0 20\nq 0\n", INPUT ":6: ");
    expect_refusal(NULL, "1\n2\n3\n4\na 0 20\na 0\n", INPUT ":6: ");
    expect_refusal("rep", "1\n2\n3\n4\n5\na 0 20\n", INPUT ":5: ");
    expect_refusal("rep", "1\n2\n", "cut off");
    expect_refusal("rep", "1\n2\n3\n4\na 99999999999999999999 20\n", INPUT ":5: ");
}
END_TEST

START_TEST(heaptrack_raw)
{
    expect(
        "heaptrack",
        "v 10400 3\nx 5 ./p x\nX ./p  --option\nt 1 0\n+ 64 1 55c0\nc a\n+ 10 1 55d0\n- 55c0\nR 3ed\n",
        "0 clock 0\n0 malloc 0.1 100\n0 clock 10000000\n0 malloc 0.2 16\n"
        "0 free 0.1\n");
    ck_assert_str_eq(result.info.command, "./p --option");
    expect_refusal(NULL, "v 10400 4\n", "file version");
    expect_refusal(NULL, "v 10400 3\n+ 64 1\n", INPUT ":2: ");
    expect_refusal("heaptrack", "+ 64 1 55c0\n", INPUT ":1: ");
}
END_TEST

START_TEST(heaptrack_interpreted)
{
    expect("heaptrack", "v 10400 3\ns 3 abc\na 64 8\n+ 0\na c8 9\n+ 1\n+ 0\n- 0\n- 1\n- 0\n+ 1\n",
           "0 clock 0\n0 malloc 0.1 100\n0 malloc 0.2 200\n0 malloc 0.3 100\n"
           "0 free 0.3\n0 free 0.2\n0 free 0.1\n0 malloc 0.4 200\n");
    ck_assert_ptr_nonnull(strstr(result.note, "newest"));
    expect_refusal(NULL, "v 10400 3\na 64 8\n+ 1\n", INPUT ":3: ");
    expect_refusal(NULL, "v 10400 3\na 64 8\n- 0\n", INPUT ":3: ");
}
END_TEST

struct record {
    uint32_t thread, type;
    uint64_t ptr1, ptr2, size, size2, size3, pad[2];
};

static void expect_records(const struct record *records, size_t n, size_t each,
                           const char *expected)
{
    FILE *f = fopen(INPUT, "w");
    for (size_t i = 0; i < n; i++)
        fwrite(&records[i], 1, each, f);
    fclose(f);
    ck_assert_msg(import_file(NULL) == 0, "%s", err.text);
    ck_assert_str_eq(result.format, "trace-utils");
    expect_events(expected);
}

START_TEST(trace_utils)
{
    static const struct record records[] = {
        {.type = 255, .ptr1 = 0x1234, .size = 8},
        {.thread = 5, .type = 0xffff01, .ptr2 = 0x10, .size = 100},
        {.thread = 5, .type = 2, .ptr2 = 0x20, .size = 30},
        {.thread = 6, .type = 4, .ptr1 = 0x10, .ptr2 = 0x30, .size = 40},
        {0},
        {.thread = 5, .type = 5, .ptr2 = 0x40, .size = 50, .size2 = 64},
        {.thread = 5, .type = 6, .ptr2 = 0x50, .size = 60},
        {.thread = 5, .type = 7, .ptr2 = 0x60, .size = 70},
        {.thread = 5, .type = 8, .ptr2 = 0x70, .size = 80, .size2 = 128},
        {.thread = 5, .type = 3, .ptr1 = 0x30},
    };
    expect_records(records, 10, 64,
                   "0 clock 0\n0 malloc 0.1 100\n0 calloc 0.2 30\n0 spawn 1\n"
                   "0 aligned 0.3 50 64\n0 aligned 0.4 60 4096\n0 aligned 0.5 4096 4096\n"
                   "0 aligned 0.6 80 128\n0 free 0.1\n"
                   "1 clock 0\n1 realloc 0.1 40\n");
    expect_records(records + 1, 2, 32, "0 clock 0\n0 malloc 0.1 100\n0 calloc 0.2 30\n");
    ck_assert_int_eq(truncate(INPUT, 50), 0);
    ck_assert_int_lt(import_file(NULL), 0);
    ck_assert_ptr_nonnull(
        strstr(err.text, "cut off inside a record (in the record before byte 50)"));
    struct record bad[] = {records[1], {.type = 9}};
    write_file(INPUT, bad, sizeof(bad));
    ck_assert_int_lt(import_file("trace-utils"), 0);
}
END_TEST

static const char some_text[] = "# by hand\n"
                                "program /usr/bin/a%20b --x\n"
                                "0 clock 1000\n"
                                "0 malloc 1 100\n"
                                "0 calloc 2 200\n"
                                "0 spawn 1\n"
                                "1 clock 500000\n"
                                "1 realloc 1 300\n"
                                "1 aligned 9 5 64\n"
                                "0 free 1\n"
                                "1 end\n"
                                "0 join 1\n"
                                "0 realloc-null 7 70000 pages=3\n"
                                "0 realloc 7 200000\n"
                                "0 free 9\n";

START_TEST(own_text)
{
    expect(
        "text", some_text,
        "0 clock 896\n0 malloc 0.1 100\n0 calloc 0.2 200\n0 spawn 1\n"
        "0 free 0.1\n0 join 1\n0 realloc-null 0.3 70000 pages=3\n0 realloc 0.3 200000\n0 free 1.1\n"
        "1 clock 499968\n1 realloc 0.1 300\n1 aligned 1.1 5 64\n1 end\n");
    ck_assert_str_eq(result.info.command, "/usr/bin/a b --x");
    ck_assert_uint_eq(result.info.totals.duration_ns, 500000);
    expect_refusal(NULL, "0 malloc 1 5\n0 malloc 0 5\n", INPUT ":2: ");
    expect_refusal(NULL, "0 malloc 1 5\n0 aligned 2 5 3\n", INPUT ":2: ");
    expect_refusal(NULL, "0 malloc 1 5\n0 spawn 0\n", INPUT ":2: ");
    expect_refusal(NULL, "0 malloc 1 5\n0 join 1\n", INPUT ":2: ");
    expect_refusal(NULL, "0 spawn 1\n0 join 1\n1 end\n", INPUT ":3: ");
    expect_refusal(NULL, "0 malloc 1 5\n0 free 1 1\n", INPUT ":2: ");
    expect_refusal(NULL, "arenabench-trace-text 1\n0 give 1\n", INPUT ":2: ");
    expect_refusal("text", "arenabench-trace-text 2\n0 free 1\n", INPUT ":1: ");
}
END_TEST

/* `n` files of the same text in an archive of the given kind. */
static void write_archive(int format, int filter, const char *text, unsigned n)
{
    struct archive *a = archive_write_new();
    ck_assert_int_eq(archive_write_set_format(a, format), ARCHIVE_OK);
    ck_assert_int_eq(archive_write_add_filter(a, filter), ARCHIVE_OK);
    ck_assert_int_eq(archive_write_open_filename(a, INPUT), ARCHIVE_OK);
    for (unsigned i = 0; i < n; i++) {
        struct archive_entry *entry = archive_entry_new();
        char name[16];
        snprintf(name, sizeof(name), "log%u", i);
        archive_entry_set_pathname(entry, name);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        archive_entry_set_size(entry, (int64_t)strlen(text));
        ck_assert_int_eq(archive_write_header(a, entry), ARCHIVE_OK);
        ck_assert_int_eq(archive_write_data(a, text, strlen(text)), (la_ssize_t)strlen(text));
        archive_entry_free(entry);
    }
    ck_assert_int_eq(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
}

START_TEST(compressed)
{
    static const int filters[] = {ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_BZIP2, ARCHIVE_FILTER_XZ,
                                  ARCHIVE_FILTER_ZSTD};
    for (unsigned i = 0; i < ARRAY_SIZE(filters); i++) {
        write_archive(ARCHIVE_FORMAT_RAW, filters[i], some_text, 1);
        ck_assert_msg(import_file(NULL) == 0, "%s", err.text);
        ck_assert_uint_eq(result.info.totals.duration_ns, 500000);
        struct stat st;
        ck_assert_int_eq(stat(INPUT, &st), 0);
        ck_assert_int_eq(truncate(INPUT, st.st_size / 2), 0);
        ck_assert_int_lt(import_file("text"), 0);
        ck_assert_int_ne(access(OUTPUT, F_OK), 0);
    }
}
END_TEST

START_TEST(archives)
{
    write_archive(ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, some_text, 1);
    ck_assert_msg(import_file(NULL) == 0, "%s", err.text);
    write_archive(ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_GZIP, some_text, 1);
    ck_assert_msg(import_file(NULL) == 0, "%s", err.text);
    write_archive(ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, some_text, 2);
    ck_assert_int_lt(import_file(NULL), 0);
    ck_assert_ptr_nonnull(strstr(err.text, "several files"));
}
END_TEST

START_TEST(what_is_no_file)
{
    struct import_options o = {.input = "-", .output = OUTPUT};
    ck_assert_int_lt(import_trace(&o, &result, &err), 0);
    o.input = "/dev/null";
    ck_assert_int_lt(import_trace(&o, &result, &err), 0);
    ck_assert_ptr_nonnull(strstr(err.text, "twice"));
    o.input = "import_test.nothing";
    ck_assert_int_lt(import_trace(&o, &result, &err), 0);
    ck_assert_ptr_nonnull(strstr(err.text, "No such file"));
    expect_refusal("mtrac", "= Start\n", "did you mean mtrace?");
    expect_refusal(NULL, "hello\n", "--from");
}
END_TEST

UNIT_MAIN("import", android, android_times, what_was_not_seen, threads_without_a_call_that_counts,
          android_broken, no_text, mtrace, rep, heaptrack_raw, heaptrack_interpreted, trace_utils,
          own_text, compressed, archives, what_is_no_file)
