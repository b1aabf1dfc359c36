#include "trace_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "replace.h"
#include "slots.h"
#include "text.h"
#include "trace_epoch.h"

#define CLOCK_EVENTS   64    /* events without a CLOCK, at most */
#define CLOCK_GAP_NS   20000 /* pause that makes one */
#define CLOCK_GRAIN_NS 128   /* times are told in multiples: what is finer is noise, and long */
#define CLOCK_LAG      4096  /* events of all threads since the last CLOCK that make one */

/* What lasts of a thread from epoch to epoch. */
struct stream {
    struct slots slots;
    uint64_t now_ns, event_ns, clock_ns; /* of the next event, the last one, the last CLOCK */
    uint64_t clock_position;             /* events of all threads before the last CLOCK */
    uint32_t since_clock;                /* events */
    uint32_t pages;                      /* of the next allocation, plus 1; 0: not told */
    uint32_t range;                      /* plus 1 in the open epoch; 0: no event in it yet */
    bool started;                        /* there was a CLOCK */
};

struct trace_writer {
    FILE *file;
    char *path, *temporary;
    int failed; /* the first failure, a positive errno; 0: none */
    struct err why;
    ZSTD_CCtx *zstd;
    uint8_t *raw, *frame;
    size_t frame_room;
    uint64_t checksum;
    uint64_t n_chunks;
    uint64_t n_events[TRACE_KINDS];
    uint64_t position; /* events so far, CLOCKs not counted */
    uint32_t n_cells;
    uint32_t n_threads;
    struct trace_event *arrived; /* the open epoch's events in their order */
    uint32_t n_arrived, n_records;
    struct trace_epoch epoch; /* the same by thread, when it is full */
    struct stream streams[];
};

static void fail(struct trace_writer *w, int code, const char *what)
{
    if (w->failed)
        return;
    w->failed = code;
    err_set_errno(&w->why, code, "%s: %s", w->path, what);
}

static void write_bytes(struct trace_writer *w, const void *bytes, size_t n)
{
    if (w->failed)
        return;
    if (fwrite(bytes, 1, n, w->file) != n)
        fail(w, errno ? errno : EIO, "cannot write");
    w->checksum = trace_checksum(w->checksum, bytes, n);
}

static int by_thread(const void *a, const void *b)
{
    const struct trace_range *x = a, *y = b;
    return x->thread < y->thread ? -1 : x->thread > y->thread;
}

/* Puts the events that arrived into the epoch, thread by thread. */
static void sort_events(struct trace_writer *w)
{
    struct trace_epoch *epoch = &w->epoch;
    uint32_t at = 0;
    qsort(epoch->ranges, epoch->n_ranges, sizeof(epoch->ranges[0]), by_thread);
    for (uint32_t i = 0; i < epoch->n_ranges; i++) {
        struct trace_range *r = &epoch->ranges[i];
        w->streams[r->thread].range = i + 1;
        r->begin = at;
        at += r->end; /* so far the number of events */
        r->end = r->begin;
    }
    for (uint32_t i = 0; i < w->n_arrived; i++) {
        const struct trace_event *e = &w->arrived[i];
        struct trace_range *r = &epoch->ranges[w->streams[e->thread].range - 1];
        epoch->events[r->end++] = *e;
    }
    epoch->n_events = w->n_arrived;
}

static void begin_epoch(struct trace_writer *w)
{
    for (uint32_t i = 0; i < w->epoch.n_ranges; i++)
        w->streams[w->epoch.ranges[i].thread].range = 0;
    w->epoch.n_ranges = w->epoch.n_events = 0;
    w->epoch.first_cell = w->n_cells;
    w->n_arrived = w->n_records = 0;
}

static void write_epoch(struct trace_writer *w)
{
    if (w->n_arrived > 0 && !w->failed) {
        sort_events(w);
        size_t raw = trace_epoch_encode(&w->epoch, w->raw);
        size_t n = ZSTD_compress2(w->zstd, w->frame, w->frame_room, w->raw, raw);
        if (ZSTD_isError(n)) {
            fail(w, EIO, ZSTD_getErrorName(n));
            return;
        }
        struct trace_chunk chunk = {
            .magic = TRACE_CHUNK_MAGIC,
            .n_events = w->n_records,
            .raw_bytes = (uint32_t)raw,
            .frame_bytes = (uint32_t)n,
        };
        chunk.checksum =
            trace_checksum(w->checksum, &chunk, offsetof(struct trace_chunk, checksum));
        write_bytes(w, &chunk, sizeof(chunk));
        write_bytes(w, w->frame, n);
        w->n_chunks++;
    }
    begin_epoch(w);
}

