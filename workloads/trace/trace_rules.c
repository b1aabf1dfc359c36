#include "trace_rules.h"

#include <stdlib.h>
#include <string.h>

const char TRACE_RULES_MEMORY[] = "no memory to read it";

bool trace_bits_has(const struct trace_bits *b, uint64_t i)
{
    return i / 64 < b->n_words && b->words[i / 64] >> i % 64 & 1;
}

/* Adds i, for which the file has an event; `twice` when it was there already. */
static const char *bits_add(struct trace_bits *b, uint64_t i, const char *twice)
{
    if (trace_bits_has(b, i))
        return twice;
    if (i / 64 >= b->n_words) {
        uint64_t n = i / 64 + 1 > 2 * b->n_words ? i / 64 + 1 : 2 * b->n_words;
        uint64_t *words = realloc(b->words, n * sizeof(*words));
        if (!words)
            return TRACE_RULES_MEMORY;
        memset(words + b->n_words, 0, (n - b->n_words) * sizeof(*words));
        b->words = words;
        b->n_words = n;
    }
    b->words[i / 64] |= (uint64_t)1 << i % 64;
    return NULL;
}

bool trace_rules_init(struct trace_rules *rules, uint32_t max_threads)
{
    *rules = (struct trace_rules){.max_threads = max_threads, .n_threads = 1};
    rules->threads = calloc(max_threads, sizeof(*rules->threads));
    return rules->threads != NULL;
}

void trace_rules_release(struct trace_rules *rules)
{
    for (uint32_t t = 0; rules->threads && t < rules->n_threads; t++) {
        if (rules->threads[t])
            slots_release(&rules->threads[t]->slots);
        free(rules->threads[t]);
    }
    free(rules->threads);
    free(rules->given.words);
    free(rules->taken.words);
    free(rules->started.words);
    free(rules->joined.words);
    *rules = (struct trace_rules){0};
}

/*
 * Cells and threads are numbered as they are given and started, so behind each epoch there are the
 * first so many of them: none is used that a cut file would lack.
 */
static const char *count(struct trace_rules *rules, const struct trace_epoch *epoch)
{
    for (uint32_t i = 0; i < epoch->n_events; i++) {
        const struct trace_event *e = &epoch->events[i];
        rules->counts[e->kind]++;
        rules->counts[TRACE_EXTENT] += trace_event_records(e) - 1;
        rules->n_events += e->kind != TRACE_CLOCK;
    }
    uint64_t n_threads = 1 + rules->counts[TRACE_SPAWN];
    rules->n_cells = rules->counts[TRACE_GIVE];
    if (n_threads > rules->max_threads)
        return "more threads start than there are";
    rules->n_threads = (uint32_t)n_threads;
    if (rules->n_cells > TRACE_CELLS_MAX || rules->n_events > TRACE_EVENTS_MAX)
        return "more events than a trace may have";
    return NULL;
}

static const char *use_slot(struct slots *s, const struct trace_event *e)
{
    if (!slots_used(s, e->slot))
        return "an event names a slot that holds nothing";
    if (e->kind != TRACE_REALLOC)
        slots_leave(s, e->slot);
    return NULL;
}

static const char *enter(struct slots *s, struct trace_event *e)
{
    e->slot = slots_enter(s);
    if (e->slot == SLOTS_NONE)
        return TRACE_RULES_MEMORY;
    return e->slot < TRACE_SLOTS_MAX ? NULL : "too many live objects";
}

static const char *use_cell(struct trace_rules *rules, struct trace_bits *used,
                            const struct trace_event *e)
{
    if (e->other >= rules->n_cells)
        return "an event names a cell that is not there";
    return bits_add(used, e->other, "a cell is given or taken twice");
}

static const char *use_thread(struct trace_rules *rules, struct trace_bits *used,
                              const struct trace_event *e)
{
    if (e->other == 0 || e->other >= rules->n_threads || e->other == e->thread)
        return "an event names a thread that is not there";
    return bits_add(used, e->other, "a thread is started or joined twice");
}

static const char *use_clock(struct trace_rules *rules, struct trace_thread *t,
                             struct trace_event *e)
{
    e->position += t->since_clock;
    t->position += e->position;
    t->ns += e->bytes; /* both are below 2^63 before: no wrap */
    t->since_clock = 0;
    if (t->ns > TRACE_TIME_MAX || t->position > rules->n_events)
        return "an impossible time";
    if (t->ns > rules->duration_ns)
        rules->duration_ns = t->ns;
    return NULL;
}

static const char *apply(struct trace_rules *rules, struct trace_thread *t, struct trace_event *e)
{
    const char *why = NULL;
    if (e->kind == TRACE_CLOCK)
        return use_clock(rules, t, e);
    t->since_clock++;
    if (e->kind == TRACE_FREE || e->kind == TRACE_REALLOC || e->kind == TRACE_GIVE)
        why = use_slot(&t->slots, e);
    if (!why && e->kind == TRACE_GIVE)
        why = use_cell(rules, &rules->given, e);
    if (!why && e->kind == TRACE_TAKE)
        why = use_cell(rules, &rules->taken, e);
    if (!why && e->kind == TRACE_SPAWN)
        why = use_thread(rules, &rules->started, e);
    if (!why && e->kind == TRACE_JOIN)
        why = use_thread(rules, &rules->joined, e);
    if (!why && trace_kind_enters(e->kind))
        why = enter(&t->slots, e);
    return why;
}

static struct trace_thread *thread_of(struct trace_rules *rules, uint32_t thread)
{
    struct trace_thread **t = &rules->threads[thread];
    if (!*t)
        *t = calloc(1, sizeof(**t));
    return *t;
}

const char *trace_rules_apply(struct trace_rules *rules, struct trace_epoch *epoch)
{
    epoch->first_thread = rules->n_threads;
    const char *why = count(rules, epoch);
    for (uint32_t k = 0; !why && k < epoch->n_ranges; k++) {
        struct trace_range *r = &epoch->ranges[k];
        if (r->thread >= rules->n_threads)
            return "a thread has events that nobody started";
        struct trace_thread *t = thread_of(rules, r->thread);
        if (!t)
            return TRACE_RULES_MEMORY;
        r->position = t->position;
        r->since_clock = t->since_clock;
        for (uint32_t i = r->begin; !why && i < r->end; i++)
            why = apply(rules, t, &epoch->events[i]);
    }
    return why;
}
