/* For tests: a directory tree made up from texts, in place of the root of the file system. */
#pragma once

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
    char root[64];
};

static inline void fixture_init(struct fixture *f)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(f->root, sizeof(f->root), "%.40s/fixture_XXXXXX", tmp ? tmp : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(f->root));
}

/* The path of `name` in the tree, in a static buffer; makes the directories above it. */
static inline const char *fixture_path(const struct fixture *f, const char *name)
{
    static char path[512];
    ck_assert_int_lt(snprintf(path, sizeof(path), "%s/%s", f->root, name), (int)sizeof(path));
    for (char *slash = path + strlen(f->root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(path, 0755);
        *slash = '/';
    }
    return path;
}

static inline void fixture_write_bytes(const struct fixture *f, const char *name, const void *bytes,
                                       size_t n)
{
    const char *path = fixture_path(f, name);
    unlink(path); /* file systems wait for the disk when a file is emptied and written anew */
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, n, file), n);
    ck_assert_int_eq(fclose(file), 0);
}

static inline void fixture_write(const struct fixture *f, const char *name, const char *text)
{
    fixture_write_bytes(f, name, text, strlen(text));
}

static inline int fixture_remove(const char *path, const struct stat *s, int type, struct FTW *at)
{
    (void)s, (void)type, (void)at;
    return remove(path);
}

static inline void fixture_release(struct fixture *f)
{
    nftw(f->root, fixture_remove, 8, FTW_DEPTH | FTW_PHYS);
}