/* Into the open epoch, which has room for it. */
static void add(struct trace_writer *w, const struct trace_event *e)
{
    struct stream *s = &w->streams[e->thread];
    if (s->range == 0) {
        w->epoch.ranges[w->epoch.n_ranges] = (struct trace_range){.thread = e->thread};
        s->range = ++w->epoch.n_ranges;
    }
    w->epoch.ranges[s->range - 1].end++;
    w->arrived[w->n_arrived++] = *e;
    w->n_records += trace_event_records(e);
    w->n_events[e->kind]++;
    w->n_events[TRACE_EXTENT] += trace_event_records(e) - 1;
}

static void add_clock(struct trace_writer *w, uint32_t t)
{
    struct stream *s = &w->streams[t];
    add(w, &(struct trace_event){
               .kind = TRACE_CLOCK,
               .thread = t,
               .bytes = s->now_ns - s->clock_ns,
               .position = w->position - s->clock_position - s->since_clock,
           });
    s->clock_ns = s->now_ns;
    s->clock_position = w->position;
    s->since_clock = 0;
    s->started = true;
}

/* What the caller said of the pages, where the event may have an EXTENT. */
static uint32_t take_pages(struct stream *s, const struct trace_event *e)
{
    uint32_t pages = s->pages - 1; /* from 0, not told, to TRACE_PAGES_ALL */
    s->pages = 0;
    if (pages == TRACE_PAGES_ALL || e->bytes < TRACE_EXTENT_BYTES)
        return TRACE_PAGES_ALL;
    uint64_t most = trace_pages_max(trace_extent_bytes(e));
    return pages < most ? pages : (uint32_t)most;
}

/* The event, with a CLOCK before it where one is due; both go into the same epoch. */
static void add_event(struct trace_writer *w, struct trace_event *e)
{
    struct stream *s = &w->streams[e->thread];
    if (trace_kind_allocates(e->kind))
        e->pages = take_pages(s, e);
    if (w->n_records + 1 + trace_event_records(e) > TRACE_CHUNK_EVENTS)
        write_epoch(w);
    if (!s->started || s->since_clock >= CLOCK_EVENTS || s->now_ns - s->event_ns > CLOCK_GAP_NS ||
        w->position - s->clock_position >= CLOCK_LAG + s->since_clock)
        add_clock(w, e->thread);
    add(w, e);
    s->event_ns = s->now_ns;
    s->since_clock++;
    w->position++;
}

void trace_writer_time(struct trace_writer *w, uint32_t t, uint64_t ns)
{
    struct stream *s = &w->streams[t];
    if (ns > s->now_ns)
        s->now_ns = (ns < TRACE_TIME_MAX ? ns : TRACE_TIME_MAX) & ~(uint64_t)(CLOCK_GRAIN_NS - 1);
}

static uint32_t enter(struct trace_writer *w, uint32_t t)
{
    uint32_t slot = slots_enter(&w->streams[t].slots);
    if (slot < TRACE_SLOTS_MAX)
        return slot;
    fail(w, ENOMEM, "no memory for more live objects");
    return 0;
}

void trace_writer_pages(struct trace_writer *w, uint32_t t, uint32_t pages)
{
    w->streams[t].pages = pages + 1;
}

uint32_t trace_writer_enter(struct trace_writer *w, uint32_t t, enum trace_kind kind,
                            uint64_t bytes, unsigned align_log2)
{
    struct trace_event e = {
        .kind = kind, .thread = t, .bytes = bytes, .align_log2 = (uint8_t)align_log2};
    add_event(w, &e);
    return enter(w, t);
}

void trace_writer_free_slot(struct trace_writer *w, uint32_t t, uint32_t slot)
{
    add_event(w, &(struct trace_event){.kind = TRACE_FREE, .thread = t, .slot = slot});
    slots_leave(&w->streams[t].slots, slot);
}

void trace_writer_realloc(struct trace_writer *w, uint32_t t, uint32_t slot, uint64_t old_bytes,
                          uint64_t bytes)
{
    struct trace_event e = {
        .kind = TRACE_REALLOC, .thread = t, .slot = slot, .bytes = bytes, .old_bytes = old_bytes};
    add_event(w, &e);
}

uint32_t trace_writer_give(struct trace_writer *w, uint32_t t, uint32_t slot)
{
    if (w->n_cells == TRACE_CELLS_MAX) {
        fail(w, EOVERFLOW, "more hand-overs than a trace may have");
        return 0;
    }
    struct trace_event e = {.kind = TRACE_GIVE, .thread = t, .slot = slot, .other = w->n_cells};
    add_event(w, &e);
    slots_leave(&w->streams[t].slots, slot);
    return w->n_cells++;
}

uint32_t trace_writer_take(struct trace_writer *w, uint32_t t, uint32_t cell)
{
    add_event(w, &(struct trace_event){.kind = TRACE_TAKE, .thread = t, .other = cell});
    return enter(w, t);
}

