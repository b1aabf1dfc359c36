/* The runner's side of the spools: makes a recording's first one, finds the others of its tree. */
#pragma once

#include <limits.h>

#include "spool.h"
#include "trace_record.h"

struct record_spool {
    char path[PATH_MAX]; /* "": there is none */
    int fd;
    struct spool_header *header; /* mapped */
    enum trace_clock clock;      /* what the recorder is to use */
};

/*
 * The absolute path of `folder`, or, where that is NULL, of the folder that `output` is to be in:
 * the program may change its own. 0 or a negative errno.
 */
int record_spool_folder(const char *folder, const char *output, char out[PATH_MAX],
                        struct err *err) MUST_CHECK;

/* Makes the file and its header. `s` has fd -1. record_spool_remove() in any case. */
int record_spool_make(struct record_spool *s, const struct record_options *options,
                      struct err *err) MUST_CHECK;
/* How many spools the tree has, this one included. */
uint32_t record_spool_count(const struct record_spool *s);
/* Spool `number` of the tree, to be read; the caller closes it. Negative when it is not there. */
int record_spool_open(const struct record_spool *s, uint32_t number);
/* Removes all files. */
void record_spool_remove(struct record_spool *s);
