#include "library.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rng.h"
#include "unit.h"

#define GOOD_MAX (1 << 20)

/* A library that passes, as bytes to be spoilt. */
static unsigned char good[GOOD_MAX];
static size_t n_good;
static char spoilt_path[32];

static void read_good(void)
{
    FILE *in = fopen(getenv("NULL_SO"), "r");
    ck_assert_ptr_nonnull(in);
    n_good = fread(good, 1, sizeof(good), in);
    ck_assert(n_good > 1000 && n_good < GOOD_MAX);
    fclose(in);
    strcpy(spoilt_path, "/tmp/library_test.XXXXXX");
    int fd = mkstemp(spoilt_path);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

/* What library_check says of a file with these bytes: "" when it passes. */
static const char *said_of(const unsigned char *bytes, size_t n)
{
    static struct err err;
    err.text[0] = '\0';
    FILE *out = fopen(spoilt_path, "w");
    ck_assert_uint_eq(fwrite(bytes, 1, n, out), n);
    fclose(out);
    int rc = library_check(spoilt_path, &err);
    ck_assert((rc == 0) == (err.text[0] == '\0'));
    return err.text;
}

START_TEST(a_whole_allocator_passes)
{
    struct err err;
    ck_assert_int_eq(library_check(getenv("NULL_SO"), &err), 0);
}
END_TEST

START_TEST(what_is_no_library_is_refused)
{
    struct err err;
    ck_assert_int_eq(library_check("/nonexistent.so", &err), -ENOENT);
    ck_assert_str_eq(err.text, "cannot open /nonexistent.so: No such file or directory");
    ck_assert_int_eq(library_check("/tmp", &err), -EINVAL);
    ck_assert_str_eq(err.text, "/tmp is not a file but a directory");
    ck_assert_int_eq(library_check("/dev/zero", &err), -EINVAL);
    ck_assert_int_eq(library_check("/proc/self/exe", &err), -EINVAL);
    ck_assert_ptr_nonnull(strstr(err.text, "exports no malloc"));

    read_good();
    ck_assert_ptr_nonnull(strstr(said_of((const unsigned char *)"#!/bin/sh\n", 10), "no ELF file"));
    ck_assert_ptr_nonnull(strstr(said_of(good, 0), "no ELF file"));
    unlink(spoilt_path);
    ck_assert_int_eq(mkfifo(spoilt_path, 0600), 0);
    ck_assert_int_eq(library_check(spoilt_path, &err), -EINVAL); /* at once, without a writer */
    unlink(spoilt_path);
}
END_TEST

START_TEST(another_machine_or_kind_is_refused)
{
    read_good();
    Elf64_Ehdr *head = (Elf64_Ehdr *)good;
    head->e_machine ^= 0x55;
    ck_assert_ptr_nonnull(strstr(said_of(good, n_good), "another kind of processor"));
    head->e_machine ^= 0x55;
    head->e_type = ET_EXEC;
    ck_assert_ptr_nonnull(strstr(said_of(good, n_good), "not a shared library"));
    head->e_type = ET_DYN;
    ck_assert_str_eq(said_of(good, n_good), "");
    unlink(spoilt_path);
}
END_TEST

START_TEST(an_allocator_without_calloc_is_refused)
{
    read_good();
    unsigned char *name = memmem(good, n_good, "\0calloc", 8);
    ck_assert_ptr_nonnull(name);
    name[1] = 'x';
    ck_assert_ptr_nonnull(strstr(said_of(good, n_good), "exports no calloc"));
    unlink(spoilt_path);
}
END_TEST

/* Refused or not, but neither crashed nor hung (each test has a time limit). */
START_TEST(broken_files_do_no_harm)
{
    read_good();
    for (size_t n = 0; n < n_good; n += 1 + n / 4)
        said_of(good, n);
    struct rng rng;
    rng_seed(&rng, 7);
    unsigned refused = 0;
    for (unsigned i = 0; i < 300; i++) {
        static unsigned char bad[GOOD_MAX];
        memcpy(bad, good, n_good);
        /* Headers are most of what is read; section headers are at the end. */
        for (unsigned k = 0; k < 4; k++) {
            bad[rng_below(&rng, sizeof(Elf64_Ehdr))] = (unsigned char)rng_next(&rng);
            bad[n_good - 1 - rng_below(&rng, 2048)] = (unsigned char)rng_next(&rng);
        }
        memcpy(bad, good, rng_below(&rng, 2) ? EI_NIDENT + 4 : 0);
        refused += said_of(bad, n_good)[0] != '\0';
    }
    ck_assert_uint_gt(refused, 100);
    unlink(spoilt_path);
}
END_TEST

UNIT_MAIN("library", a_whole_allocator_passes, what_is_no_library_is_refused,
          another_machine_or_kind_is_refused, an_allocator_without_calloc_is_refused,
          broken_files_do_no_harm)
