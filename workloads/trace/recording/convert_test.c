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

enum { FAKE_THREADS = 4 };

/* Tests name objects by numbers of their own; `made` knows their tokens. */
enum { FAKE_OBJECTS = 32 };

struct fake {
    int fd;
    uint8_t *map;
    size_t bytes;
    uint64_t clock;
    uint64_t next[FAKE_THREADS], stamp[FAKE_THREADS];
    uint64_t made[FAKE_OBJECTS];
    uint16_t *at[FAKE_THREADS];
};

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
    *f = (struct fake){.clock = 1000};
    f->bytes = (FAKE_THREADS + 1) * SPOOL_UNIT_BYTES;
    f->fd = memfd_create("spool", MFD_CLOEXEC);
    ck_assert_int_eq(ftruncate(f->fd, (off_t)f->bytes), 0);
    f->map = os_map_file(f->fd, f->bytes, OS_READ_WRITE, OS_PLAIN);
    ck_assert_ptr_nonnull(f->map);
    struct spool_header *h = header_of(f);
    h->magic = SPOOL_MAGIC;
    h->clock = TRACE_CLOCK_MONOTONIC;
    h->loaded = 1;
    h->lost_stamp = UINT64_MAX;
    h->n_threads = FAKE_THREADS;
    for (uint32_t t = 0; t < FAKE_THREADS; t++) {
        f->next[t] = spool_first_token(t);
        f->at[t] = chunk_of(f, t)->units;
        chunk_of(f, t)->magic = SPOOL_CHUNK_MAGIC;
        chunk_of(f, t)->thread = t;
        chunk_of(f, t)->bytes = SPOOL_UNIT_BYTES;
        chunk_of(f, t)->made = f->next[t];
    }
}

static void put_operand(struct fake *f, uint32_t t, uint64_t value)
{
    for (; value >> SPOOL_OPERAND_BITS; value >>= SPOOL_OPERAND_BITS)
        *f->at[t]++ = (uint16_t)(value | 1u << SPOOL_OPERAND_BITS);
    *f->at[t]++ = (uint16_t)value;
}

static void put_kind(struct fake *f, uint32_t t, enum spool_kind kind, unsigned aux)
{
    *f->at[t]++ = (uint16_t)(aux << 8 | (unsigned)kind << SPOOL_FORM_BITS | (unsigned)SPOOL_LONG);
}

/* Every event at a time of its own. */
static void tick(struct fake *f, uint32_t t)
{
    f->clock += 1000;
    put_kind(f, t, SPOOL_CLOCK, 0);
    put_operand(f, t, f->clock - f->stamp[t]);
    f->stamp[t] = f->clock;
}

static uint64_t distance(const struct fake *f, uint32_t t, unsigned object)
{
    return trace_zigzag((int64_t)(f->next[t] - f->made[object]));
}

static void make(struct fake *f, uint32_t t, enum spool_kind kind, unsigned object, uint64_t bytes)
{
    tick(f, t);
    put_kind(f, t, kind, kind == SPOOL_ALIGNED ? 6 : 0);
    put_operand(f, t, bytes);
    f->made[object] = f->next[t]++;
}

static void end(struct fake *f, uint32_t t, unsigned object)
{
    tick(f, t);
    put_kind(f, t, SPOOL_FREE, 0);
    put_operand(f, t, distance(f, t, object));
}

static void move(struct fake *f, uint32_t t, unsigned object, unsigned to, uint64_t bytes)
{
    tick(f, t);
    put_kind(f, t, SPOOL_REALLOC, 0);
    put_operand(f, t, distance(f, t, object));
    put_operand(f, t, bytes);
    f->made[to] = f->next[t]++;
}

