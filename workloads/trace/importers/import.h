/* Allocation logs of other tools as traces. One import at a time per thread. */
#pragma once

#include "trace_info.h"

#define IMPORT_LEVEL 12 /* of zstd */

struct import_options {
    const char *format; /* NULL: as the file's beginning tells */
    const char *input;  /* a regular file, perhaps compressed */
    const char *output; /* the trace to write; replaced only by a complete one */
    int level;          /* of zstd, 1 to 19; 0: IMPORT_LEVEL */
    /* Called now and then with 0 to 1; may be NULL. */
    void (*progress)(void *context, double share);
    void *context;
};

/* What was not taken as it stood. */
struct import_counts {
    uint64_t unknown_frees;    /* of addresses that nothing was known at; left out */
    uint64_t unknown_reallocs; /* likewise; taken for realloc of NULL */
    uint64_t conflicts;        /* allocations where an object lived: it is freed before */
    uint64_t failed;           /* calls that returned NULL; left out */
    uint64_t null_frees;       /* left out */
};

struct import_result {
    const char *format;
    bool is_guessed;
    const char *lost; /* what the format does not hold: the end of a sentence, or "" */
    char note[256];   /* "", or one thing more that people should know */
    struct import_counts counts;
    struct trace_info info;
};

/* 0 or a negative errno; then there is no new file at options->output. */
int import_trace(const struct import_options *options, struct import_result *result,
                 struct err *err) MUST_CHECK;

/* The formats in the order of the table: name and summary; false from `i` = their number on. */
bool import_format_at(size_t i, const char **name, const char **summary);
