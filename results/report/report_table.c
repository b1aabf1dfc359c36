#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "report.h"
#include "report_counters.h"
#include "report_measure.h"
#include "report_text.h"
#include "report_waiting.h"
#include "tuned.h"

#define DEFAULT_WIDTH 100u

bool report_wants_colour(FILE *out)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(fileno(out)) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

size_t report_width(FILE *out)
{
    const char *columns = getenv("COLUMNS");
    struct winsize size;
    char *end;
    unsigned long width = columns ? strtoul(columns, &end, 10) : 0;
    if (width > 0 && width < UINT16_MAX && *end == '\0')
        return width;
    if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return DEFAULT_WIDTH;
}

/* The blocks that a confirmed ratio rests on; 0 for one of the search. */
static unsigned n_confirmed(const struct summary *s, uint32_t subject)
{
    const struct summary_entry *e = summary_entry(s, 0, subject);
    return e->is_confirmed ? e->measured[MEASURE_THROUGHPUT].ratio.n_blocks : 0;
}

/* What a tuning says, and what its numbers rest on. */
static void print_tuning(FILE *out, const struct summary *s)
{
    const struct store_run *run = &s->run;
    const char *recommended = store_run_fact(run, FACT_TUNE_RECOMMENDED);
    unsigned long at = recommended ? strtoul(recommended, NULL, 10) : 0;
    fputs("a tuning of ", out);
    report_put_clean(out, store_run_fact(run, FACT_TUNE_KNOBS));
    fputs("; ", out);
    if (!recommended)
        fprintf(out, "unconfirmed: `arenabench tune --resume=%s` goes on", run->name);
    else if (at == 0 || at >= run->n_subjects)
        fputs("it says: leave the default", out);
    else
        fputs("it recommends ", out);
    if (at > 0 && at < run->n_subjects)
        report_put_clean(out, run->subjects[at].name);
    fputs(
        "\nratios rest on the search, where poor settings ran in few blocks and the best of many had luck\n",
        out);
    for (uint32_t i = 0; run->n_cells > 0 && i < run->n_subjects; i++) {
        if (n_confirmed(s, i) == 0)
            continue;
        fputs("those of ", out);
        report_put_clean(out, run->subjects[i].name);
        fprintf(out, ", confirmed, rest on the %u fresh blocks of the confirmation alone\n",
                n_confirmed(s, i));
    }
}

/* "shards 0-2, 5 of 8 ..." */
static void print_shards(FILE *out, const struct store_run *run)
{
    fputs("shared out to machines of one type: shards ", out);
    for (uint32_t i = 0; i < run->n_held; i++) {
        uint32_t first = i;
        while (i + 1 < run->n_held && run->shards[i + 1].ordinal == run->shards[i].ordinal + 1)
            i++;
        fprintf(out, i > first ? "%s%u-%u" : "%s%u", first ? ", " : "", run->shards[first].ordinal,
                run->shards[i].ordinal);
    }
    fprintf(out, " of %u are here\n", run->n_shards);
}

static void print_head(FILE *out, const struct summary *s)
{
    const struct store_run *run = &s->run;
    uint32_t n_blocks = store_run_blocks(run);
    fprintf(out, "run %s: %u cells, %u of %u blocks, baseline ", run->name, run->n_cells,
            s->n_blocks < n_blocks ? s->n_blocks : n_blocks, run->n_blocks);
    report_put_clean(out, run->baseline);
    fprintf(out, ", seed %llu, arenabench ", (unsigned long long)run->seed);
    report_put_clean(out, run->program_version);
    fputc('\n', out);
    for (uint32_t i = 0; i < run->n_facts; i++)
        if (strcmp(run->facts[i].key, "machine") == 0) {
            report_put_clean(out, run->facts[i].value);
            fputc('\n', out);
        }
    if (run->n_shards > 0)
        print_shards(out, run);
    uint64_t n_wanted = (uint64_t)run->n_cells * run->n_subjects * n_blocks;
    if (tuned_is(run)) {
        print_tuning(out, s);
    } else if (s->n_trials < n_wanted && run->finished_s == 0)
        fprintf(out, "not finished: %u of %llu trials are stored\n", s->n_trials,
                (unsigned long long)n_wanted);
    else if (s->n_trials < n_wanted)
        fprintf(
            out,
            "%llu of %llu trials were given up: those before had failed, or took too long (--budget)\n",
            (unsigned long long)n_wanted - s->n_trials, (unsigned long long)n_wanted);
    fputc('\n', out);
}

static void print_coverage(FILE *out, const struct summary *s)
{
    if (s->fewest_blocks > 0 && s->fewest_blocks < STATS_FULL_COVERAGE_BLOCKS)
        fprintf(
            out,
            "~ fewer than %u blocks, here as few as %u: nothing is claimed; even the widest interval "
            "holds the true ratio at most %.0f times in 100, not %.0f\n",
            STATS_FULL_COVERAGE_BLOCKS, s->fewest_blocks,
            floor(stats_coverage(s->fewest_blocks) * 100), STATS_CONFIDENCE * 100);
    if (s->has_single_block)
        fputs("(1 block): no interval; whether such a ratio is chance cannot be told\n", out);
}

