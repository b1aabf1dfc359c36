/*
 * Results files for the tests of the report page, made without measuring: stored FILE KIND, where KIND is
 *   whole   six subjects, two of them with names that try to be HTML; series, surveys, statistics, failures of every kind
 *   bare    two subjects, three blocks, no series, no surveys
 *   broken  every trial failed
 *   large   as many cells, subjects and blocks as the default run has, with long series and full surveys
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_survey.h"

#define HOSTILE "</script><img src=x onerror=alert(1)>"

struct kind {
    const char *name;
    const struct store_subject *subjects;
    const struct store_cell *cells;
    uint32_t n_subjects, n_cells, n_blocks;
    size_t n_samples;
    unsigned n_steps; /* marks of a survey that are evenly spaced; 0: no surveys */
    bool fails;       /* every trial */
};

static const struct store_subject subjects[] = {
    {.name = "glibc", .allocator = "glibc"},
    {.name = "jemalloc", .allocator = "jemalloc"},
    {.name = HOSTILE,
     .allocator = "mine",
     .library = "/opt/lib/<b>mine</b>.so",
     .setting = "A=&quot;<i>"},
    {.name = "mimalloc", .allocator = "mimalloc"},
    {.name = "glibc:arena_max=1",
     .allocator = "glibc",
     .setting = "GLIBC_TUNABLES=glibc.malloc.arena_max=1"},
    {.name = "null", .allocator = "null"},
    {.name = "tcmalloc", .allocator = "tcmalloc"},
    {.name = "buddy", .allocator = "buddy"},
};

static const struct store_cell cells[] = {
    {"nop", 1, 1000, 0, 0, 0, 0, 0},
    {"churn", 1, 1000, 900, 0, 16 << 20, 12 << 20,
     0}, /* what is live is hardly known from outside */
    {"churn", 2, 2000, 1800, 0, 32 << 20, 0, 0},
    {"churn", 4, 4000, 3600, 0, 64 << 20, 0, 128 << 20}, /* an adversary */
    {"larson:<svg onload=alert(2)>", 2, 1000, 900, 90, 8 << 20, 0, 0},
    {"\"quoted\" & <!--", 2, 1000, 900, 450, 24 << 20, 0, 0},
};

static const struct store_fact facts[] = {
    {"machine", "Imaginary CPU, 2 cores"},
    {"kernel_release", "<6.1> & \"more\" \xe2\x80\xa8 line"},
    {"warning_governor", "The governor is powersave </SCRIPT><script>alert(3)</script>"},
};

static const double speeds[] = {1, 1.25, 1.5, 0.8, 0.97, 8, 1.4, 0.3};
static const double sizes[] = {1, 0.7, 2, 1.3, 0.9, 0.01, 1.1, 1.9};

static void fail(const char *what)
{
    fprintf(stderr, "stored: %s\n", what);
    exit(1);
}

static void *room_for(size_t n, size_t bytes)
{
    void *p = calloc(n + 1, bytes);
    if (!p)
        fail("no memory");
    return p;
}

/* A tide: up, a narrow peak, down to a tenth; so thinning that loses the peak is seen. */
static double tide(double x)
{
    return fabs(x - 0.6) < 0.0008 ? 1 : 0.1 + 0.7 * sin(x * 3.14159265);
}

static void add_samples(struct trial_result *r, const struct kind *k, uint32_t cell,
                        uint32_t subject)
{
    r->samples = room_for(k->n_samples, sizeof(*r->samples));
    r->n_samples = k->n_samples;
    for (size_t i = 0; i < k->n_samples; i++) {
        double x = (double)i / (double)k->n_samples;
        double live = (double)k->cells[cell].peak_live_bytes * tide(x);
        r->samples[i] = (struct trial_sample){
            .t_ns = (uint64_t)(x * (double)r->wall_ns),
            .ops = (uint64_t)(x * 1e6),
            .rss_bytes = (uint64_t)(live * (0.9 + sizes[subject] * (0.3 + 0.4 * x))),
            .live_bytes = (uint64_t)live,
            .address_bytes = (uint64_t)live * 4};
    }
}

