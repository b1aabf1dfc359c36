/* For tests: a folder that goes away, and a small run. */
#pragma once

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store.h"
#include "unit.h"

struct fixture {
    char folder[64];
    char path[128];
    struct err err;
};

static inline void fixture_init(struct fixture *f)
{
    memset(f, 0, sizeof(*f));
    strcpy(f->folder, "/tmp/store_test_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(f->folder));
    snprintf(f->path, sizeof(f->path), "%s/bench.db", f->folder);
}

static inline int fixture_unlink(const char *path, const struct stat *info, int kind,
                                 struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

static inline void fixture_release(struct fixture *f)
{
    ck_assert_int_eq(nftw(f->folder, fixture_unlink, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static inline struct store *fixture_open(struct fixture *f, enum store_access access)
{
    struct store *s;
    int result = store_open(f->path, access, &s, &f->err);
    ck_assert_msg(result == 0, "%s", f->err.text);
    return s;
}

static const struct store_subject fixture_subjects[] = {
    {.name = "glibc", .allocator = "glibc", .library = "", .setting = ""},
    {.name = "mine, \"new\"",
     .allocator = "custom",
     .library = "/opt/lib/mine.so",
     .setting = "MINE=1"},
};

static const struct store_cell fixture_cells[] = {
    {.workload = "churn",
     .threads = 1,
     .calls_per_pass = 1000,
     .peak_live_bytes = 1 << 20,
     .live_error_bytes = 4096,
     .bound_bytes = 5 << 20},
    {.workload = "churn", .threads = 2, .calls_per_pass = 2000, .frees = 70, .remote_frees = 7},
    {.workload = "larson", .threads = 2, .calls_per_pass = UINT64_MAX},
};

static const struct store_fact fixture_facts[] = {
    {.key = "kernel", .value = "6.1"},
    {.key = "cpu", .value = "two cores"},
};

/* 2026-11-20 23:14:55 UTC */
#define FIXTURE_START 1795216495

static const struct store_run fixture_run = {
    .started_s = FIXTURE_START,
    .program_version = "0.1.0",
    .manifest = "{\"seed\": 7}",
    .baseline = "glibc",
    .seed = UINT64_MAX - 1,
    .n_blocks = 5,
    .facts = fixture_facts,
    .n_facts = ARRAY_SIZE(fixture_facts),
    .subjects = fixture_subjects,
    .n_subjects = ARRAY_SIZE(fixture_subjects),
    .cells = fixture_cells,
    .n_cells = ARRAY_SIZE(fixture_cells),
};

static inline int64_t fixture_begin(struct fixture *f, struct store *s)
{
    int64_t run_id = 0;
    int result = store_run_begin(s, &fixture_run, &run_id, &f->err);
    ck_assert_msg(result == 0, "%s", f->err.text);
    return run_id;
}

/* A trial with another number and text in each field. */
static inline struct trial_result fixture_result(void)
{
    struct trial_result r = {.status = TRIAL_OK};
    uint64_t value = 1000;
    for (const struct store_number *n = store_numbers; n->name; n++)
        *(uint64_t *)((char *)&r + n->offset) = value++;
    r.steal_ns = UINT64_MAX; /* more than a signed number holds */
    for (const struct store_text *t = store_texts; t->name; t++)
        snprintf((char *)&r + t->offset, t->n_bytes, "%s of \"it\", 'quoted'\nnext", t->name);
    return r;
}

/* Stores one. */
static inline void fixture_add(struct fixture *f, struct store *s, int64_t run,
                               struct store_place place)
{
    struct trial_result r = fixture_result();
    int result = store_add_trial(s, run, &place, &r, &f->err);
    ck_assert_msg(result == 0, "%s", f->err.text);
}
