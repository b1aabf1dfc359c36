/* What lists of trials and lists of ratios show, one list at a time. */
#include <math.h>
#include <stdlib.h>

#include "findings_make.h"
#include "outlier.h"
#include "trend.h"

/* From a median deviation to the standard deviation of normal noise. */
#define NORMAL_PER_MAD 1.4826

static void add_case(struct findings_search *q, enum finding_kind kind,
                     const struct finding_case *c)
{
    struct finding *f = &q->found[kind];
    uint32_t i = f->n_worst < FINDING_WORST ? f->n_worst++ : FINDING_WORST;
    f->n_cases++;
    for (; i > 0 && fabs(f->worst[i - 1].size) < fabs(c->size); i--)
        if (i < FINDING_WORST)
            f->worst[i] = f->worst[i - 1];
    if (i < FINDING_WORST)
        f->worst[i] = *c;
}

unsigned findings_gather(const double *values, unsigned n, double *out)
{
    unsigned n_there = 0;
    for (unsigned i = 0; i < n; i++)
        if (isfinite(values[i]))
            out[n_there++] = values[i];
    return n_there;
}

/* NaN without a value. Uses q->work. */
static double median(struct findings_search *q, const double *values, unsigned n)
{
    n = findings_gather(values, n, q->work);
    return n ? stats_median(q->work, n) : NAN;
}

void findings_centre(struct findings_search *q, const double *values, double *out)
{
    unsigned n = q->n->s->n_blocks;
    for (unsigned b = 0; b < n; b++)
        out[b] = values[b] > 0 ? log(values[b]) : NAN;
    double middle = median(q, out, n);
    for (unsigned b = 0; b < n; b++)
        out[b] -= middle;
}

static double spread(struct findings_search *q, const double *logs, unsigned n)
{
    double *off = q->n->scratch;
    double middle = median(q, logs, n);
    for (unsigned b = 0; b < n; b++)
        off[b] = fabs(logs[b] - middle);
    return NORMAL_PER_MAD * median(q, off, n);
}

static int judge_ratios(struct findings_search *q, uint32_t cell, uint32_t subject, struct err *err)
{
    struct numbers *n = q->n;
    unsigned n_blocks = n->s->n_blocks;
    struct finding_case c = {.cell = cell, .subject = subject};
    struct trend trend;
    unsigned n_ratios = stats_paired_ratios(numbers_of(n, MEASURE_THROUGHPUT, cell, subject),
                                            numbers_of(n, MEASURE_THROUGHPUT, cell, n->s->baseline),
                                            n_blocks, n->ratios);
    if (n_ratios < STATS_FULL_COVERAGE_BLOCKS)
        return 0;
    for (unsigned b = 0; b < n_blocks; b++)
        n->ratios[b] = log(n->ratios[b]);
    int result = trend_find(n->ratios, n_blocks, &trend, err);
    if (result < 0)
        return result;
    c.size = trend.slope * (n_blocks - 1.0);
    if (trend.chance <= FINDINGS_ALPHA / q->n_pairs && fabs(c.size) >= log1p(FINDING_DRIFT_LEAST)) {
        add_case(q, FINDING_RATIO_DRIFT, &c); /* it scatters too, but this is why */
        return 0;
    }
    c.size = spread(q, n->ratios, n_blocks);
    if (c.size > log1p(FINDING_NOISE_LEAST))
        add_case(q, FINDING_NOISE, &c);
    return 0;
}

/*
 * Outliers among trials as they are; of them, those that their block does not explain. The other way round, with what
 * a block has in common taken off first, rows are no longer normal: a fifth of five subjects is then exactly 0.
 */
