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

void trial_result_begin(struct trial_result *result)
{
    *result = (struct trial_result){
        .status = TRIAL_OK,
        .instructions = TRIAL_UNKNOWN,
        .cycles = TRIAL_UNKNOWN,
        .cache_misses = TRIAL_UNKNOWN,
        .dtlb_load_misses = TRIAL_UNKNOWN,
        .counted_millionths = TRIAL_UNKNOWN,
    };
}

const char *trial_status_name(enum trial_status status)
{
    return names[status];
}
