#include "report_latency.h"

#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>

#include "histogram.h"
#include "latency_bucket.h"
#include "report_text.h"
#include "store_survey.h"

#define TEXT_BYTES 64

/* Nine classes of sizes are too many to read: up to 1 KiB, up to 64 KiB, and above. */
enum { RANGES = 3 };
static const struct range {
    const char *title;
    uint64_t most_bytes;
} ranges[RANGES] = {{"<= 1 KiB", KIB}, {"<= 64 KiB", 64 * KIB}, {"above", UINT64_MAX}};

/* Calls that are shown together. */
struct group {
    struct histogram plain, faulted;
};
enum { GROUPS = LATENCY_KINDS * RANGES * 2 };

static unsigned group_of(const struct survey_latency *l)
{
    unsigned range = 0;
    while (latency_class_bytes(l->size_class) > ranges[range].most_bytes)
        range++;
    return (l->kind * RANGES + range) * 2 + l->is_remote;
}

/* What was found of a subject in the cell that is shown. */
struct entry {
    struct store_survey survey; /* id 0: there is none */
    struct group *groups;       /* GROUPS; NULL without a timed call */
};

struct view {
    FILE *out;
    struct store *store;
    const struct summary *s;
    const struct report_look *look;
    struct err *err;
    struct entry *entries; /* by cell and subject */
    uint64_t n_surveys;
    struct libscols_table *table; /* of the cell */
    bool failed;                  /* libsmartcols had no memory */
};

static struct entry *entry_of(const struct view *v, uint32_t cell, uint32_t subject)
{
    return &v->entries[(size_t)cell * v->s->run.n_subjects + subject];
}

static int note_survey(void *context, const struct store_survey *x, struct err *err)
{
    struct view *v = context;
    const struct store_run *run = &v->s->run;
    if (x->cell >= run->n_cells || x->subject >= run->n_subjects)
        return err_set(err, EINVAL, "the file is damaged: run %s has no cell %u with a subject %u",
                       run->name, x->cell, x->subject);
    entry_of(v, x->cell, x->subject)->survey = *x;
    v->n_surveys++;
    return 0;
}

static int load_entry(struct view *v, struct entry *e)
{
    struct survey found = {0};
    if (e->survey.id == 0)
        return 0;
    int result = store_load_survey(v->store, e->survey.id, &found, v->err);
    if (result == 0 && found.n_latencies > 0) {
        e->groups = calloc(GROUPS, sizeof(*e->groups));
        if (!e->groups)
            result =
                err_set(v->err, ENOMEM, "no memory for the latencies of run %s", v->s->run.name);
    }
    for (uint32_t i = 0; result == 0 && i < found.n_latencies; i++) {
        const struct survey_latency *l = &found.latencies[i];
        struct group *group = &e->groups[group_of(l)];
        histogram_add(l->has_faulted ? &group->faulted : &group->plain, l);
    }
    survey_release(&found);
    return result;
}

static void release_entry(struct entry *e)
{
    free(e->groups);
    e->groups = NULL;
}

/* "23 ns", "1.23 us", "45.6 ms". */
static void format_ns(char *out, uint64_t ns)
{
    static const char *const units[] = {"us", "ms", "s"};
    char number[REPORT_NUMBER_BYTES];
    if (ns < 1000) {
        snprintf(out, TEXT_BYTES, "%u ns", (unsigned)ns);
        return;
    }
    unsigned unit = 0;
    double value = (double)ns / 1e3;
    for (; value >= 999.5 && unit + 1 < ARRAY_SIZE(units); unit++)
        value /= 1e3;
    report_format_number(number, value);
    snprintf(out, TEXT_BYTES, "%s %s", number, units[unit]);
}

static void format_quantile(char *out, const struct histogram *h, uint32_t millionths)
{
    struct quantile q = histogram_quantile(h, millionths);
    if (h->n == 0)
        snprintf(out, TEXT_BYTES, "-");
    else if (!q.is_sure)
        snprintf(out, TEXT_BYTES, "too few");
    else
        format_ns(out, q.ns);
}

static void format_greatest(char *out, const struct histogram *h)
{
    if (h->n == 0)
        snprintf(out, TEXT_BYTES, "-");
    else
        format_ns(out, h->max_ns);
}

