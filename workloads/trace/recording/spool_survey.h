/*
 * What has to be known of a recording before it can be written in one go: which objects are used
 * next by another thread than the one that made them, how much of the large ones was resident, who
 * started whom. One pass over the spool, thread by thread.
 *
 * Memory: a bit for each object ever made, and an entry for each large one.
 */
#pragma once

#include "number_map.h"
#include "spool_reader.h"

struct spool_survey_thread {
    const struct spool_piece *first; /* NULL: it left no records */
    uint64_t *given;                 /* a bit for each object that it made; owned */
    uint64_t given_words;
    uint32_t spawner; /* the thread that started it; SPOOL_NO_THREAD: nobody was seen to */
    bool revoked;     /* its creation failed; what claims to come from it is left out */
    bool counts;      /* a thread of the trace */
};

struct spool_survey {
    const struct spool_reader *spool;
    struct spool_survey_thread *threads; /* by number less spool->first_thread */
    uint32_t n_threads;                  /* of them */
    uint32_t n_counting;
    struct number_map pages; /* of large objects, by token */
    uint64_t end_stamp;      /* the first that does not count */
    uint64_t lost_events;    /* behind it */
};

/* 0 or -ENOMEM. `spool` must outlive the survey, which spool_survey_release() frees in any case. */
int spool_survey_make(struct spool_survey *s, const struct spool_reader *spool, uint64_t step,
                      struct err *err) MUST_CHECK;
void spool_survey_release(struct spool_survey *s);

/* The index of the thread that made the object; SPOOL_NO_THREAD: it was not recorded here. */
uint32_t spool_survey_maker(const struct spool_survey *s, uint64_t token);
/* Whether another thread than its maker uses the object next. */
bool spool_survey_given(const struct spool_survey *s, uint64_t token);
