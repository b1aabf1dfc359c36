#include "tail.h"

#include <math.h>
#include <stdio.h>

#include "fragmentation.h"

#define PAGE_BYTES 4096.0

static const double idle_s[] = {0.1, 1, 5};

/* What is kept beyond what is live. */
static double excess(const struct tail_readings *r, double resident)
{
    return fmax(0, resident - fragmentation_ideal(r->live, PAGE_BYTES));
}

static bool is_known(const struct tail_readings *r)
{
    double sum = r->live + r->peak + r->drained;
    for (size_t i = 0; i < ARRAY_SIZE(idle_s); i++)
        sum += r->idle[i];
    return !isnan(sum);
}

/* What is left after 5 s is more than next to nothing. */
static void judge_purge(struct tail *t, const struct tail_readings *r, double grain)
{
    t->stays_bytes = t->kept_bytes;
    if (!r->call || !*r->call || isnan(r->purged)) {
        t->verdict = TAIL_NO_CALL;
        return;
    }
    t->stays_bytes = excess(r, r->purged);
    t->returned_bytes = fmax(0, t->kept_bytes - t->stays_bytes);
    t->verdict = t->stays_bytes <= grain      ? TAIL_ASKED
                 : t->returned_bytes <= grain ? TAIL_STAYS
                                              : TAIL_PARTLY;
}

struct tail tail_judge(const struct tail_readings *r)
{
    struct tail t = {.verdict = TAIL_UNKNOWN};
    if (!is_known(r))
        return t;
    double grain = fmax(TAIL_GRAIN_BYTES, TAIL_GRAIN_SHARE * r->peak);
    double drained = excess(r, r->drained);
    t.kept_bytes = t.stays_bytes = excess(r, r->idle[ARRAY_SIZE(idle_s) - 1]);
    t.by_itself_bytes = fmax(0, drained - t.kept_bytes);
    if (drained <= grain) {
        t.verdict = TAIL_AT_ONCE;
        return t;
    }
    for (size_t i = 0; i < ARRAY_SIZE(idle_s); i++)
        if (excess(r, r->idle[i]) <= grain) {
            t.verdict = TAIL_BY_ITSELF;
            t.within_s = idle_s[i];
            return t;
        }
    judge_purge(&t, r, grain);
    return t;
}

enum { SIZE_BYTES = 32 };

static char *size_words(double bytes, char *out)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    double value = bytes / 1024;
    for (; value >= 1000 && unit + 1 < ARRAY_SIZE(units); unit++)
        value /= 1024;
    snprintf(out, SIZE_BYTES, value < 9.95 ? "%.1f %s" : "%.0f %s", value, units[unit]);
    return out;
}

char *tail_words(const struct tail *t, const char *call, char *out)
{
    char kept[SIZE_BYTES], returned[SIZE_BYTES], stays[SIZE_BYTES], given[SIZE_BYTES];
    char before[64] = "";
    size_words(t->kept_bytes, kept);
    size_words(t->returned_bytes, returned);
    size_words(t->stays_bytes, stays);
    if (t->verdict >= TAIL_ASKED &&
        t->by_itself_bytes > fmax(TAIL_GRAIN_BYTES, TAIL_GRAIN_SHARE * t->kept_bytes))
        snprintf(before, sizeof(before), "gives back %s by itself, ",
                 size_words(t->by_itself_bytes, given));
    switch (t->verdict) {
    case TAIL_AT_ONCE:
        snprintf(out, TAIL_WORDS_BYTES, "gives back at once");
        break;
    case TAIL_BY_ITSELF:
        snprintf(out, TAIL_WORDS_BYTES, "gives back by itself within %g s", t->within_s);
        break;
    case TAIL_ASKED:
        snprintf(out, TAIL_WORDS_BYTES, "%skeeps %s until asked: %s returns all of it", before,
                 kept, call);
        break;
    case TAIL_PARTLY:
        snprintf(
            out, TAIL_WORDS_BYTES,
            "%skeeps %s until asked: %s returns %s, and %s stay even then: fragmentation or its own use",
            before, kept, call, returned, stays);
        break;
    case TAIL_STAYS:
        snprintf(out, TAIL_WORDS_BYTES,
                 "%skeeps %s even when asked (%s): fragmentation or its own use", before, stays,
                 call);
        break;
    case TAIL_NO_CALL:
        snprintf(out, TAIL_WORDS_BYTES,
                 "%skeeps %s for 5 s and more, and has no call to be asked by", before, kept);
        break;
    default:
        snprintf(out, TAIL_WORDS_BYTES, "not known");
        break;
    }
    return out;
}
