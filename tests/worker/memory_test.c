/*
 * That the memory which a trial tells is what the plan's objects took. With glibc's allocator, of
 * which is known what it holds: 16 bytes an object, a mapping of its own for each large one.
 */
#include <errno.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "clock.h"
#include "rig.h"
#include "unit.h"

/*
 * What the rest of the process may take on the way, and what a peak may lack: the kernel notes it
 * from counters of each CPU, which are behind by some dozens of pages.
 */
enum { SLACK = (int)MIB };

/* `n` objects of `bytes`, all alive at once, then freed unless `kept`. */
static void plan_objects(struct rig *r, uint32_t n, uint64_t bytes, bool kept)
{
    for (uint32_t i = 0; i < n; i++)
        plan_builder_malloc(r->builder, 0, i, bytes);
    for (uint32_t i = 0; i < n && !kept; i++)
        plan_builder_free_slot(r->builder, 0, i);
}

static void expect_peak(const struct rig *r, uint64_t least, uint64_t most)
{
    uint64_t peak = r->result.peak_bytes;
    ck_assert_msg(peak + SLACK >= least && peak <= most + SLACK, "peak %lu, expected %lu to %lu",
                  peak, least, most);
}

START_TEST(touched_objects_are_resident)
{
    static const enum touch touches[] = {TOUCH_LINE, TOUCH_PAGE, TOUCH_ALL};
    static const struct {
        uint32_t n;
        uint64_t bytes;
    } objects[] = {{1, 64 * MIB}, {64, MIB}, {1024, 64 * KIB}, {65536, KIB}};
    struct rig r;
    rig_init(&r, 1);
    r.touch = touches[_i % 3];
    plan_objects(&r, objects[_i / 3].n, objects[_i / 3].bytes, false);
    rig_run_well(&r);
    expect_peak(&r, 64 * MIB, 66 * MIB);
    ck_assert_uint_le(r.result.peak_sampled_bytes, r.result.peak_bytes + SLACK);
    rig_release(&r);
}
END_TEST

START_TEST(objects_that_nobody_touches_are_not_resident)
{
    static const enum touch touches[] = {TOUCH_NONE, TOUCH_FIRST};
    struct rig r;
    rig_init(&r, 1);
    r.touch = touches[_i];
    plan_objects(&r, 64, MIB, false);
    rig_run_well(&r);
    expect_peak(&r, 0, 0);
    rig_release(&r);
}
END_TEST

START_TEST(what_was_freed_is_given_back_at_the_end_and_what_was_not_is_not)
{
    struct rig r;
    rig_init(&r, 1);
    r.touch = TOUCH_PAGE;
    plan_objects(&r, 64, MIB, _i);
    rig_run_well(&r);
    if (_i)
        ck_assert_uint_ge(r.result.end_bytes, 64 * MIB); /* this figure is exact */
    else
        ck_assert_uint_lt(r.result.end_bytes, SLACK);
    rig_release(&r);
}
END_TEST

START_TEST(an_extent_limits_what_is_touched)
{
    struct rig r;
    rig_init(&r, 1);
    r.touch = TOUCH_ALL;
    for (uint32_t i = 0; i < 4; i++) {
        plan_builder_touch_pages(r.builder, 0, 1024);
        plan_builder_malloc(r.builder, 0, i, 64 * MIB);
    }
    for (uint32_t i = 0; i < 4; i++)
        plan_builder_free_slot(r.builder, 0, i);
    rig_run_well(&r);
    expect_peak(&r, 16 * MIB, 16 * MIB);
    rig_release(&r);
}
END_TEST

START_TEST(an_extent_is_for_one_allocation)
{
    struct rig r;
    rig_init(&r, 1);
    r.touch = TOUCH_PAGE;
    plan_builder_touch_pages(r.builder, 0, 1);
    plan_builder_malloc(r.builder, 0, 0, 64 * MIB);
    plan_builder_malloc(r.builder, 0, 1, 32 * MIB);
    plan_builder_free_slot(r.builder, 0, 1);
    plan_builder_free_slot(r.builder, 0, 0);
    rig_run_well(&r);
    expect_peak(&r, 32 * MIB, 32 * MIB);
    rig_release(&r);
}
END_TEST

