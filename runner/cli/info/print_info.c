#include "print_info.h"

#include <time.h>

void print_bytes(FILE *out, uint64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    if (bytes < KIB) {
        fprintf(out, "%lu bytes", bytes);
        return;
    }
    unsigned unit = 0;
    double value = (double)bytes / KIB;
    for (; value >= 1024 && unit + 1 < ARRAY_SIZE(units); unit++)
        value /= 1024;
    fprintf(out, "%.1f %s", value, units[unit]);
}

static void row_count(FILE *out, const char *name, uint64_t n)
{
    fprintf(out, "  %-18s %lu\n", name, n);
}

static void row_bytes(FILE *out, const char *name, uint64_t n)
{
    fprintf(out, "  %-18s ", name);
    print_bytes(out, n);
    fputc('\n', out);
}

static void print_losses(FILE *out, const struct trace_totals *t)
{
    if (t->lost_events > 0)
        fprintf(out, "  %-18s %lu: no room was left; the trace ends before them\n", "lost events",
                t->lost_events);
    if (t->unknown_frees > 0)
        fprintf(out, "  %-18s %lu: of pointers that no recorded call returned; left out\n",
                "unknown frees", t->unknown_frees);
    if (t->conflicts > 0)
        fprintf(out, "  %-18s %lu: an address came back whose free was not seen\n", "conflicts",
                t->conflicts);
}

#define BAR_COLUMNS 40

/* A row per size class in use; the bar is its share of the allocations. */
static void print_sizes(FILE *out, const struct trace_info *info)
{
    if (info->allocations == 0)
        return;
    fprintf(out, "  sizes from   allocations            bytes\n");
    for (unsigned i = 0; i < TRACE_SIZE_CLASSES; i++) {
        const struct trace_sizes *class = &info->sizes[i];
        if (class->allocations == 0)
            continue;
        double share = (double)class->allocations / (double)info->allocations;
        int bar = (int)(share * BAR_COLUMNS + 0.999);
        fprintf(out, "  %10lu %13lu %16lu  %.*s\n", i ? (uint64_t)1 << i : 0, class->allocations,
                class->bytes, bar, "########################################");
    }
}

static void row_text(FILE *out, const char *name, const char *text)
{
    if (text[0])
        fprintf(out, "  %-18s %s\n", name, text);
}

/* Where and when; logs of other tools do not tell. */
static void print_source(FILE *out, const struct trace_info *info)
{
    char when[32] = "";
    time_t start = (time_t)info->start_s;
    struct tm tm;
    if (info->start_s == 0) {
        row_text(out, "source", trace_source_name(info->source));
        return;
    }
    if (gmtime_r(&start, &tm))
        strftime(when, sizeof(when), "%Y-%m-%d", &tm);
    fprintf(out, "  %-18s %s, on %s, %u CPUs\n", trace_source_name(info->source), when,
            info->system, info->n_cpus);
}

void print_trace_info(FILE *out, const struct trace_info *info)
{
    const struct trace_totals *t = &info->totals;
    fprintf(out, "  %-18s %s\n", "program", info->command);
    print_source(out, info);
    row_text(out, "processor", info->cpu);
    row_text(out, "allocator", info->allocator);
    fprintf(out, "  %-18s %lu, %.2f bytes each in the file\n", "events", info->events,
            info->bytes_per_event);
    for (unsigned kind = 0; kind < TRACE_KINDS; kind++)
        if (t->n_events[kind] > 0 && kind != TRACE_CLOCK && kind != TRACE_EXTENT)
            fprintf(out, "    %-16s %lu\n", trace_kind_name((enum trace_kind)kind),
                    t->n_events[kind]);
    fprintf(out, "  %-18s %u, at most %lu at once\n", "threads", info->n_threads, t->most_threads);
    fprintf(out, "  %-18s %lu, %.2f %% of frees\n", "remote frees", t->remote_frees,
            100 * info->remote_share);
    fprintf(out, "  %-18s ", "peak live");
    print_bytes(out, t->peak_live_bytes);
    fprintf(out, " in at most %lu objects\n", t->peak_live_objects);
    row_bytes(out, "requested in all", t->bytes);
    if (info->clock == TRACE_CLOCK_NONE)
        row_text(out, "duration", "not known: there are no times");
    else
        fprintf(out, "  %-18s %.2f s\n", "duration", (double)t->duration_ns / 1e9);
    row_bytes(out, "file", info->file_bytes);
    if (t->exit_how != TRACE_EXIT_UNKNOWN)
        fprintf(out, "  %-18s %s %u\n", "ended with",
                t->exit_how == TRACE_EXIT_SIGNAL ? "signal" : "status", t->exit_value);
    print_losses(out, t);
    print_sizes(out, info);
}

void print_trace_cut(FILE *out, const char *path, const struct trace_info *info)
{
    if (info->cut[0])
        fprintf(out, "%s was %s\n", path, info->cut);
}

static double of_one(unsigned __int128 n)
{
    return (double)n / (double)SHAPE_ONE;
}

void print_shape(FILE *out, const struct shape_table *table)
{
    unsigned __int128 allocated = 0;
    uint64_t least = UINT64_MAX, most = 0;
    for (uint32_t i = 0; i < table->n_rows; i++) {
        const struct shape_row *row = &table->rows[i];
        allocated += (unsigned __int128)row->bytes * row->rate;
        least = row->bytes < least ? row->bytes : least;
        most = row->bytes > most ? row->bytes : most;
    }
    fprintf(out, "  %-18s %u, from %lu to %lu bytes\n", "sizes", table->n_rows, least, most);
    fprintf(out, "  %-18s %.6g per unit of time, of %.1f bytes on average\n", "allocations",
            of_one(table->rate), (double)allocated / (double)table->rate);
    fprintf(out, "  %-18s ", "live");
    print_bytes(out, table->live_bytes);
    fprintf(out, " in %.0f objects, of %.1f bytes on average\n", of_one(table->live),
            (double)table->live_bytes / of_one(table->live));
    fprintf(out, "  %-18s %.6g units of time on average\n", "an object lives",
            (double)table->live / (double)table->rate);
    fprintf(out, "  %-18s %.2f %% of frees\n", "remote frees",
            (double)table->remote_millionth / 1e4);
}

static double percent(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0.0;
}

void print_plan_info(FILE *out, const struct plan *plan)
{
    const struct plan_facts *f = &plan->facts;
    fprintf(out, "  %-18s %s\n", "plan", plan->name);
    row_count(out, "calls in a pass", f->calls);
    fprintf(out, "  %-18s %u, at most %lu at once\n", "threads", plan->n_threads, f->most_threads);
    fprintf(out, "  %-18s %lu, %.2f %% of frees", "remote frees", f->remote_frees,
            percent(f->remote_frees, f->frees));
    if (plan->flags & PLAN_LOOPS)
        fprintf(out, "; %.2f %% in what is repeated", percent(f->body_remote_frees, f->body_frees));
    fprintf(out, "\n  %-18s ", "peak live");
    print_bytes(out, f->peak_live_bytes);
    fprintf(out, " in at most %lu objects, in one order of the threads\n", f->peak_live_objects);
    row_bytes(out, "requested in all", f->bytes);
    row_bytes(out, "file", plan->n_bytes);
    fprintf(out, "  %-18s %s\n", "can be repeated", plan->flags & PLAN_LOOPS ? "yes" : "no");
    fprintf(out, "  %-18s %s\n", "paced by",
            plan->flags & PLAN_PACE_TIME    ? "time"
            : plan->flags & PLAN_PACE_ORDER ? "order"
                                            : "nothing");
}
