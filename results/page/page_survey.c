/* What the surveys found: marks, the occupancy of pages at them, and what came back at the end. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "heat.h"
#include "memory.h"
#include "page_latency.h"
#include "page_parts.h"
#include "store_survey.h"

#define MARKS_MOST  32u /* of a survey on the page: of evenly spaced ones some are left out */
#define STEPS_LEAST 8u

/* Columns of the marks: bytes as KiB, what is unknown as null. */
static const struct {
    const char *name;
    size_t offset;
    unsigned unit;
} columns[] = {
    {"t_us", offsetof(struct survey_mark, t_ns), 1000},
    {"ops", offsetof(struct survey_mark, ops), 1},
    {"live_kib", offsetof(struct survey_mark, live_bytes), KIB},
    {"usable_kib", offsetof(struct survey_mark, usable_bytes), KIB},
    {"held_kib", offsetof(struct survey_mark, held_bytes), KIB},
    {"resident_kib", offsetof(struct survey_mark, heap_resident_bytes), KIB},
    {"empty_kib", offsetof(struct survey_mark, empty_bytes), KIB},
    {"lazy_free_kib", offsetof(struct survey_mark, lazy_free_bytes), KIB},
    {"huge_kib", offsetof(struct survey_mark, huge_bytes), KIB},
    {"swap_kib", offsetof(struct survey_mark, swap_bytes), KIB},
    {"mappings", offsetof(struct survey_mark, n_mappings), 1},
    {"address_kib", offsetof(struct survey_mark, address_bytes), KIB},
    {"used_lines", offsetof(struct survey_mark, used_lines), 1},
    {"shared_lines", offsetof(struct survey_mark, shared_lines), 1},
};

/* Every mark that is no step, and of the steps as many as there is room for, evenly chosen, the first among them. */
static uint32_t choose_marks(const struct survey *found, uint32_t *kept)
{
    uint32_t n_steps = 0, n = 0, step = 0;
    for (uint32_t i = 0; i < found->n_marks; i++)
        n_steps += found->marks[i].kind == SURVEY_STEP;
    uint32_t n_others = found->n_marks - n_steps;
    uint32_t room = n_others + STEPS_LEAST < MARKS_MOST ? MARKS_MOST - n_others : STEPS_LEAST;
    for (uint32_t i = 0; i < found->n_marks; i++) {
        bool is_step = found->marks[i].kind == SURVEY_STEP;
        /* Of n_steps the room-th part: those at which step * room / n_steps is a new number. */
        if (!is_step || n_steps <= room || step * room % n_steps < room)
            kept[n++] = i;
        step += is_step;
    }
    return n;
}

#define PAGE_BYTES_LEAST (4 * KIB)
#define PAGE_BYTES_MOST  (64 * KIB)

/* All resident pages of a mark have one size; a file may say anything. */
static uint64_t page_bytes_of(const struct survey *found)
{
    for (uint32_t i = 0; i < found->n_marks; i++) {
        uint64_t n_pages = 0;
        for (unsigned k = 0; k < SURVEY_SHARES; k++)
            n_pages += found->marks[i].pages[k];
        uint64_t size = n_pages ? found->marks[i].heap_resident_bytes / n_pages : 0;
        if (size >= PAGE_BYTES_LEAST && size <= PAGE_BYTES_MOST && (size & (size - 1)) == 0)
            return size;
    }
    return PAGE_BYTES_LEAST;
}

static double known(uint64_t value)
{
    return value == SURVEY_UNKNOWN ? NAN : (double)value;
}

static json_t *make_column(struct page *p, const struct survey *found, const uint32_t *kept,
                           uint32_t n, size_t column)
{
    json_t *values = json_array();
    for (uint32_t i = 0; i < n; i++) {
        const char *mark = (const char *)&found->marks[kept[i]];
        uint64_t value = *(const uint64_t *)(mark + columns[column].offset);
        page_append(p, values,
                    value == SURVEY_UNKNOWN ? json_null()
                                            : part_count(value / columns[column].unit));
    }
    return values;
}

static json_t *make_shares(struct page *p, const struct survey *found, const uint32_t *kept,
                           uint32_t n)
{
    json_t *marks = json_array();
    for (uint32_t i = 0; i < n; i++) {
        json_t *pages = json_array();
        for (unsigned k = 0; k < SURVEY_SHARES; k++)
            page_append(p, pages, part_count(found->marks[kept[i]].pages[k]));
        page_append(p, marks, pages);
    }
    return marks;
}

/* R/L in thousandths, as in the series; null where nothing is live. */
static json_t *make_residency(struct page *p, const struct survey *found, const uint32_t *kept,
                              uint32_t n)
{
    json_t *values = json_array();
    for (uint32_t i = 0; i < n; i++) {
        const struct survey_mark *m = &found->marks[kept[i]];
        double r = m->live_bytes ? fragmentation_residency(known(m->heap_resident_bytes),
                                                           known(m->live_bytes))
                                 : NAN;
        page_append(p, values, r < 1e9 ? part_count((uint64_t)(r * 1000)) : json_null());
    }
    return values;
}

