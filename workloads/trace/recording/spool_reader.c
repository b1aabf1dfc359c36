#include "spool_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os.h"
#include "trace.h"

/*
 * The chunk at `offset`, or NULL where none was begun or it is damaged. Looked at by pread first:
 * space that a full disk refused is a hole, and a hole of a full tmpfs cannot even be read where it
 * is mapped.
 */
static const struct spool_chunk *chunk_at(const struct spool_reader *s, size_t offset)
{
    struct spool_chunk c;
    bool good = pread(s->fd, &c, sizeof(c), (off_t)offset) == (ssize_t)sizeof(c) &&
                c.magic == SPOOL_CHUNK_MAGIC && c.thread >= s->first_thread &&
                c.thread < s->n_threads && c.bytes > 0 && c.bytes % SPOOL_UNIT_BYTES == 0 &&
                c.bytes <= SPOOL_CHUNK_BYTES && c.bytes <= s->bytes - offset;
    return good ? (const struct spool_chunk *)((const char *)s->header + offset) : NULL;
}

/* Writes pieces in the order of the file when `out` is given; returns their number. */
static size_t scan(const struct spool_reader *s, struct spool_piece *out)
{
    size_t n = 0;
    for (size_t offset = SPOOL_UNIT_BYTES; offset + SPOOL_UNIT_BYTES <= s->bytes;) {
        const struct spool_chunk *c = chunk_at(s, offset);
        if (c && out)
            out[n] = (struct spool_piece){c->thread, c};
        n += c != NULL;
        offset += c ? c->bytes : SPOOL_UNIT_BYTES;
    }
    return n;
}

static int by_thread(const void *a, const void *b)
{
    const struct spool_piece *x = a, *y = b;
    if (x->thread != y->thread)
        return x->thread < y->thread ? -1 : 1;
    return x->chunk < y->chunk ? -1 : x->chunk > y->chunk;
}

int spool_reader_open(struct spool_reader *s, int fd, struct err *err)
{
    *s = (struct spool_reader){.fd = fd};
    struct stat st;
    if (fstat(fd, &st) < 0 || st.st_size < (off_t)SPOOL_UNIT_BYTES)
        return err_set(err, EINVAL, "the raw recording is cut off");
    s->bytes = (size_t)st.st_size;
    s->header = os_map_file(fd, s->bytes, OS_READ, OS_PLAIN);
    if (!s->header)
        return err_set_errno(err, errno, "cannot map the raw recording");
    if (s->header->magic != SPOOL_MAGIC) {
        spool_reader_release(s);
        return err_set(err, EINVAL, "the raw recording was overwritten by the program");
    }
    uint64_t most = s->bytes / SPOOL_UNIT_BYTES + 1; /* each began with a unit */
    uint32_t n_threads = atomic_load(&s->header->n_threads), first = s->header->first_thread;
    s->first_thread = first < SPOOL_THREADS_MAX ? first : 0;
    s->n_threads =
        n_threads > s->first_thread + most ? (uint32_t)(s->first_thread + most) : n_threads;
    if (s->n_threads <= s->first_thread)
        s->n_threads = s->first_thread + 1;
    s->n_pieces = scan(s, NULL);
    s->pieces = calloc(s->n_pieces + 1, sizeof(*s->pieces));
    if (!s->pieces) {
        spool_reader_release(s);
        return err_set(err, ENOMEM, "no memory to convert the recording");
    }
    scan(s, s->pieces);
    qsort(s->pieces, s->n_pieces, sizeof(*s->pieces), by_thread);
    return 0;
}

void spool_reader_release(struct spool_reader *s)
{
    os_unmap((void *)s->header, s->bytes);
    free(s->pieces);
    *s = (struct spool_reader){0};
}

struct spool_cursor spool_cursor_at(const struct spool_reader *s, const struct spool_piece *from,
                                    uint64_t step)
{
    const struct spool_piece *end = from, *all_end = s->pieces + s->n_pieces;
    while (end < all_end && end->thread == from->thread)
        end++;
    return (struct spool_cursor){.spool = s, .piece = from, .pieces_end = end, .step = step};
}

