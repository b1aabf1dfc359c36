/*
 * What the fast series costs: trials with and without it, in pairs one right after the other, the order within a
 * pair alternating. Prints a line for each workload: throughput without, the median of the pairs' ratios with its
 * interval, and the readings per second.
 *
 * usage: sampling WORKERS PAIRS SECONDS WORKLOAD:THREADS...    WORKERS: the folder of the worker executables, from the root
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "os.h"
#include "stats.h"
#include "trial_host.h"
#include "workload.h"

enum { PAIRS_MAX = 1000 };

static struct err err;

static void check(int rc)
{
    if (rc >= 0)
        return;
    fprintf(stderr, "sampling: %s\n", err.text);
    exit(EXIT_FAILURE);
}

/* One cell under measurement. */
struct bed {
    struct topology *topology;
    struct placement placement;
    const struct plan *plan;
    struct plan_profile profile;
    int fd;
    char worker[PATH_MAX];
    uint64_t run_ns;
};

/* Calls a second; adds up readings and the time in which they were made. */
static double run(const struct bed *b, bool is_unsampled, double *readings, double *seconds)
{
    static const char *const nothing[] = {NULL};
    static const volatile sig_atomic_t never;
    struct trial_result result;
    const struct trial_request request = {
        .worker = b->worker,
        .environment = nothing,
        .supplier = "libc.so*",
        .plan_fd = b->fd,
        .plan = b->plan,
        .profile = &b->profile,
        .is_unsampled = is_unsampled,
        .touch = TOUCH_LINE,
        .run_ns = b->run_ns,
        .warm_up = 2,
        .time_limit_ns = b->run_ns + 60 * NS_PER_S,
        .topology = b->topology,
        .placement = &b->placement,
        .interrupted = &never,
    };
    host_trial(&request, &result);
    if (result.status != TRIAL_OK)
        check(err_set(&err, EIO, "a trial failed: %s", result.message));
    double wall_s = (double)result.wall_ns * 1e-9, per_s = (double)result.calls / wall_s;
    if (!is_unsampled) {
        *readings += (double)result.n_samples;
        *seconds += wall_s;
    }
    trial_result_release(&result);
    return per_s;
}

static void measure(const struct bed *b, const char *name, unsigned n_pairs)
{
    static double with[PAIRS_MAX], without[PAIRS_MAX], ratios[PAIRS_MAX];
    const struct bootstrap how = {.seed = 1};
    struct interval ratio;
    double readings = 0, seconds = 0;
    for (unsigned i = 0; i < n_pairs; i++)
        for (unsigned k = 0; k < 2; k++) {
            bool is_unsampled = (i + k) % 2;
            *(is_unsampled ? &without[i] : &with[i]) = run(b, is_unsampled, &readings, &seconds);
        }
    stats_paired_ratios(with, without, n_pairs, ratios);
    check(stats_cell_interval(ratios, n_pairs, &how, &ratio, &err));
    printf("| %s | %.1f | %.4f [%.4f, %.4f] | %.0f |\n", name,
           stats_median(without, n_pairs) * 1e-6, ratio.estimate, ratio.low, ratio.high,
           readings / seconds);
    fflush(stdout);
}

static void open_bed(struct bed *b, char *word)
{
    struct workload_spec spec;
    char *colon = strrchr(word, ':');
    uint32_t threads = colon ? (uint32_t)strtoul(colon + 1, NULL, 10) : 0;
    if (threads == 0)
        check(err_set(&err, EINVAL, "'%s' is not WORKLOAD:THREADS", word));
    check(workload_parse(word, (size_t)(colon - word), &spec, &err));
    check(workload_plan(&spec, threads, 1, &b->fd, &b->plan, &err));
    check(plan_profile_make(b->plan, CONTROL_PROGRESS_WORDS, &b->profile, &err));
    check(topology_load(&b->topology, &err));
    check(topology_place(b->topology, PIN_COMPACT, b->plan->n_seats, &b->placement, &err));
}

static void close_bed(struct bed *b)
{
    placement_release(&b->placement);
    topology_free(b->topology);
    plan_profile_release(&b->profile);
    os_unmap((void *)b->plan, b->plan->n_bytes);
    close(b->fd);
}

int main(int argc, char **argv)
{
    unsigned n_pairs = argc > 4 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
    if (n_pairs == 0 || n_pairs > PAIRS_MAX) {
        fprintf(stderr, "usage: sampling WORKERS PAIRS SECONDS WORKLOAD:THREADS...\n");
        return EXIT_FAILURE;
    }
    printf("| workload:threads | Mop/s without | with / without [95 %%] | readings a second |\n"
           "|---|---|---|---|\n");
    for (int i = 4; i < argc; i++) {
        struct bed b = {.run_ns = (uint64_t)(strtod(argv[3], NULL) * 1e9)};
        snprintf(b.worker, sizeof(b.worker), "%s/worker-glibc", argv[1]);
        open_bed(&b, argv[i]);
        measure(&b, argv[i], n_pairs);
        close_bed(&b);
    }
    return EXIT_SUCCESS;
}
