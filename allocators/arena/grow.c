#include "arena_internal.h"

#include <errno.h>

#include "clock.h"
#include "os.h"

#define HEAP_MIN_BYTES (32 * KIB)

_Atomic uintptr_t arena_break_start;
_Atomic size_t arena_break_bytes;

/* The part of the data segment that is the main arena's. Under its lock. */
static char *break_end;   /* of its newest span; NULL: none */
static size_t break_held; /* without what others took in between */

static bool on_break(const struct arena *a)
{
    return a == arena_main() && !arena_kind.on_heaps && !a->top_heap;
}

size_t arena_break_held(void)
{
    return break_held;
}

void arena_hold(struct arena *a, size_t bytes)
{
    a->system_mem += bytes;
    if (a->system_mem > a->max_system_mem)
        a->max_system_mem = a->system_mem;
}

static void release(struct arena *a, size_t bytes)
{
    a->system_mem -= bytes;
    a->counts.trims++;
    a->counts.trimmed_bytes += bytes;
}

/* need + pad up to a page, or SIZE_MAX when that is no size. */
static size_t padded(size_t need, size_t pad)
{
    size_t page = os_page_bytes(), sum;
    if (__builtin_add_overflow(need, pad, &sum) || sum > PTRDIFF_MAX - page)
        return SIZE_MAX;
    return round_up(sum, page);
}

/* --- the break --- */

static void break_took(struct arena *a, char *from, char *end)
{
    if (!break_end)
        atomic_store_explicit(&arena_break_start, (uintptr_t)from, memory_order_relaxed);
    break_end = end;
    break_held += (size_t)(end - from);
    arena_hold(a, (size_t)(end - from));
    uintptr_t start = atomic_load_explicit(&arena_break_start, memory_order_relaxed);
    atomic_store_explicit(&arena_break_bytes, (uintptr_t)end - start, memory_order_relaxed);
}

/*
 * A span that begins where the break is now; its end is on a page, so that all later sizes are.
 * Another thread may move the break between our two calls: then a third one adds what is missing.
 */
static bool break_begin(struct arena *a, size_t fresh, size_t pad, struct growth *out)
{
    char *now = os_break(0);
    size_t lost = -(uintptr_t)now % 16, bytes = padded((uintptr_t)now + lost + fresh, pad);
    if (!now || bytes == SIZE_MAX)
        return false;
    bytes -= (uintptr_t)now;
    char *got = os_break((ptrdiff_t)bytes);
    if (!got)
        return false;
    char *start = got + (-(uintptr_t)got % 16), *end = got + bytes;
    uintptr_t wanted = (uintptr_t)start + fresh;
    if (wanted < (uintptr_t)end)
        wanted = (uintptr_t)end;
    size_t missing = round_up(wanted, os_page_bytes()) - (uintptr_t)end;
    if (missing > 0 && os_break((ptrdiff_t)missing) != end)
        return false;
    end += missing;
    break_took(a, got, end);
    *out = (struct growth){.start = start, .bytes = (size_t)(end - start), .joined = false};
    return true;
}

/* More at the end of the span so far; false also when somebody else has moved the break. */
static bool break_extend(struct arena *a, size_t more, size_t pad, struct growth *out)
{
    size_t bytes = padded(more, pad);
    if (!break_end || bytes == SIZE_MAX || os_break(0) != break_end)
        return false;
    char *got = os_break((ptrdiff_t)bytes);
    if (!got)
        return false;
    if (got != break_end) { /* moved just now: it is given back if it is still the last */
        if (os_break(0) == got + bytes)
            os_break(-(ptrdiff_t)bytes);
        return false;
    }
    break_took(a, got, got + bytes);
    *out = (struct growth){.start = got, .bytes = bytes, .joined = true};
    return true;
}

static bool break_grow(struct arena *a, size_t more, size_t fresh, struct growth *out)
{
    size_t pad = PAR_GET(top_pad);
    for (;;) {
        bool ours = break_end && os_break(0) == break_end;
        if (ours ? break_extend(a, more, pad, out) : break_begin(a, fresh, pad, out))
            return true;
        if (pad == 0)
            return false;
        pad = 0; /* what is needed may be there without what is only useful */
    }
}

