/*
 * The spool of a program that has ended: its chunks, and each thread's records in their order. What
 * the program may have damaged (it could write anywhere) is left out, and never followed. One
 * thread.
 */
#pragma once

#include "err.h"
#include "spool.h"

/* One chunk of a thread, checked to lie inside the file. */
struct spool_piece {
    uint32_t thread;
    const struct spool_chunk *chunk;
};

struct spool_reader {
    int fd; /* the caller's */
    const struct spool_header *header;
    size_t bytes;
    uint32_t first_thread;      /* the number of the main thread; none is below it */
    uint32_t n_threads;         /* numbers are below it, as far as threads were recorded */
    struct spool_piece *pieces; /* thread by thread, in order */
    size_t n_pieces;
};

/* Maps the file behind `fd`, which stays open as long. */
int spool_reader_open(struct spool_reader *s, int fd, struct err *err) MUST_CHECK;
void spool_reader_release(struct spool_reader *s);

#define SPOOL_NO_THREAD UINT32_MAX

/* A record, decoded. */
struct spool_event {
    enum spool_kind kind; /* MALLOC and FREE for their short forms too; never CLOCK */
    bool unseen;          /* FREE: not by a free that was seen */
    unsigned align_log2;
    uint32_t number; /* SPAWN, SPAWN_VOID, JOIN; SPOOL_NO_THREAD: none that is known */
    uint64_t token;  /* REALLOC, FREE, RESIDENT_LIVE: which object */
    uint64_t made;   /* of kinds that make one */
    uint64_t bytes;
    uint64_t pages; /* RESIDENT, RESIDENT_LIVE */
    uint64_t
        stamp; /* about when, never going back: the last clock, and a bit for each record since */
};

/* Where a thread's records are read. Plain; copied freely. */
struct spool_cursor {
    const struct spool_reader *spool;
    const struct spool_piece *piece, *pieces_end; /* of one thread */
    const uint16_t *at, *end;                     /* NULL: before the piece's first record */
    uint64_t made;                                /* the token of the next object */
    uint64_t clock, stamp;
    uint64_t step; /* stamps from a record to the next, where no clock stands between */
};

/* At the first record of the thread whose first piece is `from`. */
struct spool_cursor spool_cursor_at(const struct spool_reader *s, const struct spool_piece *from,
                                    uint64_t step);

/* The next record; false at the end, which is also where something impossible stands. */
bool spool_cursor_next(struct spool_cursor *c, struct spool_event *event);
