/*
 * What an allocator decides, told after every call of a seeded sequence on one thread: where the object
 * lies, where the break is, and what mallinfo2 says. Two allocators of one design print the same.
 *
 *   decisions PROFILE SEED [OPERATIONS]
 *
 * The text goes to a mapping made beforehand and is written at the end; nothing here allocates but the
 * sequence. It begins with a levelling object: whatever the allocator keeps at the start of its memory
 * for itself (glibc its thread cache of 656 bytes, even when that is off), LEVEL_BYTES are in use before
 * the first operation, and the tops are alike.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os.h"
#include "rng.h"
#include "text.h"

#define N_SLOTS     200u
#define LEVEL_BYTES (4 * KIB)
#define LOG_BYTES   (64 * MIB)
#define PAGE_BYTES  (4 * KIB)

/* --- the log --- */

static struct {
    char *text;
    size_t n;
} out;

static const char *start_of_heap;       /* where the break was at first */
static bool hides_mapped_bytes = false; /* see the profile "aligned" */

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    out.n += text_vformat(out.text + out.n, LOG_BYTES - out.n, format, args);
    va_end(args);
}

static bool is_mapped(const void *p)
{
    return (const char *)p < start_of_heap || (const char *)p >= (const char *)sbrk(0);
}

/* A place in the heap from its start; in a mapping from the page's. */
static void say_place(const void *p)
{
    if (!p)
        say(" NULL");
    else if (is_mapped(p) && hides_mapped_bytes)
        say(" mapped");
    else if (is_mapped(p))
        say(" mapped+%zu of %zu", (size_t)((uintptr_t)p % PAGE_BYTES),
            malloc_usable_size((void *)p));
    else
        say(" heap+%zu of %zu", (size_t)((const char *)p - start_of_heap),
            malloc_usable_size((void *)p));
}

static void say_state(void)
{
    struct mallinfo2 m = mallinfo2();
    say(" | break %zu arena %zu used %zu free %zu in %zu, top %zu, fast %zu in %zu, mapped %zu in %zu\n",
        (size_t)((char *)sbrk(0) - start_of_heap), m.arena, m.uordblks, m.fordblks, m.ordblks,
        m.keepcost, m.fsmblks, m.smblks, hides_mapped_bytes ? 0 : m.hblkhd, m.hblks);
}

/* --- the sequence --- */

struct slot {
    void *p;
    size_t bytes;
};

struct driver {
    struct rng rng;
    const struct profile *profile;
    struct slot slots[N_SLOTS];
    size_t
        threshold; /* what the mmap threshold should be by the rules, as long as it moves by itself */
};

struct profile {
    const char *name;
    size_t (*bytes)(struct rng *rng);
    unsigned n_slots; /* live objects at most */
    /* One in so many operations; 0: none. */
    unsigned realloc, calloc, memalign, mallopt, trim, probe;
    bool hides_mapped_bytes;
};

static size_t between(struct rng *rng, size_t least, size_t most)
{
    return least + rng_below(rng, most - least + 1);
}

static bool one_in(struct rng *rng, unsigned n)
{
    return n > 0 && rng_below(rng, n) == 0;
}

static void drop(struct driver *d, struct slot *s)
{
    bool mapped = is_mapped(s->p);
    size_t before = mallinfo2().hblkhd;
    say("free");
    say_place(s->p);
    free(s->p);
    s->p = NULL;
    size_t gone = before - mallinfo2().hblkhd;
    if (mapped && gone > d->threshold && gone < 32 * MIB)
        d->threshold = gone;
}

