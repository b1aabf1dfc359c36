/* Writer, reader and plan on small traces made by hand, whole and damaged. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#include "os.h"
#include "rng.h"
#include "trace_plan.h"
#include "trace_reader.h"
#include "trace_writer.h"
#include "unit.h"

#define PATH "trace_file_test.trace"

static struct err err;
static const char text[] = "/opt/bin/program\0--option";

static struct trace_writer *begin(uint32_t n_threads)
{
    struct trace_header header = {
        .magic = TRACE_MAGIC,
        .version = TRACE_VERSION,
        .text_bytes = sizeof(text),
        .n_threads = n_threads,
        .page_bytes = 4096,
        .n_cpus = 2,
        .system = "Linux",
    };
    struct trace_writer *w = trace_writer_new(PATH, &header, text, 3, &err);
    ck_assert_ptr_nonnull(w);
    return w;
}

static void finish(struct trace_writer *w)
{
    struct trace_totals totals = {.remote_frees = 1};
    ck_assert_msg(trace_writer_finish(w, &totals, NULL, &err) == 0, "%s", err.text);
}

/* Two threads, every kind of event, one hand-over, one object left in each thread. */
static void write_small(void)
{
    struct trace_writer *w = begin(2);
    trace_writer_time(w, 0, 1000);
    uint32_t a = trace_writer_enter(w, 0, TRACE_MALLOC, 100, 0);
    uint32_t b = trace_writer_enter(w, 0, TRACE_CALLOC, 5ull << 32, 0);
    uint32_t c = trace_writer_enter(w, 0, TRACE_ALIGNED, 300, 6);
    trace_writer_thread(w, 0, TRACE_SPAWN, 1);
    trace_writer_free_slot(w, 0, b);
    uint32_t cell = trace_writer_give(w, 0, a);
    trace_writer_time(w, 1, 512000);
    uint32_t taken = trace_writer_take(w, 1, cell);
    uint32_t grown = trace_writer_enter(w, 1, TRACE_REALLOC_IN, 10, 0);
    trace_writer_free_slot(w, 1, taken);
    trace_writer_realloc(w, 1, grown, 10, 20);
    trace_writer_thread(w, 1, TRACE_END, 0);
    trace_writer_realloc(w, 0, c, 300, 400);
    ck_assert_uint_eq(a, 0);
    ck_assert_uint_eq(c, 2);
    ck_assert_uint_eq(grown, 1);
    finish(w);
}

struct seen {
    unsigned n;
    uint64_t sum;
    struct trace_event events[64];
};

static void see(void *context, const struct trace_event *e)
{
    struct seen *s = context;
    if (s->n < 64)
        s->events[s->n] = *e;
    s->n++;
    s->sum += e->bytes + e->slot;
}

static const struct trace_event *find(const struct seen *s, uint32_t thread, enum trace_kind kind)
{
    for (unsigned i = 0; i < s->n; i++) {
        if (s->events[i].thread == thread && s->events[i].kind == kind)
            return &s->events[i];
    }
    ck_abort_msg("no %s in thread %u", trace_kind_name(kind), thread);
    return NULL;
}

START_TEST(what_was_written_is_read)
{
    write_small();
    struct trace_reader *r;
    struct seen s = {0};
    ck_assert_int_eq(trace_reader_open(&r, PATH, TRACE_WHOLE, &err), 0);
    ck_assert_msg(trace_reader_visit(r, see, &s, &err) == 0, "%s", err.text);
    ck_assert_uint_eq(find(&s, 0, TRACE_MALLOC)->bytes, 100);
    ck_assert_uint_eq(find(&s, 0, TRACE_CALLOC)->bytes, 5ull << 32);
    ck_assert_uint_eq(find(&s, 0, TRACE_ALIGNED)->align_log2, 6);
    ck_assert_uint_eq(find(&s, 0, TRACE_FREE)->slot, 1);
    ck_assert_uint_eq(find(&s, 0, TRACE_SPAWN)->other, 1);
    ck_assert_uint_eq(find(&s, 0, TRACE_REALLOC)->old_bytes, 300);
    ck_assert_uint_eq(find(&s, 0, TRACE_REALLOC)->bytes, 400);
    ck_assert_uint_eq(find(&s, 0, TRACE_GIVE)->other, find(&s, 1, TRACE_TAKE)->other);
    ck_assert_uint_eq(find(&s, 1, TRACE_CLOCK)->bytes, 512000);
    ck_assert_uint_eq(find(&s, 1, TRACE_REALLOC_IN)->slot, 1);
    ck_assert_uint_eq(slots_next(trace_reader_slots(r, 0), 0), 2);
    ck_assert(!trace_reader_joined(r, 1));
    trace_reader_free(r);
}
END_TEST