void trace_writer_thread(struct trace_writer *w, uint32_t t, enum trace_kind kind, uint32_t other)
{
    add_event(w, &(struct trace_event){.kind = kind, .thread = t, .other = other});
}

static int open_temporary(struct trace_writer *w, const char *path, struct err *err)
{
    int rc = output_replaceable(path, err);
    if (rc < 0)
        return rc;
    w->path = strdup(path);
    w->temporary = malloc(strlen(path) + sizeof(".XXXXXX"));
    if (!w->path || !w->temporary)
        return err_set(err, ENOMEM, "%s: no memory to write it", path);
    text_format(w->temporary, strlen(path) + sizeof(".XXXXXX"), "%s.XXXXXX", path);
    int fd = mkstemp(w->temporary);
    if (fd < 0) {
        int code = errno;
        w->temporary[0] = '\0';
        return err_set_errno(err, code, "cannot write %s", path);
    }
    w->file = fdopen(fd, "wb");
    if (w->file)
        return 0;
    close(fd);
    return err_set_errno(err, errno, "cannot write %s", path);
}

static bool make_room(struct trace_writer *w)
{
    w->zstd = ZSTD_createCCtx();
    w->raw = malloc(TRACE_CHUNK_RAW_BYTES);
    w->frame_room = ZSTD_compressBound(TRACE_CHUNK_RAW_BYTES);
    w->frame = malloc(w->frame_room);
    w->arrived = malloc(TRACE_CHUNK_EVENTS * sizeof(*w->arrived));
    return w->zstd && w->raw && w->frame && w->arrived &&
           trace_epoch_init(&w->epoch, TRACE_CHUNK_EVENTS);
}

struct trace_writer *trace_writer_new(const char *path, const struct trace_header *header,
                                      const char *text, int level, struct err *err)
{
    struct trace_writer *w = calloc(1, sizeof(*w) + header->n_threads * sizeof(w->streams[0]));
    if (!w) {
        err_set(err, ENOMEM, "%s: no memory to write it", path);
        return NULL;
    }
    w->n_threads = header->n_threads;
    w->checksum = TRACE_CHECKSUM_START;
    bool ready = make_room(w);
    if (!ready)
        err_set(err, ENOMEM, "%s: no memory to write it", path);
    if (!ready || open_temporary(w, path, err) < 0) {
        trace_writer_abandon(w);
        return NULL;
    }
    ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_checksumFlag, 1);
    write_bytes(w, header, sizeof(*header));
    write_bytes(w, text, header->text_bytes);
    return w;
}

static void write_footer(struct trace_writer *w, struct trace_totals *totals)
{
    memcpy(totals->n_events, w->n_events, sizeof(totals->n_events));
    totals->n_cells = w->n_cells;
    struct trace_footer footer = {
        .magic = TRACE_FOOTER_MAGIC,
        .n_chunks = w->n_chunks,
        .totals = *totals,
    };
    footer.checksum = trace_checksum(w->checksum, &footer, offsetof(struct trace_footer, checksum));
    write_bytes(w, &footer, sizeof(footer));
}

/* mkstemp makes files for their owner only; a trace is an ordinary file. */
static void set_mode(struct trace_writer *w)
{
    mode_t mask = umask(0);
    umask(mask);
    if (fchmod(fileno(w->file), 0666 & ~mask) < 0)
        fail(w, errno, "cannot set its mode");
}

int trace_writer_finish(struct trace_writer *w, struct trace_totals *totals, uint64_t *file_bytes,
                        struct err *err)
{
    write_epoch(w);
    write_footer(w, totals);
    if (!w->failed)
        set_mode(w);
    if (!w->failed && file_bytes)
        *file_bytes = (uint64_t)ftello(w->file);
    if (!w->failed && (fflush(w->file) != 0 || fsync(fileno(w->file)) < 0))
        fail(w, errno, "cannot write");
    if (!w->failed && rename(w->temporary, w->path) < 0)
        fail(w, errno, "cannot give the finished file its name");
    if (!w->failed)
        w->temporary[0] = '\0';
    int rc = -w->failed;
    if (rc < 0)
        *err = w->why;
    trace_writer_abandon(w);
    return rc;
}

void trace_writer_abandon(struct trace_writer *w)
{
    if (!w)
        return;
    if (w->file)
        fclose(w->file);
    if (w->temporary && w->temporary[0] != '\0')
        unlink(w->temporary);
    for (uint32_t t = 0; t < w->n_threads; t++)
        slots_release(&w->streams[t].slots);
    trace_epoch_release(&w->epoch);
    ZSTD_freeCCtx(w->zstd);
    free(w->arrived);
    free(w->raw);
    free(w->frame);
    free(w->path);
    free(w->temporary);
    free(w);
}
