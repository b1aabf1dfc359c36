/* Spools made by hand, and what the converter makes of them. */
#include "convert.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os.h"
#include "rng.h"
#include "trace_plan.h"
#include "trace_reader.h"
#include "unit.h"

#define PATH "convert_test.trace"

struct fake {
    int fd;
    uint8_t *map;
    size_t bytes;
    uint64_t clock;
};

enum { FAKE_THREADS = 4 };

static struct spool_header *header_of(struct fake *f)
{
    return (struct spool_header *)f->map;
}

static struct spool_chunk *chunk_of(struct fake *f, uint32_t thread)
{
    return (struct spool_chunk *)(f->map + (thread + 1) * SPOOL_UNIT_BYTES);
}

/* One empty chunk for each thread. */
static void fake_begin(struct fake *f)
{
    f->bytes = (FAKE_THREADS + 1) * SPOOL_UNIT_BYTES;
    f->fd = memfd_create("spool", MFD_CLOEXEC);
    ck_assert_int_eq(ftruncate(f->fd, (off_t)f->bytes), 0);
    f->map = os_map_file(f->fd, f->bytes, OS_READ_WRITE, OS_PLAIN);
    ck_assert_ptr_nonnull(f->map);
    f->clock = 1000;
    struct spool_header *h = header_of(f);
    h->magic = SPOOL_MAGIC;
    h->clock = TRACE_CLOCK_MONOTONIC;
    h->loaded = 1;
    h->lost_stamp = UINT64_MAX;
    h->n_threads = FAKE_THREADS;
    for (uint32_t t = 0; t < FAKE_THREADS; t++) {
        chunk_of(f, t)->magic = SPOOL_CHUNK_MAGIC;
        chunk_of(f, t)->thread = t;
        chunk_of(f, t)->bytes = SPOOL_UNIT_BYTES;
    }
}

static void add(struct fake *f, uint32_t thread, enum spool_kind kind, uint64_t value,
                uint64_t size)
{
    struct spool_event *e = chunk_of(f, thread)->events;
    while (e->what != 0)
        e++;
    e->stamp = f->clock += 10;
    e->size = size;
    e->what = spool_what(kind, 0, value);
}

static int convert_fake(struct fake *f, struct err *err)
{
    static const char text[] = "program";
    struct convert_options options = {
        .path = PATH,
        .level = 1,
        .header = {.magic = TRACE_MAGIC, .version = TRACE_VERSION, .system = "Linux"},
        .text = text,
        .text_bytes = sizeof(text),
    };
    struct spool_reader spool;
    int rc = spool_reader_open(&spool, f->fd, err);
    if (rc < 0)
        return rc;
    rc = convert_spool(&spool, &options, err);
    spool_reader_release(&spool);
    return rc;
}

static void fake_end(struct fake *f)
{
    os_unmap(f->map, f->bytes);
    close(f->fd);
}

static void spell(void *context, const struct trace_event *e)
{
    static const char letters[TRACE_KINDS] = {
        [TRACE_MALLOC] = 'm',  [TRACE_CALLOC] = 'c',     [TRACE_ALIGNED] = 'a', [TRACE_FREE] = 'f',
        [TRACE_REALLOC] = 'r', [TRACE_REALLOC_IN] = 'R', [TRACE_GIVE] = 'G',    [TRACE_TAKE] = 'T',
        [TRACE_SPAWN] = 'S',   [TRACE_JOIN] = 'J',       [TRACE_END] = 'E',
    };
    char(*words)[64] = context;
    size_t n = strlen(words[e->thread]);
    if (e->kind != TRACE_CLOCK && n < 63)
        words[e->thread][n] = letters[e->kind];
}

/* Converts, and writes each thread's events as a word: "mGS". The plan must pass all its checks. */
static struct trace_totals convert_to_words(struct fake *f, char words[FAKE_THREADS][64])
{
    struct err err;
    ck_assert_msg(convert_fake(f, &err) == 0, "%s", err.text);
    memset(words, 0, FAKE_THREADS * sizeof(words[0]));
    struct trace_reader *r;
    ck_assert_msg(trace_reader_open(&r, PATH, TRACE_WHOLE, &err) == 0, "%s", err.text);
    ck_assert_msg(trace_reader_visit(r, spell, words, &err) == 0, "%s", err.text);
    struct trace_totals totals = *trace_reader_totals(r);
    trace_reader_free(r);
    int fd;
    const struct plan *plan;
    ck_assert_msg(trace_plan(PATH, &fd, &plan, NULL, &err) == 0, "%s", err.text);
    os_unmap((void *)plan, plan->n_bytes);
    close(fd);
    fake_end(f);
    return totals;
}

