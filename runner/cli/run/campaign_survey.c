#include "campaign_survey.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cell_trial.h"
#include "clock.h"
#include "progress.h"
#include "store_survey.h"

#define IDLE_MAX     16 /* workers in the background */
#define MEMORY_SHARE 4  /* the part of free memory that they may hold */
#define GUESS_S      0.5

/*
 * A survey takes about so long: some executions of the plan, for the loop is slower and marks take time, and
 * starting a process. All together they are to take the third part of the blocks' time, or a little while.
 */
#define SURVEY_TRIALS 3
#define SURVEY_NS     (200 * NS_PER_MS)
#define MARKS_NS      6000 /* of all marks, per live object */
#define TIME_SHARE    3
#define LITTLE_NS     (30 * NS_PER_S)
#define PATIENCE_US   10000

/* A survey whose worker is idle. */
struct idle {
    struct survey_flight *flight;
    uint32_t cell, subject;
};

/* The second pass under way. */
struct pass {
    struct campaign *campaign;
    struct cell_trial trial;
    struct progress progress;
    struct idle idle[IDLE_MAX]; /* oldest first */
    unsigned n_idle;
};

enum state { STATE_OPEN, STATE_DONE, STATE_LEFT_OUT };

static uint8_t *state_of(const struct campaign *c, uint32_t cell, uint32_t subject)
{
    return &c->surveys[(size_t)cell * c->n_subjects + subject];
}

static bool is_nop(const struct cell *cell)
{
    return strcspn(cell->name, ":") == 3 && strncmp(cell->name, "nop", 3) == 0;
}

static uint64_t survey_ns(const struct campaign *c, uint32_t cell, uint32_t subject)
{
    return ledger_mean_ns(&c->ledger, cell, subject) * SURVEY_TRIALS + SURVEY_NS +
           c->cells[cell].plan->facts.peak_live_objects * MARKS_NS;
}

/* What holds nothing; a subject that hung: it would again; and the cells of other shards. */
static bool is_left_out(const struct campaign *c, uint32_t cell, uint32_t subject)
{
    return !shard_has(&c->config->shard, cell) || is_nop(&c->cells[cell]) ||
           c->subjects[subject].allocator == &allocator_null ||
           ledger_has_hung(&c->ledger, cell, subject);
}

static int note_done(void *context, uint32_t cell, uint32_t subject, struct err *err)
{
    struct campaign *c = context;
    if (cell >= c->n_cells || subject >= c->n_subjects)
        return err_set(err, EINVAL, "the run holds surveys that it was not to do");
    c->n_surveyed += *state_of(c, cell, subject) != STATE_DONE;
    c->n_surveys += *state_of(c, cell, subject) == STATE_LEFT_OUT;
    *state_of(c, cell, subject) = STATE_DONE;
    return 0;
}

/* Takes the first of the idle ones out of the row and stores what it found. */
static int collect(struct pass *p, struct err *err)
{
    struct campaign *c = p->campaign;
    struct idle first = p->idle[0];
    struct trial_result result;
    struct survey survey;
    int rc = 0;
    memmove(p->idle, p->idle + 1, --p->n_idle * sizeof(*p->idle));
    host_survey_end(first.flight, &result, &survey);
    if (result.status == TRIAL_INTERRUPTED) {
        c->interrupted = true;
    } else {
        ledger_prove(&c->ledger, first.subject, &result);
        rc =
            store_add_survey(c->store, c->run_id, first.cell, first.subject, &result, &survey, err);
        rc = rc == -EEXIST ? 0 : rc; /* another runner was first */
        c->n_failed += result.status != TRIAL_OK;
        c->n_surveyed++;
        *state_of(c, first.cell, first.subject) = STATE_DONE;
    }
    survey_release(&survey);
    trial_result_release(&result);
    return rc;
}

/* 0 when it cannot be known: then nobody is left idle. */
static uint64_t free_memory(void)
{
    FILE *f = fopen("/proc/meminfo", "re");
    char line[128];
    unsigned long kib = 0;
    while (f && fgets(line, sizeof(line), f))
        if (sscanf(line, "MemAvailable: %lu kB", &kib) == 1)
            break;
    if (f)
        fclose(f);
    return kib * KIB;
}

static bool has_room(const struct pass *p)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < p->n_idle; i++)
        sum += host_survey_resident_bytes(p->idle[i].flight);
    return p->n_idle < IDLE_MAX && (p->n_idle == 0 || sum < free_memory() / MEMORY_SHARE);
}

/* Collects those that are over, the oldest first, until there is room for one more, or until none is left. */
static int make_room(struct pass *p, bool for_all, struct err *err)
{
    int rc = 0;
    while (rc == 0 && p->n_idle > 0) {
        if (host_survey_is_over(p->idle[0].flight))
            rc = collect(p, err);
        else if (!for_all && has_room(p))
            break;
        else
            usleep(PATIENCE_US);
    }
    return rc;
}

static int begin(struct pass *p, uint32_t cell, uint32_t subject, struct err *err)
{
    struct campaign *c = p->campaign;
    const struct cell *of = &c->cells[cell];
    p->progress.done = c->n_surveyed + p->n_idle;
    progress_show(&p->progress, "second pass: %s, %u thread%s, %s", of->name, of->threads,
                  of->threads == 1 ? "" : "s", c->subjects[subject].name);
    struct survey_flight *flight =
        cell_survey_begin(&p->trial, of, &c->subjects[subject], &c->placements[cell]);
    if (!flight)
        return err_set(err, ENOMEM, "out of memory for a survey");
    p->idle[p->n_idle++] = (struct idle){flight, cell, subject};
    return 0;
}

