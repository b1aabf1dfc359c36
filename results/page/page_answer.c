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

/* How a measure is spoken of. */
struct words {
    enum measure measure;
    const char *member, *best, *quantity, *better;
};

static const struct words all_words[] = {
    {MEASURE_THROUGHPUT, "speed", "fastest", "throughput", "faster"},
    {MEASURE_PEAK_RSS, "memory", "leanest", "peak resident memory", "leaner"},
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

/* Cells that all but those who failed there were compared in. */
static unsigned most_cells(const struct answer *a)
{
    const struct summary *s = a->page->s;
    unsigned most = 0;
    for (uint32_t i = 0; i < s->run.n_subjects; i++)
        if (is_contender(s, i) && i != s->baseline && mean_of(a, i)->n_used > most)
            most = mean_of(a, i)->n_used;
    return most;
}

static bool is_ranked(const struct answer *a, uint32_t subject)
{
    const struct summary *s = a->page->s;
    return is_contender(s, subject) &&
           (subject == s->baseline ||
            (mean_of(a, subject)->n_used == most_cells(a) && mean_of(a, subject)->n_used > 0));
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
    char text[3 * REPORT_NUMBER_BYTES + 8];
};

static struct range_text range_text(const struct interval *ratio)
{
    struct range_text out;
    char estimate[REPORT_NUMBER_BYTES], low[REPORT_NUMBER_BYTES], high[REPORT_NUMBER_BYTES];
    report_format_number(estimate, ratio->estimate);
    report_format_number(low, ratio->low);
    report_format_number(high, ratio->high);
    snprintf(out.text, sizeof(out.text), "%s [%s, %s]", estimate, low, high);
    return out;
}

static const char *name_of(const struct answer *a, uint32_t subject)
{
    return a->page->s->run.subjects[subject].name;
}

/* Names with their ratios of those that `has` holds for: "a 1.02 [1.00, 1.03] and b ...". To be freed; NULL: no memory. */
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
        fprintf(out, "%s%s %s", left == n ? "" : left == 1 ? " and " : ", ", name_of(a, i),
                range.text);
        left--;
    }
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* Who cannot be told apart from the best, and that all others can. `s` has the best as its baseline. */
static int say_rivals(struct answer *a, const struct summary *s, struct err *err)
{
    bool *ties = calloc(s->run.n_subjects, sizeof(*ties));
    if (!ties)
        return err_set(err, ENOMEM, "no memory for the answer");
    unsigned n_ties = 0, n_others = 0;
    for (uint32_t i = 0; i < s->run.n_subjects; i++) {
        if (i == s->baseline || !is_ranked(a, i))
            continue;
        ties[i] = summary_mean(s, i, a->words->measure)->verdict != VERDICT_WORSE;
        n_ties += ties[i];
        n_others += !ties[i];
    }
    char *list = list_of(a, s, ties);
    if (n_ties > 0 && list)
        say(a, "No difference was found between %s and %s (ratio to %s).", name_of(a, s->baseline),
            list, name_of(a, s->baseline));
    if (n_ties == 0 && n_others > 0)
        say(a, "It is certainly %s than each of the %u others, taken one at a time.",
            a->words->better, n_others);
    else if (n_others > 0)
        say(a, "It is certainly %s than the %s.", a->words->better,
            n_others == 1 ? "one other" : "others");
    free(list);
    free(ties);
    return list ? 0 : err_set(err, ENOMEM, "no memory for the answer");
}

static bool has_too_few(const struct answer *a)
{
    const struct summary *s = a->page->s;
    for (uint32_t i = 0; i < s->run.n_subjects; i++)
        if (i != s->baseline && is_ranked(a, i) && mean_of(a, i)->verdict != VERDICT_TOO_FEW)
            return false;
    return true;
}

static void say_best(struct answer *a, uint32_t best)
{
    const struct summary *s = a->page->s;
    const char *baseline = name_of(a, s->baseline);
    if (best == s->baseline) {
        say(a, "%s has the best mean %s here: no other is %s over %u cells.", baseline,
            a->words->quantity, a->words->better, s->n_mean_cells);
        return;
    }
    const struct summary_mean *mean = mean_of(a, best);
    struct range_text range = range_text(&mean->ratio);
    if (mean->verdict == VERDICT_BETTER)
        say(a, "%s is the %s here: %s times the %s of %s, as the geometric mean over %u cells.",
            name_of(a, best), a->words->best, range.text, a->words->quantity, baseline,
            mean->n_used);
    else
        say(a, "%s has the best mean %s here, %s times that of %s over %u cells: %s.",
            name_of(a, best), a->words->quantity, range.text, baseline, mean->n_used,
            mean->verdict == VERDICT_TOO_FEW ? "too few blocks to be sure" : "no difference found");
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
        say(a, "One workload turns this mean: without %s, %s is the %s.", lever->workload,
            name_of(a, best), a->words->best);
        return;
    }
    const struct summary_mean *mean = mean_of(&without, best);
    struct range_text range = range_text(&mean->ratio);
    say(a, "One workload turns this mean: without %s, %s has the best one, %s times that of %s%s.",
        lever->workload, name_of(a, best), range.text, name_of(a, s->baseline),
        mean->verdict == VERDICT_BETTER ? "" : " (no difference found)");
}

/* The run with `best` in the place of the baseline. */
static int compare_with(struct answer *a, uint32_t best, struct err *err)
{
    const struct summary *s = a->page->s;
    if (best == s->baseline)
        return say_rivals(a, s, err);
    struct summary_options options = s->options;
    struct summary other;
    options.baseline = s->run.subjects[best].name;
    int rc = summary_make(a->page->store, s->run.id, &options, &other, err);
    if (rc == 0)
        rc = say_rivals(a, &other, err);
    summary_release(&other);
    return rc;
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
        say_best(&a, best);
        if (has_too_few(&a))
            say(&a, "%u block%s %s too few to claim any difference; %u are the least.",
                p->s->n_blocks, p->s->n_blocks == 1 ? "" : "s", p->s->n_blocks == 1 ? "is" : "are",
                STATS_FULL_COVERAGE_BLOCKS);
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
    int rc = 0;
    for (size_t i = 0; i < ARRAY_SIZE(all_words) && rc == 0; i++)
        rc = answer(p, o, &all_words[i], err);
    page_put(p, p->root, "answer", o);
    return rc;
}
