#include "size_counts.h"

#include <stdlib.h>

enum { FINE_BITS = 8 }; /* leading bits that sizes counted as one have in common */

/* The least number with the same `bits` leading bits. */
static uint64_t coarse(uint64_t bytes, unsigned bits)
{
    unsigned width = bytes ? log2_floor(bytes) + 1 : 0;
    return width > bits ? bytes >> (width - bits) << (width - bits) : bytes;
}

static bool make_room(struct size_counts *s)
{
    if (s->n < s->room)
        return true;
    uint32_t room = s->room ? 2 * s->room : 256;
    struct size_count *counts = reallocarray(s->counts, room, sizeof(*counts));
    if (!counts)
        return false;
    s->counts = counts;
    s->room = room;
    return true;
}

/* The place of a size, which is made when there is none. NULL when memory is out. */
static struct size_count *find(struct size_counts *s, uint64_t bytes)
{
    uint32_t place = number_map_get(&s->places, bytes + 1);
    if (place != NUMBER_MAP_NONE)
        return &s->counts[place];
    if (!make_room(s) || !number_map_put(&s->places, bytes + 1, s->n))
        return NULL;
    s->counts[s->n] = (struct size_count){.bytes = bytes, .since = s->now};
    return &s->counts[s->n++];
}

static void catch_up(struct size_counts *s, struct size_count *c)
{
    c->live_time += (double)c->live * (double)(s->now - c->since);
    c->since = s->now;
}

static void add(struct size_count *to, const struct size_count *from)
{
    to->births += from->births;
    to->live += from->live;
    to->live_time += from->live_time;
    to->birth_bytes += from->birth_bytes;
    to->live_bytes += from->live_bytes;
}

/* Counts everything anew by its 8 leading bits. */
static bool merge_fine(struct size_counts *s)
{
    struct size_counts merged = {.now = s->now, .merged = true};
    for (uint32_t i = 0; i < s->n; i++) {
        struct size_count *from = &s->counts[i],
                          *to = find(&merged, coarse(from->bytes, FINE_BITS));
        if (!to) {
            size_counts_release(&merged);
            return false;
        }
        catch_up(s, from);
        add(to, from);
    }
    size_counts_release(s);
    *s = merged;
    return true;
}

static struct size_count *count_of(struct size_counts *s, uint64_t bytes)
{
    uint64_t key = s->merged ? coarse(bytes, FINE_BITS) : bytes;
    struct size_count *c = s->failed ? NULL : find(s, key);
    if (c && s->n > SIZE_COUNTS_EXACT && !s->merged)
        c = merge_fine(s) ? find(s, coarse(bytes, FINE_BITS)) : NULL;
    s->failed |= !c;
    return c;
}

void size_counts_begin(struct size_counts *s, uint64_t bytes)
{
    struct size_count *c = count_of(s, bytes);
    if (!c)
        return;
    catch_up(s, c);
    c->live++;
    c->births++;
    c->birth_bytes += (double)bytes;
}

void size_counts_end(struct size_counts *s, uint64_t bytes)
{
    struct size_count *c = count_of(s, bytes);
    if (!c)
        return;
    catch_up(s, c);
    c->live--;
}

static uint64_t rounded(double bytes)
{
    return (uint64_t)(bytes + 0.5);
}

void size_counts_finish(struct size_counts *s)
{
    for (uint32_t i = 0; i < s->n; i++) {
        struct size_count *c = &s->counts[i];
        catch_up(s, c);
        c->bytes = rounded(c->birth_bytes / (double)c->births);
        c->live_bytes = c->live_time * (double)c->bytes;
    }
}

void size_counts_release(struct size_counts *s)
{
    free(s->counts);
    number_map_release(&s->places);
    *s = (struct size_counts){0};
}

static int by_size(const void *a, const void *b)
{
    const struct size_count *x = a, *y = b;
    return (x->bytes > y->bytes) - (x->bytes < y->bytes);
}

/* What all sizes are together. */
static struct size_count total_of(const struct size_counts *s)
{
    struct size_count all = {0};
    for (uint32_t i = 0; i < s->n; i++)
        add(&all, &s->counts[i]);
    return all;
}

static double share(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

static double weight_of(const struct size_count *c, const struct size_count *all)
{
    return share((double)c->births, (double)all->births) + share(c->live_time, all->live_time) +
           share(c->live_bytes, all->live_bytes);
}

static int by_number(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x < *y) - (*x > *y);
}

/* The weight of the lightest of the `n` heaviest sizes. NaN when memory is out, which nothing is above. */
static double least_weight(const struct size_counts *s, const struct size_count *all, uint32_t n)
{
    double *weights = calloc(s->n, sizeof(*weights)), least = __builtin_nan("");
    if (!weights)
        return least;
    for (uint32_t i = 0; i < s->n; i++)
        weights[i] = weight_of(&s->counts[i], all);
    qsort(weights, s->n, sizeof(*weights), by_number);
    least = weights[n - 1];
    free(weights);
    return least;
}

/* Rows by size become one where `bits` leading bits agree and neither is kept. Returns how many there would be. */
static uint32_t merge_rows(struct size_counts *s, const bool *kept, unsigned bits, bool really)
{
    uint32_t n = 0, last = UINT32_MAX; /* the row that others may join; its class */
    uint64_t class = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        uint64_t key = coarse(s->counts[i].bytes, bits);
        if (!kept[i] && last != UINT32_MAX && key == class) {
            if (really)
                add(&s->counts[last], &s->counts[i]);
            continue;
        }
        if (!kept[i]) {
            last = n;
            class = key;
        }
        if (really)
            s->counts[n] = s->counts[i];
        n++;
    }
    return n;
}

/* The size that a row stands for: that of what is live, so that live bytes stay as they are. */
static void set_sizes(struct size_counts *s)
{
    for (uint32_t i = 0; i < s->n; i++) {
        struct size_count *c = &s->counts[i];
        c->bytes = c->live_time > 0 ? rounded(c->live_bytes / c->live_time)
                                    : rounded(c->birth_bytes / (double)c->births);
    }
}

/* A mean size may be another row's size. */
static void unite_equals(struct size_counts *s)
{
    uint32_t n = 0;
    for (uint32_t i = 1; i < s->n; i++)
        if (s->counts[i].bytes == s->counts[n].bytes)
            add(&s->counts[n], &s->counts[i]);
        else
            s->counts[++n] = s->counts[i];
    s->n = s->n > 0 ? n + 1 : 0;
}

uint32_t size_counts_merge(struct size_counts *s, uint32_t most)
{
    qsort(s->counts, s->n, sizeof(*s->counts), by_size);
    if (s->n <= most)
        return s->n;
    bool *kept = calloc(s->n, sizeof(*kept));
    struct size_count all = total_of(s);
    double least = least_weight(s, &all, most - most / 4);
    s->failed |= !kept;
    for (uint32_t i = 0, n = 0; kept && i < s->n; i++) {
        kept[i] = n < most - most / 4 && weight_of(&s->counts[i], &all) >= least;
        n += kept[i];
    }
    unsigned bits = FINE_BITS;
    while (kept && bits > 0 && merge_rows(s, kept, bits, false) > most)
        bits--;
    if (kept)
        s->n = merge_rows(s, kept, bits, true);
    free(kept);
    set_sizes(s);
    qsort(s->counts, s->n, sizeof(*s->counts), by_size);
    unite_equals(s);
    return s->n;
}
