#include "nop_trial.h"

#include "clock.h"

#define LIMIT_NS (10 * NS_PER_S)

int nop_trial_open(struct nop_trial *t, struct err *err)
{
    static const volatile sig_atomic_t never;
    struct cell_word word = {.source = CELL_SYNTHETIC, .name = "nop"};
    *t = (struct nop_trial){.cell = {.fd = -1}};
    int rc = workload_parse("nop", 3, &word.spec, err);
    if (rc == 0)
        rc = topology_load(&t->topology, err);
    if (rc == 0)
        rc = topology_place(t->topology, PIN_NONE, 1, &t->placement, err);
    if (rc == 0)
        rc = cell_open(&t->cell, &word, 1, 1, err);
    t->request = (struct trial_request){.plan = t->cell.plan,
                                        .plan_fd = t->cell.fd,
                                        .topology = t->topology,
                                        .placement = &t->placement,
                                        .touch = TOUCH_NONE,
                                        .time_limit_ns = LIMIT_NS,
                                        .interrupted = &never};
    return rc;
}

void nop_trial_close(struct nop_trial *t)
{
    cell_close(&t->cell);
    placement_release(&t->placement);
    topology_free(t->topology);
}
