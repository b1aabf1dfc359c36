#include "cell_trial.h"

#include "limit.h"
#include "text.h"

void cell_trial_execute(const struct cell_trial *t, const struct cell *cell,
                        const struct subject *subject, const struct placement *placement,
                        struct trial_result *result)
{
    const char *environment[64] = {0};
    char worker[PATH_MAX + 64];
    for (size_t i = 0; i < subject->n_environment && i + 1 < ARRAY_SIZE(environment); i++)
        environment[i] = subject->environment[i];
    text_format(worker, sizeof(worker), "%s/%s", t->places->workers, subject->allocator->worker);
    const struct trial_request request = {
        .worker = worker,
        .environment = environment,
        .supplier = subject_supplier(subject),
        .settings = subject->settings,
        .n_settings = subject->n_settings,
        .plan_fd = cell->fd,
        .plan = cell->plan,
        .profile = cell->profile.threads ? &cell->profile : NULL,
        .touch = t->config->touch,
        .run_ns = cell->once ? 0 : (uint64_t)(t->config->seconds * 1e9),
        .warm_up = t->config->warm_up,
        .time_limit_ns = limit_of_trial(t->config, cell->plan),
        .extensions = t->config->limit_s > 0 ? 0 : LIMIT_EXTENSIONS,
        .counters = counters_for(cell->plan),
        .topology = t->topology,
        .placement = placement,
        .interrupted = t->interrupted,
    };
    host_trial(&request, result);
}