static void make(struct driver *d, struct slot *s)
{
    const struct profile *profile = d->profile;
    s->bytes = profile->bytes(&d->rng);
    if (one_in(&d->rng, profile->memalign)) {
        /* A page at most: beyond, the place depends on where the system put the heap. */
        size_t alignment = (size_t)16 << rng_below(&d->rng, 9);
        s->p = memalign(alignment, s->bytes);
        say("memalign %zu %zu", alignment, s->bytes);
    } else if (one_in(&d->rng, profile->calloc)) {
        s->p = calloc(1, s->bytes);
        say("calloc %zu", s->bytes);
    } else {
        s->p = malloc(s->bytes);
        say("malloc %zu", s->bytes);
    }
    say_place(s->p);
}

static void resize(struct driver *d, struct slot *s)
{
    size_t bytes = d->profile->bytes(&d->rng);
    say("realloc");
    say_place(s->p);
    s->p = realloc(s->p, bytes + 1);
    s->bytes = bytes + 1;
    say(" to %zu", s->bytes);
    say_place(s->p);
}

static void set(struct driver *d)
{
    static const struct {
        const char *name;
        int param, values[6];
    } rows[] = {
        {"M_MXFAST", M_MXFAST, {0, 64, 128, 160, 161, -1}},
        {"M_TRIM_THRESHOLD", M_TRIM_THRESHOLD, {4096, 20000, 64 << 10, 128 << 10, 1 << 20, -1}},
        {"M_TOP_PAD", M_TOP_PAD, {0, 1, 4096, 100000, 128 << 10, 1 << 20}},
        {"M_MMAP_THRESHOLD",
         M_MMAP_THRESHOLD,
         {4096, 64 << 10, 128 << 10, 1 << 20, 32 << 20, 33 << 20}},
        {"M_MMAP_MAX", M_MMAP_MAX, {0, 1, 4, 16, 1000, 65536}},
    };
    size_t row = rng_below(&d->rng, ARRAY_SIZE(rows));
    int value = rows[row].values[rng_below(&d->rng, ARRAY_SIZE(rows[row].values))];
    int result = mallopt(rows[row].param, value);
    say("mallopt %s %d: %d", rows[row].name, value, result);
}

/* Not with the smallest top there is: glibc 2.36 then adds a page to it, because its sum wraps. */
static void trim(struct driver *d)
{
    if (mallinfo2().keepcost <= 32)
        return;
    static const size_t pads[] = {0, 1, 4096, 64 * KIB, MIB};
    size_t pad = pads[rng_below(&d->rng, ARRAY_SIZE(pads))];
    int result = malloc_trim(pad);
    say("malloc_trim %zu: %d", pad, result);
}

/* On both sides of the threshold, with a top too small for either. */
static void probe(struct driver *d)
{
    size_t top = mallinfo2().keepcost;
    struct slot filler = {0}, probes[2] = {{0}};
    if (top > 2 * PAGE_BYTES)
        filler.p = malloc(top - PAGE_BYTES);
    say("filler");
    say_place(filler.p);
    say_state();
    for (unsigned i = 0; i < 2; i++) {
        size_t bytes = d->threshold - sizeof(size_t) - (i == 0 ? 16 : 0);
        probes[i].p = malloc(bytes);
        say("probe %zu", bytes);
        say_place(probes[i].p);
        say_state();
    }
    for (unsigned i = 0; i < 2; i++) {
        drop(d, &probes[i]);
        say_state();
    }
    if (filler.p)
        drop(d, &filler);
}

static void step(struct driver *d)
{
    const struct profile *profile = d->profile;
    struct slot *s = &d->slots[rng_below(&d->rng, profile->n_slots)];
    if (one_in(&d->rng, profile->mallopt))
        set(d);
    else if (one_in(&d->rng, profile->trim))
        trim(d);
    else if (one_in(&d->rng, profile->probe))
        probe(d);
    else if (!s->p)
        make(d, s);
    else if (one_in(&d->rng, profile->realloc))
        resize(d, s);
    else
        drop(d, s);
    say_state();
}

/* --- the profiles --- */

static size_t small_sizes(struct rng *rng)
{
    return between(rng, 0, 1008);
}