/* To the first record of the next piece; false behind the last. */
static bool next_piece(struct spool_cursor *c)
{
    if (c->at)
        c->piece++;
    if (c->piece >= c->pieces_end)
        return false;
    const struct spool_chunk *chunk = c->piece->chunk;
    c->at = chunk->units;
    c->end = chunk->units + spool_chunk_units(chunk->bytes);
    c->made = chunk->made;
    if (chunk->stamp > c->clock)
        c->clock = chunk->stamp;
    return true;
}

static bool get_operand(struct spool_cursor *c, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && c->at < c->end; shift += SPOOL_OPERAND_BITS) {
        uint16_t unit = *c->at++;
        *value |= (uint64_t)(unit & ((1u << SPOOL_OPERAND_BITS) - 1)) << shift;
        if (!(unit >> SPOOL_OPERAND_BITS))
            return true;
    }
    return false;
}

static bool get_token(struct spool_cursor *c, uint64_t *token)
{
    uint64_t coded;
    if (!get_operand(c, &coded))
        return false;
    *token = c->made - (uint64_t)trace_unzigzag(coded);
    return true;
}

static bool get_number(struct spool_cursor *c, uint32_t *number)
{
    uint64_t value;
    if (!get_operand(c, &value))
        return false;
    bool known = value >= c->spool->first_thread && value < c->spool->n_threads;
    *number = known ? (uint32_t)value : SPOOL_NO_THREAD;
    return true;
}

static bool get_clock(struct spool_cursor *c)
{
    uint64_t since;
    if (!get_operand(c, &since))
        return false;
    c->clock += since;
    return true;
}

static bool get_long(struct spool_cursor *c, unsigned aux, struct spool_event *e)
{
    switch (e->kind) {
    case SPOOL_ALIGNED:
    case SPOOL_MALLOC:
    case SPOOL_CALLOC:
    case SPOOL_REALLOC_IN:
        e->align_log2 = aux;
        e->made = c->made++;
        return get_operand(c, &e->bytes);
    case SPOOL_REALLOC:
        if (!get_token(c, &e->token) || !get_operand(c, &e->bytes))
            return false;
        e->made = c->made++;
        return true;
    case SPOOL_FREE:
        e->unseen = aux == 1;
        return get_token(c, &e->token);
    case SPOOL_RESIDENT:
        return get_operand(c, &e->pages);
    case SPOOL_RESIDENT_LIVE:
        return get_token(c, &e->token) && get_operand(c, &e->pages);
    case SPOOL_SPAWN:
    case SPOOL_SPAWN_VOID:
    case SPOOL_JOIN:
        return get_number(c, &e->number);
    case SPOOL_CLOCK:
        return get_clock(c);
    case SPOOL_UNKNOWN:
    case SPOOL_END:
        return true;
    default:
        return false;
    }
}

/* One record of any kind from `*c->at`, which is not 0. */
static bool get_record(struct spool_cursor *c, struct spool_event *e)
{
    uint32_t unit = *c->at++;
    *e = (struct spool_event){.kind = SPOOL_FREE};
    switch ((enum spool_form)(unit & ((1u << SPOOL_FORM_BITS) - 1))) {
    case SPOOL_MALLOC_SHORT:
        e->kind = SPOOL_MALLOC;
        e->bytes = (unit >> SPOOL_FORM_BITS) - 1;
        e->made = c->made++;
        return true;
    case SPOOL_FREE_SHORT:
        e->token = c->made - (unit >> SPOOL_FORM_BITS);
        return true;
    case SPOOL_FREE_MEDIUM:
        if (c->at == c->end)
            return false;
        e->token =
            c->made - (unit >> SPOOL_FORM_BITS | (uint64_t)*c->at++ << (16 - SPOOL_FORM_BITS));
        return true;
    default:
        e->kind = (enum spool_kind)(unit >> SPOOL_FORM_BITS & 0x3f);
        return get_long(c, unit >> 8, e);
    }
}

bool spool_cursor_next(struct spool_cursor *c, struct spool_event *e)
{
    for (;;) {
        while (!c->at || c->at >= c->end || *c->at == 0) {
            if (!next_piece(c))
                return false;
        }
        if (!get_record(c, e)) {
            c->piece = c->pieces_end;
            c->at = c->end;
            return false;
        }
        if (e->kind != SPOOL_CLOCK)
            break;
    }
    c->stamp += c->step;
    if (c->stamp < c->clock)
        c->stamp = c->clock;
    e->stamp = c->stamp;
    return true;
}
