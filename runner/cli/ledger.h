/*
 * What is done of a run, what was given up, and who each subject proved to be. Fed with every
 * trial, stored before or executed now, so that a run that goes on later decides as if it had never
 * stopped. Pure but for its memory; one thread.
 */
#pragma once

#include "err.h"
#include "store.h"

#define LEDGER_HANGS 2 /* of a subject in a cell: the rest of its trials there are given up */

struct ledger {
    uint32_t n_blocks, n_cells, n_subjects;
    uint64_t n_trials, n_done, n_given_up; /* of the whole run */
    uint8_t *marks;                        /* [block][cell][subject] */
    uint8_t *hangs;                        /* [cell][subject], LEDGER_HANGS at most */
    struct ledger_identity *identities;    /* [subject] */
};

/* The caller calls ledger_release() in any case. */
int ledger_init(struct ledger *l, uint32_t n_blocks, uint32_t n_cells, uint32_t n_subjects,
                struct err *err) MUST_CHECK;
void ledger_release(struct ledger *l);

/* Whether the place is one of the run at all. */
bool ledger_knows(const struct ledger *l, const struct store_place *place);

/* Whether the trial is still to be done. */
bool ledger_is_open(const struct ledger *l, const struct store_place *place);

static inline uint64_t ledger_n_open(const struct ledger *l)
{
    return l->n_trials - l->n_done - l->n_given_up;
}

/*
 * Holds a trial that ended well against the subject's first that did: file, build id and version of
 * who supplied malloc. Where they differ, its numbers are of something else: it becomes
 * TRIAL_NOT_SUBJECT with a message that says what changed.
 */
void ledger_prove(const struct ledger *l, uint32_t subject, struct trial_result *result);

/*
 * Notes a trial of the run that ended. A subject that hung LEDGER_HANGS times in a cell, or was
 * once not the subject there, would be so again: what is open of it in that cell is given up.
 */
void ledger_note(struct ledger *l, const struct store_place *place,
                 const struct trial_result *result);