static int put_heat(struct page *p, json_t *o, const struct heat_source *from, struct err *err)
{
    struct heat heat;
    int rc = heat_make(from, &heat, err);
    json_t *marks = json_array();
    for (uint32_t m = 0; rc == 0 && m < heat.n_columns; m++)
        page_append(p, marks, json_stringn(heat.cells + (size_t)m * heat.n_rows, heat.n_rows));
    page_put(p, o, "heat", marks);
    page_put(p, o, "heat_row_kib", part_count(heat.row_bytes / KIB));
    free(heat.cells);
    return rc;
}

static json_t *make_kinds(struct page *p, const struct survey *found, const uint32_t *kept,
                          uint32_t n)
{
    json_t *kinds = json_array();
    for (uint32_t i = 0; i < n; i++) {
        enum survey_mark_kind kind = (enum survey_mark_kind)found->marks[kept[i]].kind;
        page_append(p, kinds, json_string(survey_mark_kind_name(kind)));
    }
    return kinds;
}

static int put_marks(struct page *p, json_t *o, const struct survey *found, struct err *err)
{
    uint32_t kept[SURVEY_MARKS_MAX], n = choose_marks(found, kept);
    struct heat_source heat = {
        .survey = found, .marks = kept, .n = n, .page_bytes = page_bytes_of(found)};
    page_put(p, o, "marks_found", json_integer(found->n_marks));
    page_put(p, o, "kind", make_kinds(p, found, kept, n));
    for (size_t c = 0; c < ARRAY_SIZE(columns); c++)
        page_put(p, o, columns[c].name, make_column(p, found, kept, n, c));
    page_put(p, o, "residency_permille", make_residency(p, found, kept, n));
    page_put(p, o, "pages", make_shares(p, found, kept, n));
    return put_heat(p, o, &heat, err);
}

static json_t *kib(double bytes)
{
    return bytes >= 0 ? part_count((uint64_t)bytes / KIB) : json_null();
}

/* Drained, idle three times, purged; and what that means. */
static void put_tail(struct page *p, json_t *o, const struct survey *found)
{
    struct tail_readings r = memory_tail(found);
    char words[TAIL_WORDS_BYTES];
    struct tail tail = tail_judge(&r);
    json_t *values = json_array();
    page_append(p, values, kib(r.drained));
    for (size_t i = 0; i < ARRAY_SIZE(r.idle); i++)
        page_append(p, values, kib(r.idle[i]));
    page_append(p, values, kib(r.purged));
    page_put(p, o, "tail_kib", values);
    page_put(p, o, "tail_words", part_text(tail_words(&tail, found->purge, words)));
}

struct walk {
    struct page *page;
    json_t *surveys;
};

static int put_found(struct page *p, json_t *o, const struct store_survey *s, struct err *err)
{
    struct survey found;
    int rc = store_load_survey(p->store, s->id, &found, err);
    if (rc == 0 && found.n_marks > 0) {
        rc = put_marks(p, o, &found, err);
        put_tail(p, o, &found);
    }
    if (rc == 0)
        page_put(p, o, "latencies", page_latencies(p, &found));
    survey_release(&found);
    return rc;
}

static int add_survey(void *context, const struct store_survey *s, struct err *err)
{
    struct walk *w = context;
    struct page *p = w->page;
    if (s->cell >= p->s->run.n_cells || s->subject >= p->s->run.n_subjects)
        return 0; /* stored since, and of no such run */
    if (summary_is_bench(p->s, s->subject))
        return 0;
    json_t *o = json_object();
    page_put(p, o, "cell", json_integer(s->cell));
    page_put(p, o, "subject", json_integer(s->subject));
    page_put(p, o, "status", json_string(trial_status_name(s->result.status)));
    page_put(p, o, "signal", json_integer(s->result.signal));
    page_put(p, o, "message", part_text(s->result.message));
    page_put(p, o, "purge", part_text(s->purge));
    page_put(p, o, "held_source", part_text(s->held_source));
    page_put(p, o, "clock_ns", part_count(s->clock_ns));
    page_put(p, o, "latency_period", json_integer(s->latency_period));
    int rc = s->result.status == TRIAL_OK ? put_found(p, o, s, err) : 0;
    page_append(p, w->surveys, o);
    return rc;
}

int page_add_surveys(struct page *p, struct err *err)
{
    struct walk w = {.page = p, .surveys = json_array()};
    int rc = store_each_survey(p->store, p->s->run.id, add_survey, &w, err);
    page_put(p, p->root, "surveys", w.surveys);
    page_put(p, p->root, "latency_quantiles", page_latency_quantiles(p));
    return rc;
}
