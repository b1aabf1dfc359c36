/* The progress line: on stderr, and only when that is a terminal. One thread. */
#pragma once

#include "bits.h"

struct progress {
    bool shown;
    uint64_t total, done;          /* the caller may change both as it learns more */
    uint64_t begun_ns, begun_done; /* for the time left */
    double guess_s;                /* per step, until there is experience */
};

void progress_init(struct progress *p, uint64_t total, uint64_t done, double guess_s);

/* Shows the line anew: "[35/700] 1:12 left, block 1 of 7: churn, 4 threads, jemalloc" */
void progress_show(const struct progress *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Likewise the text alone, for work that is no step: "making plan 3 of 17: larson, 256 threads" */
void progress_note(const struct progress *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Wipes the line, so that other output starts on a clean one. */
void progress_clear(const struct progress *p);

/*
 * Cuts a UTF-8 line so that it fills `columns` at most, whole characters only, each taken to be one
 * column wide. Pure.
 */
void progress_cut(char *line, unsigned columns);
