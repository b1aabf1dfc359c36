/*
 * Ways to print a stored run: tables for people, JSON and CSV for programs. All write to
 * `out`, flush it, and fail with -EIO (or the stream's errno) when not everything arrived: a full
 * disk, a closed pipe. Names of JSON and CSV fields carry their units and change only with
 * REPORT_VERSION.
 */
#pragma once

#include <stdio.h>

#include "summary.h"

#define REPORT_VERSION 1

/*
 * Whether a terminal stands behind `out` whose user wants colour (no NO_COLOR, TERM is not dumb).
 */
bool report_wants_colour(FILE *out);

/* The width that a reader of `out` has: COLUMNS in the environment, else the terminal's, else 100. */
size_t report_width(FILE *out);

struct report_look {
    bool colour;
    size_t width; /* of the tables, in characters; 0: any */
};

/*
 * Columns that do not fit follow in panels of their own below. One column is never cut, and prose is the
 * terminal's to wrap.
 */
int report_table(FILE *out, const struct summary *s, const struct report_look *look,
                 struct err *err) MUST_CHECK;

/* What the allocators told of themselves: a table per cell, of those that told any, to stand behind report_table().
 * Columns that do not fit follow in panels here, too. */
int report_statistics(FILE *out, struct store *store, const struct summary *s,
                      const struct report_look *look, struct err *err) MUST_CHECK;

/* Where the memory went: a table per cell, and what each allocator did when its work was over; to stand behind
 * report_table(), likewise in panels. */
int report_memory(FILE *out, struct store *store, const struct summary *s,
                  const struct report_look *look, struct err *err) MUST_CHECK;

/* What is long, and left out unless it is asked for. */
struct report_detail {
    bool statistics; /* of each trial, what its allocator told, row by row */
    bool series;     /* of each trial its samples, of each survey its marks */
};

/*
 * One object: the run, its subjects and cells, every trial's numbers, every survey with the quantiles of its
 * latencies, and the summary.
 */
int report_json(FILE *out, struct store *store, const struct summary *s,
                const struct report_detail *detail, struct err *err) MUST_CHECK;

/*
 * As Google Benchmark writes it, for compare.py and dashboards: a benchmark's name is WORKLOAD/SUBJECT/threads:N,
 * its time ns of wall clock per call.
 */
int report_google(FILE *out, struct store *store, const struct summary *s,
                  struct err *err) MUST_CHECK;

/* A header line and a line per trial; fields are quoted as in RFC 4180, lines end with \n. */
int report_csv(FILE *out, struct store *store, const struct summary *s, struct err *err) MUST_CHECK;

/* A line for each row that an allocator told in each trial. */
int report_statistics_csv(FILE *out, struct store *store, const struct summary *s,
                          struct err *err) MUST_CHECK;

/* A line for each sample of each trial's series. */
int report_series_csv(FILE *out, struct store *store, const struct summary *s,
                      struct err *err) MUST_CHECK;

/* A line for each mark of each survey; what nobody told is empty. */
int report_marks_csv(FILE *out, struct store *store, const struct summary *s,
                     struct err *err) MUST_CHECK;

/* A line for each latency histogram of each survey, with its quantiles. */
int report_latency_csv(FILE *out, struct store *store, const struct summary *s,
                       struct err *err) MUST_CHECK;

/* The columns of a series, with their units in their names; ends with a row without a name. */
struct report_series {
    const char *name;
    size_t offset; /* of a uint64_t in struct trial_sample; SURVEY_UNKNOWN is none */
};
extern const struct report_series report_series[];

static inline uint64_t report_sample_of(const struct trial_sample *sample,
                                        const struct report_series *column)
{
    return *(const uint64_t *)((const char *)sample + column->offset);
}

/* The quantiles of latency that reports show; ends with a row without a name. */
struct report_quantile {
    const char *name; /* "p50_ns" */
    uint32_t millionths;
};
extern const struct report_quantile report_quantiles[];

struct survey_latency;

/* As histogram_quantile() tells it, ns. */
uint64_t report_latency_quantile(const struct survey_latency *l, const struct report_quantile *q);
