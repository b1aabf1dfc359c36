#include "shape_table.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shape_number.h"

#define LINE_MAX_BYTES 4096u
#define CELLS_MAX      64u
#define MOST           (SHAPE_MOST * SHAPE_ONE)
#define ECHO_BYTES     40
#define BOM_BYTES      3

enum column { SIZE, RATE, LIVE, COLUMNS };

/* The first is ours; the others stand in published tables. Each list ends with NULL. */
static const char *const column_names[COLUMNS][6] = {
    [SIZE] = {"size", "bytes", "size_bytes"},
    [RATE] = {"rate", "alloc_rate", "allocation_rate", "allocs_per_second"},
    [LIVE] = {"live", "num", "num_live", "num_live_objects", "mean_live"},
};

struct cell {
    const char *text;
    size_t n;
};

struct reading {
    const char *path;
    FILE *file;
    uint64_t line;
    char text[LINE_MAX_BYTES];
    size_t n; /* of text */
    struct cell cells[CELLS_MAX];
    uint32_t n_cells;
    uint32_t n_columns;      /* 0: not known yet */
    uint32_t where[COLUMNS]; /* the column's place in a line */
    struct shape_table *table;
    uint32_t room;
};

static COLD int wrong(const struct reading *r, struct err *err, const char *what)
{
    return err_set(err, EINVAL, "%s, line %lu: %s", r->path, r->line, what);
}

/* A cell that may hold anything, for a terminal. */
static COLD int wrong_cell(const struct reading *r, struct err *err, const char *before,
                           struct cell cell, const char *behind)
{
    char text[ECHO_BYTES + 1];
    size_t n = cell.n < ECHO_BYTES ? cell.n : ECHO_BYTES;
    for (size_t i = 0; i < n; i++)
        text[i] = cell.text[i] < ' ' || cell.text[i] > '~' ? '?' : cell.text[i];
    text[n] = '\0';
    return err_set(err, EINVAL, "%s, line %lu: %s '%s' %s", r->path, r->line, before, text, behind);
}

/* The next line without its end: 1, 0 at the end of the file, or an error. */
static int read_line(struct reading *r, struct err *err)
{
    int c = getc_unlocked(r->file);
    r->line++;
    r->n = 0;
    if (c == EOF)
        return ferror_unlocked(r->file) ? err_set_errno(err, EIO, "cannot read %s", r->path) : 0;
    for (; c != '\n' && c != EOF; c = getc_unlocked(r->file)) {
        if (c == '\0')
            return wrong(r, err, "a byte 0: this is no text");
        if (r->n == LINE_MAX_BYTES)
            return wrong(r, err, "longer than 4096 bytes: this is no table");
        r->text[r->n++] = (char)c;
    }
    if (r->n > 0 && r->text[r->n - 1] == '\r')
        r->n--;
    if (r->line == 1 && r->n >= BOM_BYTES && memcmp(r->text, "\xef\xbb\xbf", BOM_BYTES) == 0) {
        r->n -= BOM_BYTES;
        memmove(r->text, r->text + BOM_BYTES, r->n);
    }
    return 1;
}

static struct cell trimmed(struct cell c)
{
    for (; c.n > 0 && (*c.text == ' ' || *c.text == '\t'); c.n--)
        c.text++;
    while (c.n > 0 && (c.text[c.n - 1] == ' ' || c.text[c.n - 1] == '\t'))
        c.n--;
    if (c.n >= 2 && c.text[0] == '"' && c.text[c.n - 1] == '"')
        return (struct cell){c.text + 1, c.n - 2};
    return c;
}

static int split(struct reading *r, struct err *err)
{
    const char *at = r->text, *end = r->text + r->n;
    r->n_cells = 0;
    for (;;) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        if (r->n_cells == CELLS_MAX)
            return wrong(r, err, "more than 64 columns");
        r->cells[r->n_cells++] = trimmed((struct cell){at, (size_t)((comma ? comma : end) - at)});
        if (!comma)
            return 0;
        at = comma + 1;
    }
}

