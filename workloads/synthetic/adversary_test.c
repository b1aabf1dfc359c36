/*
 * What the adversaries do to the heaps that they are made for: each plan is executed word by word on
 * a heap that is simulated here, plainly and independently of the generators, and what that heap grows
 * to is held against the bound that the row states.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os.h"
#include "plan.h"
#include "text.h"
#include "unit.h"
#include "workload.h"

#define UNIT   64u
#define HEADER 8u

enum fit { FIRST_FIT, BEST_FIT };

/* A heap of units: a byte for each, 1 where a block lies. Grows at its end, as far as needed. */
struct heap {
    enum fit fit;
    uint8_t *used;
    uint64_t n_units, room; /* the end; what `used` has room for */
    uint64_t *at, *units;   /* of each slot's block */
    uint64_t live, peak_live;
};

/* The hole's first unit, or the end of the heap where none is large enough. */
static uint64_t find(const struct heap *h, uint64_t units)
{
    uint64_t best = h->n_units, best_units = UINT64_MAX;
    for (uint64_t i = 0, free_units = 0; i < h->n_units; i++) {
        free_units = h->used[i] ? 0 : free_units + 1;
        bool ends = free_units > 0 && (i + 1 == h->n_units || h->used[i + 1]);
        if (!ends || i + 1 == h->n_units || free_units < units || free_units >= best_units)
            continue;
        best = i + 1 - free_units;
        best_units = free_units;
        if (h->fit == FIRST_FIT)
            return best;
    }
    if (best_units == UINT64_MAX) /* what is free at the end grows */
        while (best > 0 && !h->used[best - 1])
            best--;
    return best;
}

static void take(struct heap *h, uint32_t slot, uint64_t bytes)
{
    uint64_t units = (bytes + HEADER + UNIT - 1) / UNIT, at = find(h, units);
    ck_assert_uint_le(at + units, h->room);
    memset(h->used + at, 1, units);
    h->n_units = at + units > h->n_units ? at + units : h->n_units;
    h->at[slot] = at;
    h->units[slot] = units;
    h->live += units;
    h->peak_live = h->live > h->peak_live ? h->live : h->peak_live;
}

static void give_back(struct heap *h, uint32_t slot)
{
    memset(h->used + h->at[slot], 0, h->units[slot]);
    h->live -= h->units[slot];
}

struct outcome {
    double share; /* of the bound */
    uint64_t heap_bytes, live_bytes;
};

/* The plan of one thread against allocators of these classes, and what its row states for it. */
static const struct plan *make_against(const struct size_classes *classes, const char *word,
                                       double *bound)
{
    static struct workload_spec spec;
    struct err err = {0};
    const struct plan *plan = NULL;
    int fd = -1, rc = workload_parse(word, strlen(word), &spec, &err);
    spec.classes = classes;
    if (rc == 0)
        rc = workload_plan(&spec, 1, 1, &fd, &plan, &err);
    ck_assert_msg(rc == 0, "%s: %s", word, err.text);
    close(fd);
    const struct workload_args args = workload_args_of(&spec, 1, 1);
    struct workload_claims claims;
    spec.workload->claims(&args, &claims);
    ck_assert_uint_eq(plan->facts.peak_live_bytes, claims.live_min);
    ck_assert_uint_eq(plan->facts.peak_live_bytes, claims.live_max);
    *bound = (double)spec.workload->bound(&args);
    return plan;
}

static const struct plan *make(const char *word, double *bound)
{
    return make_against(NULL, word, bound);
}

static struct outcome run(const char *word, enum fit fit)
{
    double bound;
    const struct plan *plan = make(word, &bound);
    uint32_t n_slots = plan_threads(plan)->n_slots;
    struct heap h = {.fit = fit, .room = (uint64_t)(4 * bound / UNIT) + 1024};
    h.used = calloc(h.room, 1);
    h.at = calloc(n_slots, sizeof(h.at[0]));
    h.units = calloc(n_slots, sizeof(h.units[0]));
    const struct plan_op *op = plan_thread_ops(plan, 0);
    for (; plan_op_kind(*op) != PLAN_END; op++) {
        if (plan_op_kind(*op) == PLAN_FREE || plan_op_kind(*op) == PLAN_REPLACE)
            give_back(&h, plan_op_slot(*op));
        if (plan_op_kind(*op) != PLAN_FREE)
            take(&h, plan_op_slot(*op), op->arg);
    }
    ck_assert_uint_eq(h.live, 0);
    struct outcome out = {.share = (double)(h.n_units * UNIT) / bound,
                          .heap_bytes = h.n_units * UNIT,
                          .live_bytes = h.peak_live * UNIT};
    free(h.used);
    free(h.at);
    free(h.units);
    os_unmap((void *)plan, plan->n_bytes);
    return out;
}

