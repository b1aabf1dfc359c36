/*
 * All threads of a plan wait for each other at points of their bodies, so that what each holds
 * there adds up at one moment, whoever is faster. Each thread hands a ticket, an object of its own,
 * to thread 0, which hands all back when it has them. Between the two it marks a phase: everybody
 * stands still then. A thread alone has no ticket and marks phases only.
 */
#pragma once

#include "plan_builder.h"

struct meeting {
    uint32_t n_threads;
    uint32_t *cells; /* two for each thread but 0: to thread 0 and back */
};

/* Tickets and words that n meetings of all threads take, with what opens and closes them. */
static inline uint64_t meeting_n_tickets(uint32_t n_threads)
{
    return n_threads > 1 ? n_threads : 0;
}

static inline uint64_t meeting_words(uint32_t n_threads, uint64_t n)
{
    return n * (4 * (uint64_t)(n_threads - 1) + 1) + 2 * meeting_n_tickets(n_threads);
}

/* Slots from 0 on that meetings use in thread `t`: its ticket's, and in thread 0 those of all. */
static inline uint32_t meeting_slots(const struct meeting *m, uint32_t t)
{
    return t > 0 ? 1 : m->n_threads > 1 ? m->n_threads : 0;
}

/* 0 or -ENOMEM; to be released by the caller in any case. */
int meeting_init(struct meeting *m, uint32_t n_threads, struct plan_builder *b,
                 struct err *err) MUST_CHECK;
void meeting_release(struct meeting *m);

/* Thread `t` gets its ticket before its first meeting, and frees it behind the last one. */
void meeting_open(const struct meeting *m, struct plan_builder *b, uint32_t t, uint64_t bytes);
void meeting_close(const struct meeting *m, struct plan_builder *b, uint32_t t);

/* Thread `t` comes to a meeting, at which phase `phase` begins; all threads have to come to each. */
void meeting_hold(const struct meeting *m, struct plan_builder *b, uint32_t t, uint32_t phase);
