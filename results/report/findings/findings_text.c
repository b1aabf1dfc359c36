/* The sentences. */
#include <assert.h>
#include <math.h>
#include <stdio.h>

#include "findings_make.h"
#include "report_text.h"

static const char *const names[] = {
    [FINDING_FOREIGN] = "foreign_cpu", [FINDING_STEAL] = "steal",
    [FINDING_FREQUENCY] = "frequency", [FINDING_DRIFT] = "drift",
    [FINDING_NOISE] = "noise",         [FINDING_OUTLIERS] = "outliers",
    [FINDING_MODES] = "modes",         [FINDING_RATIO_DRIFT] = "ratio_drift",
};
static_assert(ARRAY_SIZE(names) == FINDING_KINDS, "every kind has a name");

const char *finding_kind_name(enum finding_kind kind)
{
    return names[kind];
}

void findings_say_taken(FILE *out, enum finding_kind kind, const struct machine_mood *m)
{
    bool is_steal = kind == FINDING_STEAL;
    const char *who = is_steal ? "The hypervisor took" : "Other programs kept";
    const char *busy = is_steal ? "" : " busy";
    if (m->mean_cpus > SUMMARY_DISTURBED) {
        fprintf(out, "%s %.2f CPUs%s on average while the trials ran", who, m->mean_cpus, busy);
        if (m->has_moved)
            fprintf(out, ", from %.2f in block %u to %.2f in block %u", m->least_cpus,
                    m->least_block + 1, m->most_cpus, m->most_block + 1);
    } else {
        fprintf(out, "%s %.2f CPUs%s in block %u and %.2f in block %u", who, m->most_cpus, busy,
                m->most_block + 1, m->least_cpus, m->least_block + 1);
    }
    fputs(", which slows down and scatters what was measured: ", out);
    fputs(is_steal ? "use a host with fewer guests, or more blocks"
                   : "stop them, or keep off their CPUs with --cores",
          out);
}

void findings_say_frequency(FILE *out, uint64_t low_mhz, uint32_t low_block, uint64_t high_mhz,
                            uint32_t high_block)
{
    fprintf(
        out,
        "The CPUs ran at %lu MHz around block %u and at %lu MHz around block %u: figures of different "
        "blocks differ by it, ratios inside a block less; let the machine cool down, set the "
        "governor to performance, or switch turbo off",
        low_mhz, low_block, high_mhz, high_block);
}

/* "3.1 times", or "12 %" where that is easier to grasp. */
static void put_factor(FILE *out, double size)
{
    double factor = exp(fabs(size));
    if (factor >= 1.995)
        fprintf(out, "%.*f times", factor < 9.95 ? 1 : 0, factor);
    else
        fprintf(out, "%.0f %%", 100 * fabs(exp(size) - 1));
}

void findings_say_drift(FILE *out, double size)
{
    fprintf(out, "All trials became %s from the first block to the last, by ",
            size < 0 ? "slower" : "faster");
    put_factor(out, size);
    fputs(
        ": heat, a neighbour, or work that came or went; ratios are paired inside a block and bear it, "
        "figures per second and per call do not: let the machine come to rest and run again",
        out);
}

static void put_place(FILE *out, const struct summary *s, const struct finding_case *c)
{
    const struct store_cell *cell = &s->run.cells[c->cell];
    fprintf(out, "%s on %s, %u thread%s", s->run.subjects[c->subject].name, cell->workload,
            cell->threads, cell->threads == 1 ? "" : "s");
}

static void put_number(FILE *out, const struct finding_case *c, double value)
{
    char text[REPORT_NUMBER_BYTES];
    report_format_number(text, value / (c->is_memory ? (double)MIB : 1e6));
    fprintf(out, "%s %s", text, c->is_memory ? "MiB" : "Mop/s");
}

static void put_case(FILE *out, const struct summary *s, enum finding_kind kind,
                     const struct finding_case *c)
{
    if (kind == FINDING_OUTLIERS)
        fprintf(out, "block %u, ", c->block + 1);
    if (kind == FINDING_MODES)
        fputs(c->is_memory ? "peak memory of " : "speed of ", out);
    put_place(out, s, c);
    fputs(" (", out);
    switch (kind) {
    case FINDING_NOISE:
        fprintf(out, "%.0f %%", 100 * (exp(c->size) - 1));
        break;
    case FINDING_MODES:
        fprintf(out, "%u around ", c->n_low);
        put_number(out, c, c->low);
        fprintf(out, ", %u around ", c->n_high);
        put_number(out, c, c->high);
        break;
    default:
        if (kind == FINDING_RATIO_DRIFT)
            fputs(c->size < 0 ? "down by " : "up by ", out);
        put_factor(out, c->size);
        if (kind == FINDING_OUTLIERS)
            fputs(c->size < 0 ? " slower" : " faster", out);
    }
    fputc(')', out);
}

static void put_head(FILE *out, const struct summary *s, const struct finding *f)
{
    bool one = f->n_cases == 1;
    switch (f->kind) {
    case FINDING_NOISE:
        fprintf(
            out,
            "In %u of %u comparisons the ratio to %s scatters by more than %.0f %% from block to block",
            f->n_cases, f->n_of, s->run.baseline, 100 * FINDING_NOISE_LEAST);
        break;
    case FINDING_OUTLIERS:
        fprintf(out, "%u trial%s far from the others of %s kind", f->n_cases,
                one ? " lies" : "s lie", one ? "its" : "their");
        break;
    case FINDING_MODES:
        fprintf(out, "Trials fall into two groups in %u of %u lists", f->n_cases, f->n_of);
        break;
    default:
        fprintf(out,
                "In %u of %u comparisons the ratio to %s moves from the first block to the last",
                f->n_cases, f->n_of, s->run.baseline);
    }
}

static void put_advice(FILE *out, const struct summary *s, enum finding_kind kind)
{
    switch (kind) {
    case FINDING_NOISE:
        fprintf(
            out,
            "four times the blocks (--blocks %u) halve an interval; longer trials (--seconds) and a quiet "
            "machine scatter less",
            4 * s->n_blocks);
        break;
    case FINDING_OUTLIERS:
        fputs(
            "medians and their intervals hardly feel one; `show --csv` has what the machine did meanwhile "
            "(foreign_cpu_ns, steal_ns, major_faults), and a second run tells whether it comes back",
            out);
        break;
    case FINDING_MODES:
        fputs(
            "so do processes that differ from their start, by address layout or a threshold that "
            "moves; a median stands for one group only: take more blocks, and look at both groups in `show --csv`",
            out);
        break;
    default:
        fputs(
            "such a median depends on how long the run was: look at the blocks in `show --csv`, and run again",
            out);
    }
}

void findings_say_cases(FILE *out, const struct summary *s, const struct finding *f)
{
    put_head(out, s, f);
    for (uint32_t i = 0; i < f->n_worst; i++) {
        fputs(i > 0 ? "; " : f->n_cases > f->n_worst ? ", worst: " : ": ", out);
        put_case(out, s, f->kind, &f->worst[i]);
    }
    fputs(": ", out);
    put_advice(out, s, f->kind);
}
