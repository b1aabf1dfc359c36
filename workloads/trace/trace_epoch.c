#include "trace_epoch.h"

#include <stdlib.h>
#include <string.h>

/* The most bytes of a row of the table. */
#define ROW_BYTES 32u
static_assert((TRACE_CHUNK_EVENTS + 1) * ROW_BYTES + TRACE_CHUNK_EVENTS * 24u <
                  TRACE_CHUNK_RAW_BYTES,
              "the table and the longest events fit into a chunk");

/* The thread's last cells, to which the next ones are told as a difference. */
struct cells {
    uint32_t given, taken;
};

/* Where a thread's columns are read. */
struct cursor {
    const uint8_t *at[TRACE_COLUMNS], *end[TRACE_COLUMNS];
    uint32_t last_slot;
    struct cells last;
};

bool trace_epoch_init(struct trace_epoch *e, uint32_t n)
{
    *e = (struct trace_epoch){
        .events = malloc((n + 1) * sizeof(struct trace_event)),
        .ranges = malloc((n + 1) * sizeof(struct trace_range)),
    };
    return e->events && e->ranges;
}

void trace_epoch_release(struct trace_epoch *e)
{
    free(e->events);
    free(e->ranges);
    *e = (struct trace_epoch){0};
}

static bool has_extent(const struct trace_event *e)
{
    return trace_kind_allocates(e->kind) && e->pages != TRACE_PAGES_ALL;
}

uint32_t trace_event_records(const struct trace_event *e)
{
    return has_extent(e) ? 2 : 1;
}

static size_t put_kind(uint8_t *out, const struct trace_event *e)
{
    size_t n = 0;
    if (has_extent(e))
        out[n++] = TRACE_EXTENT;
    out[n++] = (uint8_t)e->kind;
    return n;
}

static size_t put_slot(uint8_t *out, const struct trace_event *e, uint32_t *last)
{
    if (e->kind != TRACE_FREE && e->kind != TRACE_REALLOC && e->kind != TRACE_GIVE)
        return 0;
    int64_t difference = (int64_t)e->slot - *last;
    *last = e->slot;
    return trace_put_varint(out, trace_zigzag(difference));
}

static size_t put_sizes(uint8_t *out, const struct trace_event *e)
{
    size_t n = 0;
    if (e->kind == TRACE_REALLOC)
        n += trace_put_varint(out, e->old_bytes);
    return trace_kind_allocates(e->kind) ? n + trace_put_varint(out + n, e->bytes) : 0;
}

static size_t put_others(uint8_t *out, const struct trace_event *e, struct cells *last)
{
    size_t n = has_extent(e) ? trace_put_varint(out, e->pages) : 0;
    if (e->kind == TRACE_GIVE || e->kind == TRACE_TAKE) {
        uint32_t *cell = e->kind == TRACE_GIVE ? &last->given : &last->taken;
        n += trace_put_varint(out + n, trace_zigzag((int64_t)e->other - *cell));
        *cell = e->other;
    } else if (e->kind == TRACE_ALIGNED) {
        n += trace_put_varint(out + n, e->align_log2);
    } else if (e->kind == TRACE_SPAWN || e->kind == TRACE_JOIN) {
        n += trace_put_varint(out + n, e->other);
    }
    return n;
}

/* One column of one thread. */
static size_t put_column(uint8_t *out, const struct trace_epoch *e, const struct trace_range *range,
                         enum trace_column column)
{
    size_t n = 0;
    uint32_t last_slot = 0;
    struct cells cells = {e->first_cell, e->first_cell};
    for (uint32_t i = range->begin; i < range->end; i++) {
        const struct trace_event *event = &e->events[i];
        switch (column) {
        case TRACE_COLUMN_KINDS:
            n += put_kind(out + n, event);
            break;
        case TRACE_COLUMN_SLOTS:
            n += put_slot(out + n, event, &last_slot);
            break;
        case TRACE_COLUMN_SIZES:
            n += put_sizes(out + n, event);
            break;
        case TRACE_COLUMN_OTHERS:
            n += put_others(out + n, event, &cells);
            break;
        case TRACE_COLUMN_TIMES:
            n += event->kind == TRACE_CLOCK ? trace_put_varint(out + n, event->bytes) : 0;
            break;
        default:
            n += event->kind == TRACE_CLOCK ? trace_put_varint(out + n, event->position) : 0;
            break;
        }
    }
    return n;
}

