#include "trace_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

/* A set of numbers below a bound. */
struct bits {
    uint64_t *words;
};

struct columns {
    const uint8_t *at[TRACE_COLUMNS], *end[TRACE_COLUMNS];
    uint32_t last_slot, last_cell;
};

struct trace_reader {
    char *path;
    int fd;
    uint64_t file_bytes;
    uint64_t chunks_begin, chunks_end;
    struct trace_header header;
    char *text;
    struct trace_footer footer;
    uint64_t n_events; /* as the chunks' headers say */

    ZSTD_DCtx *zstd;
    uint8_t *frame, *raw; /* room for the largest of this file */
    size_t frame_room, raw_room;
    struct slots **slots; /* by thread; NULL: no event yet */
    struct bits given, taken, started, joined;
    uint64_t counts[TRACE_KINDS];
};

static bool bits_init(struct bits *b, uint64_t n)
{
    b->words = calloc(n / 64 + 1, sizeof(*b->words));
    return b->words != NULL;
}

static bool bits_has(const struct bits *b, uint64_t i)
{
    return b->words[i / 64] >> i % 64 & 1;
}

/* False when it was there already. */
static bool bits_add(struct bits *b, uint64_t i)
{
    if (bits_has(b, i))
        return false;
    b->words[i / 64] |= (uint64_t)1 << i % 64;
    return true;
}

static int no_memory(const struct trace_reader *r, struct err *err)
{
    return err_set(err, ENOMEM, "%s: no memory to read it", r->path);
}

static int damaged(const struct trace_reader *r, uint64_t at, const char *what, struct err *err)
{
    return err_set(err, EINVAL, "%s: damaged trace: %s (at byte %lu)", r->path, what, at);
}

static int cut_off(const struct trace_reader *r, const char *what, struct err *err)
{
    return err_set(err, EINVAL, "%s: trace cut off: the file ends after %lu bytes, inside %s",
                   r->path, r->file_bytes, what);
}

static int read_at(const struct trace_reader *r, uint64_t at, void *out, size_t n, struct err *err)
{
    for (size_t done = 0; done < n;) {
        ssize_t got = pread(r->fd, (char *)out + done, n - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set_errno(err, errno, "cannot read %s", r->path);
        if (got == 0)
            return err_set(err, EINVAL, "%s: became shorter while it was read", r->path);
        done += (size_t)got;
    }
    return 0;
}

static int check_header(const struct trace_reader *r, struct err *err)
{
    const struct trace_header *h = &r->header;
    if (h->version != TRACE_VERSION)
        return err_set(err, EINVAL,
                       "%s: trace of version %u; this program reads version %u: record it again",
                       r->path, h->version, TRACE_VERSION);
    if (h->n_threads == 0 || h->n_threads > TRACE_THREADS_MAX || h->text_bytes == 0 ||
        h->text_bytes > TRACE_TEXT_MAX || h->clock >= TRACE_CLOCKS ||
        memchr(h->system, '\0', sizeof(h->system)) == NULL)
        return damaged(r, 0, "its header holds impossible numbers", err);
    if (r->file_bytes < sizeof(*h) + h->text_bytes)
        return cut_off(r, "the program's name", err);
    return 0;
}

static int read_header(struct trace_reader *r, struct err *err)
{
    if (r->file_bytes < sizeof(r->header.magic))
        return err_set(err, EINVAL, "%s is not a trace (%lu bytes)", r->path, r->file_bytes);
    int rc = read_at(r, 0, &r->header.magic, sizeof(r->header.magic), err);
    if (rc < 0)
        return rc;
    if (r->header.magic != TRACE_MAGIC)
        return err_set(err, EINVAL, "%s is not a trace", r->path);
    if (r->file_bytes < sizeof(r->header))
        return cut_off(r, "its header", err);
    rc = read_at(r, 0, &r->header, sizeof(r->header), err);
    if (rc == 0)
        rc = check_header(r, err);
    if (rc < 0)
        return rc;
    r->text = malloc(r->header.text_bytes);
    if (!r->text)
        return no_memory(r, err);
    rc = read_at(r, sizeof(r->header), r->text, r->header.text_bytes, err);
    if (rc == 0 && r->text[r->header.text_bytes - 1] != '\0')
        rc = damaged(r, sizeof(r->header), "the program's name does not end", err);
    r->chunks_begin = sizeof(r->header) + r->header.text_bytes;
    return rc;
}

static uint64_t raw_bytes(const struct trace_chunk *c)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < TRACE_COLUMNS; i++)
        sum += c->column_bytes[i];
    return sum;
}

