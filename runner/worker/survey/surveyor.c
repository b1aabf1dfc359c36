#include "surveyor.h"

#include <string.h>
#include <time.h>

#include "clock.h"
#include "os.h"
#include "own.h"
#include "still.h"
#include "timing.h"

/* Marks that come behind the drain, and that one. */
enum { TAIL_MARKS = SURVEY_MARK_KINDS - SURVEY_DRAINED };

struct surveyor {
    struct observer observer;
    struct survey_block *block;
    uint64_t step_words, step_ns; /* one of them is 0 */
    _Atomic uint64_t next_words, next_ns;
    _Atomic uint32_t peak_is_taken, phase;
    uint64_t least_peak_bytes;
};

static struct surveyor only;

static uint64_t step_words(const struct plan *plan)
{
    uint64_t words = plan->n_ops / (SURVEYOR_STEPS + 1);
    return words > 0 ? words : 1;
}

bool surveyor_make(struct worker *w, struct survey_block *block)
{
    struct surveyor *s = &only;
    const struct plan *plan = w->plan;
    size_t bytes = observer_bytes(plan);
    void *memory = os_map(bytes, OS_PLAIN);
    if (!memory || !own_note(memory, bytes))
        return false;
    memset(memory, 0, bytes);
    observer_init(w, &s->observer, memory, s);
    s->block = block;
    if ((plan->flags & PLAN_LOOPS) && w->control->run_ns > 0)
        s->step_ns = w->control->run_ns / (SURVEYOR_STEPS + 1);
    else
        s->step_words = step_words(plan);
    atomic_store(&s->next_words, s->step_words);
    atomic_store(&s->next_ns, s->step_ns);
    s->least_peak_bytes = plan->facts.peak_live_bytes - plan->facts.peak_live_bytes / 100;
    return timing_make(w) && own_close();
}

/* The clock of the plan stands while all stand still. */
static uint64_t plan_ns(const struct worker *w)
{
    return clock_ns() - w->control->start_ns - atomic_load(&w->still_ns);
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

/* All stand still. */
static void look(struct worker *w, enum survey_mark_kind kind, uint32_t phase)
{
    struct survey_block *block = w->observer->surveyor->block;
    uint64_t begin = clock_ns();
    uint32_t n = atomic_load(&block->n_marks);
    uint32_t room = SURVEY_MARKS_MAX - (kind < SURVEY_DRAINED ? TAIL_MARKS : 0);
    if (n >= room)
        return;
    struct survey_mark *m = &block->marks[n];
    *m = (struct survey_mark){.kind = kind, .phase = phase, .t_ns = plan_ns(w)};
    sum(m, w);
    atomic_store(&block->n_marks, n + 1);
    if (kind < SURVEY_DRAINED)
        atomic_fetch_add(&w->still_ns, clock_ns() - begin);
}

static void take_mark(struct lane *lane, enum survey_mark_kind kind, uint32_t phase)
{
    while (!still_halt(lane))
        continue;
    look(lane->worker, kind, phase);
    still_resume(lane);
}

/* Whether `now` has come to *next, for one caller only; moves that on by a step. */
static bool is_due(_Atomic uint64_t *next, uint64_t now, uint64_t step)
{
    uint64_t due = atomic_load(next);
    return step > 0 && now >= due && atomic_compare_exchange_strong(next, &due, now + step);
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
    if (atomic_load(&w->observer->live_bytes) >= (int64_t)s->least_peak_bytes &&
        atomic_exchange(&s->peak_is_taken, 1) == 0)
        take_mark(lane, SURVEY_PEAK, 0);
    if (is_due(&s->next_words, words, s->step_words) ||
        (s->step_ns > 0 && is_due(&s->next_ns, plan_ns(w), s->step_ns)))
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
    look(w, SURVEY_DRAINED, 0);
    atomic_store(&w->observer->surveyor->block->state, SURVEY_DRAINS);
}

static void sleep_until(uint64_t ns)
{
    struct timespec t = {.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) != 0)
        continue;
}

void surveyor_tail(struct worker *w)
{
    static const struct {
        enum survey_mark_kind kind;
        uint64_t ms;
    } idle[] = {{SURVEY_IDLE_0_1S, 100}, {SURVEY_IDLE_1S, 1000}, {SURVEY_IDLE_5S, 5000}};
    struct survey_block *block = w->observer->surveyor->block;
    uint64_t begin = clock_ns();
    for (size_t i = 0; i < ARRAY_SIZE(idle); i++) {
        sleep_until(begin + idle[i].ms * NS_PER_MS);
        look(w, idle[i].kind, 0);
    }
    look(w, SURVEY_PURGED, 0);
    atomic_store(&block->state, SURVEY_COMPLETE);
}