enum column {
    CALL,
    SIZE,
    BY,
    SUBJECT,
    N,
    P50,
    P99,
    P999,
    MOST,
    FAULTED,
    FAULTED_P50,
    FAULTED_MOST
};
static const struct {
    const char *title;
    int flags;
} columns[] = {
    [CALL] = {"call", 0},
    [SIZE] = {"size", 0},
    [BY] = {"made by", 0},
    [SUBJECT] = {"subject", 0},
    [N] = {"calls", SCOLS_FL_RIGHT},
    [P50] = {"p50", SCOLS_FL_RIGHT},
    [P99] = {"p99", SCOLS_FL_RIGHT},
    [P999] = {"p99.9", SCOLS_FL_RIGHT},
    [MOST] = {"max", SCOLS_FL_RIGHT},
    [FAULTED] = {"faulted", SCOLS_FL_RIGHT},
    [FAULTED_P50] = {"p50", SCOLS_FL_RIGHT},
    [FAULTED_MOST] = {"max", SCOLS_FL_RIGHT},
};

static void set(struct view *v, struct libscols_line *line, enum column column, const char *text)
{
    if (!line || scols_line_set_data(line, column, text) < 0)
        v->failed = true;
}

static void add_line(struct view *v, uint32_t subject, const struct group *g, unsigned group,
                     bool is_first)
{
    static const uint32_t millionths[] = {[P50] = 500000, [P99] = 990000, [P999] = 999000};
    struct libscols_line *line = scols_table_new_line(v->table, NULL);
    enum latency_kind kind = (enum latency_kind)(group / 2 / RANGES);
    bool ends = kind == LATENCY_FREE || kind == LATENCY_REALLOC;
    char text[TEXT_BYTES];
    set(v, line, CALL, is_first ? latency_kind_name(kind) : "");
    set(v, line, SIZE, is_first ? ranges[group / 2 % RANGES].title : "");
    set(v, line, BY, !is_first || !ends ? "" : group % 2 ? "another" : "itself");
    set(v, line, SUBJECT, v->s->run.subjects[subject].name);
    snprintf(text, sizeof(text), "%llu", (unsigned long long)g->plain.n);
    set(v, line, N, text);
    for (enum column c = P50; c <= P999; c++) {
        format_quantile(text, &g->plain, millionths[c]);
        set(v, line, c, text);
    }
    format_greatest(text, &g->plain);
    set(v, line, MOST, text);
    snprintf(text, sizeof(text), "%llu", (unsigned long long)g->faulted.n);
    set(v, line, FAULTED, text);
    format_quantile(text, &g->faulted, 500000);
    set(v, line, FAULTED_P50, text);
    format_greatest(text, &g->faulted);
    set(v, line, FAULTED_MOST, text);
}

static void add_group(struct view *v, uint32_t cell, unsigned group)
{
    bool is_first = true;
    for (uint32_t i = 0; i < v->s->run.n_subjects; i++) {
        const struct entry *e = entry_of(v, cell, i);
        if (!e->groups || e->groups[group].plain.n + e->groups[group].faulted.n == 0)
            continue;
        add_line(v, i, &e->groups[group], group, is_first);
        is_first = false;
    }
}

static void add_columns(struct view *v)
{
    for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
        struct libscols_column *c =
            scols_table_new_column(v->table, columns[i].title, 0, columns[i].flags);
        if (!c)
            v->failed = true;
        else if (v->look->colour)
            scols_cell_set_color(scols_column_get_header(c), "bold");
    }
}

static void print_table(struct view *v, uint32_t cell)
{
    char *text = NULL;
    v->table = report_new_table(v->look->colour);
    if (!v->table) {
        v->failed = true;
        return;
    }
    add_columns(v);
    for (unsigned group = 0; group < GROUPS; group++)
        add_group(v, cell, group);
    if (v->failed || scols_print_table_to_string(v->table, &text) < 0)
        v->failed = true;
    else
        report_put_trimmed(v->out, text);
    fputc('\n', v->out);
    free(text);
    scols_unref_table(v->table);
}

