/* What a survey of a worker finds. */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "rig.h"
#include "unit.h"

static void survey_well(struct rig *r)
{
    rig_survey(r);
    ck_assert_msg(r->result.status == TRIAL_OK, "%s: %s", trial_status_name(r->result.status),
                  r->result.message);
}

static void print(const struct survey *s)
{
    for (uint32_t i = 0; i < s->n_marks; i++) {
        const struct survey_mark *m = &s->marks[i];
        printf(
            "# %-10s %10lu ns %8lu ops live %lu/%lu usable %lu held %lu resident %lu empty %lu regions %u "
            "huge %lu lazy %lu mappings %lu address %lu\n",
            survey_mark_kind_name((enum survey_mark_kind)m->kind), m->t_ns, m->ops, m->live_bytes,
            m->live_objects, m->usable_bytes, m->held_bytes, m->heap_resident_bytes, m->empty_bytes,
            m->n_regions, m->huge_bytes, m->lazy_free_bytes, m->n_mappings, m->address_bytes);
    }
}

START_TEST(first)
{
    struct rig r;
    rig_init(&r, 1);
    r.touch = TOUCH_ALL;
    r.has_tail = true;
    for (uint32_t i = 0; i < 1000; i++)
        plan_builder_malloc(r.builder, 0, i, 1000);
    for (uint32_t i = 0; i < 1000; i++)
        plan_builder_free_slot(r.builder, 0, i);
    survey_well(&r);
    print(&r.survey);
    rig_release(&r);
}
END_TEST

int main(void)
{
    TCase *all = tcase_create("survey");
    tcase_add_test(all, first);
    return rig_main(all);
}