static void judge_trials(struct findings_search *q, uint32_t cell, uint32_t subject)
{
    unsigned found[OUTLIER_MOST];
    const double *logs = findings_logs(q, cell, subject);
    unsigned n = outlier_find(logs, q->n->s->n_blocks, FINDINGS_ALPHA / q->n_rows, found);
    for (unsigned i = 0; i < n; i++) {
        struct finding_case c = {
            .cell = cell, .subject = subject, .block = found[i], .size = logs[found[i]]};
        double own = c.size - q->common[c.block];
        if (fmin(fabs(c.size), fabs(own)) >= log1p(FINDING_OUTLIER_LEAST) && c.size * own > 0)
            add_case(q, FINDING_OUTLIERS, &c);
    }
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Where to cut ascending values in two so that the groups are narrowest: how many are in the lower. */
static unsigned cut(const double *ascending, unsigned n)
{
    double total = 0, below = 0, best = -1;
    unsigned where = 1;
    for (unsigned i = 0; i < n; i++)
        total += ascending[i];
    for (unsigned i = 1; i < n; i++) {
        below += ascending[i - 1];
        double gap = below / i - (total - below) / (n - i);
        double between = gap * gap * i * (n - i);
        if (between > best) {
            best = between;
            where = i;
        }
    }
    return where;
}

static int chance_of_one_mode(struct findings_search *q, const double *ascending, unsigned n,
                              double *chance, struct err *err)
{
    double dip;
    int result = dip_of(ascending, n, &dip, err);
    if (result == 0 && q->null.n != n) {
        dip_null_release(&q->null);
        result = dip_null_make(n, q->n->s->run.seed, &q->null, err);
    }
    if (result == 0)
        *chance = dip_chance(&q->null, dip);
    return result;
}

/* As many tests as there are, and no smaller chance than the simulation can tell. */
static double modes_alpha(const struct findings_search *q)
{
    return fmax(FINDINGS_ALPHA / (2.0 * q->n_rows), 1.0 / (DIP_SAMPLES + 1));
}

/* The middle by logarithms, which is what groups are told apart by. */
static double typical(struct findings_search *q, const double *values)
{
    unsigned n = q->n->s->n_blocks;
    for (unsigned b = 0; b < n; b++)
        q->n->ratios[b] = values[b] > 0 ? log(values[b]) : NAN;
    return exp(median(q, q->n->ratios, n));
}

static int judge_modes(struct findings_search *q, struct finding_case *c, const double *logs,
                       struct err *err)
{
    double *ascending = q->n->scratch, chance = 1;
    unsigned n = findings_gather(logs, q->n->s->n_blocks, ascending);
    if (n < DIP_LEAST)
        return 0;
    qsort(ascending, n, sizeof(*ascending), compare_doubles);
    int result = chance_of_one_mode(q, ascending, n, &chance, err);
    if (result < 0 || chance > modes_alpha(q))
        return result;
    enum measure m = c->is_memory ? MEASURE_PEAK_RSS : MEASURE_THROUGHPUT;
    double whole = typical(q, numbers_of(q->n, m, c->cell, c->subject));
    c->n_low = cut(ascending, n);
    c->n_high = n - c->n_low;
    double low = stats_quantile(ascending, c->n_low, 0.5);
    double high = stats_quantile(ascending + c->n_low, c->n_high, 0.5);
    c->size = high - low;
    c->low = whole * exp(low);
    c->high = whole * exp(high);
    bool counts = !c->is_memory || c->high - c->low >= SUMMARY_RSS_GRAIN;
    if (counts && c->size >= log1p(FINDING_MODES_LEAST))
        add_case(q, FINDING_MODES, c);
    return 0;
}

/*
 * A block in which the whole cell was slow says nothing of one of its trials: what its subjects have in common
 * there, into q->common. With fewer than three it cannot be told whose a difference is.
 */
static void find_common(struct findings_search *q, uint32_t cell)
{
    const struct summary *s = q->n->s;
    for (uint32_t b = 0; b < s->n_blocks; b++) {
        for (uint32_t i = 0; i < s->run.n_subjects; i++)
            q->column[i] = findings_logs(q, cell, i)[b];
        unsigned n = findings_gather(q->column, s->run.n_subjects, q->column);
        q->common[b] = n >= 3 ? stats_median(q->column, n) : 0;
    }
}

static int judge_speed_modes(struct findings_search *q, uint32_t cell, uint32_t subject,
                             struct err *err)
{
    struct finding_case c = {.cell = cell, .subject = subject};
    for (uint32_t b = 0; b < q->n->s->n_blocks; b++)
        q->n->ratios[b] = findings_logs(q, cell, subject)[b] - q->common[b];
    return judge_modes(q, &c, q->n->ratios, err);
}

static int judge_memory_modes(struct findings_search *q, uint32_t cell, uint32_t subject,
                              struct err *err)
{
    struct finding_case c = {.cell = cell, .subject = subject, .is_memory = true};
    findings_centre(q, numbers_of(q->n, MEASURE_PEAK_RSS, cell, subject), q->n->ratios);
    return judge_modes(q, &c, q->n->ratios, err);
}

static int judge_row(struct findings_search *q, uint32_t cell, uint32_t subject, struct err *err)
{
    judge_trials(q, cell, subject);
    int result = judge_speed_modes(q, cell, subject, err);
    if (result == 0)
        result = judge_memory_modes(q, cell, subject, err);
    if (result == 0 && subject != q->n->s->baseline)
        result = judge_ratios(q, cell, subject, err);
    return result;
}

int findings_in_rows(struct findings_search *q, struct err *err)
{
    const struct summary *s = q->n->s;
    int result = 0;
    for (uint32_t c = 0; c < s->run.n_cells && result == 0; c++) {
        find_common(q, c);
        for (uint32_t i = 0; i < s->run.n_subjects && result == 0; i++)
            if (findings_count(s, c, i))
                result = judge_row(q, c, i, err);
    }
    return result;
}
