/* Histograms. */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>

#include "store_survey_rows.h"

int store_pack_latency(const struct survey_latency *l, struct store_packed *out, struct err *err)
{
    uint64_t stored[LATENCY_BUCKETS];
    for (unsigned i = 0; i < LATENCY_BUCKETS; i++)
        stored[i] = htole64(l->counts[i]);
    return store_pack(stored, sizeof(stored), out, err);
}

int store_insert_latencies(struct store *s, int64_t survey_id, const struct survey *found,
                           const struct store_packed *packed, struct err *err)
{
    sqlite3_stmt *q;
    int result = store_prepare(s,
                               "INSERT INTO latency (survey, ordinal, kind, size_class, is_remote, "
                               "has_faulted, n, min_ns, max_ns, data) "
                               "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                               &q, err);
    for (uint32_t i = 0; i < found->n_latencies && result == 0; i++) {
        const struct survey_latency *l = &found->latencies[i];
        sqlite3_bind_int64(q, 1, survey_id);
        sqlite3_bind_int64(q, 2, i);
        store_bind_text(q, 3, latency_kind_name((enum latency_kind)l->kind));
        sqlite3_bind_int64(q, 4, l->size_class);
        sqlite3_bind_int64(q, 5, l->is_remote);
        sqlite3_bind_int64(q, 6, l->has_faulted);
        sqlite3_bind_int64(q, 7, (int64_t)l->n);
        store_bind_known(q, 8, l->min_ns);
        store_bind_known(q, 9, l->max_ns);
        sqlite3_bind_blob64(q, 10, packed[i].data, packed[i].n_bytes, SQLITE_STATIC);
        result = store_step(s, q, "write", err);
        sqlite3_reset(q);
    }
    sqlite3_finalize(q);
    return result;
}

static int read_counts(struct store *s, sqlite3_stmt *q, int column, struct survey_latency *out,
                       struct err *err)
{
    const void *data = sqlite3_column_blob(q, column);
    int result = store_unpack(data, (size_t)sqlite3_column_bytes(q, column), out->counts,
                              sizeof(out->counts), err);
    if (result < 0)
        err_prefix(err, "%s is damaged: of a histogram of a survey", s->path);
    else
        for (unsigned i = 0; i < LATENCY_BUCKETS; i++)
            out->counts[i] = le64toh(out->counts[i]);
    return result;
}

static int read_latency(struct store *s, sqlite3_stmt *q, struct survey_latency *out,
                        struct err *err)
{
    out->kind = latency_kind_find(store_column_text(q, 0));
    out->n = (uint64_t)sqlite3_column_int64(q, 4);
    out->min_ns = store_column_known(q, 5);
    out->max_ns = store_column_known(q, 6);
    int result = store_read_index(s, q, 1, &out->size_class, err);
    if (result == 0)
        result = store_read_index(s, q, 2, &out->is_remote, err);
    if (result == 0)
        result = store_read_index(s, q, 3, &out->has_faulted, err);
    return result < 0 ? result : read_counts(s, q, 7, out, err);
}

/* Doubled where full. */
static int make_room(struct store *s, struct survey *out, uint32_t *room, struct err *err)
{
    if (out->n_latencies == SURVEY_LATENCIES_MAX)
        return err_set(err, EINVAL, "%s is damaged: a survey has more than %u histograms", s->path,
                       SURVEY_LATENCIES_MAX);
    if (out->n_latencies < *room)
        return 0;
    uint32_t wanted = *room ? 2 * *room : 16;
    struct survey_latency *more = reallocarray(out->latencies, wanted, sizeof(*more));
    if (!more)
        return err_set(err, ENOMEM, "no memory for the histograms of a survey of %s", s->path);
    out->latencies = more;
    *room = wanted;
    return 0;
}

int store_load_latencies(struct store *s, int64_t survey_id, struct survey *out, struct err *err)
{
    uint32_t room = 0;
    sqlite3_stmt *q;
    int result =
        store_prepare(s,
                      "SELECT kind, size_class, is_remote, has_faulted, n, min_ns, max_ns, "
                      "data FROM latency WHERE survey = ? ORDER BY ordinal",
                      &q, err);
    if (result == 0)
        sqlite3_bind_int64(q, 1, survey_id);
    while (result == 0 && (result = store_step(s, q, "read", err)) > 0) {
        result = make_room(s, out, &room, err);
        if (result == 0)
            result = read_latency(s, q, &out->latencies[out->n_latencies], err);
        out->n_latencies += result == 0;
    }
    sqlite3_finalize(q);
    return result;
}
