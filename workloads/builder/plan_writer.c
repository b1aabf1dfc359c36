#include "plan_writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os.h"
#include "plan_memory.h"
#include "text.h"

/* Words changed in pages that were let go, before these are let go again: 64 MiB at most. */
enum { PATCHES_MAX = 16384 };

struct sequence {
    uint64_t n;                /* words of this round */
    uint64_t counted;          /* of the first round, with END */
    uint64_t let_go;           /* words before it are no longer mapped */
    struct plan_op last, *ops; /* ops: NULL in the first round */
    uint32_t n_slots;
};

struct plan_writer {
    struct plan_writer_header header;
    struct plan *draft; /* NULL in the first round */
    size_t n_bytes;
    int fd;
    uint64_t n_patched; /* words that were no longer mapped */
    int failed;         /* the first failure, a positive errno */
    const char *why;
    uint32_t n_threads;
    struct sequence threads[];
};

struct plan_writer *plan_writer_new(uint32_t n_threads)
{
    struct plan_writer *w = calloc(1, sizeof(*w) + n_threads * sizeof(w->threads[0]));
    if (w) {
        w->n_threads = n_threads;
        w->fd = -1;
    }
    return w;
}

void plan_writer_free(struct plan_writer *w)
{
    if (!w)
        return;
    if (w->draft) {
        os_unmap(w->draft, w->n_bytes);
        close(w->fd);
    }
    free(w);
}

static void fail(struct plan_writer *w, int code, const char *why)
{
    if (w->failed)
        return;
    w->failed = code;
    w->why = why;
}

uint64_t plan_writer_count(const struct plan_writer *w, uint32_t t)
{
    return w->threads[t].n;
}

/* Changes the word at `place`, in the file where there is one. */
static void store(struct plan_writer *w, uint32_t t, uint64_t place, struct plan_op op)
{
    struct sequence *s = &w->threads[t];
    if (w->draft && s->ops && place < s->counted)
        s->ops[place] = op;
    else if (w->draft)
        fail(w, EIO, "the trace changed while it was read");
    if (place + 1 == s->n)
        s->last = op;
}

static struct plan_op *words_of(const struct plan_writer *w)
{
    return (struct plan_op *)((char *)w->draft + w->draft->ops_offset);
}

static bool is_streamed(const struct plan_writer *w)
{
    return w->draft && w->draft->flags & PLAN_STREAMED;
}

/* From word to word of the file. */
static void forget(const struct plan_writer *w, uint64_t from, uint64_t to)
{
    size_t offset = w->draft->ops_offset;
    os_forget(w->draft, offset + from * sizeof(struct plan_op),
              offset + to * sizeof(struct plan_op));
}

/* What was written lately stays mapped. */
static void let_go(struct plan_writer *w, struct sequence *s)
{
    if (!is_streamed(w) || s->n - s->let_go < PLAN_WINDOW_WORDS)
        return;
    uint64_t first = (uint64_t)(s->ops - words_of(w));
    forget(w, first + s->let_go, first + s->n);
    s->let_go = s->n;
}

uint64_t plan_writer_put(struct plan_writer *w, uint32_t t, struct plan_op op)
{
    struct sequence *s = &w->threads[t];
    uint64_t place = s->n++;
    store(w, t, place, op);
    let_go(w, s);
    return place;
}

uint64_t plan_writer_slot(struct plan_writer *w, uint32_t t, enum plan_kind kind, uint32_t slot,
                          uint32_t arg)
{
    if (slot >= PLAN_SLOT_MAX)
        fail(w, EOVERFLOW, "too many objects live at once in a thread");
    else if (slot >= w->threads[t].n_slots)
        w->threads[t].n_slots = slot + 1;
    return plan_writer_put(w, t, plan_op_make(kind, slot, arg));
}

void plan_writer_request(struct plan_writer *w, uint32_t t, const struct plan_request *r)
{
    struct plan_op words[PLAN_WORDS_MAX];
    struct sequence *s = &w->threads[t];
    if (r->kind == PLAN_MALLOC && s->n > 0 && plan_op_kind(s->last) == PLAN_FREE &&
        plan_op_slot(s->last) == r->slot && plan_words_is_plain(r)) {
        store(w, t, s->n - 1, plan_op_make(PLAN_REPLACE, r->slot, (uint32_t)r->bytes));
        return;
    }
    unsigned n = plan_words_make(r, words);
    for (unsigned i = 0; i + 1 < n; i++)
        plan_writer_put(w, t, words[i]);
    plan_writer_slot(w, t, r->kind, r->slot, words[n - 1].arg);
}

void plan_writer_patch(struct plan_writer *w, uint32_t t, uint64_t place, uint32_t arg)
{
    struct sequence *s = &w->threads[t];
    if (!w->draft || !s->ops || place >= s->n)
        return;
    s->ops[place].arg = arg;
    if (is_streamed(w) && place < s->let_go && ++w->n_patched % PATCHES_MAX == 0)
        forget(w, 0, w->draft->n_ops);
}

static int told(const struct plan_writer *w, struct err *err)
{
    return err_set(err, w->failed, "plan '%s': %s", w->header.name, w->why);
}