static bool is_name(struct cell c, const char *name)
{
    return strlen(name) == c.n && strncasecmp(c.text, name, c.n) == 0;
}

static enum column column_of(struct cell c)
{
    for (unsigned k = 0; k < COLUMNS; k++)
        for (const char *const *name = column_names[k]; *name; name++)
            if (is_name(c, *name))
                return (enum column)k;
    return COLUMNS;
}

static int use_names(struct reading *r, struct err *err)
{
    bool seen[COLUMNS] = {false};
    r->n_columns = r->n_cells;
    for (uint32_t i = 0; i < r->n_cells; i++) {
        enum column k = column_of(r->cells[i]);
        if (k == COLUMNS)
            continue;
        if (seen[k])
            return wrong_cell(r, err, "a second column of this kind:", r->cells[i], "");
        seen[k] = true;
        r->where[k] = i;
    }
    for (unsigned k = 0; k < COLUMNS; k++)
        if (!seen[k])
            return err_set(err, EINVAL,
                           "%s, line %lu: no column '%s': the first line names the columns size, "
                           "rate and live",
                           r->path, r->line, column_names[k][0]);
    return 0;
}

static bool begins_a_number(struct cell c)
{
    return c.n > 0 &&
           (isdigit((unsigned char)*c.text) || *c.text == '-' || *c.text == '+' || *c.text == '.');
}

/* The first line that is no comment: names, or a row already. 1: it is a row. */
static int use_first(struct reading *r, struct err *err)
{
    if (!begins_a_number(r->cells[0]))
        return use_names(r, err);
    r->n_columns = COLUMNS;
    for (uint32_t k = 0; k < COLUMNS; k++)
        r->where[k] = k;
    return 1;
}

static int make_room(struct reading *r, struct err *err)
{
    struct shape_table *t = r->table;
    if (t->n_rows == SHAPE_ROWS_MAX)
        return wrong(r, err, "more than 1048576 rows");
    if (t->n_rows < r->room)
        return 0;
    uint32_t room = r->room ? 2 * r->room : 256;
    struct shape_row *rows = reallocarray(t->rows, room, sizeof(*rows));
    if (!rows)
        return err_set(err, ENOMEM, "no memory for the %u rows of %s", room, r->path);
    t->rows = rows;
    r->room = room;
    return 0;
}

static int read_cells(const struct reading *r, struct shape_row *row, struct err *err)
{
    struct cell size = r->cells[r->where[SIZE]], rate = r->cells[r->where[RATE]],
                live = r->cells[r->where[LIVE]];
    if (!shape_whole(size.text, size.n, SHAPE_BYTES_MAX, &row->bytes))
        return wrong_cell(r, err, "size", size, "is no whole number from 0 to 1 TiB");
    if (!shape_number(rate.text, rate.n, MOST, &row->rate))
        return wrong_cell(r, err, "rate", rate, "is no number from 0 to 10000000000");
    if (!shape_number(live.text, live.n, MOST, &row->live))
        return wrong_cell(r, err, "mean live count", live, "is no number from 0 to 10000000000");
    return 0;
}

static int add_row(struct reading *r, struct err *err)
{
    struct shape_row row;
    int rc = r->n_cells == r->n_columns
                 ? read_cells(r, &row, err)
                 : err_set(err, EINVAL, "%s, line %lu: %u columns where %u are expected", r->path,
                           r->line, r->n_cells, r->n_columns);
    if (rc < 0 || (row.rate == 0 && row.live == 0))
        return rc;
    rc = make_room(r, err);
    if (rc == 0)
        r->table->rows[r->table->n_rows++] = row;
    return rc;
}

#define REMOTE_KEY "remote-share:"

/* The one comment that says something. */
static int use_comment(struct reading *r, struct err *err)
{
    struct cell c = trimmed((struct cell){r->text + 1, r->n - 1});
    size_t key = strlen(REMOTE_KEY);
    uint64_t share;
    if (c.n < key || memcmp(c.text, REMOTE_KEY, key) != 0)
        return 0;
    c = trimmed((struct cell){c.text + key, c.n - key});
    if (!shape_number(c.text, c.n, SHAPE_ONE, &share))
        return wrong_cell(r, err, "the remote share", c, "is no number from 0 to 1");
    r->table->remote_millionth = (share + 500) / 1000;
    return 0;
}

