/* Marks with their regions. */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_survey_rows.h"

#define NUMBER(field) \
    { \
        .name = #field, .offset = offsetof(struct survey_mark, field) \
    }
#define PAGES(i) \
    { \
        .name = "pages_" #i, \
        .offset = offsetof(struct survey_mark, pages) + (i) * sizeof(uint64_t) \
    }

const struct store_number store_mark_numbers[] = {
    NUMBER(t_ns),
    NUMBER(ops),
    NUMBER(live_bytes),
    NUMBER(live_objects),
    NUMBER(usable_bytes),
    NUMBER(held_bytes),
    NUMBER(heap_resident_bytes),
    NUMBER(empty_bytes),
    NUMBER(lazy_free_bytes),
    NUMBER(huge_bytes),
    NUMBER(swap_bytes),
    NUMBER(n_mappings),
    NUMBER(address_bytes),
    NUMBER(used_lines),
    NUMBER(shared_lines),
    PAGES(0),
    PAGES(1),
    PAGES(2),
    PAGES(3),
    PAGES(4),
    PAGES(5),
    PAGES(6),
    PAGES(7),
    PAGES(8),
    PAGES(9),
    PAGES(10),
    PAGES(11),
    PAGES(12),
    PAGES(13),
    PAGES(14),
    PAGES(15),
    PAGES(16),
    {0},
};
static_assert(ARRAY_SIZE(store_mark_numbers) == 15 + SURVEY_SHARES + 1, "every share is there");

/* Columns of a mark before its numbers. */
enum mark_column { COLUMN_SURVEY, COLUMN_ORDINAL, COLUMN_KIND, COLUMN_PHASE, COLUMN_FIRST_NUMBER };

/* The SQL text, which the caller frees; NULL without memory. */
static char *mark_sql(bool is_insert)
{
    char *sql = NULL;
    size_t n_bytes;
    FILE *out = open_memstream(&sql, &n_bytes);
    if (!out)
        return NULL;
    fprintf(out, "%s survey, ordinal, kind, phase", is_insert ? "INSERT INTO mark (" : "SELECT");
    for (const struct store_number *c = store_mark_numbers; c->name; c++)
        fprintf(out, ", %s", c->name);
    if (is_insert) {
        fputs(") VALUES (?, ?, ?, ?", out);
        for (const struct store_number *c = store_mark_numbers; c->name; c++)
            fputs(", ?", out);
        fputs(")", out);
    } else {
        fputs(" FROM mark WHERE survey = ? ORDER BY ordinal", out);
    }
    if (fclose(out) == 0)
        return sql;
    free(sql);
    return NULL;
}

static int prepare_mark(struct store *s, bool is_insert, sqlite3_stmt **q, struct err *err)
{
    *q = NULL;
    char *sql = mark_sql(is_insert);
    if (!sql)
        return err_set(err, ENOMEM, "no memory for a mark of %s", s->path);
    int result = store_prepare(s, sql, q, err);
    free(sql);
    return result;
}

int store_insert_marks(struct store *s, int64_t survey_id, const struct survey *found,
                       struct err *err)
{
    sqlite3_stmt *q;
    int result = prepare_mark(s, true, &q, err);
    for (uint32_t i = 0; i < found->n_marks && result == 0; i++) {
        const struct survey_mark *m = &found->marks[i];
        sqlite3_bind_int64(q, 1 + COLUMN_SURVEY, survey_id);
        sqlite3_bind_int64(q, 1 + COLUMN_ORDINAL, i);
        store_bind_text(q, 1 + COLUMN_KIND, survey_mark_kind_name((enum survey_mark_kind)m->kind));
        sqlite3_bind_int64(q, 1 + COLUMN_PHASE, m->phase);
        int next = 1 + COLUMN_FIRST_NUMBER;
        for (const struct store_number *c = store_mark_numbers; c->name; c++)
            store_bind_known(q, next++, store_mark_number_of(m, c));
        result = store_step(s, q, "write", err);
        sqlite3_reset(q);
    }
    sqlite3_finalize(q);
    return result;
}

static int read_mark(struct store *s, sqlite3_stmt *q, uint32_t ordinal, struct survey_mark *out,
                     struct err *err)
{
    if (sqlite3_column_int64(q, COLUMN_ORDINAL) != ordinal)
        return err_set(err, EINVAL, "%s is damaged: the marks of a survey have gaps", s->path);
    *out = (struct survey_mark){.kind = survey_mark_kind_find(store_column_text(q, COLUMN_KIND))};
    int next = COLUMN_FIRST_NUMBER;
    for (const struct store_number *c = store_mark_numbers; c->name; c++, next++) {
        uint64_t number = store_column_known(q, next);
        if (number > INT64_MAX && number != SURVEY_UNKNOWN)
            return err_set(err, EINVAL, "%s is damaged: %s of a survey's mark is negative", s->path,
                           c->name);
        *(uint64_t *)((char *)out + c->offset) = number;
    }
    return store_read_index(s, q, COLUMN_PHASE, &out->phase, err);
}

