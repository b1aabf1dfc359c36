#include "plan_builder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cell_numbers.h"
#include "plan_memory.h"
#include "plan_words.h"
#include "text.h"

struct sequence {
    struct plan_op *ops;
    size_t n, room;
    size_t fence; /* words before it stay as they are: a body begins or ends there */
    uint64_t loop_begin, loop_end;
    uint32_t n_slots, flags;
    uint32_t touch_pages; /* for the next allocation; 0: all of it */
};

struct plan_builder {
    char name[PLAN_NAME_BYTES];
    uint32_t n_threads, n_cells, flags;
    uint64_t pace_window;
    struct cell_ends *cells;
    uint32_t cells_room;
    int failed; /* the first failure, a positive errno; 0: none */
    struct err why;
    struct sequence threads[];
};

struct plan_builder *plan_builder_new(const char *name, uint32_t n_threads)
{
    struct plan_builder *b = calloc(1, sizeof(*b) + n_threads * sizeof(b->threads[0]));
    if (!b)
        return NULL;
    b->n_threads = n_threads;
    text_format(b->name, sizeof(b->name), "%s", name);
    return b;
}

void plan_builder_free(struct plan_builder *b)
{
    if (!b)
        return;
    for (uint32_t t = 0; t < b->n_threads; t++)
        free(b->threads[t].ops);
    free(b->cells);
    free(b);
}

static void fail(struct plan_builder *b, int code, const char *why, uint32_t t, uint64_t number)
{
    if (b->failed)
        return;
    b->failed = code;
    err_set(&b->why, code, "plan '%s': thread %u: %s %lu", b->name, t, why, number);
}

static bool make_room(struct plan_builder *b, uint32_t t)
{
    struct sequence *s = &b->threads[t];
    if (s->n < s->room)
        return true;
    size_t room = s->room ? 2 * s->room : 256;
    struct plan_op *ops = reallocarray(s->ops, room, sizeof(*ops));
    if (!ops) {
        fail(b, ENOMEM, "out of memory after operation", t, s->n);
        return false;
    }
    s->ops = ops;
    s->room = room;
    return true;
}

static void append(struct plan_builder *b, uint32_t t, struct plan_op op)
{
    if (b->failed || !make_room(b, t))
        return;
    b->threads[t].ops[b->threads[t].n++] = op;
}

/* A word that names a slot. */
static void append_slot(struct plan_builder *b, uint32_t t, enum plan_kind kind, uint32_t slot,
                        uint32_t arg)
{
    if (slot >= PLAN_SLOT_MAX) {
        fail(b, EOVERFLOW, "too many objects live at once: slot", t, slot);
        return;
    }
    if (slot >= b->threads[t].n_slots)
        b->threads[t].n_slots = slot + 1;
    append(b, t, plan_op_make(kind, slot, arg));
}

/* An allocation with the prefixes that it needs; `r->slot` is checked here. */
static void append_request(struct plan_builder *b, uint32_t t, struct plan_request r)
{
    struct plan_op words[PLAN_WORDS_MAX];
    struct sequence *s = &b->threads[t];
    if (r.bytes > PTRDIFF_MAX) {
        fail(b, EOVERFLOW, "a request of too many bytes:", t, r.bytes);
        return;
    }
    r.pages = s->touch_pages ? s->touch_pages : PLAN_TOUCH_ALL;
    s->touch_pages = 0;
    unsigned n = plan_words_make(&r, words);
    for (unsigned i = 0; i + 1 < n; i++)
        append(b, t, words[i]);
    append_slot(b, t, r.kind, r.slot, words[n - 1].arg);
}

void plan_builder_root(struct plan_builder *b, uint32_t t)
{
    b->threads[t].flags |= PLAN_ROOT;
}

void plan_builder_off_main(struct plan_builder *b)
{
    b->flags |= PLAN_OFF_MAIN;
}

void plan_builder_settles(struct plan_builder *b)
{
    b->flags |= PLAN_SETTLES;
}

void plan_builder_loop_begin(struct plan_builder *b, uint32_t t)
{
    b->threads[t].loop_begin = b->threads[t].loop_end = b->threads[t].fence = b->threads[t].n;
}

