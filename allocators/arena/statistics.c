/*
 * What the arena layer exports of its own: its numbers, and glibc's two knobs.
 */
#include <malloc.h>
#include <string.h>

#include "arena_internal.h"

EXPORT statistics_function arenabench_statistics;

void statistics_add(struct statistics_sink *s, enum statistic_kind kind, const struct arena *a,
                    const char *name, uint64_t value)
{
    if (s->n < s->room) {
        struct statistic *out = &s->out[s->n];
        *out = (struct statistic){.kind = kind, .arena = a ? a->index : 0, .value = value};
        size_t length = strnlen(name, sizeof(out->name) - 1);
        memcpy(out->name, name, length);
    }
    s->n++;
}

static void add_settings(struct statistics_sink *s, const struct tunable *rows)
{
    for (; rows && rows->name; rows++)
        statistics_add(s, STATISTIC_SETTING, NULL, rows->name, rows->get());
}

static void add_process(struct statistics_sink *s)
{
    const struct {
        const char *name;
        const _Atomic size_t *value;
    } rows[] = {
        {"arenas_created", &arena_tally.created},
        {"arenas_from_free_list", &arena_tally.from_free_list},
        {"arenas_reused", &arena_tally.reused},
        {"n_mmaps", &mp_.n_mmaps},
        {"max_n_mmaps", &mp_.max_n_mmaps},
        {"mmapped_bytes", &mp_.mmapped_mem},
        {"max_mmapped_bytes", &mp_.max_mmapped_mem},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        statistics_add(s, STATISTIC_PROCESS, NULL, rows[i].name,
                       atomic_load_explicit(rows[i].value, memory_order_relaxed));
    statistics_add(s, STATISTIC_PROCESS, NULL, "mmaps_total", mapped_total());
}

static size_t attached_threads_of(const struct arena *a)
{
    lock_take(&arena_free_list_lock);
    size_t n = a->attached_threads;
    lock_release(&arena_free_list_lock);
    return n;
}

/* Locked. */
static void add_arena(struct statistics_sink *s, struct arena *a)
{
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        {"bytes_held", a->system_mem},
        {"max_held", a->max_system_mem},
        {"attached_threads", attached_threads_of(a)},
        {"lock_waits", a->counts.lock_waits},
        {"trims", a->counts.trims},
        {"trimmed_bytes", a->counts.trimmed_bytes},
        {"grows", a->counts.grows},
        {"heaps", a->counts.heaps},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        statistics_add(s, STATISTIC_ARENA, a, rows[i].name, rows[i].value);
    arena_kind.statistics(a, s);
}

EXPORT size_t arenabench_statistics(struct statistic *out, size_t room)
{
    arena_set_up();
    struct statistics_sink s = {.out = out, .room = room};
    add_settings(&s, common_tunables);
    add_settings(&s, arena_kind.tunables);
    add_process(&s);
    size_t threshold = 0;
    for (struct arena *a = arena_main(); a; a = arena_after(a)) {
        arena_lock(a);
        add_arena(&s, a);
        if (threshold < arena_trim_threshold(a))
            threshold = arena_trim_threshold(a);
        arena_unlock(a);
    }
    statistics_add(&s, STATISTIC_PROCESS, NULL, "max_trim_threshold", threshold);
    return s.n;
}

EXPORT int mallopt(int param, int value)
{
    arena_set_up();
    arena_lock(arena_main());
    if (arena_kind.settle)
        arena_kind.settle(arena_main());
    int result = parameters_mallopt(param, value, arena_kind.tunables);
    arena_unlock(arena_main());
    return result;
}

EXPORT int malloc_trim(size_t pad)
{
    arena_set_up();
    return arena_trim_all(pad);
}