static bool has_lever(const struct summary *s)
{
    return s->levers[MEASURE_THROUGHPUT].workload || s->levers[MEASURE_PEAK_RSS].workload;
}

static bool has_bench(const struct summary *s)
{
    for (uint32_t i = 0; i < s->run.n_subjects; i++)
        if (summary_is_bench(s, i))
            return true;
    return false;
}

static void print_legend(FILE *out, const struct summary *s)
{
    fputs("ratios: to ", out);
    report_put_clean(out, s->run.baseline);
    fprintf(out, " in the same block, median over blocks [%.0f %% bootstrap interval]\n",
            STATS_CONFIDENCE * 100);
    fprintf(
        out,
        "= no difference found: the interval holds 1, or the ratio is within %g %% of 1, or memory "
        "within %lu KiB\n",
        s->options.noise * 100, SUMMARY_RSS_GRAIN / KIB);
    print_coverage(out, s);
    fprintf(out, "ns: CPU time per call, user and system%s\n",
            has_bench(s) ? "; null is what the bench itself costs, and is taken off nothing" : "");
    if (s->n_mean_cells > 1)
        fprintf(out, "geometric mean: over %u cells%s\n", s->n_mean_cells,
                s->n_mean_cells < s->run.n_cells ? "; nop, the bench's own control, does not count"
                                                 : "");
    if (has_lever(s))
        fputs("without ...: the same without the workload that moves it most\n", out);
}

/* How much of what a workload frees another thread had allocated: of those where any is. */
static void print_remote_shares(FILE *out, const struct summary *s)
{
    const struct store_cell *cells = s->run.cells;
    bool first = true;
    for (uint32_t i = 0; i < s->run.n_cells; i++) {
        bool told = i > 0 && strcmp(cells[i].workload, cells[i - 1].workload) == 0 &&
                    cells[i - 1].remote_frees > 0;
        if (cells[i].remote_frees == 0 || cells[i].frees == 0 || told)
            continue;
        fputs(first ? "freed by another thread than the allocating one: " : ", ", out);
        report_put_clean(out, cells[i].workload);
        fprintf(out, " %.3g %%", 100 * (double)cells[i].remote_frees / (double)cells[i].frees);
        first = false;
    }
    if (!first)
        fputc('\n', out);
}

static void print_failures(FILE *out, const struct summary *s)
{
    for (unsigned i = 0; i < s->n_failures; i++) {
        const struct summary_failure *f = &s->failures[i];
        const struct store_cell *cell = &s->run.cells[f->cell];
        fputs(i == 0 ? "\nFailures\n" : "", out);
        report_put_clean(out, s->run.subjects[f->subject].name);
        fputs(" on ", out);
        report_put_clean(out, cell->workload);
        fprintf(out, ", %u thread%s: %s in %u of %u trials", cell->threads,
                cell->threads == 1 ? "" : "s", trial_status_name(f->status), f->n,
                summary_entry(s, f->cell, f->subject)->n_trials);
        const char *signal = f->signal ? sigdescr_np(f->signal) : NULL;
        if (f->signal)
            fprintf(out, ", signal %d (%s)", f->signal, signal ? signal : "unknown");
        if (f->message[0]) {
            fputs(": ", out);
            report_put_clean(out, f->message);
        }
        fputc('\n', out);
    }
}

/* What the runner found that spoils a measurement: facts whose key begins with "warning". */
static void print_warnings(FILE *out, const struct summary *s)
{
    for (uint32_t i = 0; i < s->run.n_facts; i++) {
        if (strncmp(s->run.facts[i].key, "warning", 7) != 0)
            continue;
        fputs("warning: ", out);
        report_put_clean(out, s->run.facts[i].value);
        fputc('\n', out);
    }
}

/* What the trials show of it, and of themselves. */
static void print_findings(FILE *out, const struct summary *s)
{
    for (unsigned i = 0; i < s->n_findings; i++) {
        fputs("warning: ", out);
        report_put_clean(out, s->findings[i].text);
        fputc('\n', out);
    }
}

static bool has_warnings(const struct summary *s)
{
    for (uint32_t i = 0; i < s->run.n_facts; i++)
        if (strncmp(s->run.facts[i].key, "warning", 7) == 0)
            return true;
    return s->n_findings > 0;
}

int report_table(FILE *out, const struct summary *s, const struct report_look *look,
                 struct err *err)
{
    print_head(out, s);
    int result = report_measure(out, s, MEASURE_THROUGHPUT, look, err);
    if (result == 0)
        result = report_measure(out, s, MEASURE_PEAK_RSS, look, err);
    if (result == 0)
        result = report_waiting(out, s, look, err);
    if (result < 0)
        return result;
    print_legend(out, s);
    print_remote_shares(out, s);
    report_counters_line(out, s);
    print_failures(out, s);
    fputs(has_warnings(s) ? "\n" : "", out);
    print_warnings(out, s);
    print_findings(out, s);
    return report_finish(out, err);
}
