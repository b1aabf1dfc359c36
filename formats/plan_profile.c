#include "plan_profile.h"

#include <errno.h>

#include "os.h"
#include "plan_execution.h"

/* A body whose sizes have not settled by then is a wheel that turns objects round for long. */
enum { PASSES_MAX = 16 };

/* A thread of the plan, gone through. */
struct progress {
    enum plan_stretches now;  /* the stretch that it is in */
    uint64_t next_mark;       /* word of its sequence */
    uint64_t net_before;      /* when the stretch began */
    uint64_t net_told;        /* at the last mark, or when the stretch began */
    bool has_gone_on;         /* since */
    uint64_t off_bytes;       /* the furthest that the net came from net_told since */
    uint64_t off_sum, n_offs; /* of all such stretches that repeat, or of all where nothing does */
};

struct making {
    struct plan_profile *profile;
    struct plan_execution x;
    struct progress *threads;
};

/* Marks of a stretch: multiples of the stride inside it, its beginning not among them. */
static uint64_t n_marks_of(const struct plan_stretch *s, uint64_t stride)
{
    return (s->begin + s->n_words) / stride - s->begin / stride;
}

static void lay_out(struct plan_profile *p, const struct plan *plan)
{
    for (uint32_t t = 0; t < p->n_threads; t++) {
        const struct plan_thread *th = &plan_threads(plan)[t];
        struct plan_profile_thread *out = &p->threads[t];
        uint64_t last = th->n_ops - 1; /* END is no word that is executed */
        out->is_root = th->flags & PLAN_ROOT;
        if (out->is_root) {
            out->stretches[STRETCH_BEFORE].n_words = th->loop_begin;
            out->stretches[STRETCH_FIRST] = (struct plan_stretch){
                .begin = th->loop_begin, .n_words = th->loop_end - th->loop_begin};
            out->stretches[STRETCH_AFTER] =
                (struct plan_stretch){.begin = th->loop_end, .n_words = last - th->loop_end};
        } else {
            out->stretches[STRETCH_FIRST].n_words = last;
        }
        if (plan->flags & PLAN_LOOPS)
            out->stretches[STRETCH_LATER] = out->stretches[STRETCH_FIRST];
        for (unsigned s = 0; s < STRETCHES; s++) {
            out->stretches[s].first_mark = p->n_marks;
            p->n_marks += n_marks_of(&out->stretches[s], p->stride);
        }
    }
}

static struct plan_stretch *stretch_of(struct making *m, uint32_t t)
{
    return &m->profile->threads[t].stretches[m->threads[t].now];
}

/* The thread tells where it is. */
static void tell(struct making *m, uint32_t t)
{
    struct progress *at = &m->threads[t];
    bool counts = !(m->x.plan->flags & PLAN_LOOPS) || at->now == STRETCH_LATER;
    if (at->has_gone_on && counts) {
        at->off_sum =
            at->off_bytes < UINT64_MAX - at->off_sum ? at->off_sum + at->off_bytes : UINT64_MAX;
        at->n_offs++;
    }
    at->has_gone_on = false;
    at->off_bytes = 0;
    at->net_told = m->x.actors[t].net_bytes;
}

static void mark(struct plan_execution *x, uint32_t t)
{
    struct making *m = x->context;
    struct progress *at = &m->threads[t];
    uint64_t net = x->actors[t].net_bytes, off = net - at->net_told;
    off = off > INT64_MAX ? -off : off;
    if (off > at->off_bytes)
        at->off_bytes = off;
    at->has_gone_on = true;
    if (x->actors[t].pc < at->next_mark)
        return;
    struct plan_stretch *s = stretch_of(m, t);
    uint64_t stride = m->profile->stride, n = n_marks_of(s, stride);
    for (; at->next_mark <= x->actors[t].pc; at->next_mark += stride) {
        uint64_t index = at->next_mark / stride - s->begin / stride - 1;
        if (index < n)
            m->profile->marks[s->first_mark + index] = net - at->net_before;
    }
    tell(m, t);
}

