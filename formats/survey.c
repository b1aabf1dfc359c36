#include "survey.h"

#include <errno.h>
#include <string.h>

static const char *const mark_kinds[] = {
    [SURVEY_STEP] = "step",        [SURVEY_PHASE] = "phase",          [SURVEY_PEAK] = "peak",
    [SURVEY_DRAINED] = "drained",  [SURVEY_IDLE_0_1S] = "idle 0.1 s", [SURVEY_IDLE_1S] = "idle 1 s",
    [SURVEY_IDLE_5S] = "idle 5 s", [SURVEY_PURGED] = "purged",
};
static_assert(ARRAY_SIZE(mark_kinds) == SURVEY_MARK_KINDS, "every kind of mark has a name");

static const char *const latency_kinds[] = {
    [LATENCY_MALLOC] = "malloc",   [LATENCY_CALLOC] = "calloc", [LATENCY_REALLOC] = "realloc",
    [LATENCY_ALIGNED] = "aligned", [LATENCY_FREE] = "free",
};
static_assert(ARRAY_SIZE(latency_kinds) == LATENCY_KINDS, "every kind of call has a name");

/* The index of a name, n when it is none. */
static unsigned find(const char *const *names, unsigned n, const char *name)
{
    unsigned i = 0;
    while (i < n && strcmp(name, names[i]) != 0)
        i++;
    return i;
}

const char *survey_mark_kind_name(enum survey_mark_kind kind)
{
    return mark_kinds[kind];
}

enum survey_mark_kind survey_mark_kind_find(const char *name)
{
    return (enum survey_mark_kind)find(mark_kinds, SURVEY_MARK_KINDS, name);
}

const char *latency_kind_name(enum latency_kind kind)
{
    return latency_kinds[kind];
}

enum latency_kind latency_kind_find(const char *name)
{
    return (enum latency_kind)find(latency_kinds, LATENCY_KINDS, name);
}

static bool are_known(uint64_t a, uint64_t b)
{
    return a != SURVEY_UNKNOWN && b != SURVEY_UNKNOWN;
}

static int check_region(const struct survey_region *r, const struct survey_region *before,
                        struct err *err)
{
    if (!is_power_of_two(r->n_pages))
        return err_set(err, EINVAL, "a region spans %u pages, which is no power of two",
                       r->n_pages);
    if (r->resident_pages == 0 || r->resident_pages > r->n_pages)
        return err_set(err, EINVAL, "a region of %u pages has %u resident ones", r->n_pages,
                       r->resident_pages);
    if (before && r->n_pages != before->n_pages)
        return err_set(err, EINVAL, "the regions span %u pages and %u", before->n_pages,
                       r->n_pages);
    if (before && r->address <= before->address)
        return err_set(err, EINVAL, "the regions' addresses do not ascend");
    return 0;
}

static int check_regions(const struct survey *s, const struct survey_mark *m, struct err *err)
{
    if (m->n_regions > SURVEY_REGIONS_MAX)
        return err_set(err, EINVAL, "it has %u regions, more than %u", m->n_regions,
                       SURVEY_REGIONS_MAX);
    if (m->first_region > s->n_regions || m->n_regions > s->n_regions - m->first_region)
        return err_set(err, EINVAL, "its regions are not among the survey's");
    const struct survey_region *regions = s->regions + m->first_region;
    int result = 0;
    for (uint32_t i = 0; i < m->n_regions && result == 0; i++)
        result = check_region(&regions[i], i > 0 ? &regions[i - 1] : NULL, err);
    return result;
}

/* What comes behind the drain comes once each, in its order. */
static bool may_follow(const struct survey_mark *m, const struct survey_mark *before)
{
    if (are_known(m->t_ns, before->t_ns) && m->t_ns < before->t_ns)
        return false;
    if (are_known(m->ops, before->ops) && m->ops < before->ops)
        return false;
    return before->kind < SURVEY_DRAINED || m->kind > before->kind;
}

