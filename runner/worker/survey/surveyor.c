#include "surveyor.h"

#include <string.h>
#include <time.h>

#include "clock.h"
#include "facility.h"
#include "lines.h"
#include "os.h"
#include "own.h"
#include "self.h"
#include "statistics_block.h"
#include "still.h"
#include "timing.h"

/* The marks that come behind the plan, and the peak: these always find room. */
enum { LATE_MARKS = SURVEY_MARK_KINDS - SURVEY_DRAINED + 1 };

/* The peak is looked at when so many hundredths of the plan's peak are live, and again when so many more are. */
enum { PEAK_FIRST = 80, PEAK_STEP = 4, PEAK_LAST = 99 };

#define BUFFER_BYTES (256 * KIB)

struct surveyor {
    struct observer observer;
    struct survey_block *block;
    struct facility facility;
    _Atomic uint64_t step_words, step_ns; /* one of them is 0 */
    _Atomic uint64_t next_words, next_ns;
    _Atomic uint32_t n_steps, phase;
    _Atomic uint64_t next_peak_bytes; /* live bytes at which the next one is looked at */
    struct survey_mark peak;          /* the last one; kind SURVEY_MARK_KINDS before */
    struct survey_region *peak_regions;
    /* Used by who takes a mark. */
    struct heap_maps maps;
    struct extent *extents, *scratch; /* room for every object of the plan */
    size_t n_extents;
    uint64_t usable_bytes;
    bool is_usable_less; /* some object has less than was requested */
    char *buffer;
};

static struct surveyor only;

static uint64_t step_words(const struct plan *plan)
{
    uint64_t words = plan->n_ops / (SURVEYOR_STEPS + 1);
    return words > 0 ? words : 1;
}

static uint64_t percent_of_peak(const struct plan *plan, uint64_t percent)
{
    uint64_t peak = plan->facts.peak_live_bytes;
    return peak - peak / 100 * (100 - percent);
}

static void choose_steps(struct surveyor *s, const struct worker *w)
{
    const struct plan *plan = w->plan;
    if ((plan->flags & PLAN_LOOPS) && w->control->run_ns > 0)
        atomic_store(&s->step_ns, w->control->run_ns / (SURVEYOR_STEPS + 1));
    else
        atomic_store(&s->step_words, step_words(plan));
    atomic_store(&s->next_words, s->step_words);
    atomic_store(&s->next_ns, s->step_ns);
    s->peak.kind = SURVEY_MARK_KINDS;
    atomic_store(&s->next_peak_bytes, percent_of_peak(plan, PEAK_FIRST));
}

static bool make_memory(struct surveyor *s, struct worker *w)
{
    size_t bytes = observer_bytes(w->plan), n = observer_objects(w->plan) + 1;
    void *memory = own_map(bytes, true); /* lanes are to fault in nothing */
    struct statistic *rows = own_map(STATISTICS_ROOM * sizeof(*rows), false);
    s->extents = own_map(n * sizeof(*s->extents), false);
    s->scratch = own_map(n * sizeof(*s->scratch), false);
    s->maps.ranges = own_map(HEAP_MAPS_ROOM * sizeof(*s->maps.ranges), false);
    s->buffer = own_map(BUFFER_BYTES, false);
    s->peak_regions = own_map(SURVEY_REGIONS_MAX * sizeof(*s->peak_regions), false);
    if (!memory || !rows || !s->peak_regions || !s->extents || !s->scratch || !s->maps.ranges ||
        !s->buffer)
        return false;
    facility_find(&s->facility, rows, STATISTICS_ROOM);
    observer_init(w, &s->observer, memory, s);
    s->observer.knows_usable = s->facility.has_usable_size;
    return timing_make(w) && own_close();
}

bool surveyor_make(struct worker *w, struct survey_block *block)
{
    struct surveyor *s = &only;
    s->block = block;
    choose_steps(s, w);
    if (!make_memory(s, w))
        return false;
    memcpy(block->purge, s->facility.purge, sizeof(block->purge));
    memcpy(block->held_source, s->facility.held_source, sizeof(block->held_source));
    return true;
}

/* The clock of the plan stands while all stand still. */
static uint64_t plan_ns(const struct worker *w, uint64_t now)
{
    return now - w->control->start_ns - atomic_load(&w->still_ns);
}

static void sum(struct survey_mark *m, const struct worker *w)
{
    const struct observer *o = w->observer;
    int64_t bytes = 0, objects = 0;
    for (uint32_t t = 0; t < w->plan->n_threads; t++) {
        const struct observed *lane = &o->lanes[t];
        m->ops += atomic_load(&lane->words);
        bytes += atomic_load(&lane->live_bytes);
        objects += atomic_load(&lane->live_objects);
    }
    m->live_bytes = (uint64_t)bytes;
    m->live_objects = (uint64_t)objects;
}

