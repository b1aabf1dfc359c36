#include "cell_trial.h"

#include "limit.h"
#include "text.h"

/* What a request points to. */
struct request_texts {
    const char *environment[64];
    char worker[PATH_MAX + 64];
};

static struct trial_request make_request(const struct cell_trial *t, const struct cell *cell,
                                         const struct subject *subject,
                                         const struct placement *placement,
                                         struct request_texts *texts)
{
    *texts = (struct request_texts){0};
    for (size_t i = 0; i < subject->n_environment && i + 1 < ARRAY_SIZE(texts->environment); i++)
        texts->environment[i] = subject->environment[i];
    text_format(texts->worker, sizeof(texts->worker), "%s/%s", t->places->workers,
                subject->allocator->worker);
    return (struct trial_request){
        .worker = texts->worker,
        .environment = texts->environment,
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
}

void cell_trial_execute(const struct cell_trial *t, const struct cell *cell,
                        const struct subject *subject, const struct placement *placement,
                        struct trial_result *result)
{
    struct request_texts texts;
    const struct trial_request request = make_request(t, cell, subject, placement, &texts);
    host_trial(&request, result);
}

struct survey_flight *cell_survey_begin(const struct cell_trial *t, const struct cell *cell,
                                        const struct subject *subject,
                                        const struct placement *placement)
{
    struct request_texts texts;
    struct trial_request request = make_request(t, cell, subject, placement, &texts);
    request.survey = CONTROL_SURVEY;
    request.counters = NULL; /* of the observed loop they would say nothing */
    request.time_limit_ns *= SURVEY_LIMIT;
    return host_survey_begin(&request);
}
