#include "print_profile.h"

static void print_rows(FILE *out, const struct trace_profile *p)
{
    fputs("size,rate,live\n", out);
    for (uint32_t i = 0; i < p->counts.n; i++) {
        const struct size_count *c = &p->counts.counts[i];
        fprintf(out, "%lu,%.6g,%.6g\n", c->bytes, trace_profile_rate(p, c),
                trace_profile_live(p, c));
    }
}

static void print_merged(FILE *out, const struct trace_profile *p)
{
    if (p->too_many_sizes)
        fprintf(
            out,
            "# sizes: more than %u; those that agree in their 8 leading bits were counted as one\n",
            SIZE_COUNTS_EXACT);
    if (p->counts.n == p->n_sizes)
        fprintf(out, "# sizes: all %u\n", p->n_sizes);
    else
        fprintf(
            out,
            "# sizes: %u in %u rows; the heaviest are exact, the others stand together, each row for "
            "their mean size\n",
            p->n_sizes, p->counts.n);
}

void print_profile(FILE *out, const struct trace_profile *p)
{
    const struct trace_info *info = &p->info;
    fprintf(out, "# the shape of %s, by `arenabench info --profile`\n", info->program);
    if (info->cut[0])
        fprintf(out, "# %s\n", info->cut);
    fprintf(out, "# threads: %u, at most %lu at once\n", info->n_threads,
            info->totals.most_threads);
    fprintf(out, "# live bytes on average: %.0f; at most: %lu\n", trace_profile_live_bytes(p),
            info->totals.peak_live_bytes);
    if (p->timed)
        fprintf(
            out,
            "# rate: allocations per second, over %.6g s; live: objects on average over that time\n",
            p->duration);
    else
        fprintf(
            out,
            "# rate: allocations per event, for there are no times; live: objects on average over "
            "%.0f events\n",
            p->duration);
    print_merged(out, p);
    fprintf(out, "# remote-share: %.6f\n", info->remote_share);
    print_rows(out, p);
}