void plan_builder_loop_end(struct plan_builder *b, uint32_t t)
{
    b->threads[t].loop_end = b->threads[t].fence = b->threads[t].n;
}

uint32_t plan_builder_cell(struct plan_builder *b)
{
    if (b->n_cells == b->cells_room) {
        uint32_t room = b->cells_room ? 2 * b->cells_room : 256;
        struct cell_ends *cells =
            room > b->cells_room ? reallocarray(b->cells, room, sizeof(*cells)) : NULL;
        if (!cells) {
            fail(b, ENOMEM, "no room for more cells than", 0, b->n_cells);
            return 0;
        }
        b->cells = cells;
        b->cells_room = room;
    }
    b->cells[b->n_cells] = (struct cell_ends){PLAN_NO_THREAD, PLAN_NO_THREAD};
    return b->n_cells++;
}

void plan_builder_malloc(struct plan_builder *b, uint32_t t, uint32_t slot, uint64_t bytes)
{
    struct sequence *s = &b->threads[t];
    struct plan_op *last = s->n > s->fence ? &s->ops[s->n - 1] : NULL;
    bool plain = bytes <= UINT32_MAX && s->touch_pages == 0;
    if (plain && last && plan_op_kind(*last) == PLAN_FREE && plan_op_slot(*last) == slot)
        *last = plan_op_make(PLAN_REPLACE, slot, (uint32_t)bytes);
    else
        append_request(b, t,
                       (struct plan_request){.kind = PLAN_MALLOC, .slot = slot, .bytes = bytes});
}

void plan_builder_calloc(struct plan_builder *b, uint32_t t, uint32_t slot, uint64_t bytes)
{
    append_request(b, t, (struct plan_request){.kind = PLAN_CALLOC, .slot = slot, .bytes = bytes});
}

void plan_builder_aligned(struct plan_builder *b, uint32_t t, uint32_t slot, uint64_t alignment,
                          uint64_t bytes)
{
    if (!is_power_of_two(alignment))
        fail(b, EINVAL, "an alignment that is no power of two:", t, alignment);
    else
        append_request(
            b, t,
            (struct plan_request){
                .kind = PLAN_ALIGNED, .slot = slot, .bytes = bytes, .alignment = alignment});
}

void plan_builder_realloc(struct plan_builder *b, uint32_t t, uint32_t slot, uint64_t old_bytes,
                          uint64_t bytes)
{
    append_request(b, t,
                   (struct plan_request){
                       .kind = PLAN_REALLOC, .slot = slot, .bytes = bytes, .from = old_bytes});
}

void plan_builder_realloc_null(struct plan_builder *b, uint32_t t, uint32_t slot, uint64_t bytes)
{
    append_request(b, t,
                   (struct plan_request){.kind = PLAN_REALLOC_NULL, .slot = slot, .bytes = bytes});
}

void plan_builder_touch_pages(struct plan_builder *b, uint32_t t, uint32_t pages)
{
    b->threads[t].touch_pages = pages;
}

void plan_builder_free_slot(struct plan_builder *b, uint32_t t, uint32_t slot)
{
    append_slot(b, t, PLAN_FREE, slot, 0);
}

void plan_builder_touch(struct plan_builder *b, uint32_t t, uint32_t slot, uint32_t times)
{
    append_slot(b, t, PLAN_TOUCH, slot, times);
}

void plan_builder_give(struct plan_builder *b, uint32_t t, uint32_t slot, uint32_t cell)
{
    if (cell < b->n_cells)
        b->cells[cell].giver = t;
    append_slot(b, t, PLAN_GIVE, slot, cell);
}

void plan_builder_take(struct plan_builder *b, uint32_t t, uint32_t slot, uint32_t cell)
{
    if (cell < b->n_cells)
        b->cells[cell].taker = t;
    append_slot(b, t, PLAN_TAKE, slot, cell);
}

void plan_builder_spawn(struct plan_builder *b, uint32_t t, uint32_t child)
{
    append(b, t, plan_op_make(PLAN_SPAWN, 0, child));
}

void plan_builder_join(struct plan_builder *b, uint32_t t, uint32_t child)
{
    append(b, t, plan_op_make(PLAN_JOIN, 0, child));
}

