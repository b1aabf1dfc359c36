#include "trial.h"

#include <assert.h>

static const char *const names[] = {
    [TRIAL_OK] = "ok",
    [TRIAL_CRASHED] = "crashed",
    [TRIAL_HUNG] = "hung",
    [TRIAL_OUT_OF_MEMORY] = "out of memory",
    [TRIAL_NOT_SUBJECT] = "not the subject",
    [TRIAL_NOT_STARTED] = "not started",
    [TRIAL_INTERRUPTED] = "interrupted",
};
static_assert(ARRAY_SIZE(names) == TRIAL_STATUSES, "every status has a name");

const char *trial_status_name(enum trial_status status)
{
    return names[status];
}
