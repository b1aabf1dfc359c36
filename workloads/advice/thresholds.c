#include "thresholds.h"

#include <errno.h>

#include "os.h"
#include "plan_execution.h"

const struct thresholds_candidates thresholds_usual = {
    .mmap = {32 * KIB, 128 * KIB, 512 * KIB, 2 * MIB, 8 * MIB, 32 * MIB},
    .trim = {128 * KIB, 256 * KIB, MIB, 8 * MIB, 64 * MIB, 512 * MIB},
    .n_mmap = THRESHOLDS_MMAP,
    .n_trim = THRESHOLDS_TRIM,
};

#define DYNAMIC_MOST (32 * MIB)
#define PAGE         (4 * KIB)

enum { MOVES_MOST = 8192 /* one for each page up to the most */, INSTANTS = 4096, LIVES = 64 };
static_assert(MOVES_MOST * PAGE >= DYNAMIC_MOST, "no move is lost");

/* A heap while the plan passes. */
struct heap {
    uint64_t live, held, held_before_cut;
};

struct move {
    uint64_t calls, threshold; /* it holds from that call on */
};

/* All while the plan passes. */
struct reading {
    struct thresholds *out;
    struct heap heaps[THRESHOLDS_MMAP][THRESHOLDS_TRIM];
    uint64_t live[THRESHOLDS_MMAP]; /* mappings */
    /* By log2 of the life, of those that are mappings from this candidate on and not from the next. */
    uint64_t lives[THRESHOLDS_MMAP][LIVES], lives_ns[THRESHOLDS_MMAP][LIVES];
    struct move moves[MOVES_MOST];
    uint64_t n_moves;
    uint64_t instants[INSTANTS]; /* nanoseconds of the plan when so many of its calls were done */
    uint64_t last_instant;
    bool has_times;
};

static uint64_t chunk_of(uint64_t bytes)
{
    uint64_t chunk = round_up(bytes + 8, 16);
    return chunk < 32 ? 32 : chunk;
}

static uint64_t instant_of(const struct reading *r, uint64_t calls)
{
    uint64_t i = (uint64_t)((double)calls / (double)(r->out->calls + 1) * INSTANTS);
    return i < INSTANTS ? i : INSTANTS - 1;
}

static void note_time(struct reading *r, const struct plan_execution *x, uint32_t t)
{
    uint64_t i = instant_of(r, x->facts.calls), now = x->actors[t].pace;
    uint64_t before = r->instants[r->last_instant];
    for (uint64_t k = r->last_instant + 1; k <= i; k++)
        r->instants[k] = before;
    if (now > r->instants[i])
        r->instants[i] = now;
    r->last_instant = i;
}

/* How many of the candidates make an object of that chunk a mapping: the first so many. */
static unsigned candidates_of(const struct thresholds_candidates *at, uint64_t chunk)
{
    unsigned n = 0;
    while (n < at->n_mmap && chunk >= at->mmap[n])
        n++;
    return n;
}

static void grow(struct heap *h, struct thresholds_heap *out)
{
    uint64_t wanted = h->live + THRESHOLDS_PAD;
    uint64_t again = wanted < h->held_before_cut ? wanted : h->held_before_cut;
    if (again > h->held)
        out->regrown_bytes += again - h->held;
    h->held = wanted;
    if (h->held > out->peak_bytes)
        out->peak_bytes = h->held;
}

static void heap_begins(struct heap *h, struct thresholds_heap *out, uint64_t chunk)
{
    h->live += chunk;
    if (h->live > h->held)
        grow(h, out);
}

static void heap_ends(struct heap *h, struct thresholds_heap *out, uint64_t chunk, uint64_t trim)
{
    h->live -= chunk;
    uint64_t top = h->held - h->live;
    uint64_t cut = top > THRESHOLDS_PAD ? (top - THRESHOLDS_PAD) / PAGE * PAGE : 0;
    if (top < trim || cut == 0)
        return;
    if (h->held > h->held_before_cut)
        h->held_before_cut = h->held;
    out->trims++;
    out->trimmed_bytes += cut;
    h->held -= cut;
}

static void begins(struct plan_execution *x, uint32_t t, const struct plan_object *o)
{
    struct reading *r = x->context;
    uint64_t chunk = chunk_of(o->bytes);
    unsigned n = candidates_of(&r->out->at, chunk);
    note_time(r, x, t);
    for (unsigned m = 0; m < n; m++) {
        struct thresholds_objects *objects = &r->out->objects[m];
        objects->n++;
        objects->bytes += o->bytes;
        if (++r->live[m] > objects->most_live)
            objects->most_live = r->live[m];
    }
    for (unsigned m = n; m < r->out->at.n_mmap; m++)
        for (unsigned k = 0; k < r->out->at.n_trim; k++)
            heap_begins(&r->heaps[m][k], &r->out->heaps[m][k], chunk);
}

