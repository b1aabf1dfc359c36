/*
 * The schema of the store: one SQLite file that holds runs. A file is ours when its application_id
 * is STORE_APPLICATION_ID, and of this version when its user_version is STORE_SCHEMA_VERSION.
 *
 *   run ─┬─ fact      what is known of the machine, by key
 *        ├─ shard     which of its n_shards are here, by ordinal: shard I has the blocks b with b mod n_shards == I
 *        ├─ subject   allocator + setting, by ordinal
 *        ├─ cell      workload + thread count, by ordinal
 *        ├─ trial ──┬─ series
 *        │          └─ statistic  what the allocator told of itself, by ordinal
 *        └─ survey ─┬─ mark       by ordinal
 *                   ├─ region     those of one mark
 *                   └─ latency    a histogram, by ordinal
 *
 * Units are in the names: _ns nanoseconds, _bytes bytes, _s seconds since 1970 UTC. Unsigned 64-bit
 * numbers are kept in SQLite's signed ones bit by bit. The words of a status are those of
 * trial_status_name(), of statistic.kind those of statistic_kind_name(), of mark.kind those of
 * survey_mark_kind_name(), of latency.kind those of latency_kind_name(). The columns status to binding are the
 * fields of struct trial_result, those of survey and mark the fields of struct survey and struct survey_mark
 * (pages_0 to pages_16: the array pages); NULL is SURVEY_UNKNOWN.
 *
 * series.data: the n_samples samples (struct trial_sample) number by number: t_ns of all of them, then ops,
 * rss_bytes, live_bytes and address_bytes of all; each as an unsigned 64-bit little-endian number less that of the
 * sample before (modulo 2^64; before the first stands zero), all compressed as one zstd frame that states
 * its size. A live_bytes of 2^64 - 1 is unknown.
 *
 * region.data: struct survey_region after struct survey_region, little-endian, each address less that of the
 * one before (before the first stands zero), compressed likewise. latency.data: the LATENCY_BUCKETS counts
 * of the histogram as unsigned 64-bit little-endian numbers, compressed likewise.
 */
#pragma once

#define STORE_APPLICATION_ID 0x61726e62 /* "arnb" */
#define STORE_SCHEMA_VERSION 5

/* Of table trial and of table survey. */
#define STORE_RESULT_COLUMNS \
    "  status TEXT NOT NULL," \
    "  signal INTEGER NOT NULL," \
    "  wall_ns INTEGER NOT NULL," \
    "  calls INTEGER NOT NULL," \
    "  passes INTEGER NOT NULL," \
    "  user_ns INTEGER NOT NULL," \
    "  system_ns INTEGER NOT NULL," \
    "  minor_faults INTEGER NOT NULL," \
    "  major_faults INTEGER NOT NULL," \
    "  voluntary_switches INTEGER NOT NULL," \
    "  involuntary_switches INTEGER NOT NULL," \
    "  stall_ns INTEGER NOT NULL," \
    "  pace_ns INTEGER NOT NULL," \
    "  thread_ns INTEGER NOT NULL," \
    "  baseline_bytes INTEGER NOT NULL," \
    "  baseline_anonymous_bytes INTEGER NOT NULL," /* of it without a file behind it */ \
    "  peak_bytes INTEGER NOT NULL," \
    "  peak_sampled_bytes INTEGER NOT NULL," \
    "  end_bytes INTEGER NOT NULL," \
    "  end_lazy_free_bytes INTEGER NOT NULL," \
    "  end_huge_bytes INTEGER NOT NULL," \
    "  end_swap_bytes INTEGER NOT NULL," \
    "  n_mappings INTEGER NOT NULL," \
    "  foreign_cpu_ns INTEGER NOT NULL," \
    "  steal_ns INTEGER NOT NULL," \
    "  instructions INTEGER," /* these five: NULL where the machine does not tell */ \
    "  cycles INTEGER," \
    "  cache_misses INTEGER," \
    "  dtlb_load_misses INTEGER," \
    "  counted_millionths INTEGER," \
    "  statistics_lost INTEGER NOT NULL," /* rows beyond those that are kept */ \
    "  message TEXT NOT NULL," \
    "  malloc_path TEXT NOT NULL," \
    "  build_id TEXT NOT NULL," \
    "  version TEXT NOT NULL," \
    "  environment TEXT NOT NULL," \
    "  binding TEXT NOT NULL,"

