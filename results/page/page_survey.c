/* What the surveys found: marks, the page occupancy at them, and how long calls took. */
#include <string.h>

#include "heat.h"
#include "page_parts.h"
#include "page_latency.h"
#include "store_survey.h"

#define MARKS_MOST 40u /* of a survey on the page: steps between them are left out evenly */

/* Columns of the marks: bytes as KiB, what is unknown as null. */
static const struct {
    const char *name;
    size_t offset;
    unsigned unit;
} columns[] = {
    {"t_us", offsetof(struct survey_mark, t_ns), 1000},
    {"ops", offsetof(struct survey_mark, ops), 1},
    {"live_kib", offsetof(struct survey_mark, live_bytes), KIB},
    {"live_objects", offsetof(struct survey_mark, live_objects), 1},
    {"usable_kib", offsetof(struct survey_mark, usable_bytes), KIB},
    {"held_kib", offsetof(struct survey_mark, held_bytes), KIB},
    {"resident_kib", offsetof(struct survey_mark, heap_resident_bytes), KIB},
    {"empty_kib", offsetof(struct survey_mark, empty_bytes), KIB},
    {"lazy_free_kib", offsetof(struct survey_mark, lazy_free_bytes), KIB},
    {"huge_kib", offsetof(struct survey_mark, huge_bytes), KIB},
    {"swap_kib", offsetof(struct survey_mark, swap_bytes), KIB},
    {"mappings", offsetof(struct survey_mark, n_mappings), 1},
    {"address_kib", offsetof(struct survey_mark, address_bytes), KIB},
};

static json_t *known(uint64_t value, unsigned unit)
{
    return value == SURVEY_UNKNOWN ? json_null() : page_count(value / unit);
}

/* Every mark that is no step, and so many of the steps as there is room for, the first and the last among them. */
static uint32_t choose(const struct survey *found, uint32_t *kept)
{
    uint32_t n_steps = 0, n_others = 0, n = 0, step = 0;
    for (uint32_t i = 0; i < found->n_marks; i++)
        *(found->marks[i].kind == SURVEY_STEP ? &n_steps : &n_others) += 1;
    uint32_t room = n_others + 8 < MARKS_MOST ? MARKS_MOST - n_others : 8;
    for (uint32_t i = 0; i < found->n_marks; i++) {
        if (found->marks[i].kind != SURVEY_STEP) {
            kept[n++] = i;
            continue;
        }
        /* Of n steps the room-th part: where the whole number grows. */
        if (n_steps <= room || step == n_steps - 1 ||
            step * (room - 1) / n_steps != (step + n_steps - 1) * (room - 1) / n_steps -
                                               (room - 1) + (step ? 0 : 1))
            kept[n++] = i;
        step++;
    }
    return n;
}