/* SPAWN, SPAWN_VOID, JOIN of `number`; END and UNKNOWN, which have none. */
static void add(struct fake *f, uint32_t t, enum spool_kind kind, uint64_t number)
{
    tick(f, t);
    put_kind(f, t, kind, 0);
    if (kind != SPOOL_END && kind != SPOOL_UNKNOWN)
        put_operand(f, t, number);
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
    ck_assert_msg(trace_plan(PATH, NULL, &fd, &plan, NULL, &err) == 0, "%s", err.text);
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
    make(&f, 0, SPOOL_MALLOC, 0, 10);
    add(&f, 0, SPOOL_SPAWN, 1);
    make(&f, 0, SPOOL_MALLOC, 1, 20);
    end(&f, 0, 1);
    move(&f, 1, 0, 2, 30);
    make(&f, 0, SPOOL_MALLOC, 3, 40);
    end(&f, 0, 2);
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

START_TEST(every_form_of_a_record)
{
    struct fake f;
    char words[FAKE_THREADS][64];
    fake_begin(&f);
    make(&f, 0, SPOOL_CALLOC, 0, 1 << 20);
    make(&f, 0, SPOOL_ALIGNED, 1, 64);
    make(&f, 0, SPOOL_REALLOC_IN, 2, (uint64_t)1 << 40);
    *f.at[0]++ = (100 + 1) << SPOOL_FORM_BITS | SPOOL_MALLOC_SHORT;
    f.next[0]++;
    *f.at[0]++ = 1 << SPOOL_FORM_BITS | SPOOL_FREE_SHORT; /* of the newest */
    *f.at[0]++ = (uint16_t)(3 << SPOOL_FORM_BITS | SPOOL_FREE_MEDIUM);
    *f.at[0]++ = 0;
    end(&f, 0, 0);
    struct trace_totals totals = convert_to_words(&f, words);
    ck_assert_str_eq(words[0], "caRmfff");
    ck_assert_uint_eq(totals.bytes, (1 << 20) + 64 + ((uint64_t)1 << 40) + 100);
    ck_assert_uint_eq(totals.unknown_frees, 0);
}
END_TEST

START_TEST(an_end_is_never_before_its_begin)
{
    struct fake f;
    char words[FAKE_THREADS][64];
    fake_begin(&f);
    add(&f, 0, SPOOL_SPAWN, 1);
    add(&f, 0, SPOOL_SPAWN, 2);
    f.clock += 1000000; /* the makers' clocks are ahead of the users' */
    make(&f, 1, SPOOL_MALLOC, 0, 10);
    f.clock = 500;
    move(&f, 2, 0, 1, 20);
    f.clock = 100;
    end(&f, 0, 1);
    struct trace_totals totals = convert_to_words(&f, words);
    ck_assert_str_eq(words[0], "SSTf");
    ck_assert_str_eq(words[1], "mG");
    ck_assert_str_eq(words[2], "TrG");
    ck_assert_uint_eq(totals.unknown_frees, 0);
}
END_TEST

START_TEST(births_that_failed_and_births_unseen)
{
    struct fake f;
    char words[FAKE_THREADS][64];
    fake_begin(&f);
    add(&f, 0, SPOOL_SPAWN, 1);
    add(&f, 0, SPOOL_SPAWN_VOID, 1);
    make(&f, 3, SPOOL_MALLOC, 0, 10); /* nobody announced it */
    add(&f, 0, SPOOL_SPAWN, 2);
    end(&f, 2, 0);
    add(&f, 2, SPOOL_END, 0);
    add(&f, 0, SPOOL_JOIN, 2);
    add(&f, 0, SPOOL_JOIN, 1); /* of a thread that was not born */
    convert_to_words(&f, words);
    ck_assert_str_eq(words[0], "SSJ");
    ck_assert_str_eq(words[1], "mG");
    ck_assert_str_eq(words[2], "TfE");
}
END_TEST

START_TEST(a_join_comes_behind_all_of_the_joined)
{
    struct fake f;
    char words[FAKE_THREADS][64];
    fake_begin(&f);
    add(&f, 0, SPOOL_SPAWN, 1);
    add(&f, 1, SPOOL_END, 0);
    add(&f, 0, SPOOL_JOIN, 1);
    make(&f, 1, SPOOL_MALLOC, 0, 10); /* by what runs behind the last destructor */
    end(&f, 0, 0);
    convert_to_words(&f, words);
    ck_assert_str_eq(words[0], "SJTf");
    ck_assert_str_eq(words[1], "EmG");
}
END_TEST

START_TEST(unknown_frees_and_conflicts_are_counted)
{
    struct fake f;
    char words[FAKE_THREADS][64];
    fake_begin(&f);
    add(&f, 0, SPOOL_UNKNOWN, 0);
    make(&f, 0, SPOOL_MALLOC, 0, 10);
    tick(&f, 0);
    put_kind(&f, 0, SPOOL_FREE, 1); /* its end was not seen, its place is taken again */
    put_operand(&f, 0, distance(&f, 0, 0));
    make(&f, 0, SPOOL_MALLOC, 1, 20);
    end(&f, 0, 1);
    end(&f, 0, 1); /* once more */
    move(&f, 0, 0, 2, 30);
    struct trace_totals totals = convert_to_words(&f, words);
    ck_assert_str_eq(words[0], "mfmfR");
    ck_assert_uint_eq(totals.unknown_frees, 2);
    ck_assert_uint_eq(totals.conflicts, 1);
}
END_TEST

START_TEST(nothing_counts_behind_the_first_lost_event)
{
    struct fake f;
    char words[FAKE_THREADS][64];
    fake_begin(&f);
    make(&f, 0, SPOOL_MALLOC, 0, 10);
    make(&f, 0, SPOOL_MALLOC, 1, 10);
    header_of(&f)->lost_stamp = f.clock + 500;
    header_of(&f)->lost_events = 7;
    end(&f, 0, 0);
    make(&f, 1, SPOOL_MALLOC, 2, 0);
    end(&f, 2, 1); /* the object stays with its maker */
    struct trace_totals totals = convert_to_words(&f, words);
    ck_assert_str_eq(words[0], "mm");
    ck_assert_uint_eq(totals.lost_events, 10);
}
END_TEST

START_TEST(a_child_does_not_know_its_parents_objects)
{
    struct fake f;
    char words[FAKE_THREADS][64];
    fake_begin(&f);
    header_of(&f)->first_thread = 1;
    f.made[5] = spool_first_token(0) + 3;
    end(&f, 1, 5);
    make(&f, 1, SPOOL_MALLOC, 0, 10);
    add(&f, 1, SPOOL_SPAWN, 2);
    end(&f, 2, 0);
    struct trace_totals totals = convert_to_words(&f, words);
    ck_assert_str_eq(words[0], "mGS");
    ck_assert_str_eq(words[1], "Tf");
    ck_assert_uint_eq(totals.unknown_frees, 1);
}
END_TEST

static void add_noise_of_object(struct fake *f, struct rng *r, uint32_t thread,
                                enum spool_kind kind)
{
    unsigned object = (unsigned)rng_below(r, FAKE_OBJECTS);
    if (kind <= SPOOL_REALLOC_IN) {
        make(f, thread, kind, object, rng_below(r, 100000));
    } else if (f->made[object] != 0 && kind == SPOOL_REALLOC) {
        move(f, thread, object, object, rng_below(r, 100000));
    } else if (f->made[object] != 0) {
        end(f, thread, object);
        f->made[object] = 0;
    }
}

/*
 * Objects and threads from a small range, so that everything meets everything. As the recorder does,
 * one event at most ends an object.
 */
static void add_noise(struct fake *f, struct rng *r, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        uint32_t thread = (uint32_t)rng_below(r, FAKE_THREADS);
        enum spool_kind kind = 1 + (enum spool_kind)rng_below(r, SPOOL_KINDS - 1);
        if (kind <= SPOOL_FREE)
            add_noise_of_object(f, r, thread, kind);
        else if (kind != SPOOL_RESIDENT_LIVE)
            add(f, thread, kind, rng_below(r, FAKE_THREADS + 1));
        if (rng_below(r, 10) == 0)
            f->clock = rng_below(r, 100000);
    }
}

