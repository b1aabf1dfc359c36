/* A rig for tests: a plan is made in it and executed by a real worker. One thread. */
#pragma once

#include <check.h>

#include "plan_builder.h"
#include "survey_host.h"
#include "trial.h"
#include "trial_host.h"

struct rig {
    struct plan_builder *builder; /* the plan as far as it was made */
    const char *const *environment;
    const char *library; /* preloaded with glibc's worker; NULL: the worker that WORKER names */
    enum touch touch;
    const struct statistic_wanted *settings; /* to be proved */
    size_t n_settings;
    uint64_t run_ns;
    uint32_t warm_up;
    uint64_t limit_ns;   /* then it is a hang; 50 s */
    uint32_t extensions; /* of the limit */
    bool has_tail;       /* of a survey: idle for 5 s */
    int cpu;             /* for all threads; -1: not bound */

    int fd;
    const struct plan *plan; /* once it was run */
    struct trial_result result;
    struct survey survey; /* of rig_survey() */
};

/* An empty plan of `n_threads`, the first of them a root; one pass, nothing touched, not bound. */
void rig_init(struct rig *r, uint32_t n_threads);

/* Finishes the plan and executes it; fails the test where that cannot be begun. */
void rig_run(struct rig *r);

/* As rig_run(), and the trial must be ok and its calls those of the plan. */
void rig_run_well(struct rig *r);

/* As rig_run(), but a survey. */
void rig_survey(struct rig *r);

void rig_release(struct rig *r);

/* Runs the tests of a program, each in a process of its own; the exit status of main. */
int rig_main(TCase *tests);