START_TEST(info_counts)
{
    write_small();
    struct trace_info info;
    ck_assert_int_eq(trace_info_read(PATH, &info, &err), 0);
    ck_assert_str_eq(info.command, "/opt/bin/program --option");
    ck_assert_str_eq(info.program, "program");
    ck_assert_uint_eq(info.n_threads, 2);
    ck_assert_uint_eq(info.events, 12);
    ck_assert_uint_eq(info.allocations, 6);
    ck_assert_uint_eq(info.frees, 2);
    ck_assert_double_eq(info.remote_share, 0.5);
}
END_TEST

START_TEST(long_sequences_span_chunks)
{
    enum { N = 3 * TRACE_CHUNK_EVENTS };
    struct trace_writer *w = begin(1);
    uint64_t sum = 0;
    for (uint64_t i = 0; i < N; i++) {
        sum += i % 5000 + trace_writer_enter(w, 0, TRACE_MALLOC, i % 5000, 0);
        if (i % 3 == 2) {
            trace_writer_free_slot(w, 0, (uint32_t)(i / 3));
            sum += i / 3;
        }
    }
    finish(w);
    struct trace_reader *r;
    struct seen s = {0};
    ck_assert_int_eq(trace_reader_open(&r, PATH, TRACE_WHOLE, &err), 0);
    ck_assert_msg(trace_reader_visit(r, see, &s, &err) == 0, "%s", err.text);
    ck_assert_uint_eq(s.sum, sum);
    trace_reader_free(r);
}
END_TEST

START_TEST(a_trace_becomes_a_plan_that_can_be_repeated)
{
    write_small();
    int fd;
    const struct plan *plan;
    ck_assert_msg(trace_plan(PATH, NULL, &fd, &plan, NULL, &err) == 0, "%s", err.text);
    ck_assert_str_eq(plan->name, "trace_file_test");
    ck_assert_uint_eq(plan->n_threads, 2);
    ck_assert_uint_eq(plan->n_roots, 1);
    ck_assert(plan->flags & PLAN_LOOPS);
    ck_assert_uint_eq(plan->n_cells, 32); /* two groups: the recorded one, what thread 1 left */
    ck_assert_uint_eq(plan->facts.bytes, 100 + (5ull << 32) + 300 + 400 + 10 + 20);
    os_unmap((void *)plan, plan->n_bytes);
    close(fd);
}
END_TEST

START_TEST(a_writer_that_gives_up_leaves_nothing)
{
    unlink(PATH);
    struct trace_writer *w = begin(1);
    trace_writer_enter(w, 0, TRACE_MALLOC, 1, 0);
    trace_writer_abandon(w);
    ck_assert_int_ne(access(PATH, F_OK), 0);
}
END_TEST

static size_t read_all(uint8_t *out, size_t room)
{
    FILE *f = fopen(PATH, "rb");
    ck_assert_ptr_nonnull(f);
    size_t n = fread(out, 1, room, f);
    fclose(f);
    return n;
}

/* The trace's reader and the plan's maker on these bytes; whether they were taken. */
static bool accepted(const uint8_t *bytes, size_t n)
{
    char wrong[64];
    int memory = memfd_create("trace", MFD_CLOEXEC), fd;
    ck_assert_int_eq(write(memory, bytes, n), n);
    snprintf(wrong, sizeof(wrong), "/proc/self/fd/%d", memory);
    const struct plan *plan;
    err.text[0] = '\0';
    int rc = trace_plan(wrong, NULL, &fd, &plan, NULL, &err);
    close(memory);
    if (rc == 0) {
        os_unmap((void *)plan, plan->n_bytes);
        close(fd);
        return true;
    }
    ck_assert(strlen(err.text) > 0 && strchr(err.text, '\n') == NULL);
    return false;
}

