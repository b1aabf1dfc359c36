/*
 * What each scenario promises beyond what all workloads do: what is live where its threads meet,
 * seen in the words of its plans.
 */
#include <string.h>

#include "plan_asked.h"
#include "unit.h"

/* Small, and near the edges of what the parameters allow. */
static const char *const words[] = {
    "sawtooth:live=4M",
    "sawtooth:live=1:teeth=1:floor=0",
    "sawtooth:live=1M:floor=1:order=lifo",
    "sawtooth:live=1M:floor=0.9:order=fifo",
    "orphans:objects=50",
    "orphans:objects=1:waves=3:children=1:kept=1",
    "orphans:objects=40:waves=1:children=3:kept=0",
    "phase-change:live=1M",
    "phase-change:live=1:rounds=1:kept=0",
    "phase-change:live=100K:kept=1",
    "ageing:live=100K:turnover=2",
    "ageing:live=16K:turnover=1",
    "ageing:live=1:min=1:max=1:turnover=1",
};

START_TEST(plans_at_the_edges_keep_the_laws)
{
    plan_asked_keeps_laws(words, ARRAY_SIZE(words));
}
END_TEST

/* What threads did up to some meeting, and what they hold there. */
enum { MEETINGS_MAX = 64 };

struct stop {
    uint64_t n_live, live_bytes; /* bytes of what the thread itself made */
    uint64_t n_made, made_bytes; /* since the meeting before */
    uint64_t least_made;
};

struct story {
    unsigned n;
    struct stop at[MEETINGS_MAX];
};

struct teller {
    struct stop now;
    uint64_t *bytes; /* by slot; of what was taken over: 0 */
};

static void make(struct teller *teller, uint32_t slot, uint64_t bytes)
{
    struct stop *now = &teller->now;
    teller->bytes[slot] = bytes;
    now->live_bytes += bytes;
    now->n_live++;
    now->made_bytes += bytes;
    now->n_made++;
    if (now->least_made == 0 || bytes < now->least_made)
        now->least_made = bytes;
}

static void drop(struct teller *teller, uint32_t slot)
{
    teller->now.live_bytes -= teller->bytes[slot];
    teller->now.n_live--;
    teller->bytes[slot] = 0;
}

static void tell(struct teller *teller, struct plan_op op)
{
    enum plan_kind kind = plan_op_kind(op);
    if (kind == PLAN_FREE || kind == PLAN_REPLACE)
        drop(teller, plan_op_slot(op));
    if (kind == PLAN_MALLOC || kind == PLAN_REPLACE)
        make(teller, plan_op_slot(op), op.arg);
    if (kind == PLAN_TAKE)
        teller->now.n_live++;
}

/* Adds what root `t` holds at its meetings: with tickets, of which thread 0 has all then. */
static void add_story(const struct plan *plan, uint32_t t, struct story *story)
{
    const struct plan_op *ops = plan_thread_ops(plan, t);
    struct teller teller = {.bytes = calloc(plan_threads(plan)[t].n_slots + 1, sizeof(uint64_t))};
    unsigned n = 0;
    for (uint64_t i = 0; plan_op_kind(ops[i]) != PLAN_END; i++) {
        tell(&teller, ops[i]);
        if (plan_op_kind(ops[i]) != (t == 0 ? PLAN_PHASE : PLAN_GIVE))
            continue;
        ck_assert_uint_lt(n, MEETINGS_MAX);
        if (t == 0)
            ck_assert_uint_eq(ops[i].arg, n + 1);
        struct stop *at = &story->at[n++];
        at->n_live += teller.now.n_live;
        at->live_bytes += teller.now.live_bytes;
        at->n_made += teller.now.n_made;
        at->made_bytes += teller.now.made_bytes;
        if (at->least_made == 0 || teller.now.least_made < at->least_made)
            at->least_made = teller.now.least_made;
        teller.now =
            (struct stop){.n_live = teller.now.n_live, .live_bytes = teller.now.live_bytes};
        if (t > 0)
            teller.now.n_live--; /* the ticket, until it is taken back */
        else
            teller.now.n_live -= plan->n_roots - 1;
    }
    ck_assert(story->n == 0 || story->n == n);
    story->n = n;
    free(teller.bytes);
}

static struct story story_of(const char *word, uint32_t threads)
{
    const struct plan *plan = plan_asked(word, threads, 1);
    struct story story = {0};
    for (uint32_t t = 0; t < threads; t++)
        add_story(plan, t, &story);
    plan_drop(plan);
    return story;
}

START_TEST(a_sawtooth_has_its_peaks_and_its_valleys)
{
    static const uint32_t threads[] = {1, 2, 7, 64};
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
        struct story story = story_of("sawtooth", threads[i]);
        ck_assert_uint_eq(story.n, 2 * 3);
        for (unsigned k = 0; k < story.n; k += 2) {
            ck_assert_uint_ge(story.at[k].live_bytes, 256 * MIB);
            ck_assert_uint_le(story.at[k].live_bytes, 270 * MIB);
            ck_assert_uint_le(story.at[k + 1].live_bytes, 270 * MIB / 25);
            ck_assert_uint_ge(story.at[k + 1].live_bytes, MIB);
        }
    }
}
END_TEST