static int use_line(struct reading *r, struct err *err)
{
    if (trimmed((struct cell){r->text, r->n}).n == 0)
        return 0;
    if (r->text[0] == '#')
        return use_comment(r, err);
    int rc = split(r, err);
    bool is_row = rc == 0 && r->n_columns > 0;
    if (rc == 0 && !is_row)
        rc = use_first(r, err);
    return is_row || rc == 1 ? add_row(r, err) : rc;
}

unsigned __int128 shape_table_volume(const struct shape_table *table)
{
    unsigned __int128 volume = 0;
    for (uint32_t i = 0; i < table->n_rows; i++)
        volume += (unsigned __int128)table->rows[i].bytes * table->rows[i].live;
    return volume;
}

static int sum_up(struct shape_table *t, struct err *err)
{
    unsigned __int128 rate = 0, live = 0, volume = shape_table_volume(t);
    for (uint32_t i = 0; i < t->n_rows; i++) {
        rate += t->rows[i].rate;
        live += t->rows[i].live;
    }
    if (rate > MOST || live > MOST)
        return err_set(err, EINVAL, "its %s sum up to more than 10000000000",
                       rate > MOST ? "rates" : "mean live counts");
    if (volume > (unsigned __int128)SHAPE_LIVE_MAX * SHAPE_ONE)
        return err_set(err, EINVAL, "more than 1 PiB would be live");
    t->rate = (uint64_t)rate;
    t->live = (uint64_t)live;
    t->live_bytes = (uint64_t)(volume / SHAPE_ONE);
    if (t->rate == 0)
        return err_set(err, EINVAL, "no row has a rate: nothing is ever allocated");
    if (t->live_bytes == 0)
        return err_set(err, EINVAL, "less than one byte is live on average: nothing to scale");
    return 0;
}

int shape_table_cut(struct shape_table *table, uint64_t min, uint64_t max, struct err *err)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < table->n_rows; i++)
        if (table->rows[i].bytes >= min && table->rows[i].bytes <= max)
            table->rows[n++] = table->rows[i];
    table->n_rows = n;
    if (n == 0)
        return err_set(err, EINVAL, "no size from %lu to %lu bytes is allocated", min, max);
    return sum_up(table, err);
}

static int read_all(struct reading *r, struct err *err)
{
    int rc;
    while ((rc = read_line(r, err)) > 0) {
        rc = use_line(r, err);
        if (rc < 0)
            return rc;
    }
    if (rc == 0 && r->table->n_rows == 0)
        return err_set(err, EINVAL, "%s: no rows: a table of size,rate,live is expected", r->path);
    if (rc < 0)
        return rc;
    rc = sum_up(r->table, err);
    if (rc < 0)
        err_prefix(err, "%s", r->path);
    return rc;
}

/* What is opened is closed by the caller, also after an error. */
static int open_file(struct reading *r, struct err *err)
{
    struct stat st;
    int fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not hold us up */
    if (fd < 0)
        return err_set_errno(err, errno, "cannot read %s", r->path);
    r->file = fdopen(fd, "r");
    if (!r->file) {
        close(fd);
        return err_set(err, ENOMEM, "no memory to read %s", r->path);
    }
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return err_set(err, EINVAL, "%s is not a regular file", r->path);
    return 0;
}

int shape_table_read(const char *path, struct shape_table *out, struct err *err)
{
    struct reading *r = calloc(1, sizeof(*r));
    *out = (struct shape_table){0};
    if (!r)
        return err_set(err, ENOMEM, "no memory to read %s", path);
    r->path = path;
    r->table = out;
    int rc = open_file(r, err);
    if (rc == 0)
        rc = read_all(r, err);
    if (r->file)
        fclose(r->file);
    free(r);
    if (rc < 0)
        shape_table_release(out);
    return rc;
}

void shape_table_release(struct shape_table *table)
{
    free(table->rows);
    *table = (struct shape_table){0};
}