/* Several chunks, two threads that hand over all the time, some large objects. */
static void write_chunks(unsigned n_rounds)
{
    struct trace_writer *w = begin(2);
    uint32_t kept[8];
    trace_writer_thread(w, 0, TRACE_SPAWN, 1);
    for (unsigned i = 0; i < n_rounds; i++) {
        trace_writer_time(w, 0, i * 100);
        trace_writer_time(w, 1, i * 100);
        if (i % 1000 == 0)
            trace_writer_pages(w, 0, i / 1000);
        uint32_t slot = trace_writer_enter(w, 0, TRACE_MALLOC, i % 1000 ? i % 777 : 1 << 20, 0);
        uint32_t cell = trace_writer_give(w, 0, slot);
        if (i >= 8)
            trace_writer_free_slot(w, 1, trace_writer_take(w, 1, kept[i % 8]));
        kept[i % 8] = cell;
    }
    for (unsigned i = 0; i < 8; i++)
        trace_writer_free_slot(w, 1, trace_writer_take(w, 1, kept[i]));
    trace_writer_thread(w, 1, TRACE_END, 0);
    trace_writer_thread(w, 0, TRACE_JOIN, 1);
    finish(w);
}

struct order {
    unsigned n, n_late;
    uint32_t n_given;
    bool begun, joined;
    uint64_t pages;
};

static void see_order(void *context, const struct trace_event *e)
{
    struct order *o = context;
    ck_assert(e->thread == 0 || o->begun);
    o->begun |= e->kind == TRACE_SPAWN;
    if (e->kind == TRACE_GIVE)
        ck_assert_uint_eq(e->other, o->n_given++);
    if (e->kind == TRACE_TAKE) {
        ck_assert_uint_lt(e->other, o->n_given);
        o->n_late += o->n_given - e->other > 8 + 100;
    }
    ck_assert(!o->joined || e->thread == 0);
    o->joined |= e->kind == TRACE_JOIN;
    if (e->kind == TRACE_MALLOC && e->pages != TRACE_PAGES_ALL)
        o->pages += e->pages;
    o->n += e->kind != TRACE_CLOCK;
}

START_TEST(the_ordered_visit_is_close_to_the_recorded_order)
{
    enum { N = 50000 };
    struct order o = {0};
    struct trace_reader *r;
    write_chunks(N);
    ck_assert_int_eq(trace_reader_open(&r, PATH, TRACE_WHOLE, &err), 0);
    ck_assert_msg(trace_reader_visit_ordered(r, see_order, &o, &err) == 0, "%s", err.text);
    ck_assert_uint_eq(o.n, 4 * N + 3);
    ck_assert_uint_eq(o.pages, 49 * 50 / 2);
    ck_assert_uint_eq(o.n_late, 0);
    trace_reader_free(r);
}
END_TEST

START_TEST(a_trace_cut_anywhere_is_what_is_complete_of_it)
{
    static uint8_t bytes[4096];
    write_small();
    size_t n = read_all(bytes, sizeof(bytes)), n_head = sizeof(struct trace_header) + sizeof(text);
    ck_assert(accepted(bytes, n));
    for (size_t cut = 0; cut < n; cut++)
        ck_assert_msg(accepted(bytes, cut) == (cut >= n_head), "cut to %zu of %zu bytes: %s", cut,
                      n, err.text);
    ck_assert(!accepted(bytes, n + 1));
}
END_TEST

static void count_order(void *context, const struct trace_event *e)
{
    struct order *o = context;
    o->n += e->kind != TRACE_CLOCK;
    o->n_given += e->kind == TRACE_GIVE;
    o->n_late += e->kind == TRACE_TAKE;
}

/* What the first n bytes of the file at PATH hold, on their own. */
static struct order read_cut(const uint8_t *bytes, size_t n, uint64_t *used)
{
    struct trace_reader *r;
    struct order o = {0};
    FILE *f = fopen(PATH ".cut", "wb");
    ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
    ck_assert_int_eq(fclose(f), 0);
    ck_assert_msg(trace_reader_open(&r, PATH ".cut", TRACE_ANY, &err) == 0, "%s", err.text);
    ck_assert_ptr_nonnull(trace_reader_cut(r));
    *used = trace_reader_cut(r)->used_bytes;
    ck_assert_msg(trace_reader_visit_ordered(r, count_order, &o, &err) == 0, "%s", err.text);
    const struct trace_totals *t = trace_reader_totals(r);
    ck_assert_uint_eq(t->n_cells, o.n_given);
    ck_assert_uint_eq(t->n_events[TRACE_TAKE], o.n_late);
    for (uint64_t cell = 0, taken = 0; cell <= t->n_cells; cell++) {
        if (cell == t->n_cells)
            ck_assert_uint_eq(taken, o.n_late);
        else
            taken += trace_reader_taken(r, cell);
    }
    trace_reader_free(r);
    unlink(PATH ".cut");
    return o;
}

