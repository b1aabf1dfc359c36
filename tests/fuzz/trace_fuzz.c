/*
 * A fuzz target for libFuzzer: what reads traces, on hostile ones. The first byte of an input chooses what the rest is:
 * a file as it is, unpacked epochs, or changes to a good trace, unpacked. The latter two are packed here, with lengths and
 * checksums that are right, so that what is tried gets behind zstd and the checksums. A file is read in full, in both
 * orders, and made a plan; what is refused must say why in one line.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#include "os.h"
#include "trace_plan.h"
#include "trace_reader.h"
#include "trace_writer.h"

#define N_THREADS  3u
#define FILE_BYTES (1u << 20)
#define RAW_BYTES  (64u << 10)

extern int LLVMFuzzerInitialize(int *argc, char ***argv);
extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char text[] = "program";

/* A trace taken apart: one epoch. */
struct parts {
    struct trace_header header;
    struct trace_chunk chunk;
    struct trace_footer footer;
    uint8_t raw[RAW_BYTES];
};

static struct parts good;
static uint8_t file[FILE_BYTES];
static size_t n_file;

static void must(bool good_so_far, const char *what)
{
    if (good_so_far)
        return;
    fprintf(stderr, "trace: %s\n", what);
    abort();
}

/* Checksums cover what was put before. */
static uint64_t checksum_so_far(const void *more, size_t n)
{
    return trace_checksum(trace_checksum(TRACE_CHECKSUM_START, file, n_file), more, n);
}

static void put(const void *bytes, size_t n)
{
    if (n > FILE_BYTES - n_file)
        return;
    memcpy(file + n_file, bytes, n);
    n_file += n;
}

static void put_chunk(const uint8_t *raw, size_t n_raw, uint32_t n_events)
{
    static uint8_t frame[2 * RAW_BYTES];
    size_t n = ZSTD_compress(frame, sizeof(frame), raw, n_raw, 1);
    struct trace_chunk c = {
        .magic = TRACE_CHUNK_MAGIC,
        .n_events = n_events,
        .raw_bytes = (uint32_t)n_raw,
        .frame_bytes = (uint32_t)n,
    };
    c.checksum = checksum_so_far(&c, offsetof(struct trace_chunk, checksum));
    put(&c, sizeof(c));
    put(frame, n);
}

static void put_footer(struct trace_footer *footer)
{
    footer->checksum = checksum_so_far(footer, offsetof(struct trace_footer, checksum));
    put(footer, sizeof(*footer));
}

static void put_head(const struct trace_header *header)
{
    n_file = 0;
    put(header, sizeof(*header));
    put(text, sizeof(text));
}

/* Length and number of events (two bytes each), then the epoch; again and again. */
static void put_epochs(const uint8_t *data, size_t n)
{
    put_head(&good.header);
    while (n > 4) {
        size_t n_raw = data[0] | (size_t)data[1] << 8;
        uint32_t n_events = data[2] | (uint32_t)data[3] << 8;
        data += 4;
        n -= 4;
        n_raw = n_raw < n ? n_raw : n;
        put_chunk(data, n_raw, n_events);
        data += n_raw;
        n -= n_raw;
    }
}

/* Place (two bytes) and value, again and again; the first byte says how the file ends. */
static void put_changed(const uint8_t *data, size_t n)
{
    static struct parts p;
    p = good;
    uint8_t end = n > 0 ? data[0] : 0;
    size_t n_bytes = offsetof(struct parts, raw) + p.chunk.raw_bytes;
    for (size_t i = 1; i + 2 < n; i += 3)
        ((uint8_t *)&p)[(data[i] | (size_t)data[i + 1] << 8) % n_bytes] = data[i + 2];
    size_t n_raw = p.chunk.raw_bytes < RAW_BYTES ? p.chunk.raw_bytes : RAW_BYTES;
    p.header.text_bytes = sizeof(text);
    put_head(&p.header);
    put_chunk(p.raw, n_raw, p.chunk.n_events);
    if (end % 2)
        put_footer(&p.footer);
    if (end % 4 >= 2)
        n_file -= end % n_file;
}

struct order {
    uint64_t n_events, n_given;
};

static void see(void *context, const struct trace_event *e)
{
    struct order *o = context;
    o->n_events += e->kind != TRACE_CLOCK;
    o->n_given += e->kind == TRACE_GIVE;
    must(e->kind != TRACE_TAKE || o->n_given > 0, "a take before any give");
}

static void must_say_why(const struct err *err)
{
    must(err->text[0] && !strchr(err->text, '\n'), "refused without one line of reason");
}

