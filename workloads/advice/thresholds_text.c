#include <inttypes.h>
#include <stdio.h>

#include "thresholds.h"

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

static void say_objects(const struct thresholds *t, char *out)
{
    char at[SIZE_BYTES], life[96];
    const struct thresholds_objects *o = &t->objects[0];
    if (o->n == 0) {
        snprintf(out, THRESHOLDS_SENTENCE_BYTES,
                 "No object is as large as %s: where that is the threshold there are no mappings.",
                 size(at, t->at.mmap[0]));
        return;
    }
    say_life(life, sizeof(life), o);
    snprintf(out, THRESHOLDS_SENTENCE_BYTES,
             "Objects from %s on are %.3g %% of those made and %.3g %% of their bytes; %s, and at "
             "most %" PRIu64 " live%s at once, each a mapping where the threshold is %s.",
             size(at, t->at.mmap[0]), percent(o->n, t->n_objects), percent(o->bytes, t->bytes),
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

static void say_heap(const struct thresholds *t, char *out)
{
    char mmap[SIZE_BYTES], trim[SIZE_BYTES], cut[SIZE_BYTES], again[SIZE_BYTES], end[SIZE_BYTES];
    const struct thresholds_heap *h = &t->heaps[0][0];
    snprintf(
        out, THRESHOLDS_SENTENCE_BYTES,
        "One heap for all that is smaller than %s, all free bytes at its top, would be cut "
        "%" PRIu64 " time%s under a trim_threshold of %s: %s given back, %s of it taken again, "
        "and %s held at the end.",
        size(mmap, t->at.mmap[0]), h->trims, h->trims == 1 ? "" : "s", size(trim, t->at.trim[0]),
        size(cut, h->trimmed_bytes), size(again, h->regrown_bytes), size(end, h->end_bytes));
}

int thresholds_why(const struct plan *plan, const struct thresholds_pair *pair,
                   char out[THRESHOLDS_SENTENCES][THRESHOLDS_SENTENCE_BYTES], struct err *err)
{
    static struct thresholds t;
    bool mmap_given = pair->mmap != THRESHOLDS_UNKNOWN;
    bool trim_given = pair->trim != THRESHOLDS_UNKNOWN;
    /* Given alone, either one stops both from moving; the other stays where it begins. */
    struct thresholds_candidates at = {.mmap = {mmap_given ? pair->mmap : THRESHOLDS_FIRST},
                                       .trim = {trim_given ? pair->trim : THRESHOLDS_FIRST},
                                       .n_mmap = 1,
                                       .n_trim = 1};
    int rc = thresholds_read(plan, &at, &t, err);
    if (rc == 0 && !mmap_given && !trim_given && t.dynamic_moves > 0) {
        at.mmap[0] = t.dynamic_mmap;
        at.trim[0] = t.dynamic_trim;
        rc = thresholds_read(plan, &at, &t, err);
    }
    if (rc < 0)
        return rc;
    say_objects(&t, out[THRESHOLDS_OBJECTS]);
    say_dynamic(&t, mmap_given || trim_given, out[THRESHOLDS_DYNAMIC]);
    say_heap(&t, out[THRESHOLDS_HEAP]);
    return 0;
}
