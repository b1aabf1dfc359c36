#include "convert.h"

#include <errno.h>

#include "assemble.h"
#include "page_share.h"
#include "spool_order.h"

/* Events between two clocks are taken to be so far apart: what a call and the use of it cost. */
#define STEP_NS 20

struct conversion {
    const struct spool_reader *spool;
    struct spool_survey survey;
    struct page_share page_share;
    struct assemble *assemble;
    struct trace_totals totals;
    double ns_per_stamp;
    uint64_t last_ns;
};

static double ns_per_stamp(const struct spool_header *h, const struct convert_options *options)
{
    if (h->clock != TRACE_CLOCK_TSC || options->stop_stamp <= h->start_stamp)
        return 1.0;
    return (double)(options->stop_ns - h->start_ns) /
           (double)(options->stop_stamp - h->start_stamp);
}

static uint64_t ns_of(const struct conversion *c, uint64_t stamp)
{
    uint64_t start = c->spool->header->start_stamp;
    return stamp > start ? (uint64_t)((double)(stamp - start) * c->ns_per_stamp) : 0;
}

static enum trace_kind kind_of(enum spool_kind kind)
{
    static const enum trace_kind kinds[SPOOL_KINDS] = {
        [SPOOL_MALLOC] = TRACE_MALLOC,   [SPOOL_CALLOC] = TRACE_CALLOC,
        [SPOOL_ALIGNED] = TRACE_ALIGNED, [SPOOL_REALLOC_IN] = TRACE_REALLOC_IN,
        [SPOOL_REALLOC] = TRACE_REALLOC, [SPOOL_FREE] = TRACE_FREE,
        [SPOOL_SPAWN] = TRACE_SPAWN,     [SPOOL_JOIN] = TRACE_JOIN,
        [SPOOL_END] = TRACE_END,
    };
    return kinds[kind];
}

/* The pages of the large object that the event makes; all of them where nothing is known. */
static uint32_t pages_of(struct conversion *c, const struct spool_event *e)
{
    uint32_t pages = e->made ? number_map_get(&c->survey.pages, e->made) : NUMBER_MAP_NONE;
    bool of_realloc = e->kind == SPOOL_REALLOC;
    if (pages == NUMBER_MAP_NONE)
        return page_share_guess(&c->page_share, of_realloc, e->bytes);
    page_share_note(&c->page_share, of_realloc, e->bytes, pages);
    return pages;
}

static uint64_t bounded(uint64_t n, uint64_t most)
{
    return n < most ? n : most;
}

static void convert_event(struct conversion *c, const struct spool_event *e, uint32_t thread)
{
    if (c->survey.threads[thread].revoked)
        return;
    c->totals.conflicts += e->unseen;
    c->totals.unknown_frees += e->kind == SPOOL_UNKNOWN;
    enum trace_kind kind = kind_of(e->kind);
    bool names_thread = kind == TRACE_SPAWN || kind == TRACE_JOIN;
    if (kind == TRACE_NONE || (names_thread && e->number == SPOOL_NO_THREAD))
        return;
    struct assemble_event event = {
        .kind = kind,
        .thread = thread,
        .other = names_thread ? e->number - c->spool->first_thread : 0,
        .token = e->token,
        .made = e->made,
        .given = e->made && spool_survey_given(&c->survey, e->made),
        .bytes = bounded(e->bytes, TRACE_BYTES_MAX),
        .align_log2 = (unsigned)bounded(e->align_log2, TRACE_ALIGN_LOG2_MAX),
        .pages = pages_of(c, e),
        .ns = ns_of(c, e->stamp),
    };
    if (kind == TRACE_SPAWN && c->survey.threads[event.other].revoked)
        return;
    c->last_ns = event.ns;
    assemble_event(c->assemble, &event);
}

#define PROGRESS_EVENTS 1048576u

static int write_all(struct conversion *c, const struct convert_options *options, uint64_t step,
                     struct err *err)
{
    struct spool_order order;
    struct spool_event event;
    uint32_t thread;
    uint64_t whole = ns_of(c, options->stop_stamp), n = 0;
    int rc = spool_order_begin(&order, &c->survey, step, err);
    while (rc == 0 && spool_order_next(&order, &event, &thread)) {
        convert_event(c, &event, thread);
        if (++n % PROGRESS_EVENTS == 0 && options->progress && whole > 0)
            options->progress(options->context, (double)c->last_ns / (double)whole);
    }
    spool_order_release(&order);
    return rc;
}

static int survey_and_write(struct conversion *c, const struct convert_options *options,
                            struct err *err)
{
    uint64_t step = (uint64_t)(STEP_NS / c->ns_per_stamp);
    int rc = spool_survey_make(&c->survey, c->spool, step, err);
    if (rc < 0)
        return rc;
    c->totals.lost_events = c->survey.lost_events;
    c->totals.exit_how = options->exit_how;
    c->totals.exit_value = options->exit_value;
    struct trace_header header = options->header;
    header.n_threads = c->survey.n_counting;
    header.text_bytes = options->text_bytes;
    c->assemble = assemble_new(options->path, &header, options->text, c->survey.n_threads,
                               options->level, err);
    if (!c->assemble)
        return -EIO;
    rc = write_all(c, options, step, err);
    if (rc == 0)
        return assemble_finish(c->assemble, &c->totals, err);
    assemble_abandon(c->assemble);
    return rc;
}

int convert_spool(const struct spool_reader *spool, const struct convert_options *options,
                  struct err *err)
{
    struct conversion c = {.spool = spool, .ns_per_stamp = ns_per_stamp(spool->header, options)};
    int rc = survey_and_write(&c, options, err);
    spool_survey_release(&c.survey);
    return rc;
}