static void begin_stretch(struct making *m, uint32_t t, enum plan_stretches which)
{
    struct progress *at = &m->threads[t];
    at->now = which;
    at->net_before = at->net_told = m->x.actors[t].net_bytes;
    at->off_bytes = 0;
    at->next_mark = (stretch_of(m, t)->begin / m->profile->stride + 1) * m->profile->stride;
}

/* Roots enter a pass, and so do threads that lived in the one before; the others stay as they are. */
static void begin_pass(struct making *m, enum plan_stretches which)
{
    for (uint32_t t = 0; t < m->profile->n_threads; t++) {
        const struct plan_actor *a = &m->x.actors[t];
        bool lives_again =
            which == STRETCH_LATER && a->life == PLAN_LIFE_UNBORN && a->born_in == PLAN_PART_BODY;
        if (m->profile->threads[t].is_root || lives_again)
            begin_stretch(m, t, which);
    }
}

/* Who stands in such a stretch has come to its end. */
static void end_stretches(struct making *m)
{
    for (uint32_t t = 0; t < m->profile->n_threads; t++)
        if (m->profile->threads[t].is_root || m->x.actors[t].life == PLAN_LIFE_JOINED) {
            stretch_of(m, t)->net_bytes = m->x.actors[t].net_bytes - m->threads[t].net_before;
            tell(m, t);
        }
}

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u; /* splitmix64 (Steele, Lea and Flood 2014) */
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* What is in the roots' slots and the cells, by size: equal twice, all later passes are equal. */
static uint64_t fingerprint(const struct plan_execution *x)
{
    uint64_t sum = 0, place = 0;
    for (uint32_t t = 0; t < x->plan->n_threads; t++) {
        const struct plan_thread *th = &plan_threads(x->plan)[t];
        for (uint32_t s = 0; (th->flags & PLAN_ROOT) && s < th->n_slots; s++, place++)
            if (x->actors[t].slots[s].full)
                sum += mix(mix(place + 1) + x->actors[t].slots[s].bytes);
    }
    for (uint32_t c = 0; c < x->plan->n_cells; c++, place++)
        if (x->cells[c].object.full)
            sum += mix(mix(place + 1) + x->cells[c].object.bytes);
    return sum;
}

/*
 * The first pass, and passes until one leaves what it found: then it is like all that follow. Such
 * a pass has begun with the objects of that fingerprint, and so will the next.
 */
static int run_bodies(struct making *m)
{
    bool loops = m->x.plan->flags & PLAN_LOOPS;
    uint64_t found = 0;
    for (unsigned pass = 0; pass < PASSES_MAX; pass++) {
        begin_pass(m, pass == 0 ? STRETCH_FIRST : STRETCH_LATER);
        int rc = plan_execution_run(&m->x, PLAN_PART_BODY);
        if (rc < 0)
            return rc;
        end_stretches(m);
        uint64_t left = loops ? fingerprint(&m->x) : 0;
        if (!loops || (pass > 0 && left == found))
            return 0;
        found = left;
        plan_execution_rewind(&m->x);
    }
    return err_set(m->x.err, EINVAL,
                   "plan '%s': its passes differ in size for longer than %d of them",
                   m->x.plan->name, PASSES_MAX);
}

static int run_all(struct making *m)
{
    for (uint32_t t = 0; t < m->profile->n_threads; t++)
        begin_stretch(m, t, m->profile->threads[t].is_root ? STRETCH_BEFORE : STRETCH_FIRST);
    int rc = plan_execution_run(&m->x, PLAN_PART_BEFORE);
    end_stretches(m);
    if (rc == 0)
        rc = run_bodies(m);
    for (uint32_t t = 0; rc == 0 && t < m->profile->n_threads; t++)
        if (m->profile->threads[t].is_root)
            begin_stretch(m, t, STRETCH_AFTER);
    if (rc == 0)
        rc = plan_execution_run(&m->x, PLAN_PART_AFTER);
    end_stretches(m);
    return rc;
}

