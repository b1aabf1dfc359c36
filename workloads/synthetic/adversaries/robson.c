/*
 * Robson's attack on any allocator that cannot move objects, aimed at first fit. Blocks have 1, 2,
 * 4, ... n units:
 *
 *      step 0   fill all that may be live with blocks of one unit
 *      step i   choose a residue f modulo 2^i, one of the two that are f of the step before modulo
 *               2^(i-1), and keep the blocks that hold an address congruent to f; free all others;
 *               fill up with blocks of 2^i units
 *
 *      units         [x][x][x][x][x][x][x][x]
 *      step 1, f=0   [x]   [x]   [x]   [x]   [xx ][xx ]
 *      step 2, f=0   [x]         [x]         [xx ]      [xxxx]...
 *
 * No hole of a step is free of a kept block for 2^i units, so what is filled up lies behind all else. Of
 * the two residues the one is chosen that leaves more room unusable. What is kept depends on where
 * the allocator put each block; but a plan is made before its trial. So it is made against a heap that is
 * simulated here: first fit, neighbours that are free are one hole. The theorem holds for the
 * allocator that places as the simulation does, and this sequence hits that one hardest; against others it
 * is a sequence like any other, though few blocks kept at even distances hurt most of them.
 *
 * In a step all requests are alike and nothing is freed between them: first fit is then one walk over
 * the holes in the order of their addresses.
 */
#include <errno.h>
#include <stdlib.h>

#include "adversaries.h"
#include "generate.h"

enum { LIVE, UNIT, DOUBLINGS, HEADER, MAIN };

#define DOUBLINGS_MAX 20

static const struct param params[] = {
    [LIVE] = ADVERSARY_LIVE_ROW(2 * MIB, "bytes of blocks, headers included, that each thread "
                                         "has at one time"),
    [UNIT] = ADVERSARY_UNIT_ROW(256),
    [DOUBLINGS] = {"doublings", PARAM_COUNT, 8, 1, DOUBLINGS_MAX,
                   "from the smallest block to the largest"},
    [HEADER] = ADVERSARY_HEADER_ROW,
    [MAIN] = GENERATE_MAIN_ROW,
    {0},
};

struct object {
    uint64_t at; /* in units */
    uint32_t slot;
    uint32_t doubling; /* 2^doubling units long */
};

struct attack {
    uint64_t unit, header;
    uint64_t n_units; /* that may be live */
    unsigned n_doublings;
    struct object *objects, *merged; /* live ones by address; room for what a step makes of them */
    uint64_t n_objects;
    uint32_t *empty; /* slots, a stack */
    uint64_t n_empty;
    uint64_t n_made[DOUBLINGS_MAX + 1]; /* blocks of each doubling */
    uint64_t live_units, live_bytes, peak_bytes;
    struct plan_builder *b; /* NULL: only what would happen is wanted */
    uint32_t t;
};

static uint64_t n_units(const struct workload_args *args)
{
    return args->values[LIVE] / args->values[UNIT];
}

static int robson_extent(const struct workload_args *args, struct workload_extent *extent,
                         struct err *err)
{
    const uint64_t *v = args->values;
    uint64_t n = UINT64_C(1) << v[DOUBLINGS];
    if (n > n_units(args))
        return err_set(err, EINVAL,
                       "blocks of %lu units where %lu may be live: raise live=%lu, or lower "
                       "unit=%lu or doublings=%lu",
                       n, n_units(args), v[LIVE], v[UNIT], v[DOUBLINGS]);
    if (v[UNIT] % 16 != 0)
        return err_set(err, EINVAL, "unit=%lu is no multiple of 16, as all blocks are", v[UNIT]);
    extent->threads = args->threads;
    /* step i makes units/2^i blocks at most; each is freed */
    extent->words = args->threads * (4 * n_units(args) + 1);
    return 0;
}

static void attack_release(struct attack *a)
{
    free(a->objects);
    free(a->merged);
    free(a->empty);
}

static int attack_init(struct attack *a, const struct workload_args *args, struct plan_builder *b,
                       struct err *err)
{
    uint64_t n = n_units(args);
    *a = (struct attack){
        .unit = args->values[UNIT],
        .header = args->values[HEADER],
        .n_units = n,
        .n_doublings = (unsigned)args->values[DOUBLINGS],
        .objects = calloc(n, sizeof(a->objects[0])),
        .merged = calloc(n, sizeof(a->merged[0])),
        .empty = calloc(n, sizeof(a->empty[0])),
        .b = b,
    };
    if (!a->objects || !a->merged || !a->empty)
        return err_set(err, ENOMEM, "no memory to simulate a heap of %lu blocks", n);
    for (; a->n_empty < n; a->n_empty++)
        a->empty[a->n_empty] = (uint32_t)(n - 1 - a->n_empty);
    return 0;
}

static uint64_t units_of(const struct object *o)
{
    return UINT64_C(1) << o->doubling;
}

static uint64_t bytes_of(const struct attack *a, uint64_t units)
{
    return units * a->unit - a->header;
}

static void make(struct attack *a, uint64_t at, unsigned doubling, struct object *o)
{
    *o = (struct object){.at = at, .slot = a->empty[--a->n_empty], .doubling = doubling};
    uint64_t bytes = bytes_of(a, units_of(o));
    if (a->b)
        plan_builder_malloc(a->b, a->t, o->slot, bytes);
    a->n_made[doubling]++;
    a->live_units += units_of(o);
    a->live_bytes += bytes;
    a->peak_bytes = a->live_bytes > a->peak_bytes ? a->live_bytes : a->peak_bytes;
}