void plan_builder_phase(struct plan_builder *b, uint32_t t, uint32_t phase)
{
    append(b, t, plan_op_make(PLAN_PHASE, 0, phase));
}

void plan_builder_pace(struct plan_builder *b, uint32_t t, uint64_t value)
{
    if (value > PLAN_PACE_MAX)
        fail(b, EOVERFLOW, "a pace that is too large:", t, value);
    else
        append(b, t, plan_op_make_pace(value));
}

void plan_builder_pace_by_order(struct plan_builder *b, uint64_t window)
{
    b->flags |= PLAN_PACE_ORDER;
    b->pace_window = window;
}

void plan_builder_pace_by_time(struct plan_builder *b)
{
    b->flags |= PLAN_PACE_TIME;
}

void plan_builder_streamed(struct plan_builder *b)
{
    b->flags |= PLAN_STREAMED;
}

static void renumber(struct sequence *s, uint32_t n_cells, const uint32_t *numbers)
{
    for (size_t i = 0; i < s->n; i++) {
        enum plan_kind kind = plan_op_kind(s->ops[i]);
        if ((kind == PLAN_GIVE || kind == PLAN_TAKE) && s->ops[i].arg < n_cells)
            s->ops[i].arg = numbers[s->ops[i].arg];
    }
}

/* Gives cells their final numbers. */
static void number_cells(struct plan_builder *b)
{
    uint32_t *numbers = malloc((b->n_cells + (size_t)1) * sizeof(*numbers));
    uint32_t n = numbers ? cell_numbers(b->cells, b->n_cells, numbers) : 0;
    if (n == 0 && b->n_cells > 0)
        fail(b, ENOMEM, "out of memory for cells:", 0, b->n_cells);
    for (uint32_t t = 0; t < b->n_threads && n > 0; t++)
        renumber(&b->threads[t], b->n_cells, numbers);
    if (n > 0)
        b->n_cells = n;
    free(numbers);
}

/* The header of the plan to be, with its offsets; facts and groups come from the check. */
static struct plan header_of(struct plan_builder *b)
{
    struct plan p = {.magic = PLAN_MAGIC, .version = PLAN_VERSION, .flags = b->flags};
    p.n_threads = b->n_threads;
    p.n_cells = b->n_cells;
    p.pace_window = b->pace_window;
    for (uint32_t t = 0; t < b->n_threads; t++) {
        append(b, t, plan_op_make(PLAN_END, 0, 0));
        p.n_ops += b->threads[t].n;
    }
    p.threads_offset = round_up(sizeof(p), 64);
    p.ops_offset = round_up(p.threads_offset + b->n_threads * sizeof(struct plan_thread), 64);
    p.n_bytes = p.ops_offset + p.n_ops * sizeof(struct plan_op);
    memcpy(p.name, b->name, sizeof(p.name));
    return p;
}

static void lay_out(const struct plan_builder *b, struct plan *p)
{
    struct plan_thread *threads = (struct plan_thread *)((char *)p + p->threads_offset);
    struct plan_op *ops = (struct plan_op *)((char *)p + p->ops_offset);
    uint64_t at = 0;
    for (uint32_t t = 0; t < b->n_threads; t++) {
        const struct sequence *s = &b->threads[t];
        threads[t] = (struct plan_thread){
            .first_op = at,
            .n_ops = s->n,
            .loop_begin = s->loop_begin,
            .loop_end = s->loop_end,
            .n_slots = s->n_slots,
            .flags = s->flags,
        };
        memcpy(ops + at, s->ops, s->n * sizeof(*ops));
        at += s->n;
    }
}

int plan_builder_finish(struct plan_builder *b, int *fd, const struct plan **plan, struct err *err)
{
    struct plan *draft;
    number_cells(b);
    struct plan header = header_of(b);
    if (b->failed) {
        *err = b->why;
        return -b->failed;
    }
    int rc = plan_memory_make(
        header.n_bytes, b->flags & PLAN_STREAMED ? PLAN_ON_DISK : PLAN_IN_MEMORY, fd, &draft, err);
    if (rc < 0)
        return rc;
    *draft = header;
    lay_out(b, draft);
    return plan_memory_seal(fd, draft, header.n_bytes, plan, err);
}
