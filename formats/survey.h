/*
 * A survey: one more execution of a cell with a subject, beside the trials whose speed counts. Here the
 * clock does not count, so looking may disturb: threads are made to stand still at marks, the worker's own map
 * of live objects is held against the kernel's page map, single calls are timed, and after the last phase
 * the allocator is left idle and then asked to give back what it can.
 *
 * Numbers that nobody told are SURVEY_UNKNOWN, never guessed.
 */
#pragma once

#include <assert.h>
#include <stdlib.h>

#include "err.h"

#define SURVEY_UNKNOWN UINT64_MAX

#define SURVEY_MARKS_MAX   96u  /* of a survey */
#define SURVEY_REGIONS_MAX 256u /* of a mark */
#define SURVEY_SHARES      17u

enum survey_mark_kind {
    SURVEY_STEP,  /* one of the evenly spaced ones */
    SURVEY_PHASE, /* a phase of the plan ended here */
    SURVEY_PEAK, /* requested live bytes were the greatest: 99 % of the plan's peak, or to 4 % of it
                       the most that this order of the threads had, if that is 80 % */
    SURVEY_DRAINED,   /* all threads have ended; what is live stays so to the end */
    SURVEY_IDLE_0_1S, /* nothing has called the allocator for so long since */
    SURVEY_IDLE_1S,
    SURVEY_IDLE_5S,
    SURVEY_PURGED, /* after the allocator's own call to give back what it can */
    SURVEY_MARK_KINDS
};

/* All threads stand still. Bytes are not less any baseline. */
struct survey_mark {
    uint32_t kind;  /* enum survey_mark_kind */
    uint32_t phase; /* SURVEY_PHASE: of the plan; else 0 */
    uint64_t
        t_ns; /* since the common start, less the time that the threads were made to stand still */
    uint64_t ops;                      /* words of the plan executed by all threads */
    uint64_t live_bytes, live_objects; /* as requested */
    /* Of the live objects, as malloc_usable_size() has it; unknown where that cannot be: less than requested, or more
     * than the address space. */
    uint64_t usable_bytes;
    uint64_t held_bytes;          /* taken from the system, as the allocator tells it; or unknown */
    uint64_t heap_resident_bytes; /* of the heap's mappings, exact, by the page map */
    uint64_t empty_bytes;         /* of them, in pages that no live object touches */
    uint64_t lazy_free_bytes, huge_bytes, swap_bytes; /* of the process; by smaps_rollup */
    uint64_t n_mappings, address_bytes;               /* of the process */
    /* Cache lines of 64 bytes that hold requested bytes of live objects; of them, of objects that more than one
     * thread holds. */
    uint64_t used_lines, shared_lines;
    /*
     * Resident heap pages by the share of the page that is requested live: pages[0] have no live byte,
     * pages[k] more than (k - 1) and at most k sixteenths.
     */
    uint64_t pages[SURVEY_SHARES];
    uint32_t first_region, n_regions; /* in the survey's array; ascending addresses */
};

/*
 * A stretch of the heap's address space, a power of two of pages, the same for all regions of a mark; those
 * without a resident page are left out.
 */
struct survey_region {
    uint64_t address;
    uint32_t n_pages;        /* that it spans */
    uint32_t resident_pages; /* of them */
    uint64_t live_bytes;     /* requested, in it */
};
static_assert(sizeof(struct survey_region) == 24, "regions cross a process");

enum latency_kind {
    LATENCY_MALLOC,
    LATENCY_CALLOC,
    LATENCY_REALLOC,
    LATENCY_ALIGNED,
    LATENCY_FREE,
    LATENCY_KINDS
};

/* By requested size: at most 64 bytes, 256, 1 KiB, 4 KiB, .. 1 MiB, and more. */
#define LATENCY_CLASSES 9u

/* Of a survey: each kind and class, local and remote, without and with a fault, once. */
#define SURVEY_LATENCIES_MAX (LATENCY_KINDS * LATENCY_CLASSES * 4u)

/*
 * Buckets of a histogram, in the manner of HdrHistogram (Tene): 32 of one nanosecond, then 32 to each
 * power of two, up to 2^36 ns. A value is known to 1/32 of itself; greater ones are in the last.
 */
#define LATENCY_SUB_BITS 5u
#define LATENCY_BUCKETS  (32u * 32u)

/* Timed calls that were alike. */
struct survey_latency {
    uint32_t kind;        /* enum latency_kind */
    uint32_t size_class;  /* < LATENCY_CLASSES; of a realloc, by the new size */
    uint32_t is_remote;   /* what it ends was made by another thread */
    uint32_t has_faulted; /* the thread took a page fault in it */
    uint64_t n;
    uint64_t min_ns, max_ns; /* exact, clock included */
    uint64_t counts[LATENCY_BUCKETS];
};

struct survey {
    struct survey_mark *marks; /* owned, as all here; in the order of time */
    struct survey_region *regions;
    struct survey_latency *latencies;
    uint32_t n_marks, n_regions, n_latencies;
    uint64_t clock_ns; /* what timing a call that does nothing gives: contained in every latency */
    uint32_t latency_period; /* one call of so many was timed, on average */
    char purge[64];          /* "malloc_trim(0)"; "" where the allocator has no such call */
    char held_source[64];    /* "mallinfo2"; "" where held_bytes is unknown */
};

/* "step", "phase", "peak", "drained", "idle 0.1 s", "idle 1 s", "idle 5 s", "purged". */
const char *survey_mark_kind_name(enum survey_mark_kind kind);
/* SURVEY_MARK_KINDS for a name that is none. */
enum survey_mark_kind survey_mark_kind_find(const char *name);

/* "malloc", "calloc", "realloc", "aligned", "free". */
const char *latency_kind_name(enum latency_kind kind);
/* LATENCY_KINDS for a name that is none. */
enum latency_kind latency_kind_find(const char *name);

/*
 * Whether a survey is one that its rules above allow: numbers of rows, kinds, ranges, the order of marks and
 * of regions, sums of counts. -EINVAL with what is wrong. A worker and a file may hold anything.
 */
int survey_check(const struct survey *s, struct err *err) MUST_CHECK;

/* Frees what the survey owns, and empties it. */
static inline void survey_release(struct survey *s)
{
    free(s->marks);
    free(s->regions);
    free(s->latencies);
    *s = (struct survey){0};
}