static void read_ordered(const char *path, const struct trace_info *info)
{
    struct trace_reader *r;
    struct err err = {0};
    struct order o = {0};
    must(trace_reader_open(&r, path, TRACE_ANY, &err) == 0, "opened once, but not again");
    if (trace_reader_visit_ordered(r, see, &o, &err) == 0)
        must(o.n_events == info->events, "the ordered visit leaves events out");
    else
        must_say_why(&err);
    trace_reader_free(r);
}

static void read_file(void)
{
    char path[64];
    static struct trace_info info;
    struct err err = {0};
    int fd, memory = memfd_create("trace", MFD_CLOEXEC);
    must(memory >= 0 && write(memory, file, n_file) == (ssize_t)n_file, "cannot make a file");
    snprintf(path, sizeof(path), "/proc/self/fd/%d", memory);
    const struct plan *plan;
    int rc = trace_info_read(path, &info, &err);
    if (rc == 0) {
        read_ordered(path, &info);
        rc = trace_plan(path, NULL, &fd, &plan, NULL, &err);
        if (rc == 0) {
            os_unmap((void *)plan, plan->n_bytes);
            close(fd);
        }
    }
    if (rc < 0)
        must_say_why(&err);
    close(memory);
}

/* Every kind of event, hand-overs both ways, an EXTENT. */
static void write_events(struct trace_writer *w)
{
    uint32_t kept[2] = {0};
    for (uint32_t t = 1; t < N_THREADS; t++)
        trace_writer_thread(w, 0, TRACE_SPAWN, t);
    for (unsigned i = 0; i < 20; i++) {
        uint32_t from = i % N_THREADS, to = (i + 1) % N_THREADS;
        trace_writer_time(w, from, i * 10000ul);
        trace_writer_pages(w, from, i);
        uint32_t slot =
            trace_writer_enter(w, from, (enum trace_kind)(TRACE_MALLOC + i % 3), 1u << i, 4);
        trace_writer_realloc(w, from, slot, 1u << i, 3u << i);
        uint32_t cell = trace_writer_give(w, from, slot);
        if (i >= 2)
            trace_writer_free_slot(w, from, trace_writer_take(w, from, kept[i % 2]));
        kept[i % 2] = cell;
        trace_writer_enter(w, to, TRACE_REALLOC_IN, 100, 0);
    }
    for (unsigned i = 0; i < 2; i++)
        trace_writer_take(w, 0, kept[i]);
    trace_writer_thread(w, 1, TRACE_END, 0);
    trace_writer_thread(w, 0, TRACE_JOIN, 1);
}

static void take_apart(const char *path)
{
    int fd = open(path, O_RDONLY);
    ssize_t n = read(fd, file, sizeof(file));
    close(fd);
    must(n > 0, "cannot read the good trace");
    const uint8_t *at = file + sizeof(good.header) + sizeof(text);
    memcpy(&good.header, file, sizeof(good.header));
    memcpy(&good.chunk, at, sizeof(good.chunk));
    memcpy(&good.footer, file + n - sizeof(good.footer), sizeof(good.footer));
    size_t raw = ZSTD_decompress(good.raw, sizeof(good.raw), at + sizeof(good.chunk),
                                 good.chunk.frame_bytes);
    must(raw == good.chunk.raw_bytes && good.footer.n_chunks == 1, "the good trace is another");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    char path[] = "/tmp/trace_fuzz.XXXXXX";
    struct err err;
    struct trace_header header = {
        .magic = TRACE_MAGIC,
        .version = TRACE_VERSION,
        .text_bytes = sizeof(text),
        .n_threads = N_THREADS,
        .page_bytes = 4096,
        .n_cpus = 1,
    };
    close(mkstemp(path));
    struct trace_writer *w = trace_writer_new(path, &header, text, 1, &err);
    must(w != NULL, "cannot write the good trace");
    write_events(w);
    struct trace_totals totals = {0};
    must(trace_writer_finish(w, &totals, NULL, &err) == 0, "cannot write the good trace");
    take_apart(path);
    unlink(path);
    struct trace_info info;
    static const uint8_t unchanged[] = {1};
    put_changed(unchanged, 1);
    char memory_path[64];
    int memory = memfd_create("trace", MFD_CLOEXEC);
    must(write(memory, file, n_file) == (ssize_t)n_file, "cannot make a file");
    snprintf(memory_path, sizeof(memory_path), "/proc/self/fd/%d", memory);
    must(trace_info_read(memory_path, &info, &err) == 0, "the good trace is refused");
    close(memory);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n == 0)
        return 0;
    if (data[0] % 8 == 0) {
        n_file = 0;
        put(data + 1, n - 1);
    } else if (data[0] % 8 < 4) {
        put_epochs(data + 1, n - 1);
    } else {
        put_changed(data + 1, n - 1);
    }
    read_file();
    return 0;
}