START_TEST(robsons_attack_drives_first_fit_to_its_bound)
{
    static const char *const words[] = {
        "robson:live=64K:unit=64:doublings=4",
        "robson:live=64K:unit=64:doublings=7",
        "robson:live=50K:unit=64:doublings=6",
    };
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        struct outcome first = run(words[i], FIRST_FIT);
        ck_assert_double_ge(first.share, 0.99);
        ck_assert_double_le(first.share, 1.3);
        ck_assert_uint_gt(first.heap_bytes, 2 * first.live_bytes);
    }
}
END_TEST

START_TEST(best_fit_comes_near_its_bound_and_first_fit_does_not)
{
    static const char *const words[] = {
        "best-fit-worst:live=64K:unit=64:largest=16",
        "best-fit-worst:live=128K:unit=64:largest=32",
        "best-fit-worst:live=150K:unit=64:largest=48",
    };
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        struct outcome best = run(words[i], BEST_FIT), first = run(words[i], FIRST_FIT);
        ck_assert_double_ge(best.share, 0.8);
        ck_assert_double_le(best.share, 1.1);
        ck_assert_double_le(first.share, 0.8 * best.share);
    }
}
END_TEST

/* Pages, each of one size while an object lies in it; what becomes empty serves any size. */
#define PAGE  4096u
#define PAGES 65536u

struct page {
    uint64_t bytes; /* of its objects; 0: never used */
    uint32_t n_objects;
};

/* The lowest page with a place for the size, or, without one, the lowest that is empty. */
static uint32_t find_page(const struct page *pages, uint64_t bytes)
{
    uint32_t empty = PAGES;
    for (uint32_t i = 0; i < PAGES && (pages[i].bytes != 0 || empty == PAGES); i++) {
        if (pages[i].n_objects == 0)
            empty = empty == PAGES ? i : empty;
        else if (pages[i].bytes == bytes && pages[i].n_objects < PAGE / bytes)
            return i;
    }
    return empty;
}

/* What an object of so many bytes takes: its class, or without classes its size. */
static uint64_t class_of(const struct size_classes *heap, uint64_t bytes)
{
    for (uint32_t i = 0; heap && i < heap->n; i++)
        if (heap->bytes[i] >= bytes)
            return heap->bytes[i];
    return bytes;
}

/* Of a heap of such classes, by the bound; the plan is made against those that are `known`. */
static double share_against(const struct size_classes *heap, const struct size_classes *known,
                            const char *word)
{
    static struct page pages[PAGES];
    double bound;
    const struct plan *plan = make_against(known, word, &bound);
    uint32_t *page_of = calloc(plan_threads(plan)->n_slots, sizeof(page_of[0])), n_pages = 0;
    memset(pages, 0, sizeof(pages));
    for (const struct plan_op *op = plan_thread_ops(plan, 0); plan_op_kind(*op) != PLAN_END; op++) {
        uint32_t slot = plan_op_slot(*op);
        if (plan_op_kind(*op) != PLAN_MALLOC)
            pages[page_of[slot]].n_objects--;
        if (plan_op_kind(*op) == PLAN_FREE)
            continue;
        uint64_t bytes = class_of(heap, op->arg);
        uint32_t at = page_of[slot] = find_page(pages, bytes);
        ck_assert_uint_lt(at, PAGES);
        pages[at].bytes = bytes;
        pages[at].n_objects++;
        n_pages = at + 1 > n_pages ? at + 1 : n_pages;
    }
    free(page_of);
    os_unmap((void *)plan, plan->n_bytes);
    return n_pages * (double)PAGE / bound;
}