/* The header of the plan to be, with its offsets; the rest comes from the check. */
static int make_header(struct plan_writer *w, struct plan *p, struct err *err)
{
    const struct plan_writer_header *h = &w->header;
    uint64_t n_threads = (uint64_t)h->copies * h->n_numbers;
    *p = (struct plan){.magic = PLAN_MAGIC, .version = PLAN_VERSION, .flags = h->flags};
    for (uint32_t t = 0; t < w->n_threads; t++)
        if (h->numbers[t] != PLAN_NO_THREAD)
            p->n_ops += h->copies * w->threads[t].counted;
    if (n_threads >= PLAN_NO_THREAD)
        return err_set(err, EOVERFLOW, "plan '%s': too many threads: %lu", h->name, n_threads);
    p->n_threads = (uint32_t)n_threads;
    p->pace_window = h->pace_window;
    p->threads_offset = round_up(sizeof(*p), 64);
    p->ops_offset = round_up(p->threads_offset + n_threads * sizeof(struct plan_thread), 64);
    p->n_bytes = p->ops_offset + p->n_ops * sizeof(struct plan_op);
    if (p->n_bytes > h->mapped_most)
        p->flags |= PLAN_STREAMED;
    text_format(p->name, sizeof(p->name), "%s", h->name);
    return 0;
}

static struct plan_thread *table_of(const struct plan_writer *w)
{
    return (struct plan_thread *)((char *)w->draft + w->draft->threads_offset);
}

/* Threads of the first copy get their places; those of the others follow in the same order. */
static void place_threads(struct plan_writer *w)
{
    uint64_t at = 0;
    for (uint32_t t = 0; t < w->n_threads; t++) {
        uint32_t number = w->header.numbers[t];
        if (number == PLAN_NO_THREAD)
            continue;
        struct sequence *s = &w->threads[t];
        table_of(w)[number] = (struct plan_thread){
            .first_op = at,
            .n_ops = s->counted,
            .n_slots = s->n_slots,
            .flags = number == 0 ? PLAN_ROOT : 0,
        };
        s->ops = words_of(w) + at;
        at += s->counted;
    }
}

int plan_writer_begin(struct plan_writer *w, const struct plan_writer_header *header,
                      struct err *err)
{
    struct plan p, *draft;
    w->header = *header;
    for (uint32_t t = 0; t < w->n_threads; t++) {
        w->threads[t].counted = w->threads[t].n + 1;
        w->threads[t].n = 0;
        w->threads[t].last = (struct plan_op){0};
    }
    int rc = w->failed ? told(w, err) : make_header(w, &p, err);
    if (rc == 0)
        rc = plan_memory_make(p.n_bytes, p.flags & PLAN_STREAMED ? PLAN_ON_DISK : PLAN_IN_MEMORY,
                              &w->fd, &draft, err);
    if (rc < 0)
        return rc;
    w->draft = draft;
    w->n_bytes = p.n_bytes;
    *draft = p;
    place_threads(w);
    return 0;
}

/* A word of the first copy as copy `k` has it. */
static struct plan_op copied(const struct plan_writer *w, struct plan_op op, uint32_t k,
                             uint32_t n_cells)
{
    switch (plan_op_kind(op)) {
    case PLAN_GIVE:
    case PLAN_TAKE:
        op.arg += k * n_cells;
        return op;
    case PLAN_SPAWN:
    case PLAN_JOIN:
        op.arg += k * w->header.n_numbers;
        return op;
    default:
        return op;
    }
}

static void copy_words(const struct plan_writer *w, uint64_t n, uint32_t k, uint32_t n_cells)
{
    struct plan_op *from = words_of(w), *to = from + k * n;
    for (uint64_t i = 0; i < n; i++) {
        to[i] = copied(w, from[i], k, n_cells);
        if (is_streamed(w) && (i + 1) % PLAN_WINDOW_WORDS == 0) {
            uint64_t begin = i + 1 - PLAN_WINDOW_WORDS;
            forget(w, begin, i + 1);
            forget(w, k * n + begin, k * n + i + 1);
        }
    }
}

static void make_copies(struct plan_writer *w, uint32_t n_cells)
{
    const struct plan_writer_header *h = &w->header;
    struct plan_thread *table = table_of(w);
    uint64_t n = w->draft->n_ops / h->copies;
    for (uint32_t k = 1; k < h->copies; k++) {
        for (uint32_t t = 0; t < h->n_numbers; t++) {
            struct plan_thread *th = &table[k * h->n_numbers + t];
            *th = table[t];
            th->first_op += k * n;
        }
        copy_words(w, n, k, n_cells);
    }
}

static void set_bodies(struct plan_writer *w)
{
    const struct plan *p = w->draft;
    if (!w->header.loops || p->flags & (PLAN_STREAMED | PLAN_PACE_ORDER | PLAN_PACE_TIME))
        return;
    struct plan_thread *root = &table_of(w)[0];
    root->loop_end = root->n_ops - 1;
}

static int end_sequences(struct plan_writer *w)
{
    for (uint32_t t = 0; t < w->n_threads; t++) {
        struct sequence *s = &w->threads[t];
        if (!s->ops)
            continue;
        plan_writer_put(w, t, plan_op_make(PLAN_END, 0, 0));
        if (s->n != s->counted)
            fail(w, EIO, "the trace changed while it was read");
    }
    return w->failed;
}

int plan_writer_finish(struct plan_writer *w, uint32_t n_cells, int *fd, const struct plan **plan,
                       struct err *err)
{
    struct plan *draft = w->draft;
    uint64_t all_cells = (uint64_t)n_cells * w->header.copies;
    if (all_cells >= UINT32_MAX)
        fail(w, EOVERFLOW, "too many hand-overs at once");
    if (end_sequences(w))
        return told(w, err);
    draft->n_cells = (uint32_t)all_cells;
    set_bodies(w);
    make_copies(w, n_cells);
    w->draft = NULL;
    *fd = w->fd;
    return plan_memory_seal(fd, draft, w->n_bytes, plan, err);
}