static int check_chunk(struct trace_reader *r, const struct trace_chunk *c, uint64_t at,
                       struct err *err)
{
    uint64_t raw = raw_bytes(c);
    if (c->magic != TRACE_CHUNK_MAGIC)
        return damaged(r, at, "neither a chunk nor the footer stands here", err);
    if (c->thread >= r->header.n_threads || c->n_events == 0 || c->n_events > TRACE_CHUNK_EVENTS ||
        c->column_bytes[TRACE_COLUMN_KINDS] != c->n_events || raw > TRACE_CHUNK_RAW_BYTES ||
        c->frame_bytes > ZSTD_COMPRESSBOUND(TRACE_CHUNK_RAW_BYTES))
        return damaged(r, at, "a chunk's header holds impossible numbers", err);
    if (c->frame_bytes > r->file_bytes - at - sizeof(*c))
        return cut_off(r, "a chunk", err);
    r->n_events += c->n_events;
    r->raw_room = raw > r->raw_room ? raw : r->raw_room;
    return 0;
}

static int check_footer(struct trace_reader *r, uint64_t n_chunks, uint64_t checksum,
                        struct err *err)
{
    const struct trace_totals *t = &r->footer.totals;
    uint64_t at = r->chunks_end, n_events = 0;
    checksum = trace_checksum(checksum, &r->footer, offsetof(struct trace_footer, checksum));
    if (r->file_bytes != at + sizeof(r->footer))
        return damaged(r, at + sizeof(r->footer), "something follows the footer", err);
    if (checksum != r->footer.checksum)
        return damaged(r, at, "its checksum does not match", err);
    for (unsigned i = 0; i < TRACE_KINDS; i++) {
        if (t->n_events[i] > r->n_events)
            return damaged(r, at, "its footer counts more events than there are", err);
        n_events += t->n_events[i];
    }
    if (n_chunks != r->footer.n_chunks || n_events != r->n_events || n_events > TRACE_EVENTS_MAX)
        return damaged(r, at, "its footer counts other events than there are", err);
    if (t->n_cells != t->n_events[TRACE_GIVE] || t->n_cells != t->n_events[TRACE_TAKE] ||
        t->n_cells >= UINT32_MAX || t->n_events[TRACE_SPAWN] != r->header.n_threads - 1)
        return damaged(r, at, "its hand-overs or threads do not add up", err);
    return 0;
}

static int read_frame(struct trace_reader *r, const struct trace_chunk *c, uint64_t at,
                      struct err *err)
{
    if (c->frame_bytes > r->frame_room) {
        uint8_t *frame = realloc(r->frame, c->frame_bytes);
        if (!frame)
            return no_memory(r, err);
        r->frame = frame;
        r->frame_room = c->frame_bytes;
    }
    return read_at(r, at + sizeof(*c), r->frame, c->frame_bytes, err);
}