static void hit(struct fake *f, struct rng *r)
{
    uint64_t *words = (uint64_t *)(f->map + rng_below(r, FAKE_THREADS + 1) * SPOOL_UNIT_BYTES);
    words[rng_below(r, 400)] ^= (uint64_t)1 << rng_below(r, 64);
}

/*
 * The program can write anywhere in its own spool; what comes of it must still be a trace and a
 * plan.
 */
START_TEST(no_spool_makes_a_broken_trace)
{
    struct rng r;
    unsigned n_good = 0;
    rng_seed(&r, 4);
    for (unsigned round = 0; round < 300; round++) {
        struct fake f;
        struct err err = {.text = ""};
        fake_begin(&f);
        add_noise(&f, &r, 200);
        for (uint64_t hits = round % 3 == 0 ? 0 : rng_below(&r, 40); hits > 0; hits--)
            hit(&f, &r);
        int rc = convert_fake(&f, &err);
        fake_end(&f);
        if (rc < 0) {
            ck_assert_uint_gt(strlen(err.text), 0);
            continue;
        }
        n_good++;
        int fd;
        const struct plan *plan;
        ck_assert_msg(trace_plan(PATH, NULL, &fd, &plan, NULL, &err) == 0, "round %u: %s", round,
                      err.text);
        os_unmap((void *)plan, plan->n_bytes);
        close(fd);
    }
    ck_assert_uint_gt(n_good, 150);
}
END_TEST

UNIT_MAIN("convert", a_give_stands_behind_the_last_use, every_form_of_a_record,
          an_end_is_never_before_its_begin, births_that_failed_and_births_unseen,
          a_join_comes_behind_all_of_the_joined, unknown_frees_and_conflicts_are_counted,
          nothing_counts_behind_the_first_lost_event, a_child_does_not_know_its_parents_objects,
          no_spool_makes_a_broken_trace)