static int check_mark(const struct survey *s, uint32_t i, struct err *err)
{
    const struct survey_mark *m = &s->marks[i];
    if (m->kind >= SURVEY_MARK_KINDS)
        return err_set(err, EINVAL, "it is of a kind %u that there is not", m->kind);
    if (m->phase == UINT32_MAX)
        return err_set(err, EINVAL, "its phase %u is one that no plan has", m->phase);
    if (m->phase != 0 && m->kind != SURVEY_PHASE)
        return err_set(err, EINVAL, "it ends no phase but names phase %u", m->phase);
    if (i > 0 && !may_follow(m, m - 1))
        return err_set(err, EINVAL, "a mark '%s' cannot come behind the mark '%s' before it",
                       mark_kinds[m->kind], mark_kinds[m[-1].kind]);
    if (are_known(m->empty_bytes, m->heap_resident_bytes) &&
        m->empty_bytes > m->heap_resident_bytes)
        return err_set(err, EINVAL, "more is empty than resident");
    if (are_known(m->shared_lines, m->used_lines) && m->shared_lines > m->used_lines)
        return err_set(err, EINVAL, "more cache lines are shared than used");
    return check_regions(s, m, err);
}

static int check_latency(const struct survey_latency *l, struct err *err)
{
    if (l->kind >= LATENCY_KINDS)
        return err_set(err, EINVAL, "its calls are of a kind %u that there is not", l->kind);
    if (l->size_class >= LATENCY_CLASSES)
        return err_set(err, EINVAL, "its size class %u is one that there is not", l->size_class);
    if (l->is_remote > 1 || l->has_faulted > 1)
        return err_set(err, EINVAL, "remote or faulted is neither yes nor no");
    uint64_t sum = 0;
    bool is_too_much = false;
    for (unsigned i = 0; i < LATENCY_BUCKETS; i++)
        is_too_much |= __builtin_add_overflow(sum, l->counts[i], &sum);
    if (is_too_much || sum != l->n || l->n == 0)
        return err_set(err, EINVAL, "its counts do not add up to its %lu calls",
                       (unsigned long)l->n);
    if (l->min_ns > l->max_ns)
        return err_set(err, EINVAL, "its least is above its greatest");
    return 0;
}

static unsigned place_of(const struct survey_latency *l)
{
    return ((l->kind * LATENCY_CLASSES + l->size_class) * 2 + l->is_remote) * 2 + l->has_faulted;
}

static int check_latencies(const struct survey *s, struct err *err)
{
    bool is_seen[SURVEY_LATENCIES_MAX] = {false};
    for (uint32_t i = 0; i < s->n_latencies; i++) {
        const struct survey_latency *l = &s->latencies[i];
        int result = check_latency(l, err);
        if (result == 0 && is_seen[place_of(l)])
            result = err_set(err, EINVAL, "the same calls were there before");
        if (result < 0) {
            err_prefix(err, "histogram %u of a survey", i);
            return result;
        }
        is_seen[place_of(l)] = true;
    }
    return 0;
}

static bool is_terminated(const char *text, size_t n_bytes)
{
    return strnlen(text, n_bytes) < n_bytes;
}

int survey_check(const struct survey *s, struct err *err)
{
    if (s->n_marks > SURVEY_MARKS_MAX)
        return err_set(err, EINVAL, "a survey has %u marks, more than %u", s->n_marks,
                       SURVEY_MARKS_MAX);
    if (s->n_latencies > SURVEY_LATENCIES_MAX)
        return err_set(err, EINVAL, "a survey has %u histograms, more than %u", s->n_latencies,
                       SURVEY_LATENCIES_MAX);
    if (s->latency_period == UINT32_MAX)
        return err_set(err, EINVAL, "one of %u calls of a survey was timed", s->latency_period);
    if (!is_terminated(s->purge, sizeof(s->purge)) ||
        !is_terminated(s->held_source, sizeof(s->held_source)))
        return err_set(err, EINVAL, "a text of a survey has no end");
    for (uint32_t i = 0; i < s->n_marks; i++) {
        int result = check_mark(s, i, err);
        if (result < 0) {
            err_prefix(err, "mark %u of a survey", i);
            return result;
        }
    }
    return check_latencies(s, err);
}