/* From chunk to chunk without unpacking them. */
static int scan_chunks(struct trace_reader *r, struct err *err)
{
    uint64_t at = r->chunks_begin, n_chunks = 0;
    uint64_t checksum = trace_checksum(TRACE_CHECKSUM_START, &r->header, sizeof(r->header));
    checksum = trace_checksum(checksum, r->text, r->header.text_bytes);
    for (;; n_chunks++) {
        struct trace_chunk c;
        uint64_t magic = 0;
        if (r->file_bytes - at < sizeof(c))
            return cut_off(r, "its footer or a chunk", err);
        int rc = read_at(r, at, &magic, sizeof(magic), err);
        if (rc < 0)
            return rc;
        if (magic == TRACE_FOOTER_MAGIC)
            break;
        rc = read_at(r, at, &c, sizeof(c), err);
        if (rc == 0)
            rc = check_chunk(r, &c, at, err);
        if (rc < 0)
            return rc;
        checksum = trace_checksum(checksum, &c, sizeof(c));
        rc = read_frame(r, &c, at, err);
        if (rc < 0)
            return rc;
        checksum = trace_checksum(checksum, r->frame, c.frame_bytes);
        at += sizeof(c) + c.frame_bytes;
    }
    r->chunks_end = at;
    if (r->file_bytes - at < sizeof(r->footer))
        return cut_off(r, "its footer", err);
    int rc = read_at(r, at, &r->footer, sizeof(r->footer), err);
    return rc < 0 ? rc : check_footer(r, n_chunks, checksum, err);
}

static int open_file(struct trace_reader *r, struct err *err)
{
    r->fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not hold us up */
    struct stat st;
    if (r->fd < 0 || fstat(r->fd, &st) < 0)
        return err_set_errno(err, errno, "cannot open trace %s", r->path);
    if (!S_ISREG(st.st_mode))
        return err_set(err, EINVAL, "%s is not a trace: not a regular file", r->path);
    r->file_bytes = (uint64_t)st.st_size;
    return 0;
}

int trace_reader_open(struct trace_reader **out, const char *path, struct err *err)
{
    *out = NULL;
    struct trace_reader *r = calloc(1, sizeof(*r));
    if (!r)
        return err_set(err, ENOMEM, "%s: no memory to read it", path);
    r->fd = -1;
    r->path = strdup(path);
    r->zstd = ZSTD_createDCtx();
    int rc;
    if (!r->path || !r->zstd)
        rc = err_set(err, ENOMEM, "%s: no memory to read it", path);
    else
        rc = open_file(r, err);
    if (rc == 0)
        rc = read_header(r, err);
    if (rc == 0)
        rc = scan_chunks(r, err);
    if (rc < 0)
        trace_reader_free(r);
    else
        *out = r;
    return rc;
}

void trace_reader_free(struct trace_reader *r)
{
    if (!r)
        return;
    if (r->fd >= 0)
        close(r->fd);
    for (uint32_t t = 0; r->slots && t < r->header.n_threads; t++) {
        if (r->slots[t])
            slots_release(r->slots[t]);
        free(r->slots[t]);
    }
    free(r->slots);
    free(r->given.words);
    free(r->taken.words);
    free(r->started.words);
    free(r->joined.words);
    free(r->frame);
    free(r->raw);
    ZSTD_freeDCtx(r->zstd);
    free(r->text);
    free(r->path);
    free(r);
}

static bool get(struct columns *c, enum trace_column column, uint64_t *value)
{
    return trace_get_varint(&c->at[column], c->end[column], value);
}

static bool get_difference(struct columns *c, enum trace_column column, uint64_t bound,
                           uint32_t *last)
{
    uint64_t coded;
    if (!get(c, column, &coded))
        return false;
    uint64_t value = *last + (uint64_t)trace_unzigzag(coded); /* wraps when out of bounds */
    if (value >= bound)
        return false;
    *last = (uint32_t)value;
    return true;
}

static bool get_bytes(struct columns *c, uint64_t *bytes)
{
    return get(c, TRACE_COLUMN_SIZES, bytes) && *bytes <= TRACE_BYTES_MAX;
}

static const char *get_enter(struct slots *s, struct trace_event *e)
{
    e->slot = slots_enter(s);
    return e->slot < TRACE_SLOTS_MAX ? NULL : "too many live objects";
}

