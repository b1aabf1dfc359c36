/* A stored run for tests of the reports: five subjects, four cells, known speeds, and every kind of failure. */
#pragma once

#include "report.h"

#include <errno.h>
#include <math.h>

#include "store_fixture.h"

static const struct store_subject subjects[] = {
    {.name = "glibc", .allocator = "glibc"},
    {.name = "jemalloc", .allocator = "jemalloc"},
    {.name = "tc,\"malloc\"", .allocator = "tcmalloc", .setting = "A=1,2"},
    {.name = "mimalloc", .allocator = "mimalloc"},
    {.name = "null", .allocator = "null"},
};
enum { GLIBC, JEMALLOC, TCMALLOC, MIMALLOC, NULL_ALLOCATOR, N_SUBJECTS };

static const struct store_cell cells[] = {
    {.workload = "nop", .threads = 1},
    {.workload = "churn", .threads = 1},
    {.workload = "churn", .threads = 2},
    {.workload = "larson:remote=50", .threads = 2, .frees = 8, .remote_frees = 4},
};
enum { NOP, CHURN_1, CHURN_2, LARSON, N_CELLS };

static const struct store_fact facts[] = {
    {.key = "machine", .value = "Imaginary CPU, 2 cores, Linux 6.1"},
    {.key = "warning.governor", .value = "the governor is powersave\x1b[31m"},
};

static inline int64_t begin(struct fixture *f, struct store *s, uint32_t n_blocks)
{
    struct store_run run = {.started_s = FIXTURE_START,
                            .program_version = "0.1.0",
                            .manifest = "{\"seed\": 7}",
                            .baseline = "glibc",
                            .seed = 7,
                            .n_blocks = n_blocks,
                            .facts = facts,
                            .n_facts = ARRAY_SIZE(facts),
                            .subjects = subjects,
                            .n_subjects = N_SUBJECTS,
                            .cells = cells,
                            .n_cells = N_CELLS};
    int64_t id = 0;
    int result = store_run_begin(s, &run, &id, &f->err);
    ck_assert_msg(result == 0, "%s", f->err.text);
    return id;
}

/* Speed of each subject relative to glibc's 10 Mop/s on one thread, and its memory. */
static const double speeds[N_SUBJECTS] = {1, 1.25, 1.5, 1, 8};
static const double sizes[N_SUBJECTS] = {1, 0.5, 2, 1, 0.01};

/*
 * Block b as a whole is slower than the one before; a small shift breaks the ties between subjects.
 */
static inline struct trial_result good(uint32_t cell, uint32_t subject, uint32_t block)
{
    double wobble = 1 + 0.01 * ((block * 3 + subject * 5 + cell) % 7 - 3.0) * (subject != GLIBC);
    double per_s = 1e7 * speeds[subject] * cells[cell].threads * wobble / (1 + 0.2 * block);
    struct trial_result r = {.status = TRIAL_OK, .calls = 10000000};
    r.wall_ns = (uint64_t)llround(1e9 * (double)r.calls / per_s);
    r.user_ns = r.wall_ns * cells[cell].threads;
    r.peak_bytes = (uint64_t)llround(sizes[subject] * (double)(64 * MIB) * wobble);
    return r;
}

static inline struct trial_result bad(enum trial_status status, int signal, const char *message)
{
    struct trial_result r = {.status = status, .signal = signal, .wall_ns = 5, .calls = 1};
    strcpy(r.message, message);
    return r;
}

/*
 * jemalloc crashes twice on churn with two threads; mimalloc never ends there; glibc dies on
 * larson.
 */
static inline struct trial_result make(uint32_t cell, uint32_t subject, uint32_t block)
{
    if (cell == CHURN_2 && subject == JEMALLOC && block < 2)
        return bad(TRIAL_CRASHED, 11, "arena \"7\",\n\xff is gone");
    if (cell == CHURN_2 && subject == MIMALLOC)
        return bad(TRIAL_HUNG, 0, "no end after 10 s");
    if (cell == LARSON && subject == GLIBC)
        return bad(TRIAL_OUT_OF_MEMORY, 0, "malloc(1000000) returned NULL");
    return good(cell, subject, block);
}

/* What else the machine did, in every trial alike: parts of a CPU. */
struct disturbance {
    double foreign, steal;
};

static inline int64_t fill(struct fixture *f, struct store *s, uint32_t n_blocks,
                           const struct disturbance *d)
{
    int64_t run = begin(f, s, n_blocks);
    for (uint32_t b = 0; b < n_blocks; b++)
        for (uint32_t c = 0; c < N_CELLS; c++)
            for (uint32_t i = 0; i < N_SUBJECTS; i++) {
                struct trial_result r = make(c, i, b);
                double measured = r.status == TRIAL_OK ? (double)r.wall_ns : 1e15;
                r.foreign_cpu_ns = (uint64_t)(measured * d->foreign);
                r.steal_ns = (uint64_t)(measured * d->steal);
                struct store_place place = {c, i, b, c * N_SUBJECTS + i};
                ck_assert_int_eq(store_add_trial(s, run, &place, &r, &f->err), 0);
            }
    return run;
}

struct setting {
    struct fixture f;
    struct store *s;
    struct summary summary;
    size_t width; /* of tables; 0: any */
};

static inline void setting_init_disturbed(struct setting *t, uint32_t n_blocks,
                                          const struct disturbance *d)
{
    fixture_init(&t->f);
    t->width = 0;
    t->s = fixture_open(&t->f, STORE_WRITE);
    int64_t run = fill(&t->f, t->s, n_blocks, d);
    struct summary_options options = {0};
    int result = summary_make(t->s, run, &options, &t->summary, &t->f.err);
    ck_assert_msg(result == 0, "%s", t->f.err.text);
}

static inline void setting_init(struct setting *t, uint32_t n_blocks)
{
    static const struct disturbance none = {.foreign = 0.04, .steal = 0.04}; /* nearly */
    setting_init_disturbed(t, n_blocks, &none);
}

static inline void setting_release(struct setting *t)
{
    summary_release(&t->summary);
    store_close(t->s);
    fixture_release(&t->f);
}

/* What a report wrote, as a text to be freed. */
enum kind { TABLE, COLOURED_TABLE, JSON, CSV, KINDS };

static inline int print(FILE *out, struct setting *t, enum kind kind)
{
    switch (kind) {
    case JSON:
        return report_json(out, t->s, &t->summary, &(struct report_detail){0}, &t->f.err);
    case CSV:
        return report_csv(out, t->s, &t->summary, &t->f.err);
    default:
        return report_table(
            out, &t->summary,
            &(struct report_look){.colour = kind == COLOURED_TABLE, .width = t->width}, &t->f.err);
    }
}

static __attribute__((unused)) char *text_of(struct setting *t, enum kind kind)
{
    char *text = NULL;
    size_t n_bytes;
    FILE *out = open_memstream(&text, &n_bytes);
    ck_assert_ptr_nonnull(out);
    int result = print(out, t, kind);
    ck_assert_msg(result == 0, "%s", t->f.err.text);
    fclose(out);
    return text;
}
