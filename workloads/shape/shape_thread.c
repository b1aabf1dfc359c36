#include "shape_thread.h"

#include <errno.h>
#include <stdlib.h>

/* Slot 0 is for objects on their way; behind it those that a body begins with; then the rest. */
enum { HAND, FIRST };

struct slots {
    uint32_t n_first; /* slots FIRST to FIRST + n_first are full when the body begins */
    uint32_t *order;  /* those slots as they are filled and emptied */
    uint32_t *rows;   /* what is in them then; [0] is of slot FIRST */
    uint32_t *births; /* the slot of each birth of the pass */
    uint32_t *spare;  /* a stack */
    uint32_t n_spare, next;
};

/* A thread while its words are made. */
struct writing {
    const struct shape_thread *thread;
    const struct shape_draw *draw;
    struct plan_builder *b;
    struct slots slots;
    uint32_t n_given;  /* of all rings */
    uint32_t *n_taken; /* [fan] */
};

static uint64_t bytes_of(const struct writing *w, uint32_t row)
{
    return w->draw->scale->table->rows[row].bytes;
}

/* Twice the time that objects of each row are live: of a birth half a unit more than its length. */
static void add_arcs(const struct shape_thread *thread, uint64_t *arcs)
{
    const struct shape_draw *d = thread->draw;
    for (uint32_t i = 0; i < d->n_births; i++)
        arcs[d->rows[i]] += 2 * (uint64_t)d->lengths[i] + 1;
    for (uint32_t f = 0; f < thread->fan; f++)
        for (uint32_t m = 0; m < thread->out[f].n; m++)
            arcs[thread->out[f].rows[m]] +=
                2 * (uint64_t)shape_ring_lag(&thread->out[f], m, d->n_births);
}

static void shuffle(uint32_t *numbers, uint32_t n, struct rng *rng)
{
    for (uint32_t i = n; i > 1; i--) {
        uint32_t j = (uint32_t)rng_below(rng, i), kept = numbers[i - 1];
        numbers[i - 1] = numbers[j];
        numbers[j] = kept;
    }
}

/* Gives the first slots to births that the pass before left, and to what is there all the time. */
static void place_first(struct writing *w, const uint32_t *lasting, struct rng *rng)
{
    const struct shape_draw *d = w->draw;
    struct slots *s = &w->slots;
    uint32_t n = 0;
    for (uint32_t i = 0; i < d->n_births; i++) {
        if (!shape_draw_wraps(d, i))
            continue;
        s->births[i] = FIRST + n;
        s->rows[n++] = d->rows[i];
    }
    for (uint32_t row = 0; row < d->scale->table->n_rows; row++)
        for (uint32_t k = 0; k < lasting[row]; k++)
            s->rows[n++] = row;
    for (uint32_t i = 0; i < n; i++)
        s->order[i] = FIRST + i;
    shuffle(s->order, n, rng);
    s->next = FIRST + n;
}

static uint64_t count_first(const struct shape_draw *d, const uint32_t *lasting)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < d->n_births; i++)
        n += shape_draw_wraps(d, i);
    for (uint32_t row = 0; row < d->scale->table->n_rows; row++)
        n += lasting[row];
    return n;
}

static int make_slots(struct writing *w, struct rng *rng, struct err *err)
{
    const struct shape_draw *d = w->draw;
    uint32_t n_rows = d->scale->table->n_rows;
    struct slots *s = &w->slots;
    uint64_t *arcs = calloc(n_rows, sizeof(*arcs));
    uint32_t *lasting = calloc(n_rows, sizeof(*lasting));
    if (arcs && lasting) {
        add_arcs(w->thread, arcs);
        shape_draw_lasting(d->scale, arcs, w->thread->start, lasting);
        s->n_first = (uint32_t)count_first(d, lasting);
        s->order = calloc(s->n_first + (size_t)1, sizeof(s->order[0]));
        s->rows = calloc(s->n_first + (size_t)1, sizeof(s->rows[0]));
        s->births = calloc(d->n_births, sizeof(s->births[0]));
        s->spare = calloc(d->n_births, sizeof(s->spare[0]));
    }
    bool made = s->order && s->rows && s->births && s->spare;
    if (made)
        place_first(w, lasting, rng);
    free(arcs);
    free(lasting);
    return made ? 0 : err_set(err, ENOMEM, "no memory to lay out a thread's objects");
}