static void end(struct attack *a, const struct object *o)
{
    if (a->b)
        plan_builder_free_slot(a->b, a->t, o->slot);
    a->empty[a->n_empty++] = o->slot;
    a->live_units -= units_of(o);
    a->live_bytes -= bytes_of(a, units_of(o));
}

/* Whether the block holds an address congruent to f modulo 2^i, which is not below its size. */
static bool is_kept(const struct object *o, unsigned i, uint64_t f)
{
    return ((f - o->at) & ((UINT64_C(1) << i) - 1)) < units_of(o);
}

/* Units that are lost to blocks of 2^i while those that f keeps stand in their ways. */
static uint64_t waste(const struct attack *a, unsigned i, uint64_t f)
{
    uint64_t sum = 0;
    for (uint64_t k = 0; k < a->n_objects; k++)
        if (is_kept(&a->objects[k], i, f))
            sum += (UINT64_C(1) << i) - units_of(&a->objects[k]);
    return sum;
}

static void keep_only(struct attack *a, unsigned i, uint64_t f)
{
    uint64_t n = 0;
    for (uint64_t k = 0; k < a->n_objects; k++) {
        if (is_kept(&a->objects[k], i, f))
            a->objects[n++] = a->objects[k];
        else
            end(a, &a->objects[k]);
    }
    a->n_objects = n;
}

/* As many blocks of 2^doubling units as may live, each in the first hole that is large enough. */
static void fill_up(struct attack *a, unsigned doubling)
{
    uint64_t units = UINT64_C(1) << doubling, at = 0, n = 0;
    uint64_t left = (a->n_units - a->live_units) / units;
    for (uint64_t k = 0; k < a->n_objects; k++) {
        const struct object *next = &a->objects[k];
        for (; left > 0 && next->at - at >= units; left--, at += units)
            make(a, at, doubling, &a->merged[n++]);
        at = next->at + units_of(next);
        a->merged[n++] = *next;
    }
    for (; left > 0; left--, at += units)
        make(a, at, doubling, &a->merged[n++]);
    struct object *objects = a->merged;
    a->merged = a->objects;
    a->objects = objects;
    a->n_objects = n;
}

static void attack(struct attack *a)
{
    uint64_t f = 0;
    fill_up(a, 0);
    for (unsigned i = 1; i <= a->n_doublings; i++) {
        uint64_t other = f + (UINT64_C(1) << (i - 1));
        if (waste(a, i, other) > waste(a, i, f))
            f = other;
        keep_only(a, i, f);
        fill_up(a, i);
    }
    for (uint64_t k = 0; k < a->n_objects; k++)
        end(a, &a->objects[k]);
}

static int robson_plan(const struct workload_args *args, struct plan_builder *b, struct err *err)
{
    struct attack a;
    int rc = 0;
    for (uint32_t t = 0; rc == 0 && t < args->threads; t++) {
        rc = attack_init(&a, args, b, err);
        a.t = t;
        if (rc == 0) {
            plan_builder_loop_begin(b, t);
            attack(&a);
            plan_builder_loop_end(b, t);
        }
        attack_release(&a);
    }
    return rc;
}

/* The attack without a plan; all zero where there is no memory for it. */
static void rehearse(const struct workload_args *args, struct attack *a)
{
    struct err ignored;
    if (attack_init(a, args, NULL, &ignored) == 0)
        attack(a);
    attack_release(a);
}

static void robson_claims(const struct workload_args *args, struct workload_claims *claims)
{
    struct attack a;
    rehearse(args, &a);
    *claims = (struct workload_claims){.live_min = a.peak_bytes,
                                       .live_max = args->threads * a.peak_bytes};
}

static double robson_share_below(const struct workload_args *args, uint64_t bytes)
{
    struct attack a;
    uint64_t below = 0, all = 0;
    rehearse(args, &a);
    for (unsigned i = 0; i <= a.n_doublings; i++) {
        below += bytes_of(&a, UINT64_C(1) << i) < bytes ? a.n_made[i] : 0;
        all += a.n_made[i];
    }
    return (double)below / (double)generate_at_least_1(all);
}

/* M (log2(n) / 2 + 1) - n + 1 units. */
static uint64_t robson_bound(const struct workload_args *args)
{
    const uint64_t *v = args->values;
    uint64_t m = n_units(args), n = UINT64_C(1) << v[DOUBLINGS];
    return args->threads * v[UNIT] * (m * v[DOUBLINGS] / 2 + m - n + 1);
}

const struct workload workload_robson = {
    .name = "robson",
    .summary = "blocks of doubling sizes that leave no hole large enough: the worst of first fit",
    .source = "Robson, Bounds for some functions concerning dynamic storage allocation (1974)",
    .surprise =
        "a footprint far below the bound: the allocator hands pages in which kept blocks lie "
        "apart back to the system, or does not place as the simulation does; first fit "
        "above it: it does not join free neighbours",
    .params = params,
    .threads_min = 1,
    .seedless = true,
    .from_cold = true,
    .claims = robson_claims,
    .share_below = robson_share_below,
    .bound = robson_bound,
    .bound_source = "Robson 1974: live M units, blocks of 1, 2, 4, ... n units: any allocator that "
                    "cannot move objects can be driven to M (log2(n) / 2 + 1) - n + 1 units",
    .extent = robson_extent,
    .plan = robson_plan,
};
