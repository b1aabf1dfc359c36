/*
 * The shape of a program's allocations as a table: per size how often it is asked for, and how many
 * objects of it are live on average. A text file of comma-separated values:
 *
 *      # remote-share: 0.12          of the frees; other lines that begin with # are comments
 *      size,rate,live
 *      16,26259.9,26917.9
 *
 * The first line that is no comment names the columns, in any order; others than these three are
 * passed over. Names that published tables use are known, too (alloc_rate, num, ...). Without such a
 * line there are exactly three columns: size, rate, live; so are the distributions of Fleetbench
 * (Google, fleetbench/tcmalloc/distributions). The unit of rates is free: only their shares count.
 *
 * Numbers are kept as billionths, rounded half up from at most 19 significant digits of the text, so
 * that every machine reads the same. Files may come from anywhere: what is wrong is told with its
 * line. One thread at a time; a table that was read may be used by any number.
 */
#pragma once

#include "err.h"

#define SHAPE_ONE       ((uint64_t)1000000000)  /* 1 of a rate or a live count */
#define SHAPE_MOST      ((uint64_t)10000000000) /* the greatest number, and the greatest sum */
#define SHAPE_ROWS_MAX  ((uint32_t)1 << 20)
#define SHAPE_BYTES_MAX ((uint64_t)1 << 40) /* of one object */
#define SHAPE_LIVE_MAX  ((uint64_t)1 << 50) /* live bytes of all rows */

struct shape_row {
    uint64_t bytes;
    uint64_t rate, live; /* billionths; not both 0 */
};

struct shape_table {
    struct shape_row *rows;
    uint32_t n_rows;
    uint64_t rate, live;       /* summed over the rows, billionths; neither is 0 */
    uint64_t live_bytes;       /* summed; at least 1 */
    uint64_t remote_millionth; /* of the frees, as the file says; 0 where it says nothing */
};

/* 0 and the caller's to release, or a negative errno; -EINVAL names the file and the line. */
int shape_table_read(const char *path, struct shape_table *out, struct err *err) MUST_CHECK;
void shape_table_release(struct shape_table *table);

/*
 * Leaves only the rows of min to max bytes. 0, or -EINVAL when nothing is allocated or lives then.
 */
int shape_table_cut(struct shape_table *table, uint64_t min, uint64_t max,
                    struct err *err) MUST_CHECK;

/* Live bytes of all rows in bytes times SHAPE_ONE; below 2^80. */
unsigned __int128 shape_table_volume(const struct shape_table *table);