START_TEST(a_give_stands_behind_the_last_use)
{
    struct fake f;
    char words[FAKE_THREADS][64];
    fake_begin(&f);
    add(&f, 0, SPOOL_MALLOC, 0x1000, 10);
    add(&f, 0, SPOOL_SPAWN, 1, 0);
    add(&f, 0, SPOOL_MALLOC, 0x2000, 20);
    add(&f, 0, SPOOL_FREE, 0x2000, 0);
    add(&f, 1, SPOOL_REALLOC_OLD, 0x1000, 0);
    add(&f, 1, SPOOL_REALLOC_NEW, 0x3000, 30);
    add(&f, 0, SPOOL_MALLOC, 0x1000, 40); /* another object where the first one was */
    add(&f, 0, SPOOL_FREE, 0x3000, 0);
    struct trace_totals totals = convert_to_words(&f, words);
    ck_assert_str_eq(words[0], "mGSmfmTf");
    ck_assert_str_eq(words[1], "TrG");
    ck_assert_uint_eq(totals.n_cells, 2);
    ck_assert_uint_eq(totals.remote_frees, 1);
    ck_assert_uint_eq(totals.peak_live_bytes, 70);
    ck_assert_uint_eq(totals.peak_live_objects, 2);
    ck_assert_uint_eq(totals.bytes, 100);
    ck_assert_uint_eq(totals.most_threads, 2);
    ck_assert_uint_eq(totals.conflicts, 0);
}
END_TEST

START_TEST(failed_and_emptying_reallocs)
{
    struct fake f;
    char words[FAKE_THREADS][64];
    fake_begin(&f);
    add(&f, 0, SPOOL_SPAWN, 1, 0);
    add(&f, 0, SPOOL_REALLOC_NEW, 0x1000, 10);
    add(&f, 1, SPOOL_REALLOC_OLD, 0x1000, 0);
    add(&f, 1, SPOOL_REALLOC_KEPT, 0x1000, 99);
    add(&f, 0, SPOOL_REALLOC_OLD, 0x1000, 0);
    add(&f, 0, SPOOL_REALLOC_FREED, 0x1000, 0);
    add(&f, 0, SPOOL_MALLOC, 0x1000, 50);
    add(&f, 1, SPOOL_REALLOC_OLD, 0x1000, 0); /* killed inside the call */
    convert_to_words(&f, words);
    ck_assert_str_eq(words[0], "SRGTfmG");
    ck_assert_str_eq(words[1], "TGT");
}
END_TEST

START_TEST(births_that_failed_and_births_unseen)
{
    struct fake f;
    char words[FAKE_THREADS][64];
    fake_begin(&f);
    add(&f, 0, SPOOL_SPAWN, 1, 0);
    add(&f, 0, SPOOL_SPAWN_VOID, 1, 0);
    add(&f, 3, SPOOL_MALLOC, 0x1000, 10); /* nobody announced it */
    add(&f, 0, SPOOL_SPAWN, 2, 0);
    add(&f, 2, SPOOL_START, 0x7777, 0);
    add(&f, 2, SPOOL_FREE, 0x1000, 0);
    add(&f, 2, SPOOL_END, 0, 0);
    add(&f, 0, SPOOL_JOIN, 0x7777, 0);
    add(&f, 0, SPOOL_JOIN, 0x8888, 0); /* of a thread unknown */
    convert_to_words(&f, words);
    ck_assert_str_eq(words[0], "SSJ");
    ck_assert_str_eq(words[1], "mG");
    ck_assert_str_eq(words[2], "TfE");
}
END_TEST

START_TEST(a_thread_that_goes_on_was_not_joined_there)
{
    struct fake f;
    char words[FAKE_THREADS][64];
    fake_begin(&f);
    add(&f, 0, SPOOL_SPAWN, 1, 0);
    add(&f, 1, SPOOL_START, 0x7777, 0);
    add(&f, 0, SPOOL_JOIN, 0x7777, 0);
    add(&f, 0, SPOOL_MALLOC, 0x1000, 10);
    add(&f, 1, SPOOL_FREE, 0x1000, 0);
    convert_to_words(&f, words);
    ck_assert_str_eq(words[0], "SmG");
    ck_assert_str_eq(words[1], "Tf");
}
END_TEST

