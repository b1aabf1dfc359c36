#include "meeting.h"

#include <errno.h>
#include <stdlib.h>

int meeting_init(struct meeting *m, uint32_t n_threads, struct plan_builder *b, struct err *err)
{
    *m = (struct meeting){
        .n_threads = n_threads,
        .cells = calloc(2 * (size_t)n_threads, sizeof(m->cells[0])),
    };
    if (!m->cells)
        return err_set(err, ENOMEM, "no memory for the meetings of %u threads", n_threads);
    for (uint32_t i = 2; i < 2 * n_threads; i++)
        m->cells[i] = plan_builder_cell(b);
    return 0;
}

void meeting_release(struct meeting *m)
{
    free(m->cells);
}

void meeting_open(const struct meeting *m, struct plan_builder *b, uint32_t t, uint64_t bytes)
{
    if (m->n_threads > 1)
        plan_builder_malloc(b, t, 0, bytes);
}

void meeting_close(const struct meeting *m, struct plan_builder *b, uint32_t t)
{
    if (m->n_threads > 1)
        plan_builder_free_slot(b, t, 0);
}

void meeting_hold(const struct meeting *m, struct plan_builder *b, uint32_t t, uint32_t phase)
{
    if (t > 0) {
        plan_builder_give(b, t, 0, m->cells[2 * t]);
        plan_builder_take(b, t, 0, m->cells[2 * t + 1]);
        return;
    }
    for (uint32_t i = 1; i < m->n_threads; i++)
        plan_builder_take(b, 0, i, m->cells[2 * i]);
    plan_builder_phase(b, 0, phase);
    for (uint32_t i = 1; i < m->n_threads; i++)
        plan_builder_give(b, 0, i, m->cells[2 * i + 1]);
}
