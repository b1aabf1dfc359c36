#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cell.h"
#include "command.h"
#include "knob.h"
#include "probe.h"
#include "suite_size.h"
#include "table.h"
#include "topology.h"
#include "trace_info.h"

struct words {
    bool verbose;
    const char *what; /* one of the sections; NULL: all */
};

static const struct argp_option options[] = {
    {"verbose", 'v', NULL, 0, "settings of each allocator, parameters and sources of each workload",
     0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct words *w = state->input;
    switch (key) {
    case 'v':
        w->verbose = true;
        return 0;
    case ARGP_KEY_ARG:
        if (w->what)
            argp_error(state, "one section at a time: '%s' is too much", arg);
        w->what = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* As they are searched when a program is tuned. */
static void print_levels(const struct setting *s)
{
    printf("      %-28s tuned %u.: unset%s", "", s->knob.rank,
           s->knob.is_dynamic ? " (moves on its own)" : "");
    for (size_t i = 0; i < knob_n_levels(s); i++) {
        char level[SETTING_VALUE_BYTES];
        knob_level(s, i, level);
        printf(", %s", level);
    }
    putchar('\n');
}

static void print_settings(const struct allocator *a)
{
    if (!a->settings || !a->settings->name) {
        printf("      no settings known\n");
        return;
    }
    for (const struct setting *s = a->settings; s->name; s++) {
        printf("      %-28s %-9s default %-12s %s\n", s->name, setting_unit_name(s->unit),
               s->initial, s->help);
        printf("      %-28s proved by %s\n", "", s->proof ? s->proof : "nothing");
        if (knob_is(s))
            print_levels(s);
    }
}

static void list_allocators(const struct places *places, bool verbose)
{
    size_t n;
    const struct allocator *const *table = allocator_table(&n);
    puts("Allocators (any library of yours: /path/lib.so, or NAME=/path/lib.so)");
    for (size_t i = 0; i < n; i++) {
        struct probe probe;
        probe_allocator(table[i], places, &probe);
        printf("  %-10s %s\n", table[i]->name, table[i]->summary);
        if (probe.usable)
            printf("      %s%s%s\n", probe.version, probe.version[0] ? ", " : "", probe.file);
        else
            printf("      not usable here: %s\n", probe.reason);
        if (verbose)
            print_settings(table[i]);
    }
}

static void print_names_of_settings(const struct allocator *a)
{
    printf("  %-10s", a->name);
    if (!a->settings || !a->settings->name)
        fputs(" none", stdout);
    else
        for (const struct setting *s = a->settings; s->name; s++)
            printf(" %s", s->name);
    putchar('\n');
}

static void list_settings(bool verbose)
{
    size_t n;
    const struct allocator *const *table = allocator_table(&n);
    puts("Settings (glibc:arena_max=1:mmap_threshold=1M; `-v` tells units, defaults and meaning)");
    for (size_t i = 0; i < n; i++) {
        print_names_of_settings(table[i]);
        if (verbose)
            print_settings(table[i]);
    }
}

static void print_workload(const struct workload *w)
{
    printf("  %-18s %s\n", w->name, w->summary);
    printf("      ");
    for (const struct param *p = w->params; p->name; p++) {
        char value[PARAM_VALUE_BYTES];
        param_format_value(p, p->preset, value, sizeof(value));
        printf("%s%s=%s", p == w->params ? "" : " ", p->name, value);
    }
    printf("%s\n", w->threads_min > 1 ? "  (2 threads and more)" : "");
}

static int print_recorded(void *context, const char *name, struct err *err)
{
    const struct places *places = context;
    char path[PATH_MAX + 64];
    struct trace_info info;
    snprintf(path, sizeof(path), "%s/%s.trace", places->traces, name);
    if (trace_info_read(path, &info, err) < 0)
        printf("  %-18s not usable: %s\n", name, err->text);
    else
        printf("  %-18s recorded: %s, %lu events, %u threads, %.1f %% of frees remote\n", name,
               info.program, info.events, info.n_threads, 100 * info.remote_share);
    return 0;
}

static void print_described(void *context, const char *line)
{
    (void)context;
    printf("  %s\n", line);
}

static int list_workloads(const struct places *places, bool verbose, struct err *err)
{
    size_t n;
    const struct workload *const *table = workload_table(&n);
    puts("Workloads (larson:remote=0.2:live=10000; a trace or plan by its path; recorded ones and "
         "traces take\n  pace=none|order|time, scale=1 and copies=1)");
    if (verbose)
        workload_describe(print_described, NULL);
    else
        for (size_t i = 0; i < n; i++)
            print_workload(table[i]);
    return cell_list_recorded(places, print_recorded, (void *)places, err);
}

static int print_line(void *context, const char *key, const char *value, struct err *err)
{
    char *last = context;
    (void)err;
    if (strcmp(last, key) == 0)
        printf("      %-14s %s\n", "", value);
    else
        printf("      %-14s %s\n", key, value);
    snprintf(last, SUITE_NAME_BYTES, "%s", key);
    return 0;
}

static int print_suite(void *context, const char *name, const char *path, struct err *err)
{
    const struct places *places = context;
    char summary[256];
    char last[SUITE_NAME_BYTES] = "";
    struct suite_size size;
    int rc = suite_summary(path, summary, sizeof(summary), err);
    if (rc == 0)
        rc = suite_size(name, places, &size, err);
    if (rc < 0)
        return rc;
    printf("  %-12s %s\n", name, summary);
    printf("      %u allocators in %u cells, %u blocks: %lu trials at most\n", size.allocators,
           size.cells, size.blocks, (uint64_t)size.allocators * size.cells * size.blocks);
    return suite_read(path, print_line, last, err);
}

static int list_suites(const struct places *places, struct err *err)
{
    printf("Sets (run --suite NAME, or FILE; to make your own, copy one of %s)\n", places->suites);
    puts("What a set leaves open is as in standard. A cell is a workload at a thread count.");
    return suite_list(places, print_suite, (void *)places, err);
}

static int list_topology(struct err *err)
{
    struct topology *topology;
    int rc = topology_load(&topology, err);
    if (rc < 0)
        return rc;
    puts("Topology");
    topology_describe(topology, stdout);
    topology_free(topology);
    return 0;
}

static bool wanted(const struct words *w, const char *section)
{
    return !w->what || strcmp(w->what, section) == 0;
}

static int run(int argc, char **argv, struct err *err)
{
    static const struct argp argp = {
        options,
        parse,
        "[allocators|workloads|settings|suites|topology]",
        "Lists what can be measured here: allocators with their versions and files, workloads with "
        "their parameters, settings, the machine's topology; `suites` lists sets of a run.\v"
        "example: arenabench list workloads -v",
        NULL,
        NULL,
        NULL};
    static const char *const sections[] = {"allocators", "workloads", "settings", "suites",
                                           "topology"};
    struct words w = {0};
    struct places places;
    argp_parse(&argp, argc, argv, 0, NULL, &w);
    bool known = !w.what;
    for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
        known |= w.what && strcmp(w.what, sections[i]) == 0;
    if (!known)
        return err_set(err, EINVAL,
                       "no section '%s': allocators, workloads, settings, suites, topology",
                       w.what);
    int rc = places_find(&places, err);
    if (rc == 0 && wanted(&w, "allocators"))
        list_allocators(&places, w.verbose);
    if (rc == 0 && wanted(&w, "workloads"))
        rc = list_workloads(&places, w.verbose, err);
    if (rc == 0 && wanted(&w, "settings"))
        list_settings(w.verbose && w.what);
    if (rc == 0 && w.what && wanted(&w, "suites"))
        rc = list_suites(&places, err);
    if (rc == 0 && wanted(&w, "topology"))
        rc = list_topology(err);
    return rc;
}

const struct command command_list = {
    .name = "list",
    .summary = "list allocators, workloads, settings and the machine's topology",
    .run = run,
};