int store_load_marks(struct store *s, int64_t survey_id, struct survey *out, struct err *err)
{
    out->marks = calloc(SURVEY_MARKS_MAX, sizeof(*out->marks));
    if (!out->marks)
        return err_set(err, ENOMEM, "no memory for the marks of a survey of %s", s->path);
    sqlite3_stmt *q;
    int result = prepare_mark(s, false, &q, err);
    if (result == 0)
        sqlite3_bind_int64(q, 1, survey_id);
    while (result == 0 && (result = store_step(s, q, "read", err)) > 0) {
        if (out->n_marks == SURVEY_MARKS_MAX)
            result = err_set(err, EINVAL, "%s is damaged: a survey has more than %u marks", s->path,
                             SURVEY_MARKS_MAX);
        else
            result = read_mark(s, q, out->n_marks, &out->marks[out->n_marks], err);
        out->n_marks += result == 0;
    }
    sqlite3_finalize(q);
    return result;
}

int store_pack_regions(const struct survey_region *regions, uint32_t n, struct store_packed *out,
                       struct err *err)
{
    struct survey_region *stored = calloc(n + 1, sizeof(*stored));
    if (!stored)
        return err_set(err, ENOMEM, "no memory to store %u regions", n);
    uint64_t before = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct survey_region *r = &regions[i];
        stored[i] = (struct survey_region){.address = htole64(r->address - before),
                                           .n_pages = htole32(r->n_pages),
                                           .resident_pages = htole32(r->resident_pages),
                                           .live_bytes = htole64(r->live_bytes)};
        before = r->address;
    }
    int result = store_pack(stored, n * sizeof(*stored), out, err);
    free(stored);
    return result;
}

/* In place. */
static void decode_regions(struct survey_region *regions, uint32_t n)
{
    uint64_t address = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct survey_region *r = &regions[i];
        address += le64toh(r->address);
        *r = (struct survey_region){.address = address,
                                    .n_pages = le32toh(r->n_pages),
                                    .resident_pages = le32toh(r->resident_pages),
                                    .live_bytes = le64toh(r->live_bytes)};
    }
}

int store_insert_regions(struct store *s, int64_t survey_id, const struct survey *found,
                         const struct store_packed *packed, struct err *err)
{
    sqlite3_stmt *q;
    int result = store_prepare(
        s, "INSERT INTO region (survey, mark, n_regions, data) VALUES (?, ?, ?, ?)", &q, err);
    for (uint32_t i = 0; i < found->n_marks && result == 0; i++) {
        if (found->marks[i].n_regions == 0)
            continue;
        sqlite3_bind_int64(q, 1, survey_id);
        sqlite3_bind_int64(q, 2, i);
        sqlite3_bind_int64(q, 3, found->marks[i].n_regions);
        sqlite3_bind_blob64(q, 4, packed[i].data, packed[i].n_bytes, SQLITE_STATIC);
        result = store_step(s, q, "write", err);
        sqlite3_reset(q);
    }
    sqlite3_finalize(q);
    return result;
}

/* Appends the regions of one mark to the survey's. */
static int read_regions(struct store *s, sqlite3_stmt *q, struct survey *out, struct err *err)
{
    uint32_t mark, n;
    int result = store_read_index(s, q, 0, &mark, err);
    if (result == 0)
        result = store_read_index(s, q, 1, &n, err);
    if (result < 0)
        return result;
    if (mark >= out->n_marks || n == 0 || n > SURVEY_REGIONS_MAX)
        return err_set(err, EINVAL, "%s is damaged: mark %u of a survey has %u regions", s->path,
                       mark, n);
    struct survey_region *more =
        reallocarray(out->regions, out->n_regions + n, sizeof(*out->regions));
    if (!more)
        return err_set(err, ENOMEM, "no memory for the regions of a survey of %s", s->path);
    out->regions = more;
    const void *data = sqlite3_column_blob(q, 2);
    result = store_unpack(data, (size_t)sqlite3_column_bytes(q, 2), more + out->n_regions,
                          n * sizeof(*more), err);
    if (result < 0) {
        err_prefix(err, "%s is damaged: of the regions of a survey's mark %u", s->path, mark);
        return result;
    }
    decode_regions(more + out->n_regions, n);
    out->marks[mark].first_region = out->n_regions;
    out->marks[mark].n_regions = n;
    out->n_regions += n;
    return 0;
}

int store_load_regions(struct store *s, int64_t survey_id, struct survey *out, struct err *err)
{
    sqlite3_stmt *q;
    int result = store_prepare(
        s, "SELECT mark, n_regions, data FROM region WHERE survey = ? ORDER BY mark", &q, err);
    if (result == 0)
        sqlite3_bind_int64(q, 1, survey_id);
    while (result == 0 && (result = store_step(s, q, "read", err)) > 0)
        result = read_regions(s, q, out, err);
    sqlite3_finalize(q);
    return result;
}