START_TEST(realloc_touches_only_what_grew)
{
    static const enum touch touches[] = {TOUCH_LINE, TOUCH_PAGE, TOUCH_ALL};
    struct rig r;
    rig_init(&r, 1);
    r.touch = touches[_i];
    plan_builder_touch_pages(r.builder, 0, 1);
    plan_builder_malloc(r.builder, 0, 0, 48 * MIB); /* 47 of them never touched */
    plan_builder_realloc(r.builder, 0, 0, 48 * MIB, 64 * MIB);
    plan_builder_realloc(r.builder, 0, 0, 64 * MIB, 56 * MIB); /* nothing grew */
    plan_builder_free_slot(r.builder, 0, 0);
    rig_run_well(&r);
    expect_peak(&r, 16 * MIB, 16 * MIB);
    rig_release(&r);
}
END_TEST

/* Whether the kernel would promise so much to one process by its rules of thumb. */
static bool can_promise(uint64_t bytes)
{
    struct sysinfo s;
    ck_assert_int_eq(sysinfo(&s), 0);
    return ((uint64_t)s.totalram + s.totalswap) * s.mem_unit > bytes;
}

START_TEST(an_object_above_4_gib_has_its_whole_size)
{
    struct rig r;
    rig_init(&r, 1);
    r.touch = TOUCH_PAGE;
    plan_builder_touch_pages(r.builder, 0, 1);
    plan_builder_malloc(r.builder, 0, 0, 4 * GIB + MIB);
    /* The last MiB is written: it must be there. */
    plan_builder_realloc(r.builder, 0, 0, 4 * GIB + MIB, 4 * GIB + 2 * MIB);
    plan_builder_free_slot(r.builder, 0, 0);
    rig_run(&r);
    if (can_promise(5 * GIB)) {
        ck_assert_msg(r.result.status == TRIAL_OK, "%s", r.result.message);
        expect_peak(&r, MIB, MIB);
    } else { /* a small machine refuses it, by its full size */
        ck_assert_int_eq(r.result.status, TRIAL_OUT_OF_MEMORY);
        ck_assert_ptr_nonnull(strstr(r.result.message, "4296015872 bytes"));
    }
    rig_release(&r);
}
END_TEST

START_TEST(a_thousand_alignments_are_kept_apart)
{
    struct rig r;
    rig_init(&r, 1);
    r.touch = TOUCH_ALL;
    for (uint32_t i = 0; i < 32; i++)
        plan_builder_aligned(r.builder, 0, i, MIB, MIB);
    for (uint32_t i = 0; i < 32; i++)
        plan_builder_free_slot(r.builder, 0, i);
    rig_run_well(&r);
    expect_peak(&r, 32 * MIB, 34 * MIB);
    rig_release(&r);
}
END_TEST

START_TEST(the_worker_itself_takes_nothing_while_the_clock_runs)
{
    struct rig r;
    rig_init(&r, 1);
    r.touch = TOUCH_ALL;
    for (uint32_t i = 0; i < 100000; i++) {
        plan_builder_malloc(r.builder, 0, 0, 100);
        plan_builder_free_slot(r.builder, 0, 0);
    }
    rig_run_well(&r);
    expect_peak(&r, 0, 256 * KIB);
    ck_assert_uint_lt(r.result.minor_faults, 64);
    rig_release(&r);
}
END_TEST

/* What is live behind `words` words of the one thread of a plan without prefixes, gone through by hand. */
struct by_hand {
    const struct plan_op *ops;
    uint64_t at, words, live;
    uint32_t sizes[64];
};

static void step(struct by_hand *h)
{
    struct plan_op op = h->ops[h->at++];
    uint32_t *size = &h->sizes[plan_op_slot(op)];
    enum plan_kind kind = plan_op_kind(op);
    uint32_t bytes = kind == PLAN_FREE ? 0 : op.arg;
    h->words++;
    h->live = h->live - *size + bytes;
    *size = bytes;
}

