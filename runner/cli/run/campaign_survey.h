/*
 * The second pass of a run: one survey of each cell with each subject, behind the blocks. Workers that are left
 * idle behind their plans stay in the background while the next survey is made.
 */
#pragma once

#include <signal.h>

#include "campaign.h"

/*
 * Decides which surveys are to be made: none of the allocator null and of the workload nop, which hold nothing;
 * none where a subject has hung; none that the stored run has. Of a shard: those of the cells
 * whose ordinals it has, all subjects of one on the same machine; the cost is shared out as the blocks are. campaign_release() frees what it makes.
 */
int campaign_open_surveys(struct campaign *c, struct err *err) MUST_CHECK;

/*
 * Makes those that are missing and stores each as it ends; a failed one is a result. Ends early, with
 * `c->interrupted`, when *interrupted is not 0. 0, or a negative errno when the store failed.
 */
int campaign_survey(struct campaign *c, const volatile sig_atomic_t *interrupted,
                    struct err *err) MUST_CHECK;
