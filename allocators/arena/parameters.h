/*
 * What tunes the arenas and the mappings: one malloc_par for all arenas of the process, set from
 * ARENABENCH_TUNABLES and by mallopt. Written in the set-up and by mallopt; read anywhere.
 */
#pragma once

#include <stdatomic.h>

#include "bits.h"

#define DEFAULT_TRIM_THRESHOLD     (128 * KIB)
#define DEFAULT_TOP_PAD            (128 * KIB)
#define DEFAULT_MMAP_THRESHOLD     (128 * KIB)
#define DEFAULT_MMAP_THRESHOLD_MAX (32 * MIB)
#define DEFAULT_MMAP_MAX           65536u
#define DEFAULT_TRIM_REGRET_MS     100u
#define TRIM_LEAST_MAX             DEFAULT_MMAP_THRESHOLD_MAX
#define ARENAS_PER_CPU             8u

/* The fields are atomic where threads change them while others read: all accesses are relaxed. */
struct malloc_par {
    _Atomic size_t trim_threshold; /* free bytes at the top above which an arena is trimmed */
    _Atomic size_t trim_regret_ms; /* a trimmed end that grows back so soon should have stayed */
    _Atomic size_t top_pad;        /* taken beyond what is needed when an arena grows */
    _Atomic size_t mmap_threshold; /* from here on an object is a mapping of its own */
    _Atomic size_t mmap_max;       /* at most so many mapped objects at once */
    _Atomic size_t arena_test;     /* arenas made before the limit by CPUs is worked out */
    _Atomic size_t arena_max;      /* 0: ARENAS_PER_CPU for each CPU */
    _Atomic size_t perturb;        /* 0: off; else the byte that freed memory is filled with */
    _Atomic bool no_dyn_threshold; /* a threshold was set: it no longer moves by itself */
    _Atomic size_t n_mmaps, max_n_mmaps;
    _Atomic size_t mmapped_mem, max_mmapped_mem;
};

extern struct malloc_par mp_ __attribute__((visibility("hidden")));

#define PAR_GET(field)        atomic_load_explicit(&mp_.field, memory_order_relaxed)
#define PAR_SET(field, value) atomic_store_explicit(&mp_.field, value, memory_order_relaxed)

/*
 * One setting: `ALLOCATOR.name=value` in the environment, the value a decimal number with an
 * optional K, M or G, or one of the words of `choices` (its index is then the value).
 */
struct tunable {
    const char *name;
    size_t least, most;         /* both allowed */
    const char *const *choices; /* ends with NULL; NULL: a number */
    void (*set)(size_t value);  /* value is in range */
    size_t (*get)(void);        /* what holds now */
    int mallopt;                /* M_..., or 0 */
};

/* Those of every allocator over this layer; ends with a row without a name. */
extern const struct tunable common_tunables[] __attribute__((visibility("hidden")));

/*
 * Reads `text` ("ptmalloc.top_pad=0:ptmalloc.arena_max=2") for the keys of `heap_name`, over the
 * common rows and `own`, which may be NULL. What is unknown or out of range is told on stderr in one
 * line with what is allowed, and the default stands. Keys of the project's other allocators are
 * passed over.
 */
void parameters_read(const char *text, const struct tunable *own);

/* The value of ARENABENCH_TUNABLES at the start of the process, copied into `out`; false when there
 * is none, or in a set-user-ID program. Needs nothing of libc to be ready. */
bool parameters_environment(char *out, size_t room);

/* glibc's mallopt for the rows that have an M_ number: 1 when it was set, 0 when it is unknown or
 * out of range. */
int parameters_mallopt(int param, int value, const struct tunable *own);
