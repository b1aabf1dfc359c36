#include "validate.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cell_trial.h"
#include "clock.h"
#include "order.h"
#include "places.h"
#include "progress.h"

/* All of its heap lies in [heap]. */
#define CALIBRATION "glibc:arena_max=1:mmap_max=0"

static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
    interrupted = signal;
}

/* What was not heap, in the calibration, when this share of the time was over. */
static double other_at(const struct watch_result *c, double share)
{
    double t = share * (double)c->wall_ns;
    size_t low = 0, high = c->n_samples;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if ((double)c->samples[middle].t_ns <= t)
            low = middle;
        else
            high = middle;
    }
    return (double)(c->samples[low].anonymous_bytes - c->samples[low].heap_bytes);
}

uint64_t validate_other_bytes(const struct validate *v)
{
    uint64_t most = 0;
    for (size_t i = 0; i < v->calibration.n_samples; i++) {
        const struct watch_sample *s = &v->calibration.samples[i];
        uint64_t other = s->anonymous_bytes - s->heap_bytes;
        most = other > most ? other : most;
    }
    return most;
}

static int make_series(struct validate_series *s, size_t n, struct err *err)
{
    s->points = calloc(n + 1, sizeof(*s->points));
    s->n = s->points ? n : 0;
    return s->points ? 0 : err_set(err, ENOMEM, "out of memory");
}

/* The heap over time, and its peak. */
static int take_real(struct validate *v, uint32_t subject, uint32_t block,
                     const struct watch_result *r, struct err *err)
{
    struct validate_series series;
    double peak = 0;
    int rc = make_series(&series, r->n_samples, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < r->n_samples; i++) {
        double share = (double)r->samples[i].t_ns / (double)r->wall_ns;
        double bytes = (double)r->samples[i].anonymous_bytes - other_at(&v->calibration, share);
        series.points[i] = (struct validate_point){.t = share, .bytes = bytes > 0 ? bytes : 0};
        peak = fmax(peak, bytes);
    }
    size_t at = (size_t)subject * v->values.n_blocks + block;
    v->values.values[FIDELITY_MEMORY][SIDE_REAL][at] = peak;
    v->values.values[FIDELITY_TIME][SIDE_REAL][at] = (double)(r->user_ns + r->system_ns) * 1e-9;
    if (v->series[SIDE_REAL][subject].points) {
        free(series.points);
        return 0;
    }
    v->series[SIDE_REAL][subject] = series;
    v->wall_s[SIDE_REAL][subject] = (double)r->wall_ns * 1e-9;
    return 0;
}

/* What a worker on this allocator has beyond one on glibc before it begins: static memory. */
static double head_start(const struct validate *v, uint32_t replay, const struct trial_result *r)
{
    return (double)r->baseline_anonymous_bytes - (double)v->baseline_bytes[replay];
}

static int keep_replay(struct validate *v, uint32_t subject, const struct trial_result *r,
                       double start, struct err *err)
{
    struct validate_series *s = &v->series[SIDE_REPLAY][subject];
    double all = r->n_samples ? (double)r->samples[r->n_samples - 1].ops : 0;
    int rc = make_series(s, r->n_samples, err);
    for (size_t i = 0; rc == 0 && i < r->n_samples; i++)
        s->points[i] = (struct validate_point){.t = all > 0 ? (double)r->samples[i].ops / all : 0,
                                               .bytes = (double)r->samples[i].rss_bytes + start};
    v->wall_s[SIDE_REPLAY][subject] = (double)r->wall_ns * 1e-9;
    return rc;
}

static int take_replay(struct validate *v, uint32_t replay, uint32_t subject, uint32_t block,
                       const struct trial_result *r, struct err *err)
{
    size_t at = (size_t)subject * v->values.n_blocks + block;
    double start = head_start(v, replay, r);
    if (replay == v->n_replays - 1)
        v->values.values[FIDELITY_TIME][SIDE_REPLAY][at] =
            (double)(r->user_ns + r->system_ns) * 1e-9;
    if (replay != REPLAY_MEMORY)
        return 0;
    v->values.values[FIDELITY_MEMORY][SIDE_REPLAY][at] = (double)r->peak_bytes + start;
    if (v->series[SIDE_REPLAY][subject].points)
        return 0;
    return keep_replay(v, subject, r, start, err);
}

static void run_replay(const struct validate *v, uint32_t replay, const struct subject *subject,
                       struct trial_result *result)
{
    const struct cell_trial trial = {&v->config, v->places, v->topology, &interrupted};
    cell_trial_execute(&trial, &v->cells[replay], subject, &v->placements[replay], result);
}

static void tell_failure(struct validate *v, const char *who, const char *what)
{
    v->n_failed++;
    fprintf(stderr, "%s: %s: %s\n", program_invocation_name, who, what);
}