/* As many threads as live at once are off, each by what it is on average. */
static uint64_t error_of(const struct making *m)
{
    uint64_t sum = 0, most = 0;
    for (uint32_t t = 0; t < m->profile->n_threads; t++) {
        const struct progress *at = &m->threads[t];
        uint64_t off = at->n_offs ? at->off_sum / at->n_offs : 0;
        sum = off < UINT64_MAX - sum ? sum + off : UINT64_MAX;
        most = off > most ? off : most;
    }
    uint64_t n = m->x.plan->facts.most_threads;
    return n > 0 && most < sum / n ? n * most : sum;
}

static int make_room(struct making *m, const struct plan *plan, struct err *err)
{
    struct plan_profile *p = m->profile;
    p->threads = os_map(p->n_threads * sizeof(*p->threads), OS_PLAIN);
    m->threads = os_map(p->n_threads * sizeof(*m->threads), OS_PLAIN);
    if (p->threads)
        lay_out(p, plan);
    p->marks = os_map((p->n_marks + 1) * sizeof(*p->marks), OS_PLAIN);
    if (!p->threads || !m->threads || !p->marks)
        return err_set(err, ENOMEM, "plan '%s': not enough memory for its profile", plan->name);
    return 0;
}

int plan_profile_make(const struct plan *plan, uint64_t stride, struct plan_profile *out,
                      struct err *err)
{
    *out = (struct plan_profile){.stride = stride, .n_threads = plan->n_threads};
    struct making m = {.profile = out};
    int rc = make_room(&m, plan, err);
    if (rc == 0) {
        rc = plan_execution_start(&m.x, plan, err);
        m.x.turn = PLAN_WINDOW_WORDS; /* no order is meant: one thread's slots stay in the cache */
        m.x.mark = mark;
        m.x.context = &m;
        if (rc == 0)
            rc = run_all(&m);
        plan_execution_release(&m.x);
    }
    if (rc == 0)
        out->error_bytes = error_of(&m);
    os_unmap(m.threads, plan->n_threads * sizeof(*m.threads));
    if (rc < 0)
        plan_profile_release(out);
    return rc;
}

void plan_profile_release(struct plan_profile *p)
{
    os_unmap(p->threads, p->n_threads * sizeof(*p->threads));
    os_unmap(p->marks, (p->n_marks + 1) * sizeof(*p->marks));
    *p = (struct plan_profile){0};
}

/* The net at word `at` of a stretch, which is at most its length. */
static uint64_t net_within(const struct plan_profile *p, const struct plan_stretch *s, uint64_t at)
{
    if (at >= s->n_words)
        return s->net_bytes;
    uint64_t n = (s->begin + at) / p->stride - s->begin / p->stride;
    return n == 0 ? 0 : p->marks[s->first_mark + n - 1];
}

uint64_t plan_profile_net(const struct plan_profile *p, uint32_t t, uint64_t words,
                          uint64_t words_of_bodies)
{
    const struct plan_profile_thread *th = &p->threads[t];
    const struct plan_stretch *before = &th->stretches[STRETCH_BEFORE],
                              *first = &th->stretches[STRETCH_FIRST],
                              *later = &th->stretches[STRETCH_LATER],
                              *after = &th->stretches[STRETCH_AFTER];
    if (words < before->n_words)
        return net_within(p, before, words);
    uint64_t bodies = words - before->n_words, behind = 0, period = first->n_words;
    if (period == 0) {
        behind = bodies;
        bodies = 0;
    } else if (words_of_bodies >= before->n_words && words_of_bodies > 0 &&
               words >= words_of_bodies) {
        behind = words - words_of_bodies;
        bodies = words_of_bodies - before->n_words;
    }
    uint64_t pass = period ? bodies / period : 0, at = period ? bodies % period : 0;
    uint64_t net = before->net_bytes + net_within(p, after, behind);
    if (pass == 0)
        return net + net_within(p, first, at);
    return net + first->net_bytes + (pass - 1) * later->net_bytes + net_within(p, later, at);
}
