/*
 * A trial of next to nothing: one thread and the workload nop, to learn something of an allocator from its process.
 */
#pragma once

#include "cell.h"
#include "topology.h"
#include "trial_host.h"

struct nop_trial {
    struct trial_request request; /* the caller adds worker, environment and supplier */
    /* Private. */
    struct topology *topology;
    struct placement placement;
    struct cell cell;
};

/* nop_trial_close() follows in any case; *t stays where it is until then. 0 or a negative errno. */
int nop_trial_open(struct nop_trial *t, struct err *err) MUST_CHECK;
void nop_trial_close(struct nop_trial *t);
