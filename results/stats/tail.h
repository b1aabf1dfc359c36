/*
 * What an allocator does when its work is over: how much it gives back by itself, how much when it is asked, and
 * how much stays even then, which is fragmentation. A pure function of a few readings, and its sentence.
 */
#pragma once

#include "err.h"

/*
 * Resident bytes of the heap; NaN: not known. What is still live, in whole pages, is nobody's to give back and
 * is taken off.
 */
struct tail_readings {
    double live;      /* requested, from the end on */
    double peak;      /* the greatest while the plan ran */
    double drained;   /* all threads have ended */
    double idle[3];   /* 0.1, 1, 5 s later */
    double purged;    /* after the allocator's own call; NaN: it has none */
    const char *call; /* the name of that; "" or NULL: it has none */
};

/* Less than the greater of these two is next to nothing. */
#define TAIL_GRAIN_BYTES (512.0 * 1024)
#define TAIL_GRAIN_SHARE 0.05 /* of the peak */

enum tail_verdict {
    TAIL_UNKNOWN,
    TAIL_AT_ONCE,   /* nothing was left at the end */
    TAIL_BY_ITSELF, /* nothing was left within 5 s */
    TAIL_ASKED,     /* nothing was left when it had been asked */
    TAIL_PARTLY,    /* the call gave back some */
    TAIL_STAYS,     /* it gave back next to nothing */
    TAIL_NO_CALL,   /* it keeps memory, and cannot be asked */
    TAIL_VERDICTS
};

struct tail {
    enum tail_verdict verdict;
    double within_s;        /* TAIL_BY_ITSELF: 0.1, 1 or 5 */
    double by_itself_bytes; /* given back within 5 s */
    double kept_bytes;      /* after 5 s */
    double returned_bytes;  /* by the call */
    double stays_bytes;     /* after the call, or after 5 s where there is none */
};

struct tail tail_judge(const struct tail_readings *r);

/*
 * "gives back by itself within 1 s", "keeps 31 MiB until asked: malloc_trim(0) returns all of it", ...; `call` as in
 * the readings. Returns `out`, which holds TAIL_WORDS_BYTES.
 */
#define TAIL_WORDS_BYTES 256
char *tail_words(const struct tail *t, const char *call, char *out);
