/*
 * The laws of a plan, by symbolic execution (plan_execution.h), body once.
 */
#include <errno.h>

#include "plan.h"
#include "plan_execution.h"

static int check_cells_after_bodies(struct plan_execution *x)
{
    for (uint32_t c = 0; c < x->plan->n_cells; c++) {
        const struct plan_cell *cell = &x->cells[c];
        if (cell->object.full != cell->full_before)
            return err_set(
                x->err, EINVAL,
                "plan '%s': cell %u is %s when the bodies end, but was not when they began",
                x->plan->name, c, cell->object.full ? "full" : "empty");
    }
    return 0;
}

static int run_all(struct plan_execution *x)
{
    int rc = plan_execution_run(x, PLAN_PART_BEFORE);
    for (uint32_t c = 0; rc == 0 && c < x->plan->n_cells; c++)
        x->cells[c].full_before = x->cells[c].object.full;
    if (rc == 0)
        rc = plan_execution_run(x, PLAN_PART_BODY);
    if (rc == 0)
        rc = check_cells_after_bodies(x);
    return rc == 0 ? plan_execution_run(x, PLAN_PART_AFTER) : rc;
}

/* At the end of all: every thread was started and joined, and every cell is empty. */
static int check_ends(struct plan_execution *x)
{
    for (uint32_t t = 0; t < x->plan->n_threads; t++) {
        enum plan_life life = x->actors[t].life;
        bool is_root = plan_threads(x->plan)[t].flags & PLAN_ROOT;
        if (life == PLAN_LIFE_UNBORN)
            return plan_execution_broken(x, t, "never started");
        if (life == PLAN_LIFE_ENDED && !is_root)
            return plan_execution_broken(x, t, "never joined");
    }
    for (uint32_t c = 0; c < x->plan->n_cells; c++)
        if (x->cells[c].object.full)
            return err_set(x->err, EINVAL,
                           "plan '%s': thread %u gives cell %u, and nobody takes it", x->plan->name,
                           x->cells[c].giver, c);
    return 0;
}

/* What was derived goes into the plan. */
static void fill_in(struct plan *p, struct plan_execution *x)
{
    struct plan_thread *threads = (struct plan_thread *)((char *)p + p->threads_offset);
    p->n_groups = 0;
    p->flags &= ~(uint32_t)PLAN_LOOPS;
    for (uint32_t t = 0; t < p->n_threads; t++) {
        struct plan_thread *th = &threads[t];
        const struct plan_actor *a = &x->actors[t];
        th->before = a->counts[PLAN_PART_BEFORE];
        th->body = a->counts[PLAN_PART_BODY];
        th->after = a->counts[PLAN_PART_AFTER];
        th->seat = a->seat;
        th->group = plan_execution_group(x, t);
        p->n_groups += th->group == t;
        if (th->loop_begin < th->loop_end)
            p->flags |= PLAN_LOOPS;
    }
    p->n_roots = x->n_roots;
    p->n_seats = x->n_seats;
    p->n_phases = x->n_phases;
    p->facts = x->facts;
}

static int check_flags(const struct plan *p, struct err *err)
{
    uint32_t pace = p->flags & (PLAN_PACE_ORDER | PLAN_PACE_TIME);
    if (pace == (PLAN_PACE_ORDER | PLAN_PACE_TIME))
        return err_set(err, EINVAL, "plan '%s': paced by order and by time", p->name);
    if (pace == PLAN_PACE_ORDER && p->pace_window == 0)
        return err_set(err, EINVAL, "plan '%s': paced by order without a window", p->name);
    for (uint32_t t = 0; p->flags & PLAN_STREAMED && t < p->n_threads; t++)
        if (plan_threads(p)[t].loop_begin < plan_threads(p)[t].loop_end)
            return err_set(err, EINVAL, "plan '%s': streamed, but thread %u has a body", p->name,
                           t);
    return 0;
}

int plan_check(struct plan *p, struct err *err)
{
    struct plan_execution x;
    int rc = plan_execution_start(&x, p, err);
    if (rc == 0)
        rc = check_flags(p, err);
    if (rc == 0 && x.n_roots == 0)
        rc = err_set(err, EINVAL, "plan '%s': no thread starts with the clock", p->name);
    if (rc == 0)
        rc = run_all(&x);
    if (rc == 0)
        rc = check_ends(&x);
    if (rc == 0)
        fill_in(p, &x);
    plan_execution_release(&x);
    return rc;
}
