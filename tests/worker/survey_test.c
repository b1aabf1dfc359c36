/* What a survey finds of plans whose answers are known, with any allocator. */
#include <string.h>

#include "clock.h"
#include "rig.h"
#include "unit.h"

#define PAGE 4096u

static void survey_well(struct rig *r)
{
    rig_survey(r);
    ck_assert_msg(r->result.status == TRIAL_OK, "%s: %s", trial_status_name(r->result.status),
                  r->result.message);
}

static const struct survey_mark *find(const struct survey *s, enum survey_mark_kind kind)
{
    for (uint32_t i = 0; i < s->n_marks; i++)
        if (s->marks[i].kind == kind)
            return &s->marks[i];
    ck_abort_msg("no mark '%s'", survey_mark_kind_name(kind));
    return NULL;
}

static uint32_t count(const struct survey *s, enum survey_mark_kind kind)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->n_marks; i++)
        n += s->marks[i].kind == kind;
    return n;
}

/* What holds of every mark: sums that must agree. */
static void check_sums(const struct survey *s)
{
    for (uint32_t i = 0; i < s->n_marks; i++) {
        const struct survey_mark *m = &s->marks[i];
        uint64_t pages = 0, resident = 0, live = 0;
        for (unsigned k = 0; k < SURVEY_SHARES; k++)
            pages += m->pages[k];
        for (uint32_t k = 0; k < m->n_regions; k++) {
            resident += s->regions[m->first_region + k].resident_pages;
            live += s->regions[m->first_region + k].live_bytes;
        }
        ck_assert_uint_eq(pages * PAGE, m->heap_resident_bytes);
        ck_assert_uint_eq(resident, pages);
        ck_assert_uint_eq(m->empty_bytes, m->pages[0] * PAGE);
        ck_assert_uint_le(live, m->live_bytes);
        ck_assert_uint_ge(m->usable_bytes, m->live_bytes);
    }
}

/* 4000 objects of 1000 bytes, all written, then all but every tenth freed. */
static void plan_sieve(struct rig *r)
{
    struct plan_builder *b = r->builder;
    for (uint32_t i = 0; i < 4000; i++)
        plan_builder_malloc(b, 0, i, 1000);
    plan_builder_phase(b, 0, 1);
    for (uint32_t i = 0; i < 4000; i++)
        if (i % 10 != 0)
            plan_builder_free_slot(b, 0, i);
    plan_builder_phase(b, 0, 2);
    for (uint32_t i = 0; i < 4000; i += 10)
        plan_builder_free_slot(b, 0, i);
}

START_TEST(live_bytes_are_found_in_the_pages_of_any_allocator)
{
    struct rig r;
    rig_init(&r, 1);
    r.touch = TOUCH_ALL;
    plan_sieve(&r);
    survey_well(&r);
    check_sums(&r.survey);
    ck_assert_uint_ge(count(&r.survey, SURVEY_STEP), 30);
    ck_assert_uint_eq(count(&r.survey, SURVEY_PHASE), 2);

    const struct survey_mark *full = find(&r.survey, SURVEY_PHASE), *sieve = full + 1;
    while (sieve->kind != SURVEY_PHASE)
        sieve++;
    ck_assert_uint_eq(full->phase, 0);
    ck_assert_uint_eq(full->live_objects, 4000);
    ck_assert_uint_eq(full->live_bytes, 4000000);
    ck_assert_uint_ge(full->heap_resident_bytes, 4000000);
    /* Nearly all that is resident is used, and some of it headers. */
    ck_assert_uint_ge((full->pages[14] + full->pages[15] + full->pages[16]) * PAGE, 3600000);

    ck_assert_uint_eq(sieve->phase, 1);
    ck_assert_uint_eq(sieve->live_objects, 400);
    ck_assert_uint_eq(sieve->live_bytes, 400000);
    /* One in ten, spread: no page can be empty of objects that are next to each other in address. */
    ck_assert_uint_ge(sieve->pages[1] + sieve->pages[2] + sieve->pages[3] + sieve->pages[4] +
                          sieve->pages[5] + sieve->pages[6] + sieve->pages[7] + sieve->pages[8],
                      90);
    rig_release(&r);
}
END_TEST