static void add_extent(void *context, const struct object *object)
{
    struct surveyor *s = context;
    s->extents[s->n_extents++] =
        (struct extent){(uint64_t)object->p, object->bytes, object->holder};
    if (__builtin_add_overflow(s->usable_bytes, object->usable, &s->usable_bytes))
        s->usable_bytes = SURVEY_UNKNOWN;
    s->is_usable_less |= object->usable < object->bytes;
}

/* Objects do not overlap, so that all of them together are in the address space: else the subject errs. */
static uint64_t usable_bytes(const struct surveyor *s, uint64_t address_bytes)
{
    bool is_sound = !s->is_usable_less && s->usable_bytes <= address_bytes;
    return s->facility.has_usable_size && is_sound ? s->usable_bytes : SURVEY_UNKNOWN;
}

static void forget_pages(struct survey_mark *m)
{
    m->heap_resident_bytes = m->empty_bytes = SURVEY_UNKNOWN;
    for (unsigned i = 0; i < SURVEY_SHARES; i++)
        m->pages[i] = 0;
    m->n_regions = 0;
}

/* Live objects against resident pages. */
static void look_at_pages(struct surveyor *s, struct survey_mark *m, struct survey_region *regions)
{
    struct occupancy o;
    struct extent *sorted = extents_sort(s->extents, s->scratch, s->n_extents);
    struct lines lines = lines_count(sorted, s->n_extents);
    m->used_lines = lines.used;
    m->shared_lines = lines.shared;
    occupancy_begin(&o, sorted, s->n_extents, os_page_bytes(), regions);
    bool has_maps = heap_maps_read(&s->maps, s->buffer, BUFFER_BYTES);
    m->n_mappings = has_maps ? s->maps.n_mappings : SURVEY_UNKNOWN;
    m->address_bytes = has_maps ? s->maps.address_bytes : SURVEY_UNKNOWN;
    if (!has_maps || !self_pages_read(&o, &s->maps, (uint64_t *)(void *)s->buffer,
                                      BUFFER_BYTES / sizeof(uint64_t))) {
        forget_pages(m);
        return;
    }
    m->heap_resident_bytes = o.n_pages * o.page_bytes;
    m->empty_bytes = o.pages[0] * o.page_bytes;
    memcpy(m->pages, o.pages, sizeof(m->pages));
    m->n_regions = o.n_regions;
}

static void look_at_memory(struct surveyor *s, struct survey_mark *m)
{
    struct self_memory memory;
    self_memory_read(&memory, s->buffer, BUFFER_BYTES);
    m->lazy_free_bytes = memory.lazy_free_bytes;
    m->huge_bytes = memory.huge_bytes;
    m->swap_bytes = memory.swap_bytes;
}

/* The kernel is asked before the allocator: what that touches in order to answer is seen by the next mark only. */
static void fill(struct surveyor *s, struct survey_mark *m, struct survey_region *regions)
{
    s->n_extents = 0;
    s->usable_bytes = 0;
    s->is_usable_less = false;
    observer_each_object(&s->observer, add_extent, s);
    look_at_memory(s, m);
    look_at_pages(s, m, regions);
    m->usable_bytes = usable_bytes(s, m->address_bytes);
    m->held_bytes = facility_held_bytes(&s->facility);
}

/* All stand still. Looks, and writes what it found into *m and regions[]. */
static void look(struct worker *w, uint64_t now, struct survey_mark *m,
                 struct survey_region *regions)
{
    m->t_ns = plan_ns(w, now);
    sum(m, w);
    fill(w->observer->surveyor, m, regions);
}

/* All stand still. A mark of the block, if there is room. */
static void mark(struct worker *w, uint64_t now, enum survey_mark_kind kind, uint32_t phase)
{
    struct surveyor *s = w->observer->surveyor;
    struct survey_block *block = s->block;
    uint32_t n = atomic_load(&block->n_marks), n_regions = atomic_load(&block->n_regions);
    if (n >= SURVEY_MARKS_MAX - (kind < SURVEY_DRAINED ? LATE_MARKS : 0))
        return;
    struct survey_mark *m = &block->marks[n];
    *m = (struct survey_mark){.kind = kind, .phase = phase, .first_region = n_regions};
    look(w, now, m, block->regions + n_regions);
    atomic_store(&block->n_regions, n_regions + m->n_regions);
    atomic_store(&block->n_marks, n + 1);
}

/* The greatest of all is the last that is looked at: it goes to the block when all is done. */
static void look_at_peak(struct worker *w, uint64_t now)
{
    struct surveyor *s = w->observer->surveyor;
    s->peak = (struct survey_mark){.kind = SURVEY_PEAK};
    look(w, now, &s->peak, s->peak_regions);
}

/* Where its time has it. */
static void insert_peak(struct surveyor *s)
{
    struct survey_block *block = s->block;
    uint32_t n = atomic_load(&block->n_marks), n_regions = atomic_load(&block->n_regions), at = n;
    if (s->peak.kind == SURVEY_MARK_KINDS)
        return;
    while (at > 0 && block->marks[at - 1].t_ns > s->peak.t_ns)
        at--;
    memmove(&block->marks[at + 1], &block->marks[at], (n - at) * sizeof(block->marks[0]));
    block->marks[at] = s->peak;
    block->marks[at].first_region = n_regions;
    memcpy(block->regions + n_regions, s->peak_regions,
           s->peak.n_regions * sizeof(*s->peak_regions));
    atomic_store(&block->n_regions, n_regions + s->peak.n_regions);
    atomic_store(&block->n_marks, n + 1);
}

