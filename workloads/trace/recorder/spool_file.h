/*
 * The recorder's side of the spool: taken from the runner, or made beside it by a process of a
 * recorded tree; chunks are claimed from it. Calls no malloc. Any thread may claim; the rest is
 * for the thread that starts the recorder, or returns from fork.
 */
#pragma once

#include "spool.h"
#include "stamp.h"

struct spool_file {
    struct spool_header *header;  /* mapped for as long as the process lives */
    const _Atomic uint32_t *tick; /* of the runner, in the tree's first spool */
};

extern struct spool_file spool_file;

/*
 * Takes the spool that the environment names, and puts the environment right for what the program
 * executes: as the user gave it, or, where a tree is recorded, as it is. False: there is nothing to
 * record into.
 */
bool spool_file_take(void);

/* Recording begins now, by this clock. */
void spool_file_begin(enum trace_clock clock);

/* In a child after fork: lets go of the parent's spool; true when it has one of its own. */
bool spool_file_begin_child(void);

/*
 * A chunk of `bytes`, backed with space, so that no store can find the disk full; the caller unmaps
 * it. NULL when there is no room, now or before.
 */
struct spool_chunk *spool_file_claim(uint32_t thread, uint32_t bytes);
