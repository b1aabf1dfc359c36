/* The table, for people. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "validate.h"

static void print_bytes(double bytes)
{
    if (isfinite(bytes))
        printf("  %9.2f", bytes / (double)MIB);
    else
        printf("  %9s", "-");
}

static void print_seconds(double s, const char *format)
{
    if (isfinite(s))
        printf(format, s);
    else
        printf("  %9s", "-");
}

/* How many are less. */
static unsigned place_of(const double *values, unsigned n, unsigned i)
{
    unsigned place = 1;
    for (unsigned k = 0; k < n; k++)
        place += values[k] < values[i];
    return place;
}

static void print_places(const struct fidelity_order *o, unsigned n, unsigned i)
{
    printf("  %u:%u", place_of(o->medians[SIDE_REAL], n, i),
           place_of(o->medians[SIDE_REPLAY], n, i));
}

static int name_width(const struct validate *v)
{
    size_t width = 12;
    for (uint32_t i = 0; i < v->n_subjects; i++)
        if (strlen(v->subjects[i].name) > width)
            width = strlen(v->subjects[i].name);
    return (int)width;
}

static void print_row(const struct validate *v, const struct fidelity *f, unsigned i)
{
    const struct fidelity_order *memory = &f->orders[FIDELITY_MEMORY];
    const struct fidelity_order *time = &f->orders[FIDELITY_TIME];
    printf("%-*s", name_width(v), v->subjects[i].name);
    print_bytes(memory->medians[SIDE_REAL][i]);
    print_bytes(memory->medians[SIDE_REPLAY][i]);
    if (isfinite(f->errors[i]))
        printf("  %+6.1f %%", f->errors[i] * 100);
    else
        printf("  %8s", "-");
    print_places(memory, v->n_subjects, i);
    printf("  |");
    for (unsigned s = 0; s < FIDELITY_SIDES; s++)
        print_seconds(time->medians[s][i], "  %9.3f");
    for (unsigned s = 0; s < FIDELITY_SIDES; s++)
        print_seconds(time->medians[s][i] - time->medians[s][0], "  %+9.3f");
    print_places(time, v->n_subjects, i);
    printf("\n");
}

static void print_order(const char *what, const struct fidelity_order *o)
{
    if (o->n_pairs == 0)
        printf("%s: no two allocators differ beyond the noise, so there is no order to compare\n",
               what);
    else
        printf("%s: the order agrees by tau = %.2f, over %u of %u pairs that differ beyond the "
               "noise\n",
               what, o->tau, o->n_pairs, o->n_all_pairs);
}

int validate_print(const struct validate *v, const struct fidelity *f, struct err *err)
{
    char pace[128], time_pace[128];
    int width = name_width(v);
    (void)err;
    recorded_format(&v->config.recorded, pace, sizeof(pace));
    recorded_format(&v->time_recorded, time_pace, sizeof(time_pace));
    printf("%s, %u block%s%s; %.2f MiB are not heap (static data, stacks, mappings of its own)\n\n",
           v->cells[0].name, v->n_blocks, v->n_blocks == 1 ? "" : "s",
           v->interrupted ? ", the last one interrupted" : "",
           (double)validate_other_bytes(v) / (double)MIB);
    printf("%-*s  %-38s  |  %s\n", width, "", "peak heap, MiB", "CPU time, s");
    printf("%-*s  %9s  %9s  %8s  %s  |  %9s  %9s  %21s  %s\n", width, "allocator", "real",
           "replayed", "error", "#", "real", "replayed", "more than the first", "#");
    for (unsigned i = 0; i < v->n_subjects; i++)
        print_row(v, f, i);
    printf("\nmemory (%s): median error %.1f %%, worst %.1f %%\n", *pace ? pace : "pace=none",
           f->median_error * 100, f->worst_error * 100);
    print_order("memory", &f->orders[FIDELITY_MEMORY]);
    printf("time (%s): ", *time_pace ? time_pace : "pace=none");
    print_order("CPU time", &f->orders[FIDELITY_TIME]);
    return 0;
}
