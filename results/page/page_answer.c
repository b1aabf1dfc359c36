/*
 * The answer in sentences: who is fastest and who is leanest here, by how much, and how sure. To say who can be told
 * apart from the best one, the run is summarized once more with that one as the baseline.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "page_parts.h"
#include "report_text.h"
#include "tuned.h"

/* How a measure is spoken of. */
struct words {
    enum measure measure;
    const char *member, *best, *most, *quantity, *better;
};

static const struct words all_words[] = {
    {MEASURE_THROUGHPUT, "speed", "fastest", "highest", "throughput", "faster"},
    {MEASURE_PEAK_RSS, "memory", "leanest", "lowest", "peak resident memory", "leaner"},
};

struct answer {
    struct page *page;
    const struct words *words;
    json_t *sentences;
    const struct summary_mean *means; /* of the page's summary, MEASURES or 1 apart */
    size_t stride;
};

static void say(struct answer *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct answer *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    json_t *text = json_vsprintf(format, args);
    va_end(args);
    page_append(a->page, a->sentences, text);
}

static const struct summary_mean *mean_of(const struct answer *a, uint32_t subject)
{
    return &a->means[subject * a->stride];
}

static bool is_contender(const struct summary *s, uint32_t subject)
{
    return !summary_is_bench(s, subject);
}

static unsigned n_contenders(const struct summary *s)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < s->run.n_subjects; i++)
        n += is_contender(s, i);
    return n;
}

/* The most cells in which anybody can be compared with the baseline. */
static unsigned most_cells(const struct answer *a)
{
    const struct summary *s = a->page->s;
    unsigned most = 0;
    for (uint32_t i = 0; i < s->run.n_subjects; i++)
        if (is_contender(s, i) && i != s->baseline && mean_of(a, i)->n_used > most)
            most = mean_of(a, i)->n_used;
    return most;
}

static bool has_ratio(const struct answer *a, uint32_t cell, uint32_t subject)
{
    const struct summary_entry *e = summary_entry(a->page->s, cell, subject);
    return e->measured[a->words->measure].ratio.n_blocks > 0;
}

/* Whether the means of two subjects are over the same cells. */
static bool are_alike(const struct answer *a, uint32_t i, uint32_t k)
{
    const struct summary *s = a->page->s;
    for (uint32_t c = 0; c < s->run.n_cells; c++)
        if (!summary_is_control(s, c) && has_ratio(a, c, i) != has_ratio(a, c, k))
            return false;
    return true;
}

/* Means are ranked that are over the same cells: those of the first subject that has the most. */
static bool is_ranked(const struct answer *a, uint32_t subject)
{
    const struct summary *s = a->page->s;
    unsigned most = most_cells(a);
    uint32_t first = 0;
    if (!is_contender(s, subject) || subject == s->baseline || most == 0)
        return subject == s->baseline;
    while (!is_contender(s, first) || first == s->baseline || mean_of(a, first)->n_used < most)
        first++;
    return are_alike(a, subject, first);
}

static double ratio_of(const struct answer *a, uint32_t subject)
{
    return subject == a->page->s->baseline ? 1 : mean_of(a, subject)->ratio.estimate;
}

static uint32_t find_best(const struct answer *a)
{
    const struct summary *s = a->page->s;
    bool higher = a->words->measure == MEASURE_THROUGHPUT;
    uint32_t best = s->baseline;
    for (uint32_t i = 0; i < s->run.n_subjects; i++) {
        if (!is_ranked(a, i))
            continue;
        double here = ratio_of(a, i), there = ratio_of(a, best);
        if (higher ? here > there : here < there)
            best = i;
    }
    return best;
}

/* "1.40 [1.20, 1.50]" */
struct range_text {
    char text[3 * WORDING_NUMBER_BYTES + 8];
};

static struct range_text range_text(const struct interval *ratio)
{
    struct range_text out;
    char estimate[WORDING_NUMBER_BYTES], low[WORDING_NUMBER_BYTES], high[WORDING_NUMBER_BYTES];
    wording_number(estimate, ratio->estimate);
    wording_number(low, ratio->low);
    wording_number(high, ratio->high);
    snprintf(out.text, sizeof(out.text), "%s [%s, %s]", estimate, low, high);
    return out;
}

static const char *name_of(const struct answer *a, uint32_t subject)
{
    return a->page->s->run.subjects[subject].name;
}