/* Surveys that failed, and how: what they timed before they did was not kept. */
static void print_failures(const struct view *v, uint32_t cell)
{
    for (uint32_t i = 0; i < v->s->run.n_subjects; i++) {
        const struct store_survey *x = &entry_of(v, cell, i)->survey;
        if (x->id == 0 || x->result.status == TRIAL_OK)
            continue;
        report_put_clean(v->out, v->s->run.subjects[i].name);
        fprintf(v->out, ": the second pass %s", trial_status_name(x->result.status));
        if (x->result.message[0]) {
            fputs(": ", v->out);
            report_put_clean(v->out, x->result.message);
        }
        fputc('\n', v->out);
    }
}

static int print_cell(struct view *v, uint32_t cell)
{
    const struct store_cell *c = &v->s->run.cells[cell];
    int result = 0;
    bool any = false;
    for (uint32_t i = 0; result == 0 && i < v->s->run.n_subjects; i++) {
        result = load_entry(v, entry_of(v, cell, i));
        any |= entry_of(v, cell, i)->groups != NULL;
    }
    if (result == 0) {
        fputs("\nLatency: ", v->out);
        report_put_clean(v->out, c->workload);
        fprintf(v->out, ", %u thread%s\n", c->threads, c->threads == 1 ? "" : "s");
        if (any)
            print_table(v, cell);
        else
            fputs("none: no call was timed\n", v->out);
        print_failures(v, cell);
    }
    for (uint32_t i = 0; i < v->s->run.n_subjects; i++)
        release_entry(entry_of(v, cell, i));
    return result;
}

struct span {
    uint64_t least, most;
};

static void widen(struct span *span, uint64_t value)
{
    span->least = value < span->least ? value : span->least;
    span->most = value > span->most ? value : span->most;
}

/* "22", "20 to 22". */
static void print_span(FILE *out, const struct span *span)
{
    fprintf(out, "%llu", (unsigned long long)span->least);
    if (span->most > span->least)
        fprintf(out, " to %llu", (unsigned long long)span->most);
}

/* Of the surveys with timed calls. */
static void print_clock(const struct view *v)
{
    struct span clock = {.least = UINT64_MAX}, period = {.least = UINT64_MAX};
    size_t n = (size_t)v->s->run.n_cells * v->s->run.n_subjects;
    for (size_t i = 0; i < n; i++) {
        const struct store_survey *x = &v->entries[i].survey;
        if (x->id == 0 || x->latency_period == 0 || x->clock_ns == SURVEY_UNKNOWN)
            continue;
        widen(&clock, x->clock_ns);
        widen(&period, x->latency_period);
    }
    if (period.most == 0)
        return;
    fputs("one call of ", v->out);
    print_span(v->out, &period);
    fputs(" was timed, on average; timing a call that does nothing gives ", v->out);
    print_span(v->out, &clock);
    fputs(" ns, which every figure contains: nothing is taken off\n", v->out);
}

static void print_legend(const struct view *v)
{
    fprintf(
        v->out,
        "\nlatency: of calls timed one by one in a second pass, in which threads are also halted and observed; "
        "not of the trials above\n"
        "made by: whose object is ended, the thread's itself or another's\n"
        "p50, p99, p99.9: at most 1/%u too high, never too low; too few: fewer than %u calls are beyond\n"
        "faulted: calls in which the thread took a page fault, and theirs; the columns before are of calls "
        "without\n",
        HISTOGRAM_PRECISION, HISTOGRAM_BEYOND);
    print_clock(v);
}

int report_latency(FILE *out, struct store *store, const struct summary *s,
                   const struct report_look *look, struct err *err)
{
    struct view v = {.out = out, .store = store, .s = s, .look = look, .err = err};
    v.entries = calloc((size_t)s->run.n_cells * s->run.n_subjects, sizeof(*v.entries));
    if (!v.entries)
        return err_set(err, ENOMEM, "no memory for the latencies of run %s", s->run.name);
    int result = store_each_survey(store, s->run.id, note_survey, &v, err);
    if (result == 0 && v.n_surveys == 0)
        fputs("\nLatency: none; this run has no second pass, in which calls are timed\n", out);
    for (uint32_t c = 0; result == 0 && v.n_surveys > 0 && c < s->run.n_cells; c++)
        result = print_cell(&v, c);
    if (result == 0 && v.failed)
        result = err_set(err, ENOMEM, "no memory for the latencies of run %s", s->run.name);
    if (result == 0 && v.n_surveys > 0)
        print_legend(&v);
    free(v.entries);
    return result < 0 ? result : report_finish(out, err);
}