/* Around the largest fast chunk; now and then what consolidates. */
static size_t fast_sizes(struct rng *rng)
{
    if (one_in(rng, 40))
        return between(rng, 900, 70000);
    return between(rng, 8, 184);
}

/* All ranges of the large bins. */
static size_t large_sizes(struct rng *rng)
{
    return between(rng, 1000, (size_t)2000 << rng_below(rng, 6));
}

/* Around a threshold that moves: ever larger objects, rarely the largest that move it. */
static size_t mapped_sizes(struct rng *rng)
{
    if (one_in(rng, 500))
        return between(rng, 31 * MIB, 33 * MIB);
    return between(rng, 60 * KIB, (size_t)140 * KIB << rng_below(rng, 6));
}

static size_t mixed_sizes(struct rng *rng)
{
    switch (rng_below(rng, 8)) {
    case 0:
        return mapped_sizes(rng);
    case 1:
    case 2:
        return large_sizes(rng);
    default:
        return fast_sizes(rng);
    }
}

/* One in ten is mapped, or nearly. */
static size_t aligned_sizes(struct rng *rng)
{
    return one_in(rng, 10) ? between(rng, 100 * KIB, 140 * KIB) : between(rng, 1, 3000);
}

static const struct profile profiles[] = {
    {.name = "small", .bytes = small_sizes, .n_slots = 200, .realloc = 6, .calloc = 8, .trim = 500},
    {.name = "fast",
     .bytes = fast_sizes,
     .n_slots = 200,
     .realloc = 20,
     .calloc = 20,
     .trim = 1000},
    {.name = "large", .bytes = large_sizes, .n_slots = 60, .realloc = 6, .calloc = 8, .trim = 500},
    {.name = "mapped", .bytes = mapped_sizes, .n_slots = 12, .realloc = 8, .calloc = 8, .probe = 8},
    {.name = "settings",
     .bytes = mixed_sizes,
     .n_slots = 100,
     .realloc = 8,
     .calloc = 8,
     .mallopt = 30,
     .trim = 40},
    /* An aligned object that is mapped takes no more pages than it needs, and in glibc up to its
     * alignment more: how many bytes are mapped is left out, and the threshold stays where it is. */
    {.name = "aligned",
     .bytes = aligned_sizes,
     .n_slots = 100,
     .realloc = 8,
     .memalign = 2,
     .hides_mapped_bytes = true},
};

static void level(void)
{
    start_of_heap = sbrk(0);
    if (!malloc(1))
        _exit(1);
    struct mallinfo2 m = mallinfo2();
    start_of_heap = (char *)sbrk(0) - m.arena;
    if (m.uordblks + 64 > LEVEL_BYTES || !malloc(LEVEL_BYTES - m.uordblks - sizeof(size_t)))
        _exit(1);
    say("level");
    say_state();
}

static void write_all(void)
{
    for (size_t done = 0; done < out.n;) {
        ssize_t n = write(STDOUT_FILENO, out.text + done, out.n - done);
        if (n <= 0)
            _exit(1);
        done += (size_t)n;
    }
}

int main(int argc, char **argv)
{
    static struct driver d = {.threshold = 128 * KIB};
    for (size_t i = 0; argc > 2 && i < ARRAY_SIZE(profiles); i++) {
        if (strcmp(profiles[i].name, argv[1]) == 0)
            d.profile = &profiles[i];
    }
    out.text = os_map(LOG_BYTES, OS_RESERVE);
    if (!d.profile || !out.text)
        return 2;
    unsigned long n = argc > 3 ? strtoul(argv[3], NULL, 10) : 3000;
    rng_seed(&d.rng, strtoull(argv[2], NULL, 10));
    level();
    hides_mapped_bytes = d.profile->hides_mapped_bytes;
    if (hides_mapped_bytes)
        mallopt(M_MMAP_THRESHOLD, 128 * 1024);
    for (unsigned long i = 0; i < n; i++)
        step(&d);
    write_all();
    return 0;
}