static double share_of_pages(const char *word)
{
    return share_against(NULL, NULL, word);
}

START_TEST(pages_of_one_size_come_to_the_bound_of_segregated_fit)
{
    ck_assert_double_ge(share_of_pages("segregated-worst:objects=768"), 0.9);
    ck_assert_double_le(share_of_pages("segregated-worst:objects=768"), 1.3);
    ck_assert_double_ge(share_of_pages("segregated-worst:objects=6144:min=16:max=512"), 0.9);
    ck_assert_double_le(share_of_pages("segregated-worst:objects=6144:min=16:max=512"), 1.3);
}
END_TEST

static struct size_classes list_of(const char *text)
{
    struct size_classes list;
    struct err err;
    ck_assert_int_eq(size_classes_parse(text, &list, &err), 0);
    return list;
}

/* Heaps whose classes are not those of the preset: what is known of them is what hits them. */
START_TEST(discovered_classes_bring_their_heap_to_the_bound_that_they_state)
{
    static const char *const heaps[] = {
        "128,256,512,1024",
        "136,168,216,272,344,432,544,680,864,1016",
        "16,32,48,64,96,144,208,304,464,688,1024",
    };
    static const char word[] = "segregated-worst:objects=3072";
    for (size_t i = 0; i < ARRAY_SIZE(heaps); i++) {
        struct size_classes heap = list_of(heaps[i]);
        ck_assert_double_ge(share_against(&heap, &heap, word), 0.9);
        ck_assert_double_le(share_against(&heap, &heap, word), 1.3);
    }
    struct size_classes doublings = list_of(heaps[0]);
    ck_assert_double_le(share_against(&doublings, NULL, word), 0.8);
    ck_assert_double_ge(
        share_against(&doublings, &doublings, "segregated-worst:objects=3072:classes=1"), 0.9);
}
END_TEST

/* The sizes of a plan, in the order of their turns. */
static void sizes_of_plan(const struct size_classes *known, const char *word, char *out, size_t n)
{
    double bound;
    const struct plan *plan = make_against(known, word, &bound);
    uint32_t last = 0;
    size_t used = 0;
    *out = '\0';
    for (const struct plan_op *op = plan_thread_ops(plan, 0); plan_op_kind(*op) != PLAN_END; op++)
        if (plan_op_kind(*op) == PLAN_MALLOC && op->arg != last)
            used += text_format(out + used, n - used, "%s%u", used ? "," : "", last = op->arg);
    os_unmap((void *)plan, plan->n_bytes);
}

START_TEST(sizes_are_the_discovered_ones_between_min_and_max_one_for_each_step)
{
    static const struct {
        const char *known, *word, *sizes;
    } rows[] = {
        {"64,136,168,216,2048", "segregated-worst", "136,168,216"},
        {"144,160,176,192,224,1024", "segregated-worst:max=512", "160,192,224"},
        {"144,160,176,192,224,1024", "segregated-worst:max=512:classes=8", "144,160,176,192,224"},
        {"144,160,176,192,224,1024", "segregated-worst:max=512:classes=1", "224"},
        {"144,160", "segregated-worst:max=256:sizes=even", "128,160,192,224,256"},
        {"16,2048", "segregated-worst:max=256", "128,160,192,224,256"}, /* none is between them */
        {"", "segregated-worst:max=256:classes=2", "128,192,256"},
        {"32768,65536", "segregated-worst:min=32K:max=256K:classes=1:page=1M",
         "32768,65536,131072,262144"},
    };
    char sizes[256];
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct size_classes known = list_of(rows[i].known);
        sizes_of_plan(&known, rows[i].word, sizes, sizeof(sizes));
        ck_assert_str_eq(sizes, rows[i].sizes);
    }
}
END_TEST

/* Private heaps of threads: where a block goes that any thread frees, and where the next one is from. */
enum heaps {
    PURE,  /* to the heap of the thread that frees it */
    OWNED, /* to the heap that it is from */
};

#define THREADS 4u

struct object {
    uint32_t maker;
    bool is_there;
};

struct process {
    enum heaps heaps;
    const struct plan *plan;
    const struct plan_op *next[THREADS];
    struct object *slots[THREADS], *cells;
    uint64_t n_free[THREADS]; /* blocks in the heap of each */
    uint64_t n_blocks;        /* taken from the system */
};

