/*
 * A subject: an allocator with its settings, from the text in which a person names it.
 *
 *   glibc                                         an allocator of the table
 *   glibc:arena_max=1:mmap_threshold=1M           with settings of its row
 *   jemalloc:MALLOC_CONF=narenas:1,tcache:false   with an environment line of any kind: a name in
 *                                                 capitals is the variable; its value ends only where
 *                                                 another variable or a setting of the row begins
 *   mine=/path/to/lib.so:MINE_OPTION=2            a library of one's own
 *   /path/to/libmine.so                           likewise; its file's name is its name ("mine")
 *
 * Two texts of the same meaning are two subjects. For the runner; one thread at a time.
 */
#pragma once

#include "err.h"
#include "statistics_block.h"
#include "table.h"

#define SUBJECT_TEXT_MAX 512 /* longest text */

/* All owned, but for the row. All zero is a valid empty subject. */
struct subject {
    const struct allocator *allocator; /* &allocator_library for a library of one's own */
    char *name;                        /* the text, without the path of a library */
    char *label;                       /* the allocator's part of it: "glibc", "mine" */
    char *library;                     /* real path to preload; NULL for a linked allocator */
    char **environment; /* "VARIABLE=value": all that the worker's environment needs */
    size_t n_environment;
    struct statistic_wanted *settings; /* what holds if they are taken */
    size_t n_settings;
};

/*
 * Reads `text` into *s, which subject_release() frees. 0; -ENOMEM; or the negative errno of what is
 * wrong with the text or the library, *s being empty then.
 */
int subject_parse(struct subject *s, const char *text, struct err *err) MUST_CHECK;
void subject_release(struct subject *s);

/* Who must supply malloc: the path of a library, or an fnmatch pattern of a file's name. */
const char *subject_supplier(const struct subject *s);