/* Where the dynamic threshold stood when so many calls were done. */
static uint64_t dynamic_at(const struct reading *r, uint64_t calls)
{
    uint64_t low = 0, high = r->n_moves;
    while (low < high) {
        uint64_t middle = (low + high) / 2;
        if (r->moves[middle].calls <= calls)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? r->moves[low - 1].threshold : THRESHOLDS_FIRST;
}

static void move_dynamic(struct reading *r, const struct plan_object *o, uint64_t calls)
{
    uint64_t chunk = chunk_of(o->bytes), mapping = round_up(chunk + 8, PAGE);
    if (chunk < dynamic_at(r, o->born) || mapping <= r->out->dynamic_mmap || mapping > DYNAMIC_MOST)
        return;
    r->moves[r->n_moves++] = (struct move){calls, mapping};
    r->out->dynamic_moves = r->n_moves;
    r->out->dynamic_mmap = mapping;
    r->out->dynamic_trim = 2 * mapping;
}

static unsigned log2_of(uint64_t n)
{
    return n ? 63 - (unsigned)__builtin_clzll(n) : 0;
}

static void ends(struct plan_execution *x, uint32_t t, const struct plan_object *o)
{
    struct reading *r = x->context;
    uint64_t chunk = chunk_of(o->bytes), calls = x->facts.calls;
    unsigned n = candidates_of(&r->out->at, chunk);
    note_time(r, x, t);
    if (n > 0) {
        uint64_t born_ns = r->instants[instant_of(r, o->born)];
        uint64_t now_ns = r->instants[instant_of(r, calls)];
        r->lives[n - 1][log2_of(calls - o->born)]++;
        r->lives_ns[n - 1][log2_of(now_ns > born_ns ? now_ns - born_ns : 0)]++;
    }
    if (plan_op_kind(plan_thread_ops(x->plan, t)[x->actors[t].pc]) != PLAN_REALLOC)
        move_dynamic(r, o, calls);
    for (unsigned m = 0; m < n; m++) {
        r->out->objects[m].freed++;
        r->live[m]--;
    }
    for (unsigned m = n; m < r->out->at.n_mmap; m++)
        for (unsigned k = 0; k < r->out->at.n_trim; k++)
            heap_ends(&r->heaps[m][k], &r->out->heaps[m][k], chunk, r->out->at.trim[k]);
}

/* The lower median of all from candidate m on, as the power of 2 below it. */
static uint64_t median(const uint64_t lives[THRESHOLDS_MMAP][LIVES], unsigned m, uint64_t n)
{
    uint64_t seen = 0;
    for (unsigned life = 0; life < LIVES; life++) {
        for (unsigned i = m; i < THRESHOLDS_MMAP; i++)
            seen += lives[i][life];
        if (2 * seen >= n)
            return (uint64_t)1 << life;
    }
    return 0;
}

static void finish(struct reading *r)
{
    for (unsigned m = 0; m < r->out->at.n_mmap; m++) {
        struct thresholds_objects *objects = &r->out->objects[m];
        bool any = objects->freed > 0;
        objects->life_calls = any ? median(r->lives, m, objects->freed) : THRESHOLDS_UNKNOWN;
        objects->life_ns =
            any && r->has_times ? median(r->lives_ns, m, objects->freed) : THRESHOLDS_UNKNOWN;
        for (unsigned k = 0; k < r->out->at.n_trim; k++)
            r->out->heaps[m][k].end_bytes = r->heaps[m][k].held;
    }
}

int thresholds_read(const struct plan *plan, const struct thresholds_candidates *at,
                    struct thresholds *out, struct err *err)
{
    struct plan_execution x = {0};
    struct reading *r = os_map(sizeof(*r), OS_PLAIN);
    if (!r)
        return err_set(err, ENOMEM, "out of memory for the sizes of plan '%s'", plan->name);
    *out = (struct thresholds){.at = *at,
                               .calls = plan->facts.calls,
                               .dynamic_mmap = THRESHOLDS_FIRST,
                               .dynamic_trim = THRESHOLDS_FIRST};
    r->out = out;
    r->has_times = plan->flags & PLAN_PACE_TIME;
    int rc = plan_execution_start(&x, plan, err);
    x.begins = begins;
    x.ends = ends;
    x.context = r;
    for (enum plan_part part = PLAN_PART_BEFORE; rc == 0 && part < PLAN_PARTS; part++)
        rc = plan_execution_run(&x, part);
    out->n_objects = x.facts.allocations;
    out->bytes = x.facts.bytes;
    if (rc == 0)
        finish(r);
    plan_execution_release(&x);
    os_unmap(r, sizeof(*r));
    return rc;
}