static struct trial_result good(const struct kind *k, uint32_t cell, uint32_t subject,
                                uint32_t block)
{
    double wobble = 1 + 0.01 * ((block * 3 + subject * 5 + cell) % 7 - 3.0) * (subject != 0);
    double per_s = 1e7 * speeds[subject] * k->cells[cell].threads * wobble / (1 + 0.02 * block);
    struct trial_result r = {.status = TRIAL_OK, .calls = 10000000, .passes = 3};
    r.wall_ns = (uint64_t)(1e9 * (double)r.calls / per_s);
    r.user_ns = r.thread_ns = r.wall_ns * k->cells[cell].threads;
    r.peak_bytes = (uint64_t)(sizes[subject] * (double)(64 << 20) * wobble) + (1 << 20);
    r.end_bytes = r.peak_bytes / 3;
    r.minor_faults = r.peak_bytes >> 12;
    strcpy(r.malloc_path, "/usr/lib/libmine<b>.so.2");
    strcpy(r.build_id, "0123456789abcdef0123456789abcdef01234567");
    strcpy(r.version, "1.0 <beta>");
    strcpy(r.binding, "0");
    if (k->n_samples > 0)
        add_samples(&r, k, cell, subject);
    return r;
}

static struct trial_result bad(enum trial_status status, int signal, const char *message)
{
    struct trial_result r = {.status = status, .signal = signal, .wall_ns = 5, .calls = 1};
    strcpy(r.message, message);
    return r;
}

static struct trial_result make(const struct kind *k, uint32_t cell, uint32_t subject,
                                uint32_t block)
{
    if (k->fails)
        return bad(TRIAL_NOT_STARTED, 0, "the worker could not start");
    if (k->n_subjects == 6 && cell == 2 && subject == 1 && block < 2)
        return bad(TRIAL_CRASHED, 11, "arena \"7\",\n\xff is gone " HOSTILE);
    if (k->n_subjects == 6 && cell == 3 && subject == 3)
        return bad(TRIAL_HUNG, 0, "no end after 10 s");
    return good(k, cell, subject, block);
}

static void fill_mark(const struct kind *k, uint32_t cell, uint32_t subject, double at, double x,
                      struct survey_mark *m)
{
    double live =
        (double)k->cells[cell].peak_live_bytes * (m->kind < SURVEY_DRAINED ? tide(x) : 0.05);
    uint64_t n_pages = (uint64_t)(live * (1 + 0.3 * sizes[subject])) >> 12;
    if (m->kind == SURVEY_PURGED)
        n_pages = n_pages * 2 / 3;
    m->t_ns = (uint64_t)(at * 1e8);
    m->ops = (uint64_t)(at * 1e6);
    m->live_bytes = (uint64_t)live;
    m->live_objects = m->live_bytes / 64;
    m->usable_bytes = (uint64_t)(live * 1.1);
    m->held_bytes = subject == 3 ? SURVEY_UNKNOWN : (uint64_t)(live * (1.2 + 0.3 * sizes[subject]));
    for (unsigned i = 0; i < SURVEY_SHARES; i++)
        m->pages[i] = n_pages / 32 * (i == 0 || i == 16 ? 4 : 1 + (i + subject) % 3);
    for (unsigned i = 0; i < SURVEY_SHARES; i++)
        m->heap_resident_bytes += m->pages[i] * 4096;
    m->empty_bytes = m->pages[0] * 4096;
    m->n_mappings = 40;
    m->used_lines = m->live_bytes / 48;
    m->shared_lines = m->used_lines * subject / 100;
    m->address_bytes = m->heap_resident_bytes * 3;
}

#define REGIONS_OF_MARK 240u

static void fill_regions(struct survey *s, uint32_t mark)
{
    struct survey_mark *m = &s->marks[mark];
    m->first_region = s->n_regions;
    for (uint32_t i = 0; i < REGIONS_OF_MARK; i++)
        if ((i * 7 + mark) % 11 != 0)
            s->regions[s->n_regions++] = (struct survey_region){
                .address = ((uint64_t)0x7f0000 << 24) + ((uint64_t)i + (i > 120) * 5000) * 65536,
                .n_pages = 16,
                .resident_pages = 1 + (i + mark) % 16,
                .live_bytes = (uint64_t)((i * 31 + mark * 17) % 100) * (1 + (i + mark) % 16) * 41};
    m->n_regions = s->n_regions - m->first_region;
}

static void fill_latency(struct survey *s, unsigned kind, unsigned size_class, unsigned faulted,
                         unsigned slow)
{
    struct survey_latency *l = &s->latencies[s->n_latencies++];
    *l = (struct survey_latency){.kind = kind,
                                 .size_class = size_class,
                                 .has_faulted = faulted,
                                 .min_ns = 17,
                                 .max_ns = 90000};
    for (unsigned b = 17; b < 400; b++) {
        l->counts[b] = (uint64_t)(2e5 / (1 + (double)(b - 17) * (b - 17) * (b - 17)) / slow) +
                       (b % 50 == slow);
        l->n += l->counts[b];
    }
}

