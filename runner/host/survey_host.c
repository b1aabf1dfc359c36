#include "survey_host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "flight.h"
#include "process_memory.h"

#define TAIL_NS (6 * NS_PER_S) /* of idling; the purge has the time limit of a trial */

struct survey_flight {
    struct trial_request request;
    struct trial_result result;
    struct flight flight;
    bool is_over;
};

static enum survey_state state_of(const struct survey_flight *s)
{
    return (enum survey_state)atomic_load(&s->flight.worker.survey->state);
}

/* Time for what is still to come: the last part of the limit is the allocator's. */
static void set_deadline(struct survey_flight *s)
{
    s->flight.deadline_ns = clock_ns() + TAIL_NS + s->request.time_limit_ns;
}

struct survey_flight *host_survey_begin(const struct trial_request *request)
{
    struct survey_flight *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->request = *request;
    if (s->request.survey == CONTROL_NO_SURVEY)
        s->request.survey = CONTROL_SURVEY;
    s->is_over = !flight_start(&s->flight, &s->request, &s->result) || !flight_run(&s->flight);
    s->request.environment = NULL; /* the caller's, who may be done with it */
    s->request.worker = s->request.supplier = NULL;
    set_deadline(s);
    return s;
}

/* In the tail nothing calls the allocator but the purge: who ends there, or hangs, does it in that. */
static void explain(struct survey_flight *s)
{
    struct trial_result *r = &s->result;
    bool asked = state_of(s) == SURVEY_ASKS;
    const char *when = asked ? "when asked to give back memory" : "while left idle";
    if (!worker_has_ended(&s->flight.worker)) {
        flight_say(r, TRIAL_HUNG, "%s, not done after the limit of %lu ms", when,
                   (unsigned long)(s->request.time_limit_ns / NS_PER_MS));
        flight_append_stderr(&s->flight);
        return;
    }
    flight_explain_end(&s->flight);
    if (r->status == TRIAL_CRASHED) {
        flight_say(r, TRIAL_CRASHED, "%s", when);
        flight_append_stderr(&s->flight);
    }
}

bool host_survey_is_over(struct survey_flight *s)
{
    struct flight *f = &s->flight;
    if (s->is_over || state_of(s) == SURVEY_COMPLETE)
        return true;
    if (*s->request.interrupted)
        flight_say(&s->result, TRIAL_INTERRUPTED, "interrupted");
    else if (worker_has_ended(&f->worker) || clock_ns() > f->deadline_ns)
        explain(s);
    else
        return false;
    s->is_over = true;
    return true;
}

uint64_t host_survey_resident_bytes(const struct survey_flight *s)
{
    struct process_statm statm;
    struct statm now = {0};
    struct err ignored; /* it has ended: then it holds nothing */
    pid_t pid = s->flight.worker.pid;
    if (pid > 0 && process_statm_open(&statm, pid, &ignored) == 0) {
        if (process_statm_read(&statm, &now, &ignored) < 0)
            now.rss_bytes = 0;
        process_statm_close(&statm);
    }
    return now.rss_bytes;
}

static void *copy(const void *from, size_t n, size_t each)
{
    void *p = calloc(n > 0 ? n : 1, each);
    return p ? memcpy(p, from, n * each) : NULL;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Copied first, for what was checked must not change afterwards. The worker is gone. */
static int take(const struct survey_block *b, struct survey *out, struct err *err)
{
    out->n_marks = least(atomic_load(&b->n_marks), SURVEY_MARKS_MAX);
    out->n_regions = least(atomic_load(&b->n_regions), ARRAY_SIZE(b->regions));
    out->n_latencies = least(b->n_latencies, SURVEY_LATENCIES_MAX);
    out->marks = copy(b->marks, out->n_marks, sizeof(*b->marks));
    out->regions = copy(b->regions, out->n_regions, sizeof(*b->regions));
    out->latencies = copy(b->latencies, out->n_latencies, sizeof(*b->latencies));
    if (!out->marks || !out->regions || !out->latencies)
        return err_set(err, ENOMEM, "out of memory for a survey");
    out->clock_ns = b->clock_ns;
    out->latency_period = b->latency_period;
    memcpy(out->purge, b->purge, sizeof(out->purge));
    memcpy(out->held_source, b->held_source, sizeof(out->held_source));
    return survey_check(out, err);
}

/* What was found before a failure is told too; that it is damaged is news only where all seemed well. */
static void take_survey(struct survey_flight *s, struct survey *out)
{
    struct err err;
    int rc = take(s->flight.worker.survey, out, &err);
    if (rc == 0)
        return;
    survey_release(out);
    if (s->result.status == TRIAL_OK)
        flight_say(&s->result, rc == -ENOMEM ? TRIAL_NOT_STARTED : TRIAL_CRASHED,
                   "the survey is damaged: %s", err.text);
}

void host_survey_end(struct survey_flight *s, struct trial_result *result, struct survey *survey)
{
    struct flight *f = &s->flight;
    *survey = (struct survey){0};
    while (!host_survey_is_over(s))
        usleep(10000);
    if (!s->is_over) {
        f->deadline_ns = clock_ns() + s->request.time_limit_ns;
        flight_leave(f);
    }
    worker_kill(&f->worker);
    if (f->worker.survey)
        take_survey(s, survey);
    flight_end(f);
    *result = s->result;
    free(s);
}

void host_survey(const struct trial_request *request, struct trial_result *result,
                 struct survey *survey)
{
    struct survey_flight *s = host_survey_begin(request);
    if (s) {
        host_survey_end(s, result, survey);
        return;
    }
    *survey = (struct survey){0};
    *result = (struct trial_result){.status = TRIAL_NOT_STARTED};
    flight_say(result, TRIAL_NOT_STARTED, "out of memory for a survey");
}