/* Thread 0 marks a phase while thread 1 waits for the object that it has lent, and then frees that. */
static void phase_in_peace(struct plan_builder *b, uint32_t slot, uint32_t phase)
{
    uint32_t done = plan_builder_cell(b), go = plan_builder_cell(b);
    plan_builder_give(b, 1, slot, done);
    plan_builder_take(b, 0, slot, done);
    plan_builder_phase(b, 0, phase);
    plan_builder_give(b, 0, slot, go);
    plan_builder_take(b, 1, slot, go);
    plan_builder_free_slot(b, 1, slot);
}

/* Thread 0 makes objects in a row, keeps every other one and hands the rest to thread 1. */
static void plan_row(struct rig *r, uint32_t n, uint64_t alignment)
{
    struct plan_builder *b = r->builder;
    plan_builder_root(b, 1);
    for (uint32_t i = 0; i < n; i++)
        plan_builder_aligned(b, 0, i, alignment, 16);
    plan_builder_phase(b, 0, 1);
    for (uint32_t i = 1; i < n; i += 2) {
        uint32_t cell = plan_builder_cell(b);
        plan_builder_give(b, 0, i, cell);
        plan_builder_take(b, 1, i, cell);
    }
    plan_builder_malloc(b, 1, n, 64);
    phase_in_peace(b, n, 2);
    for (uint32_t i = 0; i < n; i++)
        plan_builder_free_slot(b, i % 2, i);
}

/* The marks before and after the handing out. */
static void survey_row(struct rig *r, uint64_t alignment, struct survey_mark seen[2])
{
    rig_init(r, 2);
    plan_row(r, 1000, alignment);
    survey_well(r);
    for (uint32_t i = 0; i < r->survey.n_marks; i++)
        if (r->survey.marks[i].kind == SURVEY_PHASE)
            seen[r->survey.marks[i].phase] = r->survey.marks[i];
    rig_release(r);
}

START_TEST(lines_are_shared_by_who_holds_the_objects)
{
    struct rig r;
    struct survey_mark packed[2], apart[2];
    survey_row(&r, 16, packed);
    ck_assert_uint_eq(packed[0].shared_lines, 0); /* all of one thread */
    ck_assert_uint_ge(packed[0].used_lines, 250);
    ck_assert_uint_ge(packed[1].shared_lines, packed[1].used_lines / 2);
    survey_row(&r, 64, apart);
    ck_assert_uint_eq(apart[1].shared_lines, 0);
    ck_assert_uint_ge(apart[1].used_lines, 1000);
}
END_TEST

/* Two threads make objects in turn, each its own. */
static void plan_turns(struct rig *r, uint32_t n)
{
    struct plan_builder *b = r->builder;
    plan_builder_root(b, 1);
    uint32_t there = plan_builder_cell(b), back = plan_builder_cell(b);
    plan_builder_malloc(b, 1, n, 64); /* the token */
    for (uint32_t i = 0; i < n; i++) {
        plan_builder_malloc(b, 1, i, 16);
        plan_builder_give(b, 1, n, there);
        plan_builder_take(b, 0, n, there);
        plan_builder_malloc(b, 0, i, 16);
        plan_builder_give(b, 0, n, back);
        plan_builder_take(b, 1, n, back);
    }
    phase_in_peace(b, n, 1);
    for (uint32_t i = 0; i < n; i++) {
        plan_builder_free_slot(b, 0, i);
        plan_builder_free_slot(b, 1, i);
    }
}