/* kind 0 is the real program, kind k replay k - 1. */
static int do_trial(struct validate *v, uint32_t kind, uint32_t subject, uint32_t block,
                    struct err *err)
{
    const struct subject *s = &v->subjects[subject];
    int rc = 0;
    if (kind == 0) {
        struct watch_result seen;
        if (validate_run_real(v, s->name, false, &seen, err) < 0) {
            if (!interrupted)
                tell_failure(v, s->name, err->text);
            return 0;
        }
        rc = take_real(v, subject, block, &seen, err);
        watch_result_release(&seen);
        return rc;
    }
    struct trial_result result;
    run_replay(v, kind - 1, s, &result);
    if (result.status == TRIAL_OK)
        rc = take_replay(v, kind - 1, subject, block, &result, err);
    else if (result.status != TRIAL_INTERRUPTED)
        tell_failure(v, s->name, result.message);
    trial_result_release(&result);
    return rc;
}

static int calibrate(struct validate *v, struct err *err)
{
    struct subject subject = {0};
    int rc = subject_parse(&subject, CALIBRATION, err);
    if (rc == 0)
        rc = validate_run_real(v, CALIBRATION, true, &v->calibration, err);
    for (uint32_t i = 0; rc == 0 && i < v->n_replays; i++) {
        struct trial_result result;
        run_replay(v, i, &subject, &result);
        v->baseline_bytes[i] = result.baseline_anonymous_bytes;
        if (result.status != TRIAL_OK)
            rc = err_set(err, EINVAL, "%s: %s", CALIBRATION, result.message);
        trial_result_release(&result);
    }
    subject_release(&subject);
    return rc;
}

static int do_blocks(struct validate *v, uint32_t *order, struct progress *progress,
                     struct err *err)
{
    static const char *const kinds[] = {"the real program", "replayed for memory",
                                        "replayed for time"};
    uint32_t n_kinds = 1 + v->n_replays, n = n_kinds * v->n_subjects;
    int rc = 0;
    for (uint32_t b = 0; b < v->config.blocks && rc == 0; b++) {
        order_block(order, n_kinds, v->n_subjects, v->config.seed, b);
        for (uint32_t i = 0; i < n && rc == 0 && !interrupted; i++) {
            v->n_blocks = b + 1;
            uint32_t kind = order[i] / v->n_subjects, subject = order[i] % v->n_subjects;
            progress->done = (uint64_t)b * n + i;
            progress_show(progress, "block %u of %u: %s, %s", b + 1, v->config.blocks,
                          v->subjects[subject].name, kinds[kind]);
            rc = do_trial(v, kind, subject, b, err);
        }
    }
    return rc;
}

static int make_room(struct validate *v, struct err *err)
{
    for (unsigned s = 0; s < FIDELITY_SIDES; s++) {
        v->series[s] = calloc(v->n_subjects, sizeof(*v->series[s]));
        v->wall_s[s] = calloc(v->n_subjects, sizeof(*v->wall_s[s]));
        if (!v->series[s] || !v->wall_s[s])
            return err_set(err, ENOMEM, "out of memory");
    }
    return fidelity_values_init(&v->values, v->n_subjects, v->config.blocks, err);
}

int validate_measure(struct validate *v, struct err *err)
{
    struct sigaction action = {.sa_handler = on_signal}, old_int, old_term;
    struct progress progress;
    uint32_t n = v->n_subjects * (1 + v->n_replays);
    uint32_t *order = calloc(n, sizeof(*order));
    int rc = order ? make_room(v, err) : err_set(err, ENOMEM, "out of memory");
    interrupted = 0;
    sigaction(SIGINT, &action, &old_int);
    sigaction(SIGTERM, &action, &old_term);
    progress_init(&progress, (uint64_t)n * v->config.blocks, 0, 1);
    progress_note(&progress, "the real program, to learn what is not heap");
    if (rc == 0)
        rc = calibrate(v, err);
    if (rc == 0)
        rc = do_blocks(v, order, &progress, err);
    progress_clear(&progress);
    sigaction(SIGINT, &old_int, NULL);
    sigaction(SIGTERM, &old_term, NULL);
    v->interrupted = interrupted;
    free(order);
    return rc;
}

void validate_release(struct validate *v)
{
    for (unsigned s = 0; s < FIDELITY_SIDES; s++) {
        for (uint32_t i = 0; v->series[s] && i < v->n_subjects; i++)
            free(v->series[s][i].points);
        free(v->series[s]);
        free(v->wall_s[s]);
    }
    for (uint32_t i = 0; i < REPLAYS; i++) {
        cell_close(&v->cells[i]);
        placement_release(&v->placements[i]);
    }
    for (uint32_t i = 0; i < v->n_subjects; i++)
        subject_release(&v->subjects[i]);
    free(v->subjects);
    watch_result_release(&v->calibration);
    fidelity_values_release(&v->values);
    topology_free(v->topology);
    run_config_release(&v->config);
}