START_TEST(every_complete_chunk_of_a_cut_trace_is_read)
{
    static uint8_t bytes[1 << 20];
    write_chunks(60000);
    size_t n = read_all(bytes, sizeof(bytes));
    ck_assert_uint_lt(n, sizeof(bytes));
    uint64_t used, last_used = 0;
    unsigned n_chunks = 0;
    struct order o = {0};
    for (size_t cut = sizeof(struct trace_header) + sizeof(text); cut < n; cut += 97) {
        struct order now = read_cut(bytes, cut, &used);
        ck_assert_uint_le(used, cut);
        ck_assert_uint_ge(now.n, o.n);
        if (used > last_used)
            ck_assert(n_chunks++ == 0 || (now.n > o.n && now.n - o.n <= TRACE_CHUNK_EVENTS));
        else
            ck_assert_uint_eq(now.n, o.n);
        last_used = used;
        o = now;
    }
    ck_assert_uint_ge(n_chunks, 4);
}
END_TEST

START_TEST(a_flipped_bit_anywhere_is_refused)
{
    static uint8_t bytes[4096];
    write_small();
    size_t n = read_all(bytes, sizeof(bytes));
    for (size_t i = 0; i < 8 * n; i++) {
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
        ck_assert_msg(!accepted(bytes, n), "accepted with bit %zu of byte %zu flipped", i % 8,
                      i / 8);
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
    }
}
END_TEST

/* The header, footer and only chunk of a file, taken apart. */
struct parts {
    struct trace_header header;
    struct trace_chunk chunk;
    struct trace_footer footer;
    uint8_t raw[1024];
};

static void take_apart(struct parts *p, const uint8_t *bytes, size_t n)
{
    memcpy(&p->header, bytes, sizeof(p->header));
    const uint8_t *at = bytes + sizeof(p->header) + p->header.text_bytes;
    memcpy(&p->chunk, at, sizeof(p->chunk));
    size_t raw =
        ZSTD_decompress(p->raw, sizeof(p->raw), at + sizeof(p->chunk), p->chunk.frame_bytes);
    ck_assert_uint_eq(raw, p->chunk.raw_bytes);
    memcpy(&p->footer, bytes + n - sizeof(p->footer), sizeof(p->footer));
    ck_assert_uint_eq(p->footer.n_chunks, 1);
}

/* A file of these parts whose lengths and checksums are right. */
static size_t put_together(struct parts *p, uint8_t *out)
{
    uint8_t frame[2048];
    p->chunk.frame_bytes =
        (uint32_t)ZSTD_compress(frame, sizeof(frame), p->raw, p->chunk.raw_bytes, 1);
    uint8_t *at = out;
    at = (uint8_t *)memcpy(at, &p->header, sizeof(p->header)) + sizeof(p->header);
    at = (uint8_t *)memcpy(at, text, sizeof(text)) + sizeof(text);
    p->chunk.checksum = trace_checksum(TRACE_CHECKSUM_START, out, (size_t)(at - out));
    p->chunk.checksum =
        trace_checksum(p->chunk.checksum, &p->chunk, offsetof(struct trace_chunk, checksum));
    at = (uint8_t *)memcpy(at, &p->chunk, sizeof(p->chunk)) + sizeof(p->chunk);
    at = (uint8_t *)memcpy(at, frame, p->chunk.frame_bytes) + p->chunk.frame_bytes;
    p->footer.checksum = trace_checksum(TRACE_CHECKSUM_START, out, (size_t)(at - out));
    p->footer.checksum =
        trace_checksum(p->footer.checksum, &p->footer, offsetof(struct trace_footer, checksum));
    at = (uint8_t *)memcpy(at, &p->footer, sizeof(p->footer)) + sizeof(p->footer);
    return (size_t)(at - out);
}

