/*
 * A stored run for programs: JSON, CSV, the form of Google Benchmark. All functions write to `out`, flush it, and fail
 * with -EIO (or the stream's errno) when not everything arrived: a full disk, a closed pipe. Names of fields
 * carry their units and change only with EXPORT_VERSION.
 */
#pragma once

#include <stdio.h>

#include "summary.h"

#define EXPORT_VERSION 1

/* What is long, and left out unless it is asked for. */
struct export_detail {
    bool statistics; /* of each trial, what its allocator told, row by row */
    bool series;     /* of each trial its samples, of each survey its marks */
};

/*
 * One object: the run, its subjects and cells, every trial's numbers, every survey with the quantiles of its
 * latencies, and the summary.
 */
int export_json(FILE *out, struct store *store, const struct summary *s,
                const struct export_detail *detail, struct err *err) MUST_CHECK;

/*
 * As Google Benchmark writes it, for compare.py and dashboards: a benchmark's name is WORKLOAD/SUBJECT/threads:N,
 * its time ns of wall clock per call.
 */
int export_google(FILE *out, struct store *store, const struct summary *s,
                  struct err *err) MUST_CHECK;

/* A header line and a line per trial; fields are quoted as in RFC 4180, lines end with \n. */
int export_csv(FILE *out, struct store *store, const struct summary *s, struct err *err) MUST_CHECK;

/* A line for each row that an allocator told in each trial. */
int export_statistics_csv(FILE *out, struct store *store, const struct summary *s,
                          struct err *err) MUST_CHECK;

/* A line for each sample of each trial's series. */
int export_series_csv(FILE *out, struct store *store, const struct summary *s,
                      struct err *err) MUST_CHECK;

/* A line for each mark of each survey; what nobody told is empty. */
int export_marks_csv(FILE *out, struct store *store, const struct summary *s,
                     struct err *err) MUST_CHECK;

/* A line for each latency histogram of each survey, with its quantiles. */
int export_latency_csv(FILE *out, struct store *store, const struct summary *s,
                       struct err *err) MUST_CHECK;