/* A library that packs all threads' objects, one that gives each a line, and glibc with its arenas. */
START_TEST(an_allocator_that_packs_the_threads_into_lines_is_found_out)
{
    static const char *const packed[] = {"LINES_STRIDE=16", NULL};
    static const char *const apart[] = {"LINES_STRIDE=64", NULL};
    static const char *const *const environments[] = {packed, apart, NULL};
    for (size_t i = 0; i < ARRAY_SIZE(environments); i++) {
        struct rig r;
        rig_init(&r, 2);
        if (environments[i]) {
            r.library = getenv("LINES");
            r.environment = environments[i];
        }
        plan_turns(&r, 400);
        survey_well(&r);
        const struct survey_mark *m = find(&r.survey, SURVEY_PHASE);
        ck_assert_uint_eq(m->live_objects, 801);
        if (i == 0)
            ck_assert_uint_ge(m->shared_lines, 195);
        else
            ck_assert_uint_eq(m->shared_lines, 0);
        ck_assert_uint_ge(m->used_lines, 200);
        rig_release(&r);
    }
}
END_TEST

START_TEST(the_peak_is_looked_at)
{
    struct rig r;
    rig_init(&r, 1);
    plan_sieve(&r);
    survey_well(&r);
    ck_assert_uint_eq(count(&r.survey, SURVEY_PEAK), 1);
    ck_assert_uint_ge(find(&r.survey, SURVEY_PEAK)->live_bytes, 3960000);
    rig_release(&r);
}
END_TEST

START_TEST(the_tail_comes_behind_the_plan_and_the_allocator_is_asked_to_give_back)
{
    static const uint64_t idle_ms[] = {0, 100, 1000, 5000};
    struct rig r;
    rig_init(&r, 2);
    r.touch = TOUCH_ALL;
    r.has_tail = true;
    plan_sieve(&r);
    plan_builder_malloc(r.builder, 0, 4000, 12345); /* stays */
    plan_builder_spawn(r.builder, 0, 1);
    plan_builder_malloc(r.builder, 1, 0, 100);
    plan_builder_free_slot(r.builder, 1, 0);
    plan_builder_join(r.builder, 0, 1);
    plan_builder_free_slot(r.builder, 0, 4000);
    survey_well(&r);
    check_sums(&r.survey);
    const struct survey_mark *drained = find(&r.survey, SURVEY_DRAINED);
    for (unsigned i = 0; i < ARRAY_SIZE(idle_ms); i++) {
        ck_assert_uint_eq(drained[i].kind, SURVEY_DRAINED + i);
        ck_assert_uint_eq(drained[i].live_bytes, 0);
        ck_assert_uint_ge(drained[i].t_ns, drained->t_ns + (idle_ms[i] - (i > 0)) * NS_PER_MS);
    }
    if (*r.survey.purge) {
        const struct survey_mark *purged = find(&r.survey, SURVEY_PURGED);
        ck_assert_uint_le(purged->heap_resident_bytes, drained->heap_resident_bytes);
        ck_assert_str_ne(getenv("PURGES"), "");
    } else {
        ck_assert_uint_eq(count(&r.survey, SURVEY_PURGED), 0);
        ck_assert_str_eq(getenv("PURGES"), "");
    }
    rig_release(&r);
}
END_TEST

/* Held is what was taken and not returned: at least what is live, and not the whole address space. */
START_TEST(what_the_allocator_holds_is_its_own_figure)
{
    struct rig r;
    rig_init(&r, 1);
    r.touch = TOUCH_ALL;
    plan_sieve(&r);
    survey_well(&r);
    ck_assert_str_eq(r.survey.held_source, getenv("HELD"));
    for (uint32_t i = 0; i < r.survey.n_marks; i++) {
        const struct survey_mark *m = &r.survey.marks[i];
        if (!*r.survey.held_source) {
            ck_assert_uint_eq(m->held_bytes, SURVEY_UNKNOWN);
            continue;
        }
        ck_assert_uint_ge(m->held_bytes, m->live_bytes);
        ck_assert_uint_lt(m->held_bytes, 32 * MIB);
    }
    rig_release(&r);
}
END_TEST