static void write_one_thread(void)
{
    struct trace_writer *w = begin(1);
    for (unsigned i = 0; i < 6; i++)
        trace_writer_enter(w, 0, i % 2 ? TRACE_ALIGNED : TRACE_MALLOC, 200 * i, 4);
    trace_writer_realloc(w, 0, 3, 600, 700);
    trace_writer_free_slot(w, 0, 2);
    finish(w);
}

/*
 * A forger knows the checksums: the rules themselves must hold. What is accepted must make a plan.
 */
START_TEST(forged_events_are_refused_or_harmless)
{
    static uint8_t bytes[8192];
    static struct parts original, forged;
    write_one_thread();
    take_apart(&original, bytes, read_all(bytes, sizeof(bytes)));
    ck_assert(accepted(bytes, put_together(&original, bytes)));
    struct rng r;
    rng_seed(&r, 3);
    unsigned n_accepted = 0;
    for (unsigned round = 0; round < 4000; round++) {
        forged = original;
        for (uint64_t flips = 1 + rng_below(&r, 3); flips > 0; flips--)
            forged.raw[rng_below(&r, original.chunk.raw_bytes)] ^=
                (uint8_t)(1u << rng_below(&r, 8));
        if (round % 4 == 0)
            forged.chunk.n_events = (uint32_t)rng_below(&r, 16);
        if (round % 5 == 0)
            ((uint8_t *)&forged.header)[8 + rng_below(&r, 32)] ^= (uint8_t)(1u << rng_below(&r, 8));
        if (round % 7 == 0)
            ((uint8_t *)&forged.footer)[rng_below(&r, 120)] ^= (uint8_t)(1u << rng_below(&r, 8));
        n_accepted += accepted(bytes, put_together(&forged, bytes));
    }
    ck_assert_uint_gt(n_accepted, 0); /* other sizes are as good as the recorded ones */
    ck_assert_uint_lt(n_accepted, 4000);
}
END_TEST

START_TEST(a_slot_that_holds_nothing_cannot_be_freed)
{
    static uint8_t bytes[8192];
    static struct parts p;
    write_one_thread();
    take_apart(&p, bytes, read_all(bytes, sizeof(bytes)));
    enum { TABLE = 2 + TRACE_COLUMNS }; /* of one thread, all numbers small */
    p.raw[TABLE + p.raw[2]] = 2 * 60;   /* the first slot of the column */
    ck_assert(!accepted(bytes, put_together(&p, bytes)));
    ck_assert_ptr_nonnull(strstr(err.text, "a slot that holds nothing"));
}
END_TEST

START_TEST(the_error_says_where_the_file_ends)
{
    struct trace_info info;
    write_small();
    ck_assert_int_eq(truncate(PATH, 200), 0);
    ck_assert_int_lt(trace_info_read(PATH, &info, &err), 0);
    ck_assert_ptr_nonnull(strstr(err.text, "cut off: the file ends after 200 bytes"));
    struct trace_reader *r;
    write_small();
    ck_assert_int_eq(truncate(PATH, 300), 0);
    ck_assert_int_lt(trace_reader_open(&r, PATH, TRACE_WHOLE, &err), 0);
    ck_assert_ptr_nonnull(strstr(err.text, "ends after 300 bytes, inside a chunk"));
    ck_assert_int_lt(trace_info_read("no such file", &info, &err), 0);
    ck_assert_str_eq(err.text, "cannot open trace no such file: No such file or directory");
    ck_assert_int_lt(trace_info_read("/dev/null", &info, &err), 0);
    ck_assert_ptr_nonnull(strstr(err.text, "not a regular file"));
}
END_TEST

UNIT_MAIN("trace_file", every_complete_chunk_of_a_cut_trace_is_read,
          the_ordered_visit_is_close_to_the_recorded_order, what_was_written_is_read, info_counts,
          long_sequences_span_chunks, a_trace_becomes_a_plan_that_can_be_repeated,
          a_writer_that_gives_up_leaves_nothing, a_trace_cut_anywhere_is_what_is_complete_of_it,
          a_flipped_bit_anywhere_is_refused, forged_events_are_refused_or_harmless,
          a_slot_that_holds_nothing_cannot_be_freed, the_error_says_where_the_file_ends)