START_TEST(the_order_of_the_frees_decides_who_stays_in_a_valley)
{
    static const char *const orders[] = {"sawtooth:live=1M:teeth=1:floor=0.5:order=lifo",
                                         "sawtooth:live=1M:teeth=1:floor=0.5:order=fifo"};
    for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
        const struct plan *plan = plan_asked(orders[i], 1, 1);
        const struct plan_op *op = plan_thread_ops(plan, 0);
        uint32_t n = 0;
        for (; plan_op_kind(*op) == PLAN_MALLOC; op++)
            ck_assert_uint_eq(plan_op_slot(*op), n++);
        ck_assert_int_eq(plan_op_kind(*op++), PLAN_PHASE);
        for (uint32_t k = 0; k < n - n / 2; k++)
            ck_assert_uint_eq(plan_op_slot(op[k]), i == 0 ? n - 1 - k : k);
        plan_drop(plan);
    }
}
END_TEST

/* Tickets: none with one root. The root of 2 waves of 3 threads with 100 objects each keeps 30. */
START_TEST(orphans_are_held_freed_and_survived_as_told)
{
    struct story story = story_of("orphans:children=3:objects=100:kept=0.1", 1);
    static const uint64_t live[] = {300, 30, 330, 30, 330, 30, 330, 30};
    ck_assert_uint_eq(story.n, ARRAY_SIZE(live));
    for (unsigned k = 0; k < story.n; k++)
        ck_assert_uint_eq(story.at[k].n_live, live[k]);
    for (unsigned k = 0; k < story.n; k++)
        ck_assert_uint_eq(story.at[k].n_made, k % 4 == 2 ? 300 : 0);
}
END_TEST

START_TEST(the_threads_of_a_wave_leave_all_that_they_made)
{
    const struct plan *plan = plan_asked("orphans", 2, 1);
    ck_assert_uint_eq(plan->n_threads, 2 + 2 * 2 * 2);
    for (uint32_t t = 2; t < plan->n_threads; t++) {
        const struct plan_op *ops = plan_thread_ops(plan, t);
        ck_assert_uint_eq(plan_threads(plan)[t].n_ops, 2 * 6000 + 1);
        for (uint32_t i = 0; i < 6000; i++) {
            ck_assert_int_eq(plan_op_kind(ops[i]), PLAN_MALLOC);
            ck_assert_int_eq(plan_op_kind(ops[6000 + i]), PLAN_GIVE);
        }
    }
    ck_assert_uint_ge(plan->facts.peak_live_bytes, 2 * 2 * 10 * MIB);
    plan_drop(plan);
}
END_TEST

START_TEST(small_objects_make_room_for_as_much_in_large_ones)
{
    struct story story = story_of("phase-change", 3);
    ck_assert_uint_eq(story.n, 2 * 4);
    for (unsigned k = 0; k < story.n; k += 4) {
        const struct stop *at = &story.at[k];
        ck_assert_uint_ge(at[0].live_bytes, 32 * MIB);
        ck_assert_uint_le(at[0].live_bytes, 33 * MIB);
        ck_assert_uint_ge(at[1].live_bytes, 32 * MIB / 200);
        ck_assert_uint_le(at[1].live_bytes, 32 * MIB / 50);
        ck_assert_uint_ge(at[2].live_bytes, 32 * MIB + at[1].live_bytes);
        ck_assert_uint_eq(at[3].live_bytes, at[1].live_bytes);
        ck_assert_uint_lt(at[0].least_made, 256);
        ck_assert_uint_ge(at[2].least_made, 8 * KIB);
    }
}
END_TEST

/* Six drifts between seven doublings, there and back, in two phases each. */
START_TEST(a_heap_ages_while_what_it_holds_stays_the_same)
{
    enum { THREADS = 2, PHASES = 2 * 6 * 2 + 1 };
    struct story story = story_of("ageing", THREADS);
    uint64_t bytes = 0;
    ck_assert_uint_eq(story.n, PHASES);
    for (unsigned k = 0; k < story.n; k++) {
        const struct stop *at = &story.at[k];
        ck_assert_uint_ge(at->live_bytes, THREADS * (8 * MIB - 16 * KIB));
        ck_assert_uint_le(at->live_bytes, THREADS * (8 * MIB + 16 * KIB));
        bytes += at->made_bytes;
        if (k < 2)
            continue;
        uint64_t mean = at->made_bytes / at->n_made;
        uint64_t last = at[-1].made_bytes / at[-1].n_made;
        ck_assert_msg(k <= PHASES / 2      ? mean > last
                      : k > PHASES / 2 + 1 ? mean < last
                                           : true,
                      "phase %u: sizes of %lu bytes after %lu", k, mean, last);
    }
    ck_assert_uint_ge(bytes, THREADS * 15 * 8 * MIB);
    ck_assert_uint_le(bytes, THREADS * 18 * 8 * MIB);
}
END_TEST

UNIT_MAIN("scenarios", plans_at_the_edges_keep_the_laws, a_sawtooth_has_its_peaks_and_its_valleys,
          the_order_of_the_frees_decides_who_stays_in_a_valley,
          orphans_are_held_freed_and_survived_as_told,
          the_threads_of_a_wave_leave_all_that_they_made,
          small_objects_make_room_for_as_much_in_large_ones,
          a_heap_ages_while_what_it_holds_stays_the_same)