START_TEST(unknown_frees_and_conflicts_are_counted)
{
    struct fake f;
    char words[FAKE_THREADS][64];
    fake_begin(&f);
    add(&f, 0, SPOOL_FREE, 0x9000, 0);
    add(&f, 0, SPOOL_MALLOC, 0x1000, 10);
    add(&f, 0, SPOOL_MALLOC, 0x1000, 20);
    add(&f, 0, SPOOL_FREE, 0x1000, 0);
    add(&f, 0, SPOOL_FREE, 0x1000, 0);
    add(&f, 0, SPOOL_REALLOC_OLD, 0x1000, 0);
    add(&f, 0, SPOOL_REALLOC_NEW, 0x2000, 30);
    struct trace_totals totals = convert_to_words(&f, words);
    ck_assert_str_eq(words[0], "mmfR");
    ck_assert_uint_eq(totals.unknown_frees, 3);
    ck_assert_uint_eq(totals.conflicts, 1);
}
END_TEST

START_TEST(nothing_counts_behind_the_first_lost_event)
{
    struct fake f;
    char words[FAKE_THREADS][64];
    fake_begin(&f);
    add(&f, 0, SPOOL_MALLOC, 0x1000, 10);
    add(&f, 0, SPOOL_MALLOC, 0x2000, 10);
    header_of(&f)->lost_stamp = f.clock + 5;
    header_of(&f)->lost_events = 7;
    add(&f, 0, SPOOL_FREE, 0x1000, 0);
    add(&f, 1, SPOOL_MALLOC, 0x3000, 0);
    struct trace_totals totals = convert_to_words(&f, words);
    ck_assert_str_eq(words[0], "mm");
    ck_assert_uint_eq(totals.lost_events, 9);
}
END_TEST

/* Addresses and threads from a small range, so that everything meets everything. */
static void add_noise(struct fake *f, struct rng *r, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        uint32_t thread = (uint32_t)rng_below(r, FAKE_THREADS);
        enum spool_kind kind = 1 + (enum spool_kind)rng_below(r, SPOOL_KINDS - 1);
        bool of_thread = kind == SPOOL_SPAWN || kind == SPOOL_SPAWN_VOID;
        uint64_t value =
            of_thread ? rng_below(r, FAKE_THREADS + 1) : 0x1000 + 16 * rng_below(r, 12);
        add(f, thread, kind, value, rng_below(r, 1000));
    }
}

/*
 * The program can write anywhere in its own spool; what comes of it must still be a trace and a
 * plan.
 */
START_TEST(no_spool_makes_a_broken_trace)
{
    struct rng r;
    rng_seed(&r, 4);
    for (unsigned round = 0; round < 300; round++) {
        struct fake f;
        struct err err = {.text = ""};
        fake_begin(&f);
        add_noise(&f, &r, 200);
        for (uint64_t hits = round % 3 == 0 ? 0 : rng_below(&r, 40); hits > 0; hits--) {
            uint64_t *words =
                (uint64_t *)(f.map + rng_below(&r, FAKE_THREADS + 1) * SPOOL_UNIT_BYTES);
            words[rng_below(&r, 400)] ^= (uint64_t)1 << rng_below(&r, 64);
        }
        int rc = convert_fake(&f, &err);
        fake_end(&f);
        if (rc < 0) {
            ck_assert(round % 3 != 0 && strlen(err.text) > 0);
            continue;
        }
        int fd;
        const struct plan *plan;
        ck_assert_msg(trace_plan(PATH, &fd, &plan, NULL, &err) == 0, "round %u: %s", round,
                      err.text);
        os_unmap((void *)plan, plan->n_bytes);
        close(fd);
    }
}
END_TEST

UNIT_MAIN("convert", a_give_stands_behind_the_last_use, failed_and_emptying_reallocs,
          births_that_failed_and_births_unseen, a_thread_that_goes_on_was_not_joined_there,
          unknown_frees_and_conflicts_are_counted, nothing_counts_behind_the_first_lost_event,
          no_spool_makes_a_broken_trace)