static const char store_schema_sql[] =
    "CREATE TABLE run ("
    "  id INTEGER PRIMARY KEY,"
    "  name TEXT NOT NULL UNIQUE,"
    "  started_s INTEGER NOT NULL,"
    "  finished_s INTEGER," /* NULL until every trial is stored */
    "  program_version TEXT NOT NULL,"
    "  manifest TEXT NOT NULL," /* JSON: all that going on with the run needs */
    "  seed INTEGER NOT NULL,"
    "  baseline TEXT NOT NULL,"    /* the name of a subject */
    "  n_blocks INTEGER NOT NULL," /* wanted, of all shards together */
    "  n_shards INTEGER NOT NULL"  /* that the run is shared out to; 0: it is not */
    ") STRICT;"

    "CREATE TABLE fact ("
    "  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,"
    "  key TEXT NOT NULL,"
    "  value TEXT NOT NULL,"
    "  PRIMARY KEY (run, key)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE shard ("
    "  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,"
    "  ordinal INTEGER NOT NULL,"
    "  attempt TEXT NOT NULL," /* who did it: unique among all who tried */
    "  host TEXT NOT NULL,"
    "  started_s INTEGER NOT NULL,"
    "  finished_s INTEGER," /* NULL until every trial is stored */
    "  PRIMARY KEY (run, ordinal)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE subject ("
    "  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,"
    "  ordinal INTEGER NOT NULL,"
    "  name TEXT NOT NULL,"
    "  allocator TEXT NOT NULL,"
    "  library TEXT NOT NULL," /* path, or empty */
    "  setting TEXT NOT NULL," /* environment, or empty */
    "  PRIMARY KEY (run, ordinal),"
    "  UNIQUE (run, name)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE cell ("
    "  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,"
    "  ordinal INTEGER NOT NULL,"
    "  workload TEXT NOT NULL,"
    "  threads INTEGER NOT NULL,"
    "  calls_per_pass INTEGER NOT NULL," /* these four are facts of the plan */
    "  frees INTEGER NOT NULL,"          /* of what is repeated, or of all where nothing is */
    "  remote_frees INTEGER NOT NULL,"   /* of them, by another thread than the allocating one */
    "  peak_live_bytes INTEGER NOT NULL,"
    "  live_error_bytes INTEGER," /* see plan_profile.h; NULL: what is live is unknown */
    "  bound_bytes INTEGER," /* of heap, that theory has the workload drive an allocator to; or NULL */
    "  PRIMARY KEY (run, ordinal),"
    "  UNIQUE (run, workload, threads)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE trial ("
    "  id INTEGER PRIMARY KEY,"
    "  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,"
    "  cell INTEGER NOT NULL,"
    "  subject INTEGER NOT NULL,"
    "  block INTEGER NOT NULL,"
    "  position INTEGER NOT NULL," /* in the order in which the block was executed */
    STORE_RESULT_COLUMNS "  UNIQUE (run, cell, subject, block),"
    "  FOREIGN KEY (run, cell) REFERENCES cell (run, ordinal),"
    "  FOREIGN KEY (run, subject) REFERENCES subject (run, ordinal)"
    ") STRICT;"

    "CREATE TABLE series ("
    "  trial INTEGER PRIMARY KEY REFERENCES trial ON DELETE CASCADE,"
    "  n_samples INTEGER NOT NULL,"
    "  data BLOB NOT NULL"
    ") STRICT;"

    "CREATE TABLE statistic ("
    "  trial INTEGER NOT NULL REFERENCES trial ON DELETE CASCADE,"
    "  ordinal INTEGER NOT NULL," /* in the order in which they were told */
    "  kind TEXT NOT NULL,"
    "  arena INTEGER NOT NULL," /* 0 where the kind is another */
    "  name TEXT NOT NULL,"     /* its words say the unit: see statistics.h */
    "  value INTEGER NOT NULL,"
    "  PRIMARY KEY (trial, ordinal)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE survey ("
    "  id INTEGER PRIMARY KEY,"
    "  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,"
    "  cell INTEGER NOT NULL,"
    "  subject INTEGER NOT NULL," STORE_RESULT_COLUMNS "  clock_ns INTEGER,"
    "  latency_period INTEGER NOT NULL," /* one call of so many was timed */
    "  purge TEXT NOT NULL,"
    "  held_source TEXT NOT NULL,"
    "  UNIQUE (run, cell, subject),"
    "  FOREIGN KEY (run, cell) REFERENCES cell (run, ordinal),"
    "  FOREIGN KEY (run, subject) REFERENCES subject (run, ordinal)"
    ") STRICT;"

    "CREATE TABLE mark ("
    "  survey INTEGER NOT NULL REFERENCES survey ON DELETE CASCADE,"
    "  ordinal INTEGER NOT NULL,"
    "  kind TEXT NOT NULL,"
    "  phase INTEGER NOT NULL," /* 0 where the kind is another */
    "  t_ns INTEGER,"
    "  ops INTEGER,"
    "  live_bytes INTEGER,"
    "  live_objects INTEGER,"
    "  usable_bytes INTEGER,"
    "  held_bytes INTEGER,"
    "  heap_resident_bytes INTEGER,"
    "  empty_bytes INTEGER,"
    "  lazy_free_bytes INTEGER,"
    "  huge_bytes INTEGER,"
    "  swap_bytes INTEGER,"
    "  n_mappings INTEGER,"
    "  address_bytes INTEGER,"
    "  used_lines INTEGER,"
    "  shared_lines INTEGER,"
    "  pages_0 INTEGER, pages_1 INTEGER, pages_2 INTEGER, pages_3 INTEGER, pages_4 INTEGER,"
    "  pages_5 INTEGER, pages_6 INTEGER, pages_7 INTEGER, pages_8 INTEGER, pages_9 INTEGER,"
    "  pages_10 INTEGER, pages_11 INTEGER, pages_12 INTEGER, pages_13 INTEGER, pages_14 INTEGER,"
    "  pages_15 INTEGER, pages_16 INTEGER,"
    "  PRIMARY KEY (survey, ordinal)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE region ("
    "  survey INTEGER NOT NULL,"
    "  mark INTEGER NOT NULL,"
    "  n_regions INTEGER NOT NULL,"
    "  data BLOB NOT NULL,"
    "  PRIMARY KEY (survey, mark),"
    "  FOREIGN KEY (survey, mark) REFERENCES mark (survey, ordinal) ON DELETE CASCADE"
    ") STRICT;"

    "CREATE TABLE latency ("
    "  survey INTEGER NOT NULL REFERENCES survey ON DELETE CASCADE,"
    "  ordinal INTEGER NOT NULL,"
    "  kind TEXT NOT NULL,"
    "  size_class INTEGER NOT NULL,"
    "  is_remote INTEGER NOT NULL,"
    "  has_faulted INTEGER NOT NULL,"
    "  n INTEGER NOT NULL,"
    "  min_ns INTEGER,"
    "  max_ns INTEGER,"
    "  data BLOB NOT NULL,"
    "  PRIMARY KEY (survey, ordinal)"
    ") STRICT;";