static size_t put_columns(struct trace_epoch *e, uint8_t *out)
{
    size_t n = 0;
    for (unsigned column = 0; column < TRACE_COLUMNS; column++) {
        for (struct trace_range *r = e->ranges; r < e->ranges + e->n_ranges; r++) {
            size_t bytes = put_column(out + n, e, r, (enum trace_column)column);
            r->column_bytes[column] = (uint32_t)bytes;
            n += bytes;
        }
    }
    return n;
}

/* The kinds' bytes are the number of records. */
static size_t put_table(struct trace_epoch *e, uint8_t *out)
{
    size_t n = trace_put_varint(out, e->n_ranges);
    uint32_t before = 0;
    for (struct trace_range *r = e->ranges; r < e->ranges + e->n_ranges; r++) {
        n += trace_put_varint(out + n, r->thread - before);
        for (unsigned column = 0; column < TRACE_COLUMNS; column++)
            n += trace_put_varint(out + n, r->column_bytes[column]);
        r->n_records = r->column_bytes[TRACE_COLUMN_KINDS];
        before = r->thread;
    }
    return n;
}

/* The table comes first and needs the columns' lengths: they are put out of its way and moved. */
size_t trace_epoch_encode(struct trace_epoch *e, uint8_t *raw)
{
    uint8_t *columns = raw + ((size_t)e->n_ranges + 1) * ROW_BYTES;
    size_t n_columns = put_columns(e, columns);
    size_t n_table = put_table(e, raw);
    memmove(raw + n_table, columns, n_columns);
    return n_table + n_columns;
}

/* The table: threads upwards, and columns that add up to what is there. */
static const char *get_table(struct trace_epoch *e, const uint8_t **at, const uint8_t *end,
                             uint32_t n_records)
{
    static const char *const wrong = "the table of a chunk does not fit it";
    uint64_t n_ranges, records = 0, bytes = 0;
    if (!trace_get_varint(at, end, &n_ranges) || n_ranges > n_records)
        return wrong;
    e->n_ranges = (uint32_t)n_ranges;
    uint32_t thread = 0;
    for (uint32_t i = 0; i < e->n_ranges; i++) {
        struct trace_range *r = &e->ranges[i];
        uint64_t step, n;
        if (!trace_get_varint(at, end, &step) || step >= TRACE_THREADS_MAX - thread ||
            (step == 0 && i > 0))
            return wrong;
        r->thread = thread += (uint32_t)step;
        for (unsigned column = 0; column < TRACE_COLUMNS; column++) {
            if (!trace_get_varint(at, end, &n) || n > TRACE_CHUNK_RAW_BYTES)
                return wrong;
            r->column_bytes[column] = (uint32_t)n;
            bytes += n;
        }
        r->n_records = r->column_bytes[TRACE_COLUMN_KINDS];
        records += r->n_records;
        if (r->n_records == 0)
            return wrong;
    }
    return records == n_records && bytes == (uint64_t)(end - *at) ? NULL : wrong;
}

static bool get(struct cursor *c, enum trace_column column, uint64_t bound, uint64_t *value)
{
    return trace_get_varint(&c->at[column], c->end[column], value) && *value < bound;
}

static bool get_difference(struct cursor *c, enum trace_column column, uint64_t bound,
                           uint32_t *last)
{
    uint64_t coded;
    if (!get(c, column, UINT64_MAX, &coded))
        return false;
    uint64_t value = *last + (uint64_t)trace_unzigzag(coded); /* wraps when out of bounds */
    if (value >= bound)
        return false;
    *last = (uint32_t)value;
    return true;
}

static const char *get_slot(struct cursor *c, struct trace_event *e)
{
    if (!get_difference(c, TRACE_COLUMN_SLOTS, TRACE_SLOTS_MAX, &c->last_slot))
        return "an event names a slot that holds nothing";
    e->slot = c->last_slot;
    return NULL;
}

static const char *get_cell(struct cursor *c, struct trace_event *e)
{
    uint32_t *cell = e->kind == TRACE_GIVE ? &c->last.given : &c->last.taken;
    if (!get_difference(c, TRACE_COLUMN_OTHERS, TRACE_CELLS_MAX, cell))
        return "an event names a cell that is not there";
    e->other = *cell;
    return NULL;
}