/* A body of more than a stride, which leaves other sizes than it first found. */
static void build_changing(struct rig *r, bool settles)
{
    rig_init(r, 1);
    if (settles)
        plan_builder_settles(r->builder);
    for (uint32_t i = 0; i < 64; i++)
        plan_builder_malloc(r->builder, 0, i, 100000 + i);
    plan_builder_loop_begin(r->builder, 0);
    for (uint32_t i = 0; i < 10000; i++) {
        plan_builder_free_slot(r->builder, 0, i % 61);
        plan_builder_malloc(r->builder, 0, i % 61, 1 + i * 37 % 5000);
    }
    plan_builder_loop_end(r->builder, 0);
    for (uint32_t i = 0; i < 500000; i++) { /* long enough to be seen */
        plan_builder_free_slot(r->builder, 0, i % 64);
        plan_builder_malloc(r->builder, 0, i % 64, 1 + i * 41 % 9000);
    }
    for (uint32_t i = 0; i < 64; i++)
        plan_builder_free_slot(r->builder, 0, i);
}

START_TEST(a_sample_tells_what_the_plan_holds_after_so_many_words)
{
    struct rig r;
    bool settles = _i == 2;
    build_changing(&r, settles);
    r.run_ns = _i == 0 ? 0 : 200 * NS_PER_MS;
    r.warm_up = 3;
    rig_run_well(&r);
    const struct plan_thread *th = plan_threads(r.plan);
    struct by_hand h = {.ops = plan_thread_ops(r.plan, 0)};
    uint64_t passes = r.result.passes + (settles ? r.warm_up : 0);
    ck_assert_uint_gt(r.result.n_samples, _i == 0 ? 0 : 20);
    for (size_t i = 0; i < r.result.n_samples; i++) {
        const struct trial_sample *s = &r.result.samples[i];
        ck_assert_uint_ge(s->ops, h.words);
        while (h.words < s->ops) {
            if (h.at == th->loop_end && passes > 1) {
                h.at = th->loop_begin;
                passes--;
            }
            step(&h);
        }
        ck_assert_uint_eq(s->live_bytes, h.live);
    }
    ck_assert_uint_eq(h.at, th->n_ops - 1);
    ck_assert_uint_eq(h.live, 0);
    rig_release(&r);
}
END_TEST

START_TEST(a_sample_tells_the_address_space)
{
    struct rig r;
    uint64_t most = 0;
    rig_init(&r, 1);
    plan_builder_malloc(r.builder, 0, 0, GIB); /* mapped, and not touched */
    plan_builder_loop_begin(r.builder, 0);
    for (uint32_t i = 0; i < 10000; i++) {
        plan_builder_malloc(r.builder, 0, 1, 64);
        plan_builder_free_slot(r.builder, 0, 1);
    }
    plan_builder_loop_end(r.builder, 0);
    plan_builder_free_slot(r.builder, 0, 0);
    r.run_ns = 20 * NS_PER_MS;
    rig_run_well(&r);
    for (size_t i = 0; i < r.result.n_samples; i++)
        if (r.result.samples[i].address_bytes > most)
            most = r.result.samples[i].address_bytes;
    ck_assert_uint_ge(most, GIB);
    ck_assert_uint_lt(most, GIB + GIB / 4);
    rig_release(&r);
}
END_TEST

int main(void)
{
    TCase *all = tcase_create("memory");
    tcase_add_loop_test(all, touched_objects_are_resident, 0, 12);
    tcase_add_loop_test(all, objects_that_nobody_touches_are_not_resident, 0, 2);
    tcase_add_loop_test(all, what_was_freed_is_given_back_at_the_end_and_what_was_not_is_not, 0, 2);
    tcase_add_test(all, an_extent_limits_what_is_touched);
    tcase_add_test(all, an_extent_is_for_one_allocation);
    tcase_add_loop_test(all, realloc_touches_only_what_grew, 0, 3);
    tcase_add_test(all, an_object_above_4_gib_has_its_whole_size);
    tcase_add_test(all, a_thousand_alignments_are_kept_apart);
    tcase_add_loop_test(all, a_sample_tells_what_the_plan_holds_after_so_many_words, 0, 3);
    tcase_add_test(all, a_sample_tells_the_address_space);
    tcase_add_test(all, the_worker_itself_takes_nothing_while_the_clock_runs);
    return rig_main(all);
}
