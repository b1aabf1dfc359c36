#include "print_thresholds.h"

#include <inttypes.h>

/* "32K": candidates are whole. */
static void print_candidate(FILE *out, uint64_t bytes)
{
    if (bytes >= MIB)
        fprintf(out, "%7" PRIu64 "M", bytes / MIB);
    else
        fprintf(out, "%7" PRIu64 "K", bytes / KIB);
}

static void print_mib(FILE *out, int columns, uint64_t bytes)
{
    fprintf(out, "%*.1fM", columns - 1, (double)bytes / (double)MIB);
}

static void print_life(FILE *out, const struct thresholds_objects *o)
{
    if (o->life_calls == THRESHOLDS_UNKNOWN)
        fprintf(out, "%14s", "-");
    else
        fprintf(out, "%14" PRIu64, o->life_calls);
    if (o->life_ns == THRESHOLDS_UNKNOWN)
        fprintf(out, "%12s", "-");
    else
        fprintf(out, "%12.3g", (double)o->life_ns / 1e6);
}

static void print_objects(FILE *out, const struct thresholds *t)
{
    fputs(
        "Objects from a size on (with their header), in one pass\n"
        "    from     objects  % of all    bytes  % of all    life: calls          ms   most live\n",
        out);
    for (unsigned m = 0; m < t->at.n_mmap; m++) {
        const struct thresholds_objects *o = &t->objects[m];
        print_candidate(out, t->at.mmap[m]);
        fprintf(out, "%12" PRIu64 "%9.3f", o->n,
                t->n_objects ? 100.0 * (double)o->n / (double)t->n_objects : 0.0);
        print_mib(out, 11, o->bytes);
        fprintf(out, "%9.2f", t->bytes ? 100.0 * (double)o->bytes / (double)t->bytes : 0.0);
        print_life(out, o);
        fprintf(out, "%12" PRIu64 "\n", o->most_live);
    }
    fputs("life: the median of those freed, as the power of 2 below it; -: not known\n", out);
}

static void print_heaps(FILE *out, const struct thresholds *t)
{
    fputs("\nOne heap for what is smaller than mmap_threshold, all that is free at its top\n"
          "    mmap    trim       trims   given back  taken again   held at end    most held\n",
          out);
    for (unsigned m = 0; m < t->at.n_mmap; m++)
        for (unsigned k = 0; k < t->at.n_trim; k++) {
            const struct thresholds_heap *h = &t->heaps[m][k];
            print_candidate(out, t->at.mmap[m]);
            print_candidate(out, t->at.trim[k]);
            fprintf(out, "%12" PRIu64, h->trims);
            print_mib(out, 13, h->trimmed_bytes);
            print_mib(out, 13, h->regrown_bytes);
            print_mib(out, 14, h->end_bytes);
            print_mib(out, 13, h->peak_bytes);
            fputc('\n', out);
        }
}

void print_thresholds(FILE *out, const struct thresholds *t,
                      char why[THRESHOLDS_SENTENCES][THRESHOLDS_SENTENCE_BYTES])
{
    print_objects(out, t);
    print_heaps(out, t);
    fputs("\nAs they stand when neither is given:\n", out);
    for (unsigned i = 0; i < THRESHOLDS_SENTENCES; i++)
        fprintf(out, "  %s\n", why[i]);
}
