#include "memory.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_survey.h"

#define PAGE_BYTES 4096.0

/* A trial's figures, until the median is taken. */
struct values {
    double (*figures)[MEMORY_OF_SERIES];
    size_t n, room;
};

struct gathering {
    struct store *store;
    const struct summary *s;
    struct memory *out;
    struct values *values; /* by cell and subject */
};

const char *memory_figure_name(enum memory_figure figure)
{
    static const char *const names[MEMORY_FIGURES] = {
        [MEMORY_BLOW_UP] = "blow_up_ratio",
        [MEMORY_COST] = "memory_cost_ratio",
        [MEMORY_F1] = "f1_ratio",
        [MEMORY_F2] = "f2_ratio",
        [MEMORY_F3] = "f3_ratio",
        [MEMORY_F4] = "f4_ratio",
        [MEMORY_INTERNAL] = "internal_ratio",
        [MEMORY_UNUSED] = "unused_ratio",
        [MEMORY_EMPTY] = "empty_pages_ratio",
        [MEMORY_SHARED] = "shared_lines_ratio",
        [MEMORY_HELD_F1] = "held_f1_ratio",
        [MEMORY_HELD_F2] = "held_f2_ratio",
        [MEMORY_HELD_F3] = "held_f3_ratio",
        [MEMORY_HELD_F4] = "held_f4_ratio",
    };
    return names[figure];
}

static double known(uint64_t bytes)
{
    return bytes == SURVEY_UNKNOWN ? NAN : (double)bytes;
}

/* Samples as columns of numbers, in one piece of memory that *t points to. */
static int spread(const struct trial_sample *samples, size_t n, double **t,
                  struct fragmentation_series *out, struct err *err)
{
    double *columns = malloc((3 * n + 1) * sizeof(*columns));
    if (!columns)
        return err_set(err, ENOMEM, "no memory for a series of %zu samples", n);
    for (size_t i = 0; i < n; i++) {
        columns[i] = (double)samples[i].t_ns * 1e-9;
        columns[n + i] =
            samples[i].live_bytes == TRIAL_LIVE_UNKNOWN ? NAN : (double)samples[i].live_bytes;
        columns[2 * n + i] = (double)samples[i].rss_bytes;
    }
    *t = columns;
    *out = (struct fragmentation_series){
        .t = columns, .live = columns + n, .resident = columns + 2 * n, .n = n};
    return 0;
}

bool memory_is_vague(const struct store_cell *cell, double mean)
{
    return cell->live_error_bytes == TRIAL_LIVE_UNKNOWN ||
           !((double)cell->live_error_bytes <= MEMORY_LIVE_ERROR_MOST * mean);
}

static void figure_out(const struct fragmentation_series *s, double peak_bytes, double *figures)
{
    struct fragmentation_measures m = fragmentation_measure(s);
    size_t most = fragmentation_peak(s->live, s->n);
    figures[MEMORY_BLOW_UP] =
        most == s->n ? NAN : fragmentation_blow_up(peak_bytes, s->live[most], PAGE_BYTES);
    figures[MEMORY_COST] = fragmentation_memory_cost(s);
    figures[MEMORY_F1] = m.f1;
    figures[MEMORY_F2] = m.f2;
    figures[MEMORY_F3] = m.f3;
    figures[MEMORY_F4] = m.f4;
}

static int add_values(struct values *v, const double *figures, struct err *err)
{
    if (v->n == v->room) {
        size_t room = v->room ? 2 * v->room : 16;
        void *more = reallocarray(v->figures, room, sizeof(*v->figures));
        if (!more)
            return err_set(err, ENOMEM, "no memory for the figures of memory");
        v->figures = more;
        v->room = room;
    }
    memcpy(v->figures[v->n++], figures, sizeof(*v->figures));
    return 0;
}

/* The file may name any. */
static int check_place(const struct gathering *g, uint32_t cell, uint32_t subject, struct err *err)
{
    if (cell < g->out->n_cells && subject < g->out->n_subjects)
        return 0;
    return err_set(err, EINVAL, "the file is damaged: run %s has no cell %u with a subject %u",
                   g->s->run.name, cell, subject);
}