/* Executes one word of thread t; false when it has to wait or is at its end. */
static bool step(struct process *p, uint32_t t)
{
    const struct plan_op *op = p->next[t];
    struct object *slot = &p->slots[t][plan_op_slot(*op)];
    enum plan_kind kind = plan_op_kind(*op);
    if (kind == PLAN_END || (kind == PLAN_GIVE && p->cells[op->arg].is_there) ||
        (kind == PLAN_TAKE && !p->cells[op->arg].is_there))
        return false;
    if (kind == PLAN_MALLOC) {
        uint64_t *heap = &p->n_free[t];
        p->n_blocks += *heap == 0;
        *heap -= *heap > 0;
        *slot = (struct object){.maker = t};
    } else if (kind == PLAN_FREE) {
        p->n_free[p->heaps == PURE ? t : slot->maker]++;
    } else if (kind == PLAN_GIVE) {
        p->cells[op->arg] = (struct object){.maker = slot->maker, .is_there = true};
    } else {
        ck_assert_int_eq(kind, PLAN_TAKE);
        *slot = p->cells[op->arg];
        p->cells[op->arg].is_there = false;
    }
    p->next[t]++;
    return true;
}

/* What one pass has such heaps grow to, in objects of 2 KiB, by the bound. */
static double blow_up_of(enum heaps heaps, const char *word, uint32_t threads)
{
    struct workload_spec spec;
    struct err err;
    struct process p = {.heaps = heaps};
    int fd;
    ck_assert_int_eq(workload_parse(word, strlen(word), &spec, &err), 0);
    ck_assert_int_eq(workload_plan(&spec, threads, 1, &fd, &p.plan, &err), 0);
    close(fd);
    p.cells = calloc(p.plan->n_cells, sizeof(p.cells[0]));
    for (uint32_t t = 0; t < threads; t++) {
        p.next[t] = plan_thread_ops(p.plan, t);
        p.slots[t] = calloc(plan_threads(p.plan)[t].n_slots, sizeof(p.slots[t][0]));
    }
    for (bool moved = true; moved;) {
        moved = false;
        for (uint32_t t = 0; t < threads; t++)
            while (step(&p, t))
                moved = true;
    }
    for (uint32_t t = 0; t < threads; t++) {
        ck_assert_int_eq(plan_op_kind(*p.next[t]), PLAN_END);
        free(p.slots[t]);
    }
    free(p.cells);
    os_unmap((void *)p.plan, p.plan->n_bytes);
    const struct workload_args args = workload_args_of(&spec, threads, 1);
    return (double)(p.n_blocks * 2048) / (double)spec.workload->bound(&args);
}

/* But for the object that ends a ring's pass. */
START_TEST(private_heaps_blow_up_to_the_bound_of_their_kind_and_no_others)
{
    static const char ring[] = "blow-up:objects=500",
                      one[] = "blow-up:objects=500:way=one:rounds=5";
    for (uint32_t threads = 2; threads <= THREADS; threads++) {
        ck_assert_double_ge(blow_up_of(OWNED, ring, threads), 1);
        ck_assert_double_le(blow_up_of(OWNED, ring, threads), 1.01);
        ck_assert_double_le(blow_up_of(PURE, ring, threads), 1.02 / threads);
        ck_assert_double_eq(blow_up_of(PURE, one, threads), 1);
        ck_assert_double_le(blow_up_of(OWNED, one, threads), 1.02 / (5 * (threads - 1)));
    }
    ck_assert_double_eq(blow_up_of(PURE, "blow-up:objects=500:way=one:rounds=50", 2), 1);
}
END_TEST

UNIT_MAIN("adversary", private_heaps_blow_up_to_the_bound_of_their_kind_and_no_others,
          discovered_classes_bring_their_heap_to_the_bound_that_they_state,
          sizes_are_the_discovered_ones_between_min_and_max_one_for_each_step,
          robsons_attack_drives_first_fit_to_its_bound,
          pages_of_one_size_come_to_the_bound_of_segregated_fit,
          best_fit_comes_near_its_bound_and_first_fit_does_not)
