#include <inttypes.h>
#include <stdio.h>

#include "thresholds.h"

static unsigned nearest(const uint64_t *candidates, unsigned n, uint64_t value)
{
    unsigned best = 0;
    double least = 0;
    for (unsigned i = 0; i < n; i++) {
        double a = (double)candidates[i], b = (double)(value ? value : 1);
        double apart = a > b ? a / b : b / a;
        if (i == 0 || apart < least) {
            least = apart;
            best = i;
        }
    }
    return best;
}

unsigned thresholds_nearest_mmap(uint64_t value)
{
    return nearest(thresholds_mmap, THRESHOLDS_MMAP, value);
}

unsigned thresholds_nearest_trim(uint64_t value)
{
    return nearest(thresholds_trim, THRESHOLDS_TRIM, value);
}

enum { SIZE_BYTES = 24 };

static const char *size(char out[SIZE_BYTES], uint64_t bytes)
{
    static const char units[] = "KMGT";
    double value = (double)bytes;
    int unit = -1;
    while (value >= 1024 && units[unit + 1]) {
        value /= 1024;
        unit++;
    }
    bool is_whole = value == (double)(uint64_t)value;
    snprintf(out, SIZE_BYTES, "%.*f%.*s", is_whole || value >= 100 ? 0 : 1, value, unit >= 0,
             unit >= 0 ? &units[unit] : "");
    return out;
}

static double percent(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0.0;
}

static void say_life(char *out, size_t n, const struct thresholds_objects *o)
{
    if (o->life_calls == THRESHOLDS_UNKNOWN)
        snprintf(out, n, "none of them is freed");
    else if (o->life_ns == THRESHOLDS_UNKNOWN)
        snprintf(out, n, "half of those freed live less than %" PRIu64 " calls", 2 * o->life_calls);
    else
        snprintf(out, n, "half of those freed live less than %" PRIu64 " calls and %.2g ms",
                 2 * o->life_calls, 2 * (double)o->life_ns / 1e6);
}

static void say_objects(const struct thresholds *t, unsigned m, char *out)
{
    char at[SIZE_BYTES], life[96];
    const struct thresholds_objects *o = &t->objects[m];
    if (o->n == 0) {
        snprintf(out, THRESHOLDS_SENTENCE_BYTES,
                 "No object is as large as %s: where that is the threshold there are no mappings.",
                 size(at, thresholds_mmap[m]));
        return;
    }
    say_life(life, sizeof(life), o);
    snprintf(out, THRESHOLDS_SENTENCE_BYTES,
             "Objects from %s on are %.3g %% of those made and %.3g %% of their bytes; %s, and at "
             "most %" PRIu64 " live%s at once, each a mapping where the threshold is %s.",
             size(at, thresholds_mmap[m]), percent(o->n, t->n_objects), percent(o->bytes, t->bytes),
             life, o->most_live, o->most_live == 1 ? "s" : "", at);
}

/* What the thresholds do when neither is given; `given`: one is. */
static void say_dynamic(const struct thresholds *t, bool given, char *out)
{
    char mmap[SIZE_BYTES], trim[SIZE_BYTES];
    if (given && t->dynamic_moves > 0)
        snprintf(out, THRESHOLDS_SENTENCE_BYTES,
                 "Given, neither threshold moves; with neither given, frees of mappings would move "
                 "them %" PRIu64
                 " time%s: mmap_threshold would end at %s and trim_threshold at %s.",
                 t->dynamic_moves, t->dynamic_moves == 1 ? "" : "s", size(mmap, t->dynamic_mmap),
                 size(trim, t->dynamic_trim));
    else if (t->dynamic_moves == 0)
        snprintf(out, THRESHOLDS_SENTENCE_BYTES,
                 "With neither threshold given they stay at 128K: no mapping of more than that, "
                 "and of 32M at most, is freed.");
    else
        snprintf(out, THRESHOLDS_SENTENCE_BYTES,
                 "With neither threshold given, frees of mappings move them %" PRIu64
                 " time%s: mmap_threshold ends at %s and trim_threshold at %s.",
                 t->dynamic_moves, t->dynamic_moves == 1 ? "" : "s", size(mmap, t->dynamic_mmap),
                 size(trim, t->dynamic_trim));
}

static void say_heap(const struct thresholds *t, unsigned m, unsigned k, char *out)
{
    char mmap[SIZE_BYTES], trim[SIZE_BYTES], cut[SIZE_BYTES], again[SIZE_BYTES], end[SIZE_BYTES];
    const struct thresholds_heap *h = &t->heaps[m][k];
    snprintf(out, THRESHOLDS_SENTENCE_BYTES,
             "One heap for all that is smaller than %s, all free bytes at its top, would be cut "
             "%" PRIu64
             " time%s under a trim_threshold of %s: %s given back, %s of it taken again, "
             "and %s held at the end.",
             size(mmap, thresholds_mmap[m]), h->trims, h->trims == 1 ? "" : "s",
             size(trim, thresholds_trim[k]), size(cut, h->trimmed_bytes),
             size(again, h->regrown_bytes), size(end, h->end_bytes));
}

void thresholds_why(const struct thresholds *t, uint64_t mmap_threshold, uint64_t trim_threshold,
                    char out[THRESHOLDS_SENTENCES][THRESHOLDS_SENTENCE_BYTES])
{
    /* Given alone, either one stops both from moving; the other stays where it begins. */
    bool mmap_given = mmap_threshold != THRESHOLDS_UNKNOWN;
    bool trim_given = trim_threshold != THRESHOLDS_UNKNOWN;
    uint64_t mmap = mmap_given ? mmap_threshold : trim_given ? 128 * KIB : t->dynamic_mmap;
    uint64_t trim = trim_given ? trim_threshold : mmap_given ? 128 * KIB : t->dynamic_trim;
    unsigned m = thresholds_nearest_mmap(mmap), k = thresholds_nearest_trim(trim);
    say_objects(t, m, out[THRESHOLDS_OBJECTS]);
    say_dynamic(t, mmap_given || trim_given, out[THRESHOLDS_DYNAMIC]);
    say_heap(t, m, k, out[THRESHOLDS_HEAP]);
}
