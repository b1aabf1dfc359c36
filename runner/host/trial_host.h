/*
 * Executes one trial: a fresh worker process, one plan, one allocator, watched from outside.
 * Whatever the allocator does (crash, hang, eat all memory, not be there) is a result, never a
 * failure of the caller.
 */
#pragma once

#include <signal.h>

#include "control.h"
#include "counters.h"
#include "placement.h"
#include "plan.h"
#include "plan_profile.h"
#include "statistics_block.h"
#include "topology.h"
#include "trial.h"

struct trial_request {
    const char *worker;             /* path of the executable */
    const char *const *environment; /* all of it, "NAME=value"; ends with NULL */
    /*
     * Who must supply malloc: a path (compared as a file), or an fnmatch pattern of a file's name.
     */
    const char *supplier;
    /* Settings that the allocator must tell with these values. */
    const struct statistic_wanted *settings;
    size_t n_settings;
    /* The allocator's size classes up to so many bytes are to be told, as rows STATISTIC_CLASS; 0: not. */
    uint64_t classes_up_to;
    int plan_fd; /* of `plan`, sealed */
    const struct plan *plan;
    const struct plan_profile
        *profile;      /* of it, for sampler_open(); NULL: live bytes are unknown */
    bool is_unsampled; /* without the fast series: what that costs */
    enum touch touch;
    uint64_t run_ns;        /* repeat the bodies for so long; 0: one pass */
    uint32_t warm_up;       /* passes before the clock, of plans that settle */
    uint64_t time_limit_ns; /* from start to end of the worker; then it is a hang */
    uint32_t extensions;    /* so often the limit begins anew, if operations were done in it */
    const struct topology *topology;
    const struct placement *placement; /* by seat; with fewer than plan->n_seats they wrap around */
    const struct counters *counters;   /* to be read; NULL: none */
    enum control_survey survey;        /* CONTROL_NO_SURVEY for host_trial() */
    const volatile sig_atomic_t *interrupted; /* not 0: end at once with TRIAL_INTERRUPTED */
};

/*
 * Fills *result, which the caller releases with trial_result_release(). One trial at a time per
 * process.
 */
void host_trial(const struct trial_request *request, struct trial_result *result);

/* Frees what the result owns. */
void trial_result_release(struct trial_result *result);
