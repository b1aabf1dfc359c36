#include "campaign_survey.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cell_trial.h"
#include "progress.h"
#include "store_survey.h"

#define IDLE_MAX     16 /* workers in the background */
#define MEMORY_SHARE 4  /* the part of free memory that they may hold */
#define GUESS_S      0.5
#define PATIENCE_US  10000

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

static bool *surveyed(const struct campaign *c, uint32_t cell, uint32_t subject)
{
    return &c->surveyed[(size_t)cell * c->n_subjects + subject];
}

static bool is_nop(const struct cell *cell)
{
    return strcspn(cell->name, ":") == 3 && strncmp(cell->name, "nop", 3) == 0;
}

/* What holds nothing; and a subject that hung: it would again. */
static bool is_left_out(const struct campaign *c, uint32_t cell, uint32_t subject)
{
    return is_nop(&c->cells[cell]) || c->subjects[subject].allocator == &allocator_null ||
           ledger_has_hung(&c->ledger, cell, subject);
}

static int note_done(void *context, uint32_t cell, uint32_t subject, struct err *err)
{
    struct campaign *c = context;
    if (cell >= c->n_cells || subject >= c->n_subjects)
        return err_set(err, EINVAL, "the run holds surveys that it was not to do");
    c->n_surveyed += !*surveyed(c, cell, subject);
    *surveyed(c, cell, subject) = true;
    return 0;
}

int campaign_open_surveys(struct campaign *c, struct err *err)
{
    if (!c->config->survey)
        return 0;
    c->surveyed = calloc((size_t)c->n_cells * c->n_subjects, sizeof(*c->surveyed));
    if (!c->surveyed)
        return err_set(err, ENOMEM, "out of memory");
    for (uint32_t cell = 0; cell < c->n_cells; cell++) {
        for (uint32_t subject = 0; subject < c->n_subjects; subject++) {
            bool left_out = is_left_out(c, cell, subject);
            *surveyed(c, cell, subject) = left_out;
            c->n_surveys += !left_out;
        }
    }
    return store_done_surveys(c->store, c->run_id, note_done, c, err);
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
        *surveyed(c, first.cell, first.subject) = true;
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
    if (*surveyed(c, cell, subject))
        return false;
    if (!is_left_out(c, cell, subject))
        return true;
    *surveyed(c, cell, subject) = true;
    c->n_surveys--;
    return false;
}

static int survey_all(struct pass *p, struct err *err)
{
    struct campaign *c = p->campaign;
    uint32_t n = c->n_cells * c->n_subjects;
    int rc = 0;
    for (uint32_t i = 0; i < n && rc == 0 && !*p->trial.interrupted; i++) {
        if (!is_open(c, i / c->n_subjects, i % c->n_subjects))
            continue;
        rc = make_room(p, false, err);
        if (rc == 0)
            rc = begin(p, i / c->n_subjects, i % c->n_subjects, err);
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
    if (!c->surveyed || c->n_surveyed == c->n_surveys)
        return 0;
    progress_init(&p.progress, c->n_surveys, c->n_surveyed, GUESS_S);
    int rc = survey_all(&p, err);
    while (p.n_idle > 0) /* of a store that failed: nobody is left behind */
        (void)collect(&p, &ignored);
    c->interrupted |= *interrupted != 0;
    progress_clear(&p.progress);
    return rc;
}