/* Whether it is to be made now. The blocks may have shown that there is no use in it. */
static bool is_open(struct campaign *c, uint32_t cell, uint32_t subject)
{
    if (*state_of(c, cell, subject) != STATE_OPEN)
        return false;
    if (!is_left_out(c, cell, subject))
        return true;
    *state_of(c, cell, subject) = STATE_LEFT_OUT;
    c->n_surveys--;
    return false;
}

/* What is open, by cell and subject in one number; those that take the least time come first. */
struct job {
    uint64_t ns;
    uint32_t pair;
};

static int compare(const void *a, const void *b)
{
    const struct job *x = a, *y = b;
    if (x->ns != y->ns)
        return x->ns < y->ns ? -1 : 1;
    return x->pair < y->pair ? -1 : x->pair > y->pair;
}

static uint32_t list_jobs(struct campaign *c, struct job *jobs)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->n_cells * c->n_subjects; i++)
        if (is_open(c, i / c->n_subjects, i % c->n_subjects))
            jobs[n++] = (struct job){survey_ns(c, i / c->n_subjects, i % c->n_subjects), i};
    qsort(jobs, n, sizeof(*jobs), compare);
    return n;
}

/* For those that are open: what those that are done took is taken off. */
static uint64_t time_left(const struct campaign *c)
{
    uint64_t spent = 0, done = 0;
    for (uint32_t i = 0; i < c->n_cells * c->n_subjects; i++) {
        uint32_t cell = i / c->n_subjects, subject = i % c->n_subjects;
        spent += c->ledger.spent_ns[i];
        done += c->surveys[i] == STATE_DONE ? survey_ns(c, cell, subject) : 0;
    }
    uint64_t time = spent / TIME_SHARE > LITTLE_NS ? spent / TIME_SHARE : LITTLE_NS;
    return time > done ? time - done : 0;
}

/* The first `n` of the jobs that there is time for; tells of those that are left out. */
static uint32_t cut_jobs(struct campaign *c, const struct job *jobs, uint32_t n)
{
    uint64_t sum = 0, time = time_left(c);
    uint32_t kept = 0;
    while (kept < n && (c->config->survey_all || sum + jobs[kept].ns <= time))
        sum += jobs[kept++].ns;
    for (uint32_t i = kept; i < n; i++)
        c->surveys[jobs[i].pair] = STATE_LEFT_OUT;
    c->n_surveys -= n - kept;
    if (kept < n)
        fprintf(stderr,
                "%s: the second pass leaves out the slowest %u of %u surveys; --survey makes all\n",
                program_invocation_name, n - kept, n);
    return kept;
}

/*
 * Those that are to be made now, in a list that the caller frees. What there is no time for is left
 * out of the run for good: a run that goes on later decides the same.
 */
static int choose_jobs(struct campaign *c, struct job **jobs, uint32_t *n, struct err *err)
{
    *jobs = calloc((size_t)c->n_cells * c->n_subjects, sizeof(**jobs));
    if (!*jobs)
        return err_set(err, ENOMEM, "out of memory");
    *n = cut_jobs(c, *jobs, list_jobs(c, *jobs));
    return 0;
}

int campaign_open_surveys(struct campaign *c, struct err *err)
{
    struct job *jobs;
    uint32_t n;
    if (!c->config->survey)
        return 0;
    c->surveys = calloc((size_t)c->n_cells * c->n_subjects, sizeof(*c->surveys));
    if (!c->surveys)
        return err_set(err, ENOMEM, "out of memory");
    for (uint32_t cell = 0; cell < c->n_cells; cell++) {
        for (uint32_t subject = 0; subject < c->n_subjects; subject++) {
            bool left_out = is_left_out(c, cell, subject);
            *state_of(c, cell, subject) = left_out ? STATE_LEFT_OUT : STATE_OPEN;
            c->n_surveys += !left_out;
        }
    }
    int rc = store_done_surveys(c->store, c->run_id, note_done, c, err);
    if (rc < 0 || ledger_n_open(&c->ledger) > 0)
        return rc;
    rc = choose_jobs(c, &jobs, &n, err); /* the blocks are done: what is left out is known */
    free(jobs);
    return rc;
}

static int survey_all(struct pass *p, const struct job *jobs, uint32_t n, struct err *err)
{
    struct campaign *c = p->campaign;
    int rc = 0;
    for (uint32_t i = 0; i < n && rc == 0 && !*p->trial.interrupted; i++) {
        rc = make_room(p, false, err);
        if (rc == 0)
            rc = begin(p, jobs[i].pair / c->n_subjects, jobs[i].pair % c->n_subjects, err);
    }
    if (rc == 0)
        progress_note(&p->progress, "second pass: waiting for %u idle worker%s", p->n_idle,
                      p->n_idle == 1 ? "" : "s");
    return rc == 0 ? make_room(p, true, err) : rc;
}

int campaign_survey(struct campaign *c, const volatile sig_atomic_t *interrupted, struct err *err)
{
    struct pass p = {.campaign = c, .trial = {c->config, c->places, c->topology, interrupted}};
    struct err ignored;
    if (!c->surveys || c->n_surveyed == c->n_surveys)
        return 0;
    struct job *jobs;
    uint32_t n;
    int rc = choose_jobs(c, &jobs, &n, err);
    if (rc < 0)
        return rc;
    progress_init(&p.progress, c->n_surveys, c->n_surveyed, GUESS_S);
    rc = survey_all(&p, jobs, n, err);
    free(jobs);
    while (p.n_idle > 0) /* of a store that failed: nobody is left behind */
        (void)collect(&p, &ignored);
    c->interrupted |= *interrupted != 0;
    progress_clear(&p.progress);
    return rc;
}