static struct survey make_survey(const struct kind *k, uint32_t cell, uint32_t subject)
{
    unsigned n = k->n_steps;
    struct survey s = {.clock_ns = 18, .latency_period = 64};
    strcpy(s.purge, subject == 3 ? "" : "malloc_trim(0)");
    strcpy(s.held_source, subject == 3 ? "" : "mallinfo2");
    s.marks = room_for(n + 6, sizeof(*s.marks));
    s.regions = room_for((size_t)(n + 6) * REGIONS_OF_MARK, sizeof(*s.regions));
    s.latencies = room_for(24, sizeof(*s.latencies));
    for (unsigned i = 0; i < n + 6; i++) {
        struct survey_mark *m = &s.marks[s.n_marks++];
        unsigned peak = n * 6 / 10;
        m->kind = i < peak    ? SURVEY_STEP
                  : i == peak ? SURVEY_PEAK
                  : i <= n    ? SURVEY_STEP
                              : SURVEY_DRAINED + (i - n - 1);
        fill_mark(k, cell, subject, (double)i / (n + 6), i == peak ? 0.6 : (double)i / n, m);
        fill_regions(&s, i);
    }
    for (unsigned c = 0; c < 4; c++) {
        fill_latency(&s, LATENCY_MALLOC, c, 0, subject + 1);
        fill_latency(&s, LATENCY_FREE, c, 0, subject + 1);
    }
    fill_latency(&s, LATENCY_MALLOC, 8, 1, subject + 1);
    fill_latency(&s, LATENCY_FREE, 1, 0, subject + 2);
    s.latencies[s.n_latencies - 1].is_remote = 1;
    return s;
}

static void add_surveys(struct store *s, int64_t run, const struct kind *k)
{
    struct err err;
    for (uint32_t c = 0; c < k->n_cells; c++)
        for (uint32_t i = 0; i < k->n_subjects; i++) {
            struct trial_result r = make(k, c, i, 0);
            bool ok = r.status == TRIAL_OK;
            struct survey found = ok ? make_survey(k, c, i) : (struct survey){0};
            if (store_add_survey(s, run, c, i, &r, ok ? &found : NULL, &err) < 0)
                fail(err.text);
            survey_release(&found);
            free(r.samples);
        }
}

static void store_kind(const char *path, const struct kind *k)
{
    struct store *s;
    struct err err;
    int64_t id;
    struct store_run run = {.started_s = 1795216495,
                            .program_version = "0.1.0",
                            .manifest = "{\"allocators\": \"no whole manifest\"}",
                            .baseline = "glibc",
                            .seed = 7,
                            .n_blocks = k->n_blocks,
                            .facts = facts,
                            .n_facts = ARRAY_SIZE(facts),
                            .subjects = k->subjects,
                            .n_subjects = k->n_subjects,
                            .cells = k->cells,
                            .n_cells = k->n_cells};
    if (store_open(path, STORE_WRITE, &s, &err) < 0 || store_run_begin(s, &run, &id, &err) < 0)
        fail(err.text);
    for (uint32_t b = 0; b < k->n_blocks; b++)
        for (uint32_t c = 0; c < k->n_cells; c++)
            for (uint32_t i = 0; i < k->n_subjects; i++) {
                struct trial_result r = make(k, c, i, b);
                struct store_place place = {c, i, b, c * k->n_subjects + i};
                if (store_add_trial(s, id, &place, &r, &err) < 0)
                    fail(err.text);
                free(r.samples);
            }
    if (k->n_steps > 0)
        add_surveys(s, id, k);
    store_close(s);
}

#define LARGE_CELLS 22

int main(int argc, char **argv)
{
    static char names[LARGE_CELLS][16];
    static struct store_cell many[LARGE_CELLS];
    for (unsigned i = 0; i < LARGE_CELLS; i++) {
        snprintf(names[i], sizeof(names[i]), "workload-%u", i / 2);
        many[i] = (struct store_cell){.workload = names[i],
                                      .threads = 1 + i % 2,
                                      .calls_per_pass = 1000,
                                      .frees = 900,
                                      .remote_frees = 90,
                                      .peak_live_bytes = (i + 1) << 20,
                                      .bound_bytes = i < 6 ? (i + 1) << 21 : 0};
    }
    static const struct kind kinds[] = {
        {"whole", subjects, cells, 6, ARRAY_SIZE(cells), 7, 2000, 20, false},
        {"bare", subjects, cells, 2, 3, 3, 0, 0, false},
        {"broken", subjects, cells, 3, 3, 6, 0, 0, true},
        {"large", subjects, many, 8, LARGE_CELLS, 9, 1500, 50, false},
    };
    for (size_t i = 0; argc == 3 && i < ARRAY_SIZE(kinds); i++)
        if (strcmp(argv[2], kinds[i].name) == 0) {
            store_kind(argv[1], &kinds[i]);
            return 0;
        }
    fail("usage: stored FILE KIND");
}
