/*
 * The events of all threads of a spool in one order that is legal, and near to the one in which they
 * happened: by their stamps, but an object's end behind its begin, a thread's events behind its
 * birth, a join behind the last event of the joined. One thread.
 *
 * Cost: linear in the events times the logarithm of the threads.
 */
#pragma once

#include "spool_survey.h"

struct spool_order {
    const struct spool_survey *survey;
    struct order_thread *threads;
    uint32_t *heap; /* threads by the stamp of their next event, the least first; ties: the lower */
    uint32_t *stack; /* the least, the thread that it waits for, and so on */
    uint32_t n_heap, n_stack;
};

/* 0 or -ENOMEM; release in any case. `survey` must outlive it. */
int spool_order_begin(struct spool_order *o, const struct spool_survey *survey, uint64_t step,
                      struct err *err) MUST_CHECK;
/* The next event and the index of its thread in the survey; false at the end. */
bool spool_order_next(struct spool_order *o, struct spool_event *event, uint32_t *thread);
void spool_order_release(struct spool_order *o);
