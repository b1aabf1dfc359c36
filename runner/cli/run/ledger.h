/*
 * What is done of a run, what was given up, and who each subject proved to be. Fed with every
 * trial, stored before or executed now, so that a run that goes on later decides as if it had never
 * stopped. Pure but for its memory; one thread.
 */
#pragma once

#include "err.h"
#include "shard.h"
#include "store.h"

#define LEDGER_HANGS 2 /* of a subject in a cell: the rest of its trials there are given up */

/* What a run is to do. */
struct ledger_size {
    uint32_t n_blocks, n_cells, n_subjects;
    struct shard shard; /* the blocks that are ours */
    uint32_t baseline;  /* the subject that all others are held against */
    uint64_t
        budget_ns; /* of measured time, for each subject in each cell; 0: as much as it takes */
};

struct ledger {
    struct ledger_size size;
    uint64_t n_trials, n_done, n_given_up; /* of the whole run, or of the shard */
    uint8_t *marks;                        /* [block][cell][subject] */
    uint8_t *hangs;                        /* [cell][subject], LEDGER_HANGS at most */
    uint64_t *spent_ns;                    /* [cell][subject] */
    struct ledger_identity *identities;    /* [subject] */
};

/* The caller calls ledger_release() in any case. */
int ledger_init(struct ledger *l, const struct ledger_size *size, struct err *err) MUST_CHECK;
void ledger_release(struct ledger *l);

/* Whether the place is one of the run, and of the shard, at all. */
bool ledger_knows(const struct ledger *l, const struct store_place *place);

/* Whether the trial is still to be done. */
bool ledger_is_open(const struct ledger *l, const struct store_place *place);

/* The mean of its trials that have ended; 0 when there is none. */
uint64_t ledger_mean_ns(const struct ledger *l, uint32_t cell, uint32_t subject);

/* Whether the subject hung so often in the cell that it would again. */
bool ledger_has_hung(const struct ledger *l, uint32_t cell, uint32_t subject);

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
 * once not the subject there, would be so again; one that has used up its budget, and is not the
 * baseline, is slow beyond doubt: what is open of it in that cell is given up.
 */
void ledger_note(struct ledger *l, const struct store_place *place,
                 const struct trial_result *result);
