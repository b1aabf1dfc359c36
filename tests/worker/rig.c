#include "rig.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "os.h"
#include "unit.h"

void rig_init(struct rig *r, uint32_t n_threads)
{
    static const char *const nothing[] = {NULL};
    *r = (struct rig){.environment = nothing,
                      .touch = TOUCH_NONE,
                      .cpu = CPU_UNBOUND,
                      .fd = -1,
                      .limit_ns = 50 * NS_PER_S};
    r->builder = plan_builder_new("test", n_threads);
    ck_assert_ptr_nonnull(r->builder);
    plan_builder_root(r->builder, 0);
}

/* The environment with the library in front. */
static const char *const *with_library(const struct rig *r, char *preload, size_t n)
{
    static const char *lines[16];
    size_t used = 0;
    if (!r->library)
        return r->environment;
    ck_assert_int_lt(snprintf(preload, n, "LD_PRELOAD=%s", r->library), (int)n);
    lines[used++] = preload;
    for (const char *const *line = r->environment; *line; line++) {
        ck_assert_uint_lt(used + 1, ARRAY_SIZE(lines));
        lines[used++] = *line;
    }
    lines[used] = NULL;
    return lines;
}

static const char *must_getenv(const char *name)
{
    const char *value = getenv(name);
    ck_assert_msg(value != NULL, "%s is not set: `meson test` sets it", name);
    return value;
}

static void execute(struct rig *r, bool survey)
{
    static const volatile sig_atomic_t never;
    struct err err = {""};
    char preload[PATH_MAX + 16];
    struct placement placement;
    struct topology *topology;
    struct plan_profile profile;
    ck_assert_msg(plan_profile_make(r->plan, CONTROL_PROGRESS_WORDS, &profile, &err) == 0, "%s",
                  err.text);
    ck_assert_msg(topology_load(&topology, &err) == 0, "%s", err.text);
    ck_assert_msg(topology_place(topology, PIN_NONE, r->plan->n_threads, &placement, &err) == 0,
                  "%s", err.text);
    for (unsigned i = 0; i < placement.n_threads; i++)
        placement.cpus[i] = r->cpu;
    struct trial_request request = {
        .worker = must_getenv(r->library ? "WORKER_GLIBC" : "WORKER"),
        .environment = with_library(r, preload, sizeof(preload)),
        .supplier = r->library ? r->library : must_getenv("SUPPLIER"),
        .plan_fd = r->fd,
        .plan = r->plan,
        .profile = &profile,
        .touch = r->touch,
        .run_ns = r->run_ns,
        .warm_up = r->warm_up,
        .time_limit_ns = r->limit_ns,
        .extensions = r->extensions,
        .settings = r->settings,
        .n_settings = r->n_settings,
        .survey = !survey       ? CONTROL_NO_SURVEY
                  : r->has_tail ? CONTROL_SURVEY
                                : CONTROL_SURVEY_NO_TAIL,
        .topology = topology,
        .placement = &placement,
        .interrupted = &never,
    };
    if (survey)
        host_survey(&request, &r->result, &r->survey);
    else
        host_trial(&request, &r->result);
    plan_profile_release(&profile);
    placement_release(&placement);
    topology_free(topology);
}

static void finish_plan(struct rig *r)
{
    struct err err = {""};
    ck_assert_msg(plan_builder_finish(r->builder, &r->fd, &r->plan, &err) == 0, "%s", err.text);
}

void rig_run(struct rig *r)
{
    finish_plan(r);
    execute(r, false);
}

void rig_survey(struct rig *r)
{
    finish_plan(r);
    execute(r, true);
}

void rig_run_well(struct rig *r)
{
    rig_run(r);
    ck_assert_msg(r->result.status == TRIAL_OK, "%s: %s", trial_status_name(r->result.status),
                  r->result.message);
    ck_assert_uint_ge(r->result.passes, 1);
    if (r->run_ns == 0)
        ck_assert_uint_eq(r->result.calls, r->plan->facts.calls);
}

void rig_release(struct rig *r)
{
    trial_result_release(&r->result);
    survey_release(&r->survey);
    if (r->plan)
        os_unmap((void *)r->plan, r->plan->n_bytes);
    if (r->fd >= 0)
        close(r->fd);
    plan_builder_free(r->builder);
    *r = (struct rig){.fd = -1};
}

int rig_main(TCase *tests)
{
    Suite *suite = suite_create("worker");
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