static int see_trial(void *context, const struct store_trial *trial, struct err *err)
{
    struct gathering *g = context;
    const struct store_place *place = &trial->place;
    struct fragmentation_series series;
    struct trial_sample *samples;
    double figures[MEMORY_OF_SERIES], *columns = NULL;
    size_t n;
    int rc = check_place(g, place->cell, place->subject, err);
    if (rc < 0 || trial->result.status != TRIAL_OK)
        return rc;
    rc = store_load_series(g->store, trial->id, &samples, &n, err);
    if (rc == 0 && n > 0)
        rc = spread(samples, n, &columns, &series, err);
    free(samples);
    if (rc < 0 || n == 0)
        return rc;
    g->out->has_series = true;
    if (memory_is_vague(&g->s->run.cells[place->cell],
                        fragmentation_mean(series.t, series.live, series.n))) {
        g->out->is_vague[place->cell] = true;
    } else {
        figure_out(&series, (double)trial->result.peak_bytes, figures);
        rc = add_values(&g->values[(size_t)place->cell * g->out->n_subjects + place->subject],
                        figures, err);
    }
    free(columns);
    return rc;
}

const struct survey_mark *memory_mark(const struct survey *survey, enum survey_mark_kind kind)
{
    for (uint32_t i = 0; i < survey->n_marks; i++)
        if (survey->marks[i].kind == (uint32_t)kind)
            return &survey->marks[i];
    return NULL;
}

static double resident_at(const struct survey *survey, enum survey_mark_kind kind)
{
    const struct survey_mark *m = memory_mark(survey, kind);
    return m ? known(m->heap_resident_bytes) : NAN;
}

struct tail_readings memory_tail(const struct survey *survey)
{
    const struct survey_mark *drained = memory_mark(survey, SURVEY_DRAINED);
    struct tail_readings r = {.live = drained ? known(drained->live_bytes) : NAN,
                              .drained = resident_at(survey, SURVEY_DRAINED),
                              .idle = {resident_at(survey, SURVEY_IDLE_0_1S),
                                       resident_at(survey, SURVEY_IDLE_1S),
                                       resident_at(survey, SURVEY_IDLE_5S)},
                              .purged = resident_at(survey, SURVEY_PURGED),
                              .call = survey->purge};
    for (uint32_t i = 0; i < survey->n_marks; i++)
        if (survey->marks[i].heap_resident_bytes != SURVEY_UNKNOWN)
            r.peak = fmax(r.peak, (double)survey->marks[i].heap_resident_bytes);
    return r;
}

int memory_series_of_marks(const struct survey *survey, double **memory,
                           struct fragmentation_series *out, struct err *err)
{
    size_t room = survey->n_marks, n = 0;
    double *columns = malloc((4 * room + 1) * sizeof(*columns));
    if (!columns)
        return err_set(err, ENOMEM, "no memory for the marks of a survey");
    for (size_t i = 0; i < room && survey->marks[i].kind <= SURVEY_DRAINED; i++, n++) {
        const struct survey_mark *m = &survey->marks[i];
        columns[i] = known(m->ops);
        columns[room + i] = known(m->live_bytes);
        columns[2 * room + i] = known(m->held_bytes);
        columns[3 * room + i] = known(m->heap_resident_bytes);
    }
    *memory = columns;
    *out = (struct fragmentation_series){.t = columns,
                                         .live = columns + room,
                                         .held = columns + 2 * room,
                                         .resident = columns + 3 * room,
                                         .n = n};
    return 0;
}

/* At one mark few lines may be in use: so all marks count, each with its lines. */
static double shared_lines(const struct survey *survey)
{
    double used = 0, shared = 0;
    for (uint32_t i = 0; i < survey->n_marks && survey->marks[i].kind < SURVEY_DRAINED; i++) {
        used += known(survey->marks[i].used_lines);
        shared += known(survey->marks[i].shared_lines);
    }
    return used > 0 ? shared / used : NAN;
}

/* What follows from all marks together; with the figures of the series, where those have none. */
static int take_marks(struct memory_entry *e, const struct survey *survey, bool is_vague,
                      struct err *err)
{
    struct fragmentation_series s;
    double *columns;
    int rc = memory_series_of_marks(survey, &columns, &s, err);
    if (rc < 0)
        return rc;
    e->figures[MEMORY_SHARED] = shared_lines(survey);
    struct fragmentation_measures by_held = fragmentation_measure(&s);
    if (!by_held.by_resident) {
        e->figures[MEMORY_HELD_F1] = by_held.f1;
        e->figures[MEMORY_HELD_F2] = by_held.f2;
        e->figures[MEMORY_HELD_F3] = by_held.f3;
        e->figures[MEMORY_HELD_F4] = by_held.f4;
    }
    s.held = NULL;
    size_t peak = fragmentation_peak(s.resident, s.n);
    if (is_vague)
        figure_out(&s, peak < s.n ? s.resident[peak] : NAN, e->figures);
    free(columns);
    return 0;
}

