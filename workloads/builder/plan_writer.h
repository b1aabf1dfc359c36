/*
 * Writes a plan that may be larger than memory, in two rounds of the same words: the first counts,
 * so that each thread's place in the file is known; the second writes them there. FREE and MALLOC
 * of the same slot in a row become one REPLACE word. The first failure is kept and told by
 * plan_writer_finish(). One thread. Memory: some 128 KiB per thread and what plan_check() takes.
 */
#pragma once

#include "plan_words.h"

struct plan_writer;

/* NULL when out of memory. */
struct plan_writer *plan_writer_new(uint32_t n_threads);
void plan_writer_free(struct plan_writer *w);

/* Appends a word; returns its place in the thread's sequence. */
uint64_t plan_writer_put(struct plan_writer *w, uint32_t t, struct plan_op op);
/* An allocation; MALLOC may become part of the REPLACE before it. */
void plan_writer_request(struct plan_writer *w, uint32_t t, const struct plan_request *r);
/* A word that names a slot. Returns as plan_writer_put(). */
uint64_t plan_writer_slot(struct plan_writer *w, uint32_t t, enum plan_kind kind, uint32_t slot,
                          uint32_t arg);
/* Gives a word that was put before its arg. */
void plan_writer_patch(struct plan_writer *w, uint32_t t, uint64_t place, uint32_t arg);

/* Words of thread `t` so far. */
uint64_t plan_writer_count(const struct plan_writer *w, uint32_t t);

/* What the second round needs to know, and the header of the plan. */
struct plan_writer_header {
    const char *name;
    const uint32_t *numbers; /* of threads in the plan; PLAN_NO_THREAD: left out. Dense from 0 */
    uint32_t n_numbers;      /* threads in the plan, of one copy */
    uint32_t copies;         /* the words are written once, and copied: threads, cells renumbered */
    uint32_t flags;          /* enum plan_flags; PLAN_STREAMED is set where the plan is */
    uint64_t pace_window;
    size_t mapped_most; /* longer plans are on disk and streamed */
    bool loops;         /* all of each root is its body, if it can be one: not streamed, no pace */
};

/*
 * The end of the first round: every thread gets its END, the file is made. 0 or a negative errno.
 */
int plan_writer_begin(struct plan_writer *w, const struct plan_writer_header *header,
                      struct err *err) MUST_CHECK;

/*
 * The end of the second round; the thread numbered 0 is the root. On success *fd is the caller's to
 * close and *plan the caller's to os_unmap (plan->n_bytes). 0 or a negative errno.
 */
int plan_writer_finish(struct plan_writer *w, uint32_t n_cells, int *fd, const struct plan **plan,
                       struct err *err) MUST_CHECK;
