/*
 * What a stored run says of memory beyond its peak: fragmentation from the series of its trials, and from the
 * surveys where there are any. Everything comes from the store; what is not known is NaN.
 */
#pragma once

#include "fragmentation.h"
#include "summary.h"
#include "survey.h"
#include "tail.h"

/* As in fragmentation.h, where L is of a trial's series and R is what it resided in. */
enum memory_figure {
    MEMORY_BLOW_UP, /* the kernel's own peak, by the ideal's of the greatest L */
    MEMORY_COST,
    MEMORY_F1, /* by R, over seconds */
    MEMORY_F2,
    MEMORY_F3, /* also the realized fragmentation at the peak */
    MEMORY_F4,
    /* Of the survey, at the peak of what is live: */
    MEMORY_INTERNAL,
    MEMORY_UNUSED,
    MEMORY_EMPTY, /* resident heap pages that no live object touches, by all of them */
    /* Of all marks of the survey up to the end: cache lines with objects that more than one thread
     * holds, by those with objects. */
    MEMORY_SHARED,
    /* Likewise, over operations: by H, where that is known. */
    MEMORY_HELD_F1,
    MEMORY_HELD_F2,
    MEMORY_HELD_F3,
    MEMORY_HELD_F4,
    MEMORY_FIGURES
};
#define MEMORY_OF_SERIES MEMORY_INTERNAL /* figures below it are of the series */

/* "blow_up_ratio", "memory_cost_ratio", "f1_ratio", ... */
const char *memory_figure_name(enum memory_figure figure);

/*
 * What is live is known from outside to live_error_bytes on average: where that is more than so much of the mean L,
 * figures of the series are those of the survey's marks instead, over operations and by the heap's resident bytes;
 * without a survey they are not known.
 */
#define MEMORY_LIVE_ERROR_MOST 0.1
bool memory_is_vague(const struct store_cell *cell, double mean_live_bytes);

/* One subject in one cell. */
struct memory_entry {
    double figures[MEMORY_FIGURES]; /* medians over the trials that are ok */
    bool is_surveyed;
    enum trial_status survey_status; /* of the survey */
    char survey_message[TRIAL_MESSAGE_BYTES];
    struct tail tail; /* of the survey, if ok */
    char purge[64];   /* the allocator's own call to give back; "" without */
};

struct memory {
    struct memory_entry *entries; /* memory_entry() */
    uint32_t n_subjects, n_cells;
    bool *is_vague; /* by cell: what is live is not known well enough */
    bool has_series, has_surveys;
};

/* The caller releases *out, on failure too. 0, -ENOMEM, or what the store says. */
int memory_make(struct store *store, const struct summary *s, struct memory *out,
                struct err *err) MUST_CHECK;
void memory_release(struct memory *m);

static inline struct memory_entry *memory_entry(const struct memory *m, uint32_t cell,
                                                uint32_t subject)
{
    return &m->entries[(size_t)cell * m->n_subjects + subject];
}

/* The first mark of a kind; NULL where the survey has none. */
const struct survey_mark *memory_mark(const struct survey *survey, enum survey_mark_kind kind);

/*
 * Marks up to the end as a series over operations, whose resident bytes are those of the heap; *memory, which
 * the caller frees, holds it. 0 or -ENOMEM.
 */
int memory_series_of_marks(const struct survey *survey, double **memory,
                           struct fragmentation_series *out, struct err *err) MUST_CHECK;

/* What tail_judge() reads of a survey. `call` points into it. */
struct tail_readings memory_tail(const struct survey *survey);
