/* The progress line: on stderr, and only when that is a terminal. One thread. */
#pragma once

#include "bits.h"

struct progress {
    bool shown;
    uint64_t total, done;
    uint64_t begun_ns, begun_done; /* for the time left */
    double guess_s;                /* per step, until there is experience */
};

void progress_init(struct progress *p, uint64_t total, uint64_t done, double guess_s);

/* "[ 34/700] churn x4 on jemalloc, 1:12 left" */
void progress_show(struct progress *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* One step more is done. */
void progress_step(struct progress *p);

/* Wipes the line, so that other output starts on a clean one. */
void progress_clear(const struct progress *p);
