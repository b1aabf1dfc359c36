#include "heat.h"

#include <string.h>

#include "unit.h"

#define PAGE 4096u

/* Two marks: three stretches of 4 pages at the first, the middle one gone and a far one there at the second. */
static struct survey_region regions[] = {
    {.address = 16 * PAGE, .n_pages = 4, .resident_pages = 4, .live_bytes = 4 * PAGE},
    {.address = 20 * PAGE, .n_pages = 4, .resident_pages = 2, .live_bytes = PAGE},
    {.address = 24 * PAGE, .n_pages = 4, .resident_pages = 1, .live_bytes = 0},
    {.address = 16 * PAGE, .n_pages = 4, .resident_pages = 4, .live_bytes = 1},
    {.address = 24 * PAGE, .n_pages = 4, .resident_pages = 1, .live_bytes = 9 * PAGE},
    {.address = (uint64_t)1 << 46, .n_pages = 4, .resident_pages = 4, .live_bytes = 8200},
};

static struct survey two_marks(struct survey_mark *marks)
{
    marks[0] = (struct survey_mark){.first_region = 0, .n_regions = 3};
    marks[1] = (struct survey_mark){.first_region = 3, .n_regions = 3};
    return (struct survey){
        .marks = marks, .n_marks = 2, .regions = regions, .n_regions = ARRAY_SIZE(regions)};
}

static int heat_of(const struct survey *s, struct heat *heat)
{
    struct err err;
    struct heat_source from = {
        .survey = s, .marks = (const uint32_t[]){0, 1}, .n = s->n_marks, .page_bytes = PAGE};
    return heat_make(&from, heat, &err);
}

START_TEST(rows_are_stretches_and_gaps_are_left_out)
{
    struct survey_mark marks[2];
    struct survey s = two_marks(marks);
    struct heat heat;
    ck_assert_int_eq(heat_of(&s, &heat), 0);
    ck_assert_uint_eq(heat.n_rows, 4);
    ck_assert_uint_eq(heat.n_columns, 2);
    ck_assert_uint_eq(heat.row_bytes, 4 * PAGE);
    /* All; half; empty; nothing there. Then: a byte; nothing; more live than resident; just above a half. */
    static const char wanted[] = {HEAT_EMPTY + 16, HEAT_EMPTY + 8, HEAT_EMPTY,      HEAT_NONE,
                                  HEAT_EMPTY + 1,  HEAT_NONE,      HEAT_EMPTY + 16, HEAT_EMPTY + 9};
    ck_assert_mem_eq(heat.cells, wanted, sizeof(wanted));
    free(heat.cells);
}
END_TEST

/* The coarser stretch of the second mark holds two of the first. */
START_TEST(stretches_of_different_sizes_meet)
{
    struct survey_mark marks[2];
    struct survey_region mixed[] = {
        {.address = 8 * PAGE, .n_pages = 2, .resident_pages = 2, .live_bytes = 2 * PAGE},
        {.address = 10 * PAGE, .n_pages = 2, .resident_pages = 2, .live_bytes = 0},
        {.address = 8 * PAGE, .n_pages = 4, .resident_pages = 4, .live_bytes = PAGE},
    };
    struct survey s = two_marks(marks);
    s.regions = mixed;
    marks[0] = (struct survey_mark){.first_region = 0, .n_regions = 2};
    marks[1] = (struct survey_mark){.first_region = 2, .n_regions = 1};
    struct heat heat;
    ck_assert_int_eq(heat_of(&s, &heat), 0);
    ck_assert_uint_eq(heat.n_rows, 1);
    ck_assert_int_eq(heat.cells[0], HEAT_EMPTY + 8);
    ck_assert_int_eq(heat.cells[1], HEAT_EMPTY + 4);
    free(heat.cells);
}
END_TEST

START_TEST(many_stretches_are_folded)
{
    enum { N = 1000 };
    static struct survey_region many[N];
    struct survey_mark mark = {.n_regions = N};
    for (unsigned i = 0; i < N; i++)
        many[i] = (struct survey_region){.address = (uint64_t)(3 * i + 1) * PAGE,
                                         .n_pages = 1,
                                         .resident_pages = 1,
                                         .live_bytes = i < 500 ? 0 : PAGE};
    struct survey s = {.marks = &mark, .n_marks = 1, .regions = many, .n_regions = N};
    struct heat heat;
    ck_assert_int_eq(heat_of(&s, &heat), 0);
    ck_assert_uint_eq(heat.n_rows, HEAT_ROWS);
    ck_assert_uint_eq(heat.row_bytes, 16 * PAGE);
    ck_assert_int_eq(heat.cells[0], HEAT_EMPTY);
    ck_assert_int_eq(heat.cells[HEAT_ROWS - 1], HEAT_EMPTY + 16);
    free(heat.cells);
}
END_TEST

START_TEST(nothing_resident_is_an_empty_map)
{
    struct survey_mark mark = {0};
    struct survey s = {.marks = &mark, .n_marks = 1};
    struct heat heat;
    ck_assert_int_eq(heat_of(&s, &heat), 0);
    ck_assert_uint_eq(heat.n_rows, 0);
    ck_assert_ptr_null(heat.cells);
}
END_TEST

UNIT_MAIN("heat", rows_are_stretches_and_gaps_are_left_out, stretches_of_different_sizes_meet,
          many_stretches_are_folded, nothing_resident_is_an_empty_map)
