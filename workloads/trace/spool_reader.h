/*
 * The spool of a program that has ended, as one sequence of events in the order of their stamps.
 * What the program may have damaged (it could write anywhere) is left out, and never followed. One
 * thread.
 */
#pragma once

#include "err.h"
#include "spool.h"

/* One chunk of a thread, checked to lie inside the file. */
struct spool_piece {
    uint32_t thread;
    struct spool_event *begin, *end;
};

struct spool_reader {
    int fd; /* the caller's */
    struct spool_header *header;
    size_t bytes;
    uint32_t n_threads;         /* raw numbers are below it */
    struct spool_piece *pieces; /* thread by thread, in order */
    size_t n_pieces;
};

/*
 * Maps the file behind `fd`, which stays open as long, writable: a converter changes the events'
 * `what`.
 */
int spool_reader_open(struct spool_reader *s, int fd, struct err *err) MUST_CHECK;
void spool_reader_release(struct spool_reader *s);

struct merge_cursor;

struct merge {
    struct merge_cursor *heap; /* the least stamp at [0]; ties: the lower thread */
    size_t n;
    uint64_t end_stamp; /* the first that does not count */
};

/* At the first event. 0 or -ENOMEM. `s` must outlive the merge. */
int merge_begin(struct merge *m, const struct spool_reader *s, struct err *err) MUST_CHECK;
/* The next event and the raw number of its thread; NULL at the end. */
struct spool_event *merge_next(struct merge *m, uint32_t *thread);
/* Events that were recorded after the first lost one, once merge_next() has returned NULL. */
uint64_t merge_count_rest(struct merge *m);
void merge_release(struct merge *m);