static const char *get_memory(struct cursor *c, struct trace_event *e)
{
    uint64_t align_log2 = 0;
    if (e->kind == TRACE_ALIGNED &&
        !get(c, TRACE_COLUMN_OTHERS, TRACE_ALIGN_LOG2_MAX + 1, &align_log2))
        return "an impossible alignment";
    e->align_log2 = (uint8_t)align_log2;
    if ((e->kind == TRACE_REALLOC &&
         !get(c, TRACE_COLUMN_SIZES, TRACE_BYTES_MAX + 1, &e->old_bytes)) ||
        !get(c, TRACE_COLUMN_SIZES, TRACE_BYTES_MAX + 1, &e->bytes))
        return "an impossible size";
    if (e->pages != TRACE_PAGES_ALL &&
        (e->bytes < TRACE_EXTENT_BYTES || e->pages > trace_pages_max(trace_extent_bytes(e))))
        return "an object has more pages than bytes";
    return e->kind == TRACE_REALLOC ? get_slot(c, e) : NULL;
}

/* Fills in what the kind has; NULL, or what is wrong. */
static const char *get_event(struct cursor *c, struct trace_event *e)
{
    uint64_t thread;
    const char *why;
    switch (e->kind) {
    case TRACE_FREE:
        return get_slot(c, e);
    case TRACE_GIVE:
        why = get_slot(c, e);
        return why ? why : get_cell(c, e);
    case TRACE_TAKE:
        return get_cell(c, e);
    case TRACE_SPAWN:
    case TRACE_JOIN:
        if (!get(c, TRACE_COLUMN_OTHERS, TRACE_THREADS_MAX, &thread))
            return "an event names a thread that is not there";
        e->other = (uint32_t)thread;
        return NULL;
    case TRACE_END:
        return NULL;
    case TRACE_CLOCK:
        return get(c, TRACE_COLUMN_TIMES, TRACE_TIME_MAX + 1, &e->bytes) &&
                       get(c, TRACE_COLUMN_POSITIONS, TRACE_EVENTS_MAX, &e->position)
                   ? NULL
                   : "an impossible time";
    default:
        return get_memory(c, e);
    }
}

/* The next event of a thread and the EXTENT before it, if there is one. */
static const char *get_kind(struct cursor *c, struct trace_event *e)
{
    const uint8_t **at = &c->at[TRACE_COLUMN_KINDS], *end = c->end[TRACE_COLUMN_KINDS];
    uint64_t pages = TRACE_PAGES_ALL;
    bool extent = **at == TRACE_EXTENT;
    if (extent && !get(c, TRACE_COLUMN_OTHERS, TRACE_PAGES_ALL, &pages))
        return "an impossible number of pages";
    *at += extent;
    unsigned kind = *at < end ? *(*at)++ : TRACE_NONE;
    if (kind == TRACE_NONE || kind >= TRACE_EXTENT)
        return "an event of unknown kind";
    e->kind = (enum trace_kind)kind;
    e->pages = (uint32_t)pages;
    return extent && !trace_kind_allocates(e->kind) ? "pages of no allocation" : NULL;
}

static const char *get_range(struct trace_epoch *e, struct trace_range *r, struct cursor *c)
{
    const char *why = NULL;
    r->begin = e->n_events;
    while (!why && c->at[TRACE_COLUMN_KINDS] < c->end[TRACE_COLUMN_KINDS]) {
        struct trace_event *event = &e->events[e->n_events++];
        *event = (struct trace_event){.thread = r->thread};
        why = get_kind(c, event);
        if (!why)
            why = get_event(c, event);
    }
    r->end = e->n_events;
    for (unsigned i = 0; !why && i < TRACE_COLUMNS; i++) {
        if (c->at[i] != c->end[i])
            why = "a column is longer than its events";
    }
    return why;
}

const char *trace_epoch_decode(struct trace_epoch *e, const uint8_t *raw, size_t n_raw,
                               uint32_t n_records)
{
    const uint8_t *column_at[TRACE_COLUMNS], *at = raw;
    const char *why = get_table(e, &at, raw + n_raw, n_records);
    if (why)
        return why;
    for (unsigned i = 0; i < TRACE_COLUMNS; i++) {
        column_at[i] = at;
        for (uint32_t k = 0; k < e->n_ranges; k++)
            at += e->ranges[k].column_bytes[i];
    }
    e->n_events = 0;
    for (uint32_t k = 0; !why && k < e->n_ranges; k++) {
        struct cursor c = {.last = {e->first_cell, e->first_cell}};
        for (unsigned i = 0; i < TRACE_COLUMNS; i++) {
            c.at[i] = column_at[i];
            c.end[i] = column_at[i] += e->ranges[k].column_bytes[i];
        }
        why = get_range(e, &e->ranges[k], &c);
    }
    return why;
}