static size_t break_shrink(struct arena *a, size_t bytes)
{
    if (!break_end || os_break(0) != break_end || bytes > break_held)
        return 0;
    os_break(-(ptrdiff_t)bytes);
    /* What counts is where the break is: another thread's call may have come in between. */
    char *now = os_break(0);
    if (!now || now >= break_end || (size_t)(break_end - now) > bytes)
        return 0;
    bytes = (size_t)(break_end - now);
    break_end = now;
    break_held -= bytes;
    atomic_fetch_sub_explicit(&arena_break_bytes, bytes, memory_order_relaxed);
    release(a, bytes);
    return bytes;
}

/* --- heaps --- */

struct heap_info *arena_new_heap(size_t bytes)
{
    size_t need, size;
    if (__builtin_add_overflow(bytes, sizeof(struct heap_info), &need) || need > HEAP_MAX_BYTES)
        return NULL;
    size = padded(need, PAR_GET(top_pad));
    if (size < HEAP_MIN_BYTES)
        size = HEAP_MIN_BYTES;
    if (size > HEAP_MAX_BYTES)
        size = HEAP_MAX_BYTES;
    struct heap_info *h = new_heap(size);
    return h || size == need ? h : new_heap(need);
}

static int heap_extend(struct arena *a, size_t more, struct growth *out)
{
    struct heap_info *h = a->top_heap;
    size_t need = padded(more, 0), room = HEAP_MAX_BYTES - h->size;
    if (need > room)
        return -ENOMEM;
    size_t bytes = padded(more, PAR_GET(top_pad));
    if (bytes > room)
        bytes = room;
    char *start = (char *)h + h->size;
    if (grow_heap(h, bytes) < 0) {
        bytes = need;
        if (grow_heap(h, bytes) < 0)
            return -ENOMEM;
    }
    arena_hold(a, bytes);
    *out = (struct growth){.start = start, .bytes = bytes, .joined = true};
    return 0;
}

static int heap_begin(struct arena *a, size_t fresh, struct growth *out)
{
    struct heap_info *h = arena_new_heap(fresh);
    if (!h)
        return -ENOMEM;
    h->arena = a;
    h->prev = a->top_heap;
    a->top_heap = h;
    a->counts.heaps++;
    arena_hold(a, h->size);
    *out =
        (struct growth){.start = (char *)(h + 1), .bytes = h->size - sizeof(*h), .joined = false};
    return 0;
}

static size_t heap_give_back(struct arena *a, size_t bytes)
{
    struct heap_info *h = a->top_heap;
    size_t most = (h->size - sizeof(*h)) & ~(os_page_bytes() - 1);
    if (bytes > most)
        bytes = most;
    if (bytes == 0)
        return 0;
    shrink_heap(h, bytes);
    release(a, bytes);
    return bytes;
}

/* --- both --- */

/* What went back a moment ago was still wanted: both ways cost a system call, and each page a fault. */
static void regret(struct arena *a)
{
    uint64_t since = clock_ns() - a->trimmed_ns;
    a->trimmed_ns = 0;
    if (since >= PAR_GET(trim_regret_ms) * NS_PER_MS)
        return;
    size_t twice = 2 * arena_trim_threshold(a);
    a->trim_least = twice < TRIM_LEAST_MAX ? twice : TRIM_LEAST_MAX;
}

int arena_grow(struct arena *a, size_t more, size_t fresh, struct growth *out)
{
    bool grown = on_break(a) ? break_grow(a, more, fresh, out)
                             : a->top_heap && heap_extend(a, more, out) == 0;
    if (!grown && heap_begin(a, fresh, out) < 0)
        return -ENOMEM;
    a->counts.grows++;
    if (a->trimmed_ns != 0)
        regret(a);
    return 0;
}

char *arena_end(const struct arena *a)
{
    if (a->top_heap)
        return (char *)a->top_heap + a->top_heap->size;
    return on_break(a) ? break_end : NULL;
}

size_t arena_shrink(struct arena *a, size_t bytes)
{
    bytes &= ~(os_page_bytes() - 1);
    if (bytes == 0)
        return 0;
    int saved = errno; /* free() shrinks, and leaves errno alone */
    size_t given = 0;
    if (a->top_heap)
        given = heap_give_back(a, bytes);
    else if (on_break(a))
        given = break_shrink(a, bytes);
    if (given > 0)
        a->trimmed_ns = clock_ns();
    errno = saved;
    return given;
}

void arena_drop_heap(struct arena *a)
{
    int saved = errno;
    struct heap_info *h = a->top_heap;
    a->top_heap = h->prev;
    a->counts.heaps--;
    release(a, h->size);
    delete_heap(h);
    errno = saved;
}