static void begin(struct writing *w)
{
    const struct slots *s = &w->slots;
    uint32_t t = w->thread->t;
    for (uint32_t i = 0; i < s->n_first; i++)
        plan_builder_malloc(w->b, t, s->order[i], bytes_of(w, s->rows[s->order[i] - FIRST]));
    for (uint32_t f = 0; f < w->thread->fan; f++) {
        const struct shape_ring *ring = &w->thread->out[f];
        for (uint32_t m = ring->n - ring->n_late; m < ring->n; m++) {
            plan_builder_malloc(w->b, t, HAND, bytes_of(w, ring->rows[m]));
            plan_builder_give(w->b, t, HAND, shape_ring_cell(ring, m));
        }
    }
}

static void take(struct writing *w, const struct shape_ring *ring, uint32_t m)
{
    plan_builder_take(w->b, w->thread->t, HAND, shape_ring_cell(ring, m));
    plan_builder_free_slot(w->b, w->thread->t, HAND);
}

static void finish(struct writing *w)
{
    const struct slots *s = &w->slots;
    for (uint32_t f = 0; f < w->thread->fan; f++) {
        const struct shape_ring *ring = w->thread->in[f];
        for (uint32_t m = ring->n - ring->n_late; m < ring->n; m++)
            take(w, ring, m);
    }
    for (uint32_t i = 0; i < s->n_first; i++)
        plan_builder_free_slot(w->b, w->thread->t, s->order[i]);
}

static void allocate(struct writing *w, uint32_t birth)
{
    struct slots *s = &w->slots;
    if (!shape_draw_wraps(w->draw, birth))
        s->births[birth] = s->n_spare > 0 ? s->spare[--s->n_spare] : s->next++;
    plan_builder_malloc(w->b, w->thread->t, s->births[birth], bytes_of(w, w->draw->rows[birth]));
}

static void leave_slot(struct writing *w, uint32_t birth)
{
    if (!shape_draw_wraps(w->draw, birth))
        w->slots.spare[w->slots.n_spare++] = w->slots.births[birth];
}

static void free_local(struct writing *w, uint32_t at)
{
    const struct shape_draw *d = w->draw;
    for (uint32_t i = d->first[at]; i < d->first[at + 1]; i++) {
        uint32_t birth = d->dying[i];
        if (d->remote[birth])
            continue;
        plan_builder_free_slot(w->b, w->thread->t, w->slots.births[birth]);
        leave_slot(w, birth);
    }
}

/* Up to one give into each ring, of births from *i on that die at `at`. Whether there was one. */
static bool give_some(struct writing *w, uint32_t at, uint32_t *i)
{
    const struct shape_draw *d = w->draw;
    uint32_t fan = w->thread->fan, n = 0;
    for (; *i < d->first[at + 1] && n < fan; ++*i) {
        uint32_t birth = d->dying[*i], k = w->n_given;
        if (!d->remote[birth])
            continue;
        plan_builder_give(w->b, w->thread->t, w->slots.births[birth],
                          shape_ring_cell(&w->thread->out[k % fan], k / fan));
        leave_slot(w, birth);
        w->n_given++;
        n++;
    }
    return n > 0;
}

/* Up to one take from each ring that stands at `at`. Whether there was one. */
static bool take_some(struct writing *w, uint32_t at)
{
    bool any = false;
    for (uint32_t f = 0; f < w->thread->fan; f++) {
        const struct shape_ring *ring = w->thread->in[f];
        uint32_t k = w->n_taken[f];
        if (k == ring->n || ring->at[k] != at)
            continue;
        take(w, ring, shape_ring_taken(ring, k));
        w->n_taken[f]++;
        any = true;
    }
    return any;
}

static void append(struct writing *w)
{
    begin(w);
    plan_builder_loop_begin(w->b, w->thread->t);
    for (uint32_t at = 0; at < w->draw->n_births; at++) {
        uint32_t next = w->draw->first[at];
        allocate(w, at);
        free_local(w, at);
        for (bool any = w->thread->fan > 0; any;) {
            any = give_some(w, at, &next);
            any |= take_some(w, at);
        }
    }
    plan_builder_loop_end(w->b, w->thread->t);
    finish(w);
}

int shape_thread_plan(const struct shape_thread *thread, struct rng *rng, struct plan_builder *b,
                      struct err *err)
{
    struct writing w = {.thread = thread, .draw = thread->draw, .b = b};
    w.n_taken = calloc(thread->fan + (size_t)1, sizeof(w.n_taken[0]));
    int rc = w.n_taken ? make_slots(&w, rng, err) : err_set(err, ENOMEM, "out of memory");
    if (rc == 0)
        append(&w);
    free(w.n_taken);
    free(w.slots.order);
    free(w.slots.rows);
    free(w.slots.births);
    free(w.slots.spare);
    return rc;
}