static void take_mark(struct lane *lane, enum survey_mark_kind kind, uint32_t phase)
{
    struct worker *w = lane->worker;
    while (!still_halt(lane))
        continue;
    uint64_t begin = clock_ns(); /* one reading, or marks in a row could come out of order */
    if (kind == SURVEY_PEAK)
        look_at_peak(w, begin);
    else
        mark(w, begin, kind, phase);
    atomic_fetch_add(&w->still_ns, clock_ns() - begin);
    still_resume(lane);
}

/*
 * Whether `now` has come to *next, for one caller only; moves that on by a step. Where there are more steps than
 * the length of the plan promised they become wider, so that there is room for all.
 */
static bool is_due(struct surveyor *s, _Atomic uint64_t *next, _Atomic uint64_t *step, uint64_t now)
{
    uint64_t due = atomic_load(next), width = atomic_load(step);
    if (width == 0 || now < due || !atomic_compare_exchange_strong(next, &due, now + width))
        return false;
    if (atomic_fetch_add(&s->n_steps, 1) >= SURVEYOR_STEPS)
        atomic_store(step, width + width / 4 + 1);
    return true;
}

/* Likewise, for live bytes, as they come closer to the plan's peak; threads may miss that in their own order. */
static bool is_peak(const struct worker *w, struct surveyor *s, int64_t live)
{
    uint64_t due = atomic_load(&s->next_peak_bytes), last = percent_of_peak(w->plan, PEAK_LAST);
    if (live < 0 || (uint64_t)live < due || due == UINT64_MAX)
        return false;
    uint64_t next = (uint64_t)live >= last
                        ? UINT64_MAX
                        : (uint64_t)live + (w->plan->facts.peak_live_bytes / 100 + 1) * PEAK_STEP;
    return atomic_compare_exchange_strong(&s->next_peak_bytes, &due,
                                          next > last && next != UINT64_MAX ? last : next);
}

void surveyor_look(struct lane *lane)
{
    struct worker *w = lane->worker;
    struct surveyor *s = w->observer->surveyor;
    uint64_t words = atomic_load(&w->observer->words);
    if (atomic_load(&w->started) == 0) { /* the warm-up */
        atomic_store(&s->next_words, words + s->step_words);
        return;
    }
    if (is_peak(w, s, atomic_load(&w->observer->live_bytes)))
        take_mark(lane, SURVEY_PEAK, 0);
    if (is_due(s, &s->next_words, &s->step_words, words) ||
        is_due(s, &s->next_ns, &s->step_ns, plan_ns(w, clock_ns())))
        take_mark(lane, SURVEY_STEP, 0);
}

void surveyor_phase(struct lane *lane, uint32_t phase)
{
    struct surveyor *s = lane->worker->observer->surveyor;
    uint32_t before = atomic_load(&s->phase);
    while (before < phase && !atomic_compare_exchange_weak(&s->phase, &before, phase))
        continue;
    if (before < phase && atomic_load(&lane->worker->started) != 0)
        take_mark(lane, SURVEY_PHASE, phase - 1);
}

void surveyor_drained(struct worker *w)
{
    timing_tell(w->observer->surveyor->block);
    insert_peak(w->observer->surveyor);
    mark(w, clock_ns(), SURVEY_DRAINED, 0);
    atomic_store(&w->observer->surveyor->block->state, SURVEY_DRAINS);
}

static void sleep_until(uint64_t ns)
{
    struct timespec t = {.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) != 0)
        continue;
}

static void tail(struct worker *w)
{
    static const struct {
        enum survey_mark_kind kind;
        uint64_t ms;
    } idle[] = {{SURVEY_IDLE_0_1S, 100}, {SURVEY_IDLE_1S, 1000}, {SURVEY_IDLE_5S, 5000}};
    struct survey_block *block = w->observer->surveyor->block;
    uint64_t begin = clock_ns();
    for (size_t i = 0; i < ARRAY_SIZE(idle); i++) {
        sleep_until(begin + idle[i].ms * NS_PER_MS);
        mark(w, clock_ns(), idle[i].kind, 0);
    }
    atomic_store(&block->state,
                 SURVEY_ASKS); /* should it not return, the runner knows where it is */
    facility_give_back(&w->observer->surveyor->facility);
    if (w->observer->surveyor->facility.purge[0])
        mark(w, clock_ns(), SURVEY_PURGED, 0);
}

void surveyor_tail(struct worker *w)
{
    if (w->control->survey == CONTROL_SURVEY)
        tail(w);
    atomic_store(&w->observer->surveyor->block->state, SURVEY_COMPLETE);
}
