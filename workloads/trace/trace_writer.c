#include "trace_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "slots.h"
#include "text.h"

#define CLOCK_EVENTS 64    /* events without a CLOCK, at most */
#define CLOCK_GAP_NS 20000 /* pause that makes one */

struct column {
    uint8_t *bytes;
    size_t n, room;
};

struct stream {
    struct column columns[TRACE_COLUMNS];
    struct slots slots;
    uint32_t n_events; /* in the open chunk */
    uint32_t last_slot, last_cell;
    uint64_t now_ns, event_ns, clock_ns; /* of the next event, the last one, the last CLOCK */
    uint32_t since_clock;                /* events */
    bool started;                        /* there was a CLOCK */
};

struct trace_writer {
    FILE *file;
    char *path, *temporary;
    int failed; /* the first failure, a positive errno; 0: none */
    struct err why;
    ZSTD_CCtx *zstd;
    uint8_t *frame;
    size_t frame_room;
    uint64_t checksum;
    uint64_t n_chunks;
    uint64_t n_events[TRACE_KINDS];
    uint32_t n_cells;
    uint32_t n_threads;
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

static uint8_t *column_room(struct trace_writer *w, struct column *c)
{
    if (c->n + TRACE_VARINT_BYTES > c->room) {
        size_t room = c->room ? 2 * c->room : 64;
        uint8_t *bytes = realloc(c->bytes, room);
        if (!bytes) {
            fail(w, ENOMEM, "no memory for a chunk");
            return NULL;
        }
        c->bytes = bytes;
        c->room = room;
    }
    return c->bytes + c->n;
}

static void put(struct trace_writer *w, uint32_t t, enum trace_column column, uint64_t value)
{
    struct column *c = &w->streams[t].columns[column];
    uint8_t *out = column_room(w, c);
    if (out)
        c->n += trace_put_varint(out, value);
}

static size_t compress(struct trace_writer *w, struct stream *s)
{
    size_t raw = 0;
    for (unsigned i = 0; i < TRACE_COLUMNS; i++)
        raw += s->columns[i].n;
    size_t bound = ZSTD_compressBound(raw);
    uint8_t *room = bound > w->frame_room ? realloc(w->frame, bound) : w->frame;
    uint8_t *joined = malloc(raw);
    if (room)
        w->frame = room;
    if (!room || !joined) {
        free(joined);
        fail(w, ENOMEM, "no memory for a chunk");
        return 0;
    }
    w->frame_room = bound > w->frame_room ? bound : w->frame_room;
    size_t at = 0;
    for (unsigned i = 0; i < TRACE_COLUMNS; i++) {
        if (s->columns[i].n > 0)
            memcpy(joined + at, s->columns[i].bytes, s->columns[i].n);
        at += s->columns[i].n;
    }
    size_t n = ZSTD_compress2(w->zstd, w->frame, w->frame_room, joined, raw);
    free(joined);
    if (!ZSTD_isError(n))
        return n;
    fail(w, EIO, ZSTD_getErrorName(n));
    return 0;
}

static void flush(struct trace_writer *w, uint32_t t)
{
    struct stream *s = &w->streams[t];
    if (s->n_events == 0 || w->failed)
        return;
    struct trace_chunk chunk = {
        .magic = TRACE_CHUNK_MAGIC,
        .thread = t,
        .n_events = s->n_events,
        .frame_bytes = (uint32_t)compress(w, s),
    };
    for (unsigned i = 0; i < TRACE_COLUMNS; i++) {
        chunk.column_bytes[i] = (uint32_t)s->columns[i].n;
        s->columns[i].n = 0;
    }
    write_bytes(w, &chunk, sizeof(chunk));
    write_bytes(w, w->frame, chunk.frame_bytes);
    w->n_chunks++;
    s->n_events = 0;
    s->last_slot = s->last_cell = 0;
}

static void put_kind(struct trace_writer *w, uint32_t t, enum trace_kind kind)
{
    struct stream *s = &w->streams[t];
    if (s->n_events == TRACE_CHUNK_EVENTS)
        flush(w, t);
    put(w, t, TRACE_COLUMN_KINDS, (uint64_t)kind);
    s->n_events++;
    w->n_events[kind]++;
}

/* The kind of an event, with a CLOCK before it where one is due. */
static void begin_event(struct trace_writer *w, uint32_t t, enum trace_kind kind)
{
    struct stream *s = &w->streams[t];
    if (!s->started || s->since_clock >= CLOCK_EVENTS || s->now_ns - s->event_ns > CLOCK_GAP_NS) {
        put_kind(w, t, TRACE_CLOCK);
        put(w, t, TRACE_COLUMN_OTHERS, s->now_ns - s->clock_ns);
        s->clock_ns = s->now_ns;
        s->since_clock = 0;
        s->started = true;
    }
    put_kind(w, t, kind);
    s->event_ns = s->now_ns;
    s->since_clock++;
}

void trace_writer_time(struct trace_writer *w, uint32_t t, uint64_t ns)
{
    struct stream *s = &w->streams[t];
    if (ns > s->now_ns)
        s->now_ns = ns;
}

static uint32_t enter(struct trace_writer *w, uint32_t t)
{
    uint32_t slot = slots_enter(&w->streams[t].slots);
    if (slot < TRACE_SLOTS_MAX)
        return slot;
    fail(w, ENOMEM, "no memory for more live objects");
    return 0;
}

static void put_slot(struct trace_writer *w, uint32_t t, uint32_t slot)
{
    struct stream *s = &w->streams[t];
    put(w, t, TRACE_COLUMN_SLOTS, trace_zigzag((int64_t)slot - s->last_slot));
    s->last_slot = slot;
}

static void put_cell(struct trace_writer *w, uint32_t t, uint32_t cell)
{
    struct stream *s = &w->streams[t];
    put(w, t, TRACE_COLUMN_OTHERS, trace_zigzag((int64_t)cell - s->last_cell));
    s->last_cell = cell;
}

uint32_t trace_writer_enter(struct trace_writer *w, uint32_t t, enum trace_kind kind,
                            uint64_t bytes, unsigned align_log2)
{
    begin_event(w, t, kind);
    put(w, t, TRACE_COLUMN_SIZES, bytes);
    if (kind == TRACE_ALIGNED)
        put(w, t, TRACE_COLUMN_OTHERS, align_log2);
    return enter(w, t);
}

void trace_writer_free_slot(struct trace_writer *w, uint32_t t, uint32_t slot)
{
    begin_event(w, t, TRACE_FREE);
    put_slot(w, t, slot);
    slots_leave(&w->streams[t].slots, slot);
}

void trace_writer_realloc(struct trace_writer *w, uint32_t t, uint32_t slot, uint64_t old_bytes,
                          uint64_t bytes)
{
    begin_event(w, t, TRACE_REALLOC);
    put_slot(w, t, slot);
    put(w, t, TRACE_COLUMN_SIZES, old_bytes);
    put(w, t, TRACE_COLUMN_SIZES, bytes);
}

uint32_t trace_writer_give(struct trace_writer *w, uint32_t t, uint32_t slot)
{
    begin_event(w, t, TRACE_GIVE);
    put_slot(w, t, slot);
    slots_leave(&w->streams[t].slots, slot);
    put_cell(w, t, w->n_cells);
    return w->n_cells++;
}

uint32_t trace_writer_take(struct trace_writer *w, uint32_t t, uint32_t cell)
{
    begin_event(w, t, TRACE_TAKE);
    put_cell(w, t, cell);
    return enter(w, t);
}

void trace_writer_thread(struct trace_writer *w, uint32_t t, enum trace_kind kind, uint32_t other)
{
    begin_event(w, t, kind);
    if (kind != TRACE_END)
        put(w, t, TRACE_COLUMN_OTHERS, other);
}

static int open_temporary(struct trace_writer *w, const char *path, struct err *err)
{
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
    w->zstd = ZSTD_createCCtx();
    if (!w->zstd)
        err_set(err, ENOMEM, "%s: no memory to write it", path);
    if (!w->zstd || open_temporary(w, path, err) < 0) {
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
    for (uint32_t t = 0; t < w->n_threads; t++)
        flush(w, t);
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
    for (uint32_t t = 0; t < w->n_threads; t++) {
        slots_release(&w->streams[t].slots);
        for (unsigned i = 0; i < TRACE_COLUMNS; i++)
            free(w->streams[t].columns[i].bytes);
    }
    ZSTD_freeCCtx(w->zstd);
    free(w->frame);
    free(w->path);
    free(w->temporary);
    free(w);
}