START_TEST(each_kind_of_call_is_followed)
{
    struct rig r;
    rig_init(&r, 2);
    r.touch = TOUCH_LINE;
    struct plan_builder *b = r.builder;
    uint32_t cell = plan_builder_cell(b);
    plan_builder_root(b, 1);
    plan_builder_malloc(b, 0, 0, 100);
    plan_builder_calloc(b, 0, 1, 200);
    plan_builder_aligned(b, 0, 2, 4096, 400);
    plan_builder_realloc_null(b, 0, 3, 800);
    plan_builder_realloc(b, 0, 0, 100, 1600);
    plan_builder_malloc(b, 0, 4, 3200);
    plan_builder_free_slot(b, 0, 4);
    plan_builder_malloc(b, 0, 4, 64); /* one word */
    plan_builder_malloc(b, 0, 5, 0);
    plan_builder_phase(b, 0, 1);
    for (uint32_t i = 0; i < 6; i++) {
        plan_builder_give(b, 0, i, cell);
        plan_builder_take(b, 1, i, cell);
        plan_builder_free_slot(b, 1, i);
    }
    survey_well(&r);
    const struct survey_mark *m = find(&r.survey, SURVEY_PHASE);
    ck_assert_uint_eq(m->live_bytes, 200 + 400 + 800 + 1600 + 64);
    ck_assert_uint_ge(m->live_objects, 5); /* one of no bytes may be none */
    ck_assert_uint_eq(find(&r.survey, SURVEY_DRAINED)->live_objects, 0);
    rig_release(&r);
}
END_TEST

/* An object beyond the pages that are written is not resident, and no memory of the worker's is the heap. */
START_TEST(what_is_not_touched_is_not_resident)
{
    struct rig r;
    rig_init(&r, 1);
    plan_builder_malloc(r.builder, 0, 0, 64 * MIB);
    plan_builder_phase(r.builder, 0, 1);
    plan_builder_free_slot(r.builder, 0, 0);
    survey_well(&r);
    const struct survey_mark *m = find(&r.survey, SURVEY_PHASE);
    ck_assert_uint_eq(m->live_bytes, 64 * MIB);
    ck_assert_uint_lt(m->heap_resident_bytes,
                      8 * MIB); /* tables of tcmalloc depend on the address */
    rig_release(&r);
}
END_TEST

START_TEST(usable_sizes_that_cannot_be_are_not_known)
{
    static const char *const lies[2][2] = {{"FAULT=usable-less", NULL},
                                           {"FAULT=usable-more", NULL}};
    struct rig r;
    rig_init(&r, 1);
    plan_sieve(&r);
    r.library = getenv("FAULTY");
    r.environment = lies[_i];
    survey_well(&r);
    const struct survey_mark *full = find(&r.survey, SURVEY_PHASE);
    ck_assert_uint_eq(full->live_objects, 4000);
    ck_assert_uint_eq(full->usable_bytes, SURVEY_UNKNOWN);
    rig_release(&r);
}
END_TEST

int main(void)
{
    TCase *all = tcase_create("survey");
    tcase_add_test(all, live_bytes_are_found_in_the_pages_of_any_allocator);
    tcase_add_test(all, the_peak_is_looked_at);
    tcase_add_test(all, the_tail_comes_behind_the_plan_and_the_allocator_is_asked_to_give_back);
    tcase_add_test(all, what_the_allocator_holds_is_its_own_figure);
    tcase_add_test(all, each_kind_of_call_is_followed);
    tcase_add_test(all, what_is_not_touched_is_not_resident);
    tcase_add_test(all, lines_are_shared_by_who_holds_the_objects);
    if (getenv("LINES"))
        tcase_add_test(all, an_allocator_that_packs_the_threads_into_lines_is_found_out);
    if (getenv("FAULTY"))
        tcase_add_loop_test(all, usable_sizes_that_cannot_be_are_not_known, 0, 2);
    return rig_main(all);
}