/*
 * Those that `has` holds for, with their ratios: "a (1.02 [1.00, 1.03] times its throughput) and b (0.99 [..])". To be
 * freed; NULL without memory.
 */
static char *list_of(const struct answer *a, const struct summary *s, const bool *has)
{
    char *text = NULL;
    size_t n_bytes;
    uint32_t left = 0;
    FILE *out = open_memstream(&text, &n_bytes);
    if (!out)
        return NULL;
    for (uint32_t i = 0; i < s->run.n_subjects; i++)
        left += has[i];
    for (uint32_t i = 0, n = left; i < s->run.n_subjects; i++) {
        if (!has[i])
            continue;
        struct range_text range = range_text(&summary_mean(s, i, a->words->measure)->ratio);
        fprintf(out, "%s%s (%s",
                left == n   ? ""
                : left == 1 ? " and "
                            : ", ",
                name_of(a, i), range.text);
        if (left == n)
            fprintf(out, " times its %s", a->words->quantity);
        fputc(')', out);
        left--;
    }
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* Of those that are ranked, who can be told apart from the best one. `s` has that as its baseline. */
struct rivals {
    bool *ties; /* by subject: no difference was found */
    unsigned n_ties, n_others;
    uint32_t next; /* the best of the others, where there is one */
};

static int find_rivals(const struct answer *a, const struct summary *s, struct rivals *out,
                       struct err *err)
{
    bool higher = a->words->measure == MEASURE_THROUGHPUT;
    *out = (struct rivals){.ties = calloc(s->run.n_subjects, sizeof(*out->ties))};
    if (!out->ties)
        return err_set(err, ENOMEM, "no memory for the answer");
    for (uint32_t i = 0; i < s->run.n_subjects; i++) {
        if (i == s->baseline || !is_ranked(a, i))
            continue;
        const struct summary_mean *mean = summary_mean(s, i, a->words->measure);
        out->ties[i] = mean->verdict != VERDICT_WORSE;
        out->n_ties += out->ties[i];
        if (out->ties[i])
            continue;
        double here = mean->ratio.estimate;
        double there = summary_mean(s, out->next, a->words->measure)->ratio.estimate;
        if (out->n_others++ == 0 || (higher ? here > there : here < there))
            out->next = i;
    }
    return 0;
}

static void say_best(struct answer *a, uint32_t best, bool is_alone)
{
    const struct summary *s = a->page->s;
    const struct words *w = a->words;
    const char *name = name_of(a, best), *baseline = name_of(a, s->baseline);
    if (best == s->baseline) {
        say(a,
            is_alone ? "%s is the %s here, by the geometric mean of its %s over %u cells."
                     : "%s has the %s mean %s here, over %u cells.",
            name, is_alone ? w->best : w->most, w->quantity, most_cells(a));
        return;
    }
    const struct summary_mean *mean = mean_of(a, best);
    struct range_text range = range_text(&mean->ratio);
    if (is_alone)
        say(a, "%s is the %s here: %s times the %s of %s, as the geometric mean over %u cells.",
            name, w->best, range.text, w->quantity, baseline, mean->n_used);
    else
        say(a, "%s has the %s mean %s here: %s times that of %s over %u cells.", name, w->most,
            w->quantity, range.text, baseline, mean->n_used);
}

static int say_rivals(struct answer *a, const struct summary *s, const struct rivals *r,
                      struct err *err)
{
    char *list = list_of(a, s, r->ties);
    if (!list)
        return err_set(err, ENOMEM, "no memory for the answer");
    if (r->n_ties > 0)
        say(a, "No difference was found between it and %s.", list);
    if (r->n_others > 0)
        say(a,
            r->n_others == 1 ? "It is %s than %u other, at %g %% certainty."
                             : "It is %s than each of %u others, at %g %% certainty each.",
            a->words->better, r->n_others, STATS_CONFIDENCE * 100);
    if (r->n_ties == 0 && r->n_others > 0) {
        struct range_text range = range_text(&summary_mean(s, r->next, a->words->measure)->ratio);
        say(a, "The next is %s with %s times its %s.", name_of(a, r->next), range.text,
            a->words->quantity);
    }
    free(list);
    return 0;
}

/* Of the ranked, the most blocks that any of their means rests on. */
static unsigned most_blocks(const struct answer *a)
{
    const struct summary *s = a->page->s;
    unsigned most = 0;
    for (uint32_t i = 0; i < s->run.n_subjects; i++)
        if (i != s->baseline && is_ranked(a, i) && mean_of(a, i)->ratio.n_blocks > most)
            most = mean_of(a, i)->ratio.n_blocks;
    return most;
}

static void say_unranked(struct answer *a)
{
    const struct summary *s = a->page->s;
    for (uint32_t i = 0; i < s->run.n_subjects; i++)
        if (is_contender(s, i) && i != s->baseline && !is_ranked(a, i))
            say(a, "%s is not ranked: it can be compared in %u of %u cells only.", name_of(a, i),
                mean_of(a, i)->n_used, s->n_mean_cells);
    if (most_cells(a) < s->n_mean_cells)
        say(a, "Only %u of %u cells count: in the others %s or every other failed.", most_cells(a),
            s->n_mean_cells, name_of(a, s->baseline));
}

/* One workload that turns the mean, and who is best without it. */
static void say_lever(struct answer *a)
{
    const struct summary *s = a->page->s;
    const struct summary_lever *lever = &s->levers[a->words->measure];
    if (!lever->workload)
        return;
    struct answer without = *a;
    without.means = lever->means;
    without.stride = 1;
    uint32_t best = find_best(&without);
    if (best == s->baseline) {
        say(a, "Without %s, the workload that moves this mean most, %s itself has the %s.",
            lever->workload, name_of(a, best), a->words->most);
        return;
    }
    const struct summary_mean *mean = mean_of(&without, best);
    struct range_text range = range_text(&mean->ratio);
    say(a,
        "Without %s, the workload that moves this mean most, %s has the %s: %s times that of %s%s.",
        lever->workload, name_of(a, best), a->words->most, range.text, name_of(a, s->baseline),
        mean->verdict == VERDICT_NO_DIFFERENCE ? " (no difference found)" : "");
}

static int say_compared(struct answer *a, const struct summary *s, struct err *err)
{
    struct rivals rivals;
    int rc = find_rivals(a, s, &rivals, err);
    if (rc == 0) {
        say_best(a, s->baseline, rivals.n_ties == 0);
        rc = say_rivals(a, s, &rivals, err);
    }
    free(rivals.ties);
    return rc;
}

/* The run with `best` in the place of the baseline. */
static int compare_with(struct answer *a, uint32_t best, struct err *err)
{
    const struct summary *s = a->page->s;
    if (best == s->baseline)
        return say_compared(a, s, err);
    struct summary_options options = s->options;
    struct summary other;
    options.baseline = s->run.subjects[best].name;
    int rc = summary_make(a->page->store, s->run.id, &options, &other, err);
    if (rc == 0)
        rc = say_compared(a, &other, err);
    summary_release(&other);
    return rc;
}

static void say_too_few(struct answer *a, uint32_t best)
{
    unsigned n = most_blocks(a);
    say_best(a, best, false);
    say(a, "%u block%s%s%s too few to claim any difference; %u are the least.", n,
        n == 1 ? "" : "s", n < a->page->s->n_blocks ? ", those in which both ended well," : "",
        n == 1 ? " is" : " are", STATS_FULL_COVERAGE_BLOCKS);
}

static int answer(struct page *p, json_t *into, const struct words *words, struct err *err)
{
    struct answer a = {.page = p,
                       .words = words,
                       .sentences = json_array(),
                       .means = &p->s->means[words->measure],
                       .stride = MEASURES};
    int rc = 0;
    if (n_contenders(p->s) < 2) {
        say(&a, "Only %s was measured: there is nothing to compare its %s with.",
            name_of(&a, p->s->baseline), words->quantity);
    } else if (most_cells(&a) == 0) {
        say(&a, "No %s can be compared: in no cell did %s and another one both end well.",
            words->quantity, name_of(&a, p->s->baseline));
    } else {
        uint32_t best = find_best(&a);
        if (most_blocks(&a) < STATS_FULL_COVERAGE_BLOCKS)
            say_too_few(&a, best);
        else
            rc = compare_with(&a, best, err);
        say_lever(&a);
        say_unranked(&a);
    }
    page_put(p, into, words->member, a.sentences);
    return rc;
}

int page_add_answer(struct page *p, struct err *err)
{
    json_t *o = json_object();
    bool is_asked =
        !tuned_is(&p->s->run); /* the best of many settings that a search tried is no answer */
    int rc = 0;
    for (size_t i = 0; i < ARRAY_SIZE(all_words) && is_asked && rc == 0; i++)
        rc = answer(p, o, &all_words[i], err);
    page_put(p, p->root, "answer", o);
    return rc;
}