static const char *get_slot(struct columns *c, const struct slots *s, struct trace_event *e)
{
    if (!get_difference(c, TRACE_COLUMN_SLOTS, TRACE_SLOTS_MAX, &c->last_slot) ||
        !slots_used(s, c->last_slot))
        return "an event names a slot that holds nothing";
    e->slot = c->last_slot;
    return NULL;
}

static const char *get_cell(struct trace_reader *r, struct columns *c, struct bits *used,
                            struct trace_event *e)
{
    if (!get_difference(c, TRACE_COLUMN_OTHERS, r->footer.totals.n_cells, &c->last_cell))
        return "an event names a cell that is not there";
    e->other = c->last_cell;
    return bits_add(used, e->other) ? NULL : "a cell is given or taken twice";
}

static const char *get_thread(struct trace_reader *r, struct columns *c, struct bits *used,
                              struct trace_event *e)
{
    uint64_t other;
    if (!get(c, TRACE_COLUMN_OTHERS, &other) || other == 0 || other >= r->header.n_threads ||
        other == e->thread)
        return "an event names a thread that is not there";
    e->other = (uint32_t)other;
    return bits_add(used, other) ? NULL : "a thread is started or joined twice";
}

static const char *get_align(struct columns *c, struct trace_event *e)
{
    uint64_t log2;
    if (!get(c, TRACE_COLUMN_OTHERS, &log2) || log2 > TRACE_ALIGN_LOG2_MAX)
        return "an impossible alignment";
    e->align_log2 = (unsigned)log2;
    return NULL;
}

static const char *decode_memory(struct columns *c, struct slots *s, struct trace_event *e)
{
    const char *why = NULL;
    if (e->kind == TRACE_FREE || e->kind == TRACE_REALLOC)
        why = get_slot(c, s, e);
    if (!why && e->kind == TRACE_ALIGNED)
        why = get_align(c, e);
    if (why)
        return why;
    if (e->kind == TRACE_REALLOC && !get_bytes(c, &e->old_bytes))
        return "an impossible size";
    if (e->kind != TRACE_FREE && !get_bytes(c, &e->bytes))
        return "an impossible size";
    if (e->kind == TRACE_FREE)
        slots_leave(s, e->slot);
    return e->kind == TRACE_FREE || e->kind == TRACE_REALLOC ? NULL : get_enter(s, e);
}

/* Fills in what the kind has; NULL, or what is wrong. */
static const char *decode(struct trace_reader *r, struct columns *c, struct slots *s,
                          struct trace_event *e)
{
    const char *why;
    switch (e->kind) {
    case TRACE_GIVE:
        why = get_slot(c, s, e);
        if (!why)
            why = get_cell(r, c, &r->given, e);
        if (!why)
            slots_leave(s, e->slot);
        return why;
    case TRACE_TAKE:
        why = get_cell(r, c, &r->taken, e);
        return why ? why : get_enter(s, e);
    case TRACE_SPAWN:
        return get_thread(r, c, &r->started, e);
    case TRACE_JOIN:
        return get_thread(r, c, &r->joined, e);
    case TRACE_END:
        return NULL;
    case TRACE_CLOCK:
        return get(c, TRACE_COLUMN_OTHERS, &e->bytes) ? NULL : "a time is cut off";
    default:
        return decode_memory(c, s, e);
    }
}

static int unpack(struct trace_reader *r, const struct trace_chunk *chunk, uint64_t at,
                  struct columns *c, struct err *err)
{
    int rc = read_frame(r, chunk, at, err);
    if (rc < 0)
        return rc;
    uint64_t raw = raw_bytes(chunk);
    size_t n = ZSTD_decompressDCtx(r->zstd, r->raw, raw, r->frame, chunk->frame_bytes);
    if (ZSTD_isError(n) || n != raw)
        return damaged(r, at, "a chunk does not unpack", err);
    *c = (struct columns){0};
    const uint8_t *p = r->raw;
    for (unsigned i = 0; i < TRACE_COLUMNS; i++) {
        c->at[i] = p;
        c->end[i] = p += chunk->column_bytes[i];
    }
    return 0;
}

