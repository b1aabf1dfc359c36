/*
 * The measured loop. It is made once per touch policy, so that the policy costs no decision inside.
 * Words that need a prefix, another thread or a mark leave the short path.
 */
#include <errno.h>
#include <stdlib.h>

#include "lane.h"
#include "request.h"
#include "touch.h"

/* An allocation with prefixes; returns the word behind it. */
static ALWAYS_INLINE const struct plan_op *run_prefixed(struct lane *lane, const struct plan_op *op,
                                                        enum touch policy)
{
    struct request r = read_request(&op);
    void **slot = &lane->slots[plan_op_slot(*op)];
    void *p;
    const char *call;
    switch (plan_op_kind(*op)) {
    case PLAN_CALLOC:
        p = calloc(1, r.bytes);
        call = "calloc";
        break;
    case PLAN_REALLOC:
        p = realloc(*slot, r.bytes);
        call = "realloc";
        break;
    case PLAN_REALLOC_NULL:
        p = realloc(NULL, r.bytes);
        call = "realloc";
        break;
    case PLAN_ALIGNED:
        p = aligned(r.alignment, r.bytes);
        call = "posix_memalign";
        break;
    default:
        p = malloc(r.bytes);
        call = "malloc";
        break;
    }
    if (UNLIKELY(!p))
        check_null(lane, op, call, r.bytes);
    else
        touch(policy, p, r.from, r.to);
    *slot = p;
    return op + 1;
}

/* Words that concern other threads, or no call at all. */
static void run_other(struct lane *lane, const struct plan_op *op)
{
    struct worker *w = lane->worker;
    void **slot = &lane->slots[plan_op_slot(*op)];
    switch (plan_op_kind(*op)) {
    case PLAN_GIVE:
        handover_give(&w->cells[op->arg], *slot, &lane->wait);
        break;
    case PLAN_TAKE:
        *slot = handover_take(&w->cells[op->arg], &lane->wait);
        break;
    case PLAN_SPAWN:
        lane_spawn(lane, &w->lanes[op->arg]);
        break;
    case PLAN_JOIN:
        lane_join(lane, &w->lanes[op->arg]);
        break;
    case PLAN_PACE:
        pace_wait(lane, plan_op_pace(*op));
        break;
    case PLAN_TOUCH:
        touch_again(*slot, op->arg);
        break;
    default: /* PLAN_PHASE: a mark for readers of the plan */
        break;
    }
}

/* The allocations that may have prefixes, and the prefixes themselves. */
static bool takes_prefix(enum plan_kind kind)
{
    return kind == PLAN_CALLOC || kind == PLAN_REALLOC || kind == PLAN_REALLOC_NULL ||
           kind == PLAN_ALIGNED || kind == PLAN_WIDE || kind == PLAN_EXTENT;
}

static ALWAYS_INLINE void *allocate(struct lane *lane, const struct plan_op *op, uint32_t bytes,
                                    enum touch policy)
{
    void *p = malloc(bytes);
    if (UNLIKELY(!p))
        check_null(lane, op, "malloc", bytes);
    touch(policy, p, 0, bytes);
    return p;
}

/*
 * A run of REPLACE words, as synthetic bodies are: the shortest loop there is around the two calls.
 */
static ALWAYS_INLINE const struct plan_op *run_replaces(struct lane *lane, const struct plan_op *op,
                                                        const struct plan_op *end,
                                                        enum touch policy)
{
    void **slots = lane->slots;
    do {
        const struct plan_op word = *op;
        void **slot = &slots[plan_op_slot(word)];
        free(*slot);
        *slot = allocate(lane, op, word.arg, policy);
        op++;
    } while (op < end && plan_op_kind(*op) == PLAN_REPLACE);
    return op;
}

/*
 * Executes words until `end`; returns where it stopped, which is behind `end` only by a prefix's
 * word.
 *
 * The choice of the next word stands at the end of each word's code, not once at the top: the
 * processor then predicts it from the word before. `meson test --benchmark` shows what the loop
 * costs.
 */
static ALWAYS_INLINE const struct plan_op *run_words(struct lane *lane, const struct plan_op *op,
                                                     const struct plan_op *end, enum touch policy)
{
    void **slots = lane->slots;
#define NEXT() \
    do { \
        if (UNLIKELY(op >= end)) \
            return op; \
        if (plan_op_kind(*op) == PLAN_FREE) \
            goto free_; \
        if (plan_op_kind(*op) == PLAN_MALLOC) \
            goto malloc_; \
        if (plan_op_kind(*op) == PLAN_REPLACE) \
            goto replace; \
        goto other; \
    } while (0)

    NEXT();
free_:
    free(slots[plan_op_slot(*op)]);
    op++;
    NEXT();
malloc_:
    slots[plan_op_slot(*op)] = allocate(lane, op, op->arg, policy);
    op++;
    NEXT();
replace:
    op = run_replaces(lane, op, end, policy);
    NEXT();
other:
    if (takes_prefix(plan_op_kind(*op)))
        op = run_prefixed(lane, op, policy);
    else
        run_other(lane, op++);
    NEXT();
#undef NEXT
}

/* Where progress is told next, at the latest at `end`. */
static ALWAYS_INLINE const struct plan_op *
next_pause(const struct lane *lane, const struct plan_op *op, const struct plan_op *end)
{
    uint64_t at = lane->first + (uint64_t)(op - lane->ops);
    uint64_t n = CONTROL_PROGRESS_WORDS - at % CONTROL_PROGRESS_WORDS;
    return (uint64_t)(end - op) > n ? op + n : end;
}

static ALWAYS_INLINE void run(struct lane *lane, uint64_t from, uint64_t to, enum touch policy)
{
    const struct plan_op *op = lane->ops + from, *end = lane->ops + to;
    while (op < end) {
        op = run_words(lane, op, next_pause(lane, op, end), policy);
        atomic_store_explicit(&lane->control->ops_done,
                              lane->words_before + (uint64_t)(op - (lane->ops + from)),
                              memory_order_release); /* behind words_of_bodies */
    }
    lane->words_before += to - from;
}

/* One copy of the loop per policy; a branch outside the clocked words chooses. */
#define POLICY_LOOP(name, policy) \
    static __attribute__((noinline)) void name(struct lane *lane, uint64_t from, uint64_t to) \
    { \
        run(lane, from, to, policy); \
    }
POLICY_LOOP(run_none, TOUCH_NONE)
POLICY_LOOP(run_first, TOUCH_FIRST)
POLICY_LOOP(run_line, TOUCH_LINE)
POLICY_LOOP(run_page, TOUCH_PAGE)
POLICY_LOOP(run_all, TOUCH_ALL)

void lane_run(struct lane *lane, uint64_t from, uint64_t to)
{
    static void (*const loops[])(struct lane *, uint64_t, uint64_t) = {
        [TOUCH_NONE] = run_none, [TOUCH_FIRST] = run_first, [TOUCH_LINE] = run_line,
        [TOUCH_PAGE] = run_page, [TOUCH_ALL] = run_all,
    };
    static_assert(ARRAY_SIZE(loops) == TOUCH_KINDS, "every policy has its loop");
    const struct loop_other *other = lane->worker->other;
    void (*loop)(struct lane *, uint64_t, uint64_t) =
        other ? other->run : loops[lane->worker->control->touch];
    if (UNLIKELY(lane->window != NULL))
        lane_stream(lane, from, to, loop);
    else
        loop(lane, from, to);
}
