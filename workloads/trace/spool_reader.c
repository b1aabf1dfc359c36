#include "spool_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os.h"

/*
 * The chunk at `offset`, or NULL where none was begun or it is damaged. Looked at by pread first:
 * space that a full disk refused is a hole, and a hole of a full tmpfs cannot even be read where it
 * is mapped.
 */
static struct spool_chunk *chunk_at(const struct spool_reader *s, size_t offset)
{
    struct spool_chunk c;
    bool good = pread(s->fd, &c, sizeof(c), (off_t)offset) == (ssize_t)sizeof(c) &&
                c.magic == SPOOL_CHUNK_MAGIC && c.thread < s->n_threads && c.bytes > 0 &&
                c.bytes % SPOOL_UNIT_BYTES == 0 && c.bytes <= SPOOL_CHUNK_BYTES &&
                c.bytes <= s->bytes - offset;
    return good ? (struct spool_chunk *)((char *)s->header + offset) : NULL;
}

static struct spool_event *valid_end(struct spool_chunk *c)
{
    struct spool_event *e = c->events, *end = e + spool_chunk_capacity(c->bytes);
    while (e < end && e->what != 0)
        e++;
    return e;
}

/* Writes pieces in the order of the file when `out` is given; returns their number. */
static size_t scan(const struct spool_reader *s, struct spool_piece *out)
{
    size_t n = 0;
    for (size_t offset = SPOOL_UNIT_BYTES; offset + SPOOL_UNIT_BYTES <= s->bytes;) {
        struct spool_chunk *c = chunk_at(s, offset);
        if (c && out)
            out[n] = (struct spool_piece){c->thread, c->events, valid_end(c)};
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
    return x->begin < y->begin ? -1 : x->begin > y->begin;
}

int spool_reader_open(struct spool_reader *s, int fd, struct err *err)
{
    *s = (struct spool_reader){.fd = fd};
    struct stat st;
    if (fstat(fd, &st) < 0 || st.st_size < (off_t)SPOOL_UNIT_BYTES)
        return err_set(err, EINVAL, "the raw recording is cut off");
    s->bytes = (size_t)st.st_size;
    s->header = os_map_file(fd, s->bytes, OS_READ_WRITE, OS_PLAIN);
    if (!s->header)
        return err_set_errno(err, errno, "cannot map the raw recording");
    if (s->header->magic != SPOOL_MAGIC) {
        spool_reader_release(s);
        return err_set(err, EINVAL, "the raw recording was overwritten by the program");
    }
    uint64_t most = s->bytes / SPOOL_UNIT_BYTES + 1;
    uint32_t n_threads = atomic_load(&s->header->n_threads);
    s->n_threads = n_threads > most ? (uint32_t)most : n_threads;
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
    os_unmap(s->header, s->bytes);
    free(s->pieces);
    *s = (struct spool_reader){0};
}

struct merge_cursor {
    uint64_t stamp; /* of the event at `at` */
    struct spool_event *at;
    const struct spool_piece *piece, *pieces_end; /* of the same thread */
};

/* Moves to an event if there is one from `at` on. */
static bool settle(struct merge_cursor *c)
{
    while (c->at == c->piece->end) {
        if (++c->piece == c->pieces_end)
            return false;
        c->at = c->piece->begin;
    }
    c->stamp = c->at->stamp;
    return true;
}

static bool before(const struct merge_cursor *a, const struct merge_cursor *b)
{
    return a->stamp != b->stamp ? a->stamp < b->stamp : a->piece->thread < b->piece->thread;
}

static void sift_down(struct merge *m, size_t i)
{
    struct merge_cursor moved = m->heap[i];
    for (size_t child; (child = 2 * i + 1) < m->n; i = child) {
        if (child + 1 < m->n && before(&m->heap[child + 1], &m->heap[child]))
            child++;
        if (!before(&m->heap[child], &moved))
            break;
        m->heap[i] = m->heap[child];
    }
    m->heap[i] = moved;
}

int merge_begin(struct merge *m, const struct spool_reader *s, struct err *err)
{
    *m = (struct merge){.end_stamp = atomic_load(&s->header->lost_stamp)};
    m->heap = calloc(s->n_pieces + 1, sizeof(*m->heap));
    if (!m->heap)
        return err_set(err, ENOMEM, "no memory to convert the recording");
    const struct spool_piece *end = s->pieces + s->n_pieces;
    for (const struct spool_piece *first = s->pieces, *next; first < end; first = next) {
        for (next = first; next < end && next->thread == first->thread;)
            next++;
        struct merge_cursor c = {.at = first->begin, .piece = first, .pieces_end = next};
        if (settle(&c))
            m->heap[m->n++] = c;
    }
    for (size_t i = m->n / 2; i-- > 0;)
        sift_down(m, i);
    return 0;
}

struct spool_event *merge_next(struct merge *m, uint32_t *thread)
{
    if (m->n == 0 || m->heap[0].stamp >= m->end_stamp)
        return NULL;
    struct merge_cursor *first = &m->heap[0];
    struct spool_event *e = first->at++;
    *thread = first->piece->thread;
    if (!settle(first))
        m->heap[0] = m->heap[--m->n];
    if (m->n > 1)
        sift_down(m, 0);
    return e;
}

uint64_t merge_count_rest(struct merge *m)
{
    uint32_t thread;
    uint64_t n = 0;
    m->end_stamp = UINT64_MAX;
    while (merge_next(m, &thread))
        n++;
    return n;
}

void merge_release(struct merge *m)
{
    free(m->heap);
    *m = (struct merge){0};
}