/* Every event of an unpacked chunk; NULL, or what is wrong. */
static const char *visit_events(struct trace_reader *r, uint32_t thread, struct columns *c,
                                void (*visit)(void *, const struct trace_event *), void *context)
{
    while (c->at[TRACE_COLUMN_KINDS] < c->end[TRACE_COLUMN_KINDS]) {
        unsigned kind = *c->at[TRACE_COLUMN_KINDS]++;
        struct trace_event e = {.kind = (enum trace_kind)kind, .thread = thread, .pages = TRACE_PAGES_ALL};
        if (kind == TRACE_NONE || kind >= TRACE_KINDS)
            return "an event of unknown kind";
        const char *why = decode(r, c, r->slots[thread], &e);
        if (why)
            return why;
        r->counts[kind]++;
        if (visit)
            visit(context, &e);
    }
    for (unsigned i = 0; i < TRACE_COLUMNS; i++) {
        if (c->at[i] != c->end[i])
            return "a chunk is longer than its events";
    }
    return NULL;
}

static int visit_chunk(struct trace_reader *r, const struct trace_chunk *chunk, uint64_t at,
                       void (*visit)(void *, const struct trace_event *), void *context,
                       struct err *err)
{
    struct columns c;
    int rc = unpack(r, chunk, at, &c, err);
    if (rc < 0)
        return rc;
    if (!r->slots[chunk->thread])
        r->slots[chunk->thread] = calloc(1, sizeof(struct slots));
    if (!r->slots[chunk->thread])
        return no_memory(r, err);
    const char *why = visit_events(r, chunk->thread, &c, visit, context);
    return why ? damaged(r, at, why, err) : 0;
}

static bool make_room(struct trace_reader *r)
{
    uint64_t n_cells = r->footer.totals.n_cells;
    r->raw = malloc(r->raw_room + 1);
    r->slots = calloc(r->header.n_threads, sizeof(struct slots *));
    return r->raw && r->slots && bits_init(&r->given, n_cells) && bits_init(&r->taken, n_cells) &&
           bits_init(&r->started, r->header.n_threads) &&
           bits_init(&r->joined, r->header.n_threads);
}

int trace_reader_visit(struct trace_reader *r, void (*visit)(void *, const struct trace_event *),
                       void *context, struct err *err)
{
    if (!make_room(r))
        return no_memory(r, err);
    for (uint64_t at = r->chunks_begin; at < r->chunks_end;) {
        struct trace_chunk chunk;
        int rc = read_at(r, at, &chunk, sizeof(chunk), err);
        if (rc == 0 && chunk.frame_bytes <= r->frame_room && raw_bytes(&chunk) <= r->raw_room &&
            chunk.thread < r->header.n_threads)
            rc = visit_chunk(r, &chunk, at, visit, context, err);
        else if (rc == 0)
            rc = err_set(err, EINVAL, "%s: changed while it was read", r->path);
        if (rc < 0)
            return rc;
        at += sizeof(chunk) + chunk.frame_bytes;
    }
    if (memcmp(r->counts, r->footer.totals.n_events, sizeof(r->counts)) != 0)
        return damaged(r, r->chunks_end, "its footer counts other events than there are", err);
    return 0;
}

const struct trace_header *trace_reader_header(const struct trace_reader *r)
{
    return &r->header;
}

const struct trace_totals *trace_reader_totals(const struct trace_reader *r)
{
    return &r->footer.totals;
}

const char *trace_reader_text(const struct trace_reader *r)
{
    return r->text;
}

uint64_t trace_reader_file_bytes(const struct trace_reader *r)
{
    return r->file_bytes;
}

const struct slots *trace_reader_slots(const struct trace_reader *r, uint32_t t)
{
    return r->slots[t];
}

bool trace_reader_joined(const struct trace_reader *r, uint32_t t)
{
    return bits_has(&r->joined, t);
}