static void take_peak_and_tail(struct memory_entry *e, const struct survey *survey)
{
    struct tail_readings readings = memory_tail(survey);
    const struct survey_mark *peak = memory_mark(survey, SURVEY_PEAK);
    e->tail = tail_judge(&readings);
    snprintf(e->purge, sizeof(e->purge), "%s", survey->purge);
    if (!peak)
        return;
    double live = known(peak->live_bytes), usable = known(peak->usable_bytes);
    e->figures[MEMORY_INTERNAL] = fragmentation_internal(usable, live);
    e->figures[MEMORY_UNUSED] = fragmentation_unused(known(peak->held_bytes), usable, live);
    e->figures[MEMORY_EMPTY] = peak->heap_resident_bytes > 0
                                   ? known(peak->empty_bytes) / known(peak->heap_resident_bytes)
                                   : NAN;
}

static int see_survey(void *context, const struct store_survey *found, struct err *err)
{
    struct gathering *g = context;
    struct survey survey = {0};
    int rc = check_place(g, found->cell, found->subject, err);
    if (rc < 0)
        return rc;
    struct memory_entry *e = memory_entry(g->out, found->cell, found->subject);
    e->is_surveyed = g->out->has_surveys = true;
    e->survey_status = found->result.status;
    memcpy(e->survey_message, found->result.message, sizeof(e->survey_message));
    if (found->result.status != TRIAL_OK)
        return 0;
    rc = store_load_survey(g->store, found->id, &survey, err);
    if (rc == 0) {
        take_peak_and_tail(e, &survey);
        rc = take_marks(e, &survey, g->out->is_vague[found->cell], err);
    }
    survey_release(&survey);
    return rc;
}

/* Of the trials in which the figure is known. */
static double median_of(const struct values *v, enum memory_figure figure, double *room)
{
    size_t n = 0;
    for (size_t i = 0; i < v->n; i++)
        if (!isnan(v->figures[i][figure]))
            room[n++] = v->figures[i][figure];
    return n > 0 ? stats_median(room, n) : NAN;
}

static int take_medians(struct gathering *g, struct err *err)
{
    size_t n = (size_t)g->out->n_cells * g->out->n_subjects;
    for (size_t i = 0; i < n; i++) {
        double *room = malloc((g->values[i].n + 1) * sizeof(*room));
        if (!room)
            return err_set(err, ENOMEM, "no memory for the figures of memory");
        for (unsigned f = 0; f < MEMORY_OF_SERIES; f++)
            g->out->entries[i].figures[f] = median_of(&g->values[i], f, room);
        free(room);
    }
    return 0;
}

static int make_room(struct gathering *g, struct err *err)
{
    struct memory *m = g->out;
    size_t n = (size_t)m->n_cells * m->n_subjects;
    m->entries = calloc(n + 1, sizeof(*m->entries));
    m->is_vague = calloc((size_t)m->n_cells + 1, sizeof(*m->is_vague));
    g->values = calloc(n + 1, sizeof(*g->values));
    if (!m->entries || !m->is_vague || !g->values)
        return err_set(err, ENOMEM, "no memory for the figures of memory");
    for (size_t i = 0; i < n; i++)
        for (unsigned f = 0; f < MEMORY_FIGURES; f++)
            m->entries[i].figures[f] = NAN;
    return 0;
}

int memory_make(struct store *store, const struct summary *s, struct memory *out, struct err *err)
{
    *out = (struct memory){.n_subjects = s->run.n_subjects, .n_cells = s->run.n_cells};
    struct gathering g = {.store = store, .s = s, .out = out};
    int rc = make_room(&g, err);
    if (rc == 0)
        rc = store_each_trial(store, s->run.id, see_trial, &g, err);
    if (rc == 0)
        rc = take_medians(&g, err);
    if (rc == 0)
        rc = store_each_survey(store, s->run.id, see_survey, &g, err);
    for (size_t i = 0; g.values && i < (size_t)out->n_cells * out->n_subjects; i++)
        free(g.values[i].figures);
    free(g.values);
    return rc;
}

void memory_release(struct memory *m)
{
    free(m->entries);
    free(m->is_vague);
    *m = (struct memory){0};
}
