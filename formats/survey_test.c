/* What survey_check() lets through and what it refuses. */
#include "survey.h"

#include <errno.h>
#include <string.h>

#include "unit.h"

struct sample {
    struct survey survey;
    struct survey_mark marks[4];
    struct survey_region regions[3];
    struct survey_latency latencies[2];
    struct err err;
};

static void sample_init(struct sample *x)
{
    memset(x, 0, sizeof(*x));
    static const uint32_t kinds[] = {SURVEY_PHASE, SURVEY_PEAK, SURVEY_DRAINED, SURVEY_PURGED};
    for (unsigned i = 0; i < 4; i++)
        x->marks[i] = (struct survey_mark){.kind = kinds[i],
                                           .t_ns = 10 * i,
                                           .ops = i,
                                           .heap_resident_bytes = 8192,
                                           .held_bytes = SURVEY_UNKNOWN};
    x->marks[0].phase = 3;
    x->marks[1].n_regions = 2;
    x->marks[3].first_region = 2;
    x->marks[3].n_regions = 1;
    for (unsigned i = 0; i < 3; i++)
        x->regions[i] =
            (struct survey_region){.address = 65536 * (i + 1), .n_pages = 16, .resident_pages = 1};
    for (unsigned i = 0; i < 2; i++) {
        x->latencies[i] =
            (struct survey_latency){.kind = LATENCY_FREE, .is_remote = i, .n = 5, .max_ns = 9};
        x->latencies[i].counts[9] = 5;
    }
    x->survey = (struct survey){.marks = x->marks,
                                .n_marks = 4,
                                .regions = x->regions,
                                .n_regions = 3,
                                .latencies = x->latencies,
                                .n_latencies = 2};
}

START_TEST(a_survey_that_can_be_passes)
{
    static struct sample x;
    sample_init(&x);
    ck_assert_int_eq(survey_check(&x.survey, &x.err), 0);
    struct survey empty = {0};
    ck_assert_int_eq(survey_check(&empty, &x.err), 0);
    survey_release(&empty);
}
END_TEST

/* Makes the sample one that cannot be. */
struct wrong {
    const char *what; /* in the sentence */
    size_t offset;    /* of a uint32_t, or of a uint64_t where it is wide */
    uint64_t value;
    bool is_wide;
};

#define AT(field)   offsetof(struct sample, field)
#define LATENCY     offsetof(struct sample, latencies)
#define LATENCY2(f) (LATENCY + sizeof(struct survey_latency) + offsetof(struct survey_latency, f))
#define MARK(i, f) \
    (offsetof(struct sample, marks) + (i) * sizeof(struct survey_mark) + \
     offsetof(struct survey_mark, f))
#define REGION(i, f) \
    (offsetof(struct sample, regions) + (i) * sizeof(struct survey_region) + \
     offsetof(struct survey_region, f))

static const struct wrong wrongs[] = {
    {"97 marks", AT(survey.n_marks), SURVEY_MARKS_MAX + 1, false},
    {"histograms", AT(survey.n_latencies), SURVEY_LATENCIES_MAX + 1, false},
    {"mark 1 of a survey: it is of a kind 8", MARK(1, kind), SURVEY_MARK_KINDS, false},
    {"names phase 1", MARK(1, phase), 1, false},
    {"no plan has", MARK(0, phase), UINT32_MAX, false},
    {"calls of a survey was timed", AT(survey.latency_period), UINT32_MAX, false},
    {"cannot come behind", MARK(0, t_ns), 11, true},
    {"cannot come behind", MARK(2, ops), 0, true},
    {"cannot come behind", MARK(3, kind), SURVEY_DRAINED, false},
    {"cannot come behind", MARK(3, kind), SURVEY_STEP, false},
    {"empty", MARK(3, empty_bytes), 8193, true},
    {"more cache lines are shared", MARK(3, shared_lines), 1, true},
    {"not among", MARK(1, first_region), 4, false},
    {"not among", MARK(1, first_region), UINT32_MAX, false},
    {"not among", MARK(1, n_regions), 4, false},
    {"regions, more than", MARK(1, n_regions), UINT32_MAX, false},
    {"no power of two", REGION(0, n_pages), 15, false},
    {"no power of two", REGION(0, n_pages), 0, false},
    {"span 16 pages and 32", REGION(1, n_pages), 32, false},
    {"0 resident", REGION(2, resident_pages), 0, false},
    {"17 resident", REGION(2, resident_pages), 17, false},
    {"do not ascend", REGION(1, address), 65536, true},
    {"kind 5", LATENCY2(kind), LATENCY_KINDS, false},
    {"size class 9", LATENCY2(size_class), LATENCY_CLASSES, false},
    {"neither", LATENCY2(has_faulted), 2, false},
    {"were there before", LATENCY2(is_remote), 0, false},
    {"histogram 1 of a survey: its counts", LATENCY2(n), 4, true},
    {"counts", LATENCY2(counts), UINT64_MAX, true},
    {"least", LATENCY2(min_ns), 10, true},
    {"no end", AT(survey.purge), 0, false}, /* see below */
};

START_TEST(a_survey_that_cannot_be_is_refused)
{
    for (size_t i = 0; i < ARRAY_SIZE(wrongs); i++) {
        static struct sample x;
        sample_init(&x);
        if (wrongs[i].offset == AT(survey.purge))
            memset(x.survey.purge, 'x', sizeof(x.survey.purge));
        else
            memcpy((char *)&x + wrongs[i].offset, &wrongs[i].value, wrongs[i].is_wide ? 8 : 4);
        ck_assert_msg(survey_check(&x.survey, &x.err) == -EINVAL, "wrong %zu passed", i);
        ck_assert_msg(strstr(x.err.text, wrongs[i].what) != NULL, "'%s' not in: %s", wrongs[i].what,
                      x.err.text);
    }
}
END_TEST

START_TEST(unknown_numbers_are_in_no_order)
{
    static struct sample x;
    sample_init(&x);
    x.marks[1].t_ns = x.marks[2].ops = x.marks[3].empty_bytes = SURVEY_UNKNOWN;
    ck_assert_int_eq(survey_check(&x.survey, &x.err), 0);
}
END_TEST

START_TEST(kinds_are_found_by_their_names)
{
    for (unsigned i = 0; i < SURVEY_MARK_KINDS; i++)
        ck_assert_uint_eq(survey_mark_kind_find(survey_mark_kind_name(i)), i);
    for (unsigned i = 0; i < LATENCY_KINDS; i++)
        ck_assert_uint_eq(latency_kind_find(latency_kind_name(i)), i);
    ck_assert_uint_eq(survey_mark_kind_find("noon"), SURVEY_MARK_KINDS);
    ck_assert_uint_eq(latency_kind_find(""), LATENCY_KINDS);
}
END_TEST

UNIT_MAIN("survey", a_survey_that_can_be_passes, a_survey_that_cannot_be_is_refused,
          unknown_numbers_are_in_no_order, kinds_are_found_by_their_names)
