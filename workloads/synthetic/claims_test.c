/*
 * The plans of each row of the table keep the laws of all plans, and are what the row says that they
 * are like: for its defaults, for each parameter made smaller and larger, and at 1 to 64 threads.
 * Rows are not named here: a new one is held to this as it stands in the table.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "plan_asked.h"
#include "plan_laws.h"
#include "rng.h"
#include "unit.h"

enum { WORDS_MAX = 100000, SIZES_LOOKED_AT = 500 };

static struct err err;

/* A plan that a row was asked for, for messages too. */
struct asked {
    struct workload_spec spec;
    uint32_t threads;
    char text[WORKLOAD_TEXT_BYTES + 32];
};

static struct asked ask(const struct workload_spec *spec, uint32_t threads)
{
    struct asked a = {.spec = *spec, .threads = threads};
    char word[WORKLOAD_TEXT_BYTES];
    workload_format(spec, word, sizeof(word));
    snprintf(a.text, sizeof(a.text), "%s at %u threads", word, threads);
    return a;
}

static struct workload_args args_of(const struct asked *a)
{
    return (struct workload_args){.threads = a->threads, .seed = 42, .values = a->spec.values};
}

/* Whether the row takes these values, and the plan is short enough for this test. */
static bool is_short(const struct workload_spec *spec, uint32_t threads)
{
    struct workload_args args = {.threads = threads, .values = spec->values};
    struct workload_extent extent = {0};
    return threads >= spec->workload->threads_min &&
           spec->workload->extent(&args, &extent, &err) == 0 && extent.words <= WORDS_MAX &&
           extent.threads <= WORKLOAD_PLAN_THREADS_MAX;
}

static void preset(const struct workload *w, struct workload_spec *spec)
{
    *spec = (struct workload_spec){.workload = w};
    params_preset(w->params, spec->values);
}

/* The row of the greatest number of bytes; NULL without any. */
static const struct param *most_bytes(const struct workload *w)
{
    const struct param *most = NULL;
    for (const struct param *p = w->params; p->name; p++)
        if (p->unit == PARAM_BYTES && (!most || p->preset > most->preset))
            most = p;
    return most;
}

/*
 * The defaults, or if their plan is too long for this test, with all counts halved so often; and if
 * that does not help, with the greatest number of bytes halved, too.
 */
static bool shorten(const struct workload *w, uint32_t threads, struct workload_spec *spec)
{
    enum { HALVINGS = 24 };
    for (unsigned k = 0; k < 2 * HALVINGS; k++) {
        preset(w, spec);
        for (const struct param *p = w->params; p->name; p++) {
            uint64_t *value = &spec->values[p - w->params];
            if (p->unit == PARAM_COUNT || (k >= HALVINGS && p == most_bytes(w)))
                *value = *value >> k % HALVINGS > p->min ? *value >> k % HALVINGS : p->min;
        }
        if (is_short(spec, threads))
            return true;
    }
    return false;
}

static void check_remote(const struct asked *a, const struct workload_claims *claims,
                         const struct plan_walk *seen)
{
    double share = 0;
    if (seen->again_frees > 0)
        share = (double)seen->again_remote_frees / (double)seen->again_frees;
    ck_assert_msg(claims->remote_min <= claims->remote_max, "%s", a->text);
    ck_assert_msg(share >= claims->remote_min - 1e-9 && share <= claims->remote_max + 1e-9,
                  "%s: a share of %f of the frees is remote; said are %f to %f", a->text, share,
                  claims->remote_min, claims->remote_max);
}

static void check_live(const struct asked *a, const struct workload_claims *claims,
                       const struct plan_walk *seen)
{
    ck_assert_msg(seen->peak_live_bytes >= claims->live_min &&
                      seen->peak_live_bytes <= claims->live_max,
                  "%s: %" PRIu64 " bytes are live; said are %" PRIu64 " to %" PRIu64, a->text,
                  seen->peak_live_bytes, claims->live_min, claims->live_max);
}

static int compare(const void *a, const void *b)
{
    const uint64_t *x = a;
    const uint64_t *y = b;
    return (*x > *y) - (*x < *y);
}

/* How many of n ascending sizes are below `bytes`. */
static size_t n_below(const uint64_t *sizes, size_t n, uint64_t bytes)
{
    size_t low = 0;
    size_t high = n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (sizes[middle] < bytes)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/*
 * How far the distribution of n draws may lie from the true one at some place: but for a chance of
 * one in a million not further (Dvoretzky, Kiefer and Wolfowitz 1956, Massart 1990). What grows is
 * no draw of its own.
 */
static double tolerance(const struct workload_claims *claims, const struct plan_walk *seen)
{
    double draws = (double)(seen->again_allocations - seen->again_grown);
    return claims->sizes_slack + sqrt(log(2e6) / (2 * draws)) + 1e-6;
}

static void check_sizes(const struct asked *a, const struct workload_claims *claims,
                        const struct plan_walk *seen, uint64_t *sizes)
{
    struct workload_args args = args_of(a);
    size_t n = seen->again_allocations;
    ck_assert_msg(n > seen->again_grown, "%s: nothing is allocated", a->text);
    double most = tolerance(claims, seen);
    qsort(sizes, n, sizeof(sizes[0]), compare);
    struct rng rng;
    rng_seed(&rng, 1);
    double last = 0;
    for (unsigned i = 0; i < 64 + 2 * SIZES_LOOKED_AT; i++) {
        uint64_t bytes = (uint64_t)1 << i % 64;
        if (i >= 64)
            bytes = sizes[rng_below(&rng, n)] + i % 2; /* where the distribution may jump */
        double seen_share = (double)n_below(sizes, n, bytes) / (double)n;
        double share = a->spec.workload->share_below(&args, bytes);
        ck_assert_msg(share >= -1e-9 && share <= 1 + 1e-9, "%s: a share of %f", a->text, share);
        ck_assert_msg(i >= 64 || share >= last - 1e-9, "%s: a share that falls", a->text);
        ck_assert_msg(fabs(share - seen_share) <= most,
                      "%s: %f of %zu sizes are below %" PRIu64 "; said are %f, and %f off at most",
                      a->text, seen_share, n, bytes, share, most);
        last = share;
    }
}

/* No size outside of what has any probability. */
static void check_ends(const struct asked *a, const struct plan_walk *seen)
{
    struct workload_args args = args_of(a);
    ck_assert_msg(a->spec.workload->share_below(&args, seen->least_bytes + 1) > 0,
                  "%s: %" PRIu64 " bytes are asked for", a->text, seen->least_bytes);
    ck_assert_msg(a->spec.workload->share_below(&args, seen->most_bytes) < 1,
                  "%s: %" PRIu64 " bytes are asked for", a->text, seen->most_bytes);
}

static void check(const struct workload_spec *spec, uint32_t threads)
{
    struct asked a = ask(spec, threads);
    struct workload_args args = args_of(&a);
    struct workload_claims claims = {0};
    spec->workload->claims(&args, &claims);

    const struct plan *plan = plan_of(spec, threads, args.seed);
    uint64_t *sizes = calloc(plan->facts.allocations + 1, sizeof(sizes[0]));
    struct plan_walk seen = plan_walk_sizes(plan, sizes);
    plan_laws_check(spec, threads, plan, &seen);
    check_remote(&a, &claims, &seen);
    check_live(&a, &claims, &seen);
    check_sizes(&a, &claims, &seen, sizes);
    check_ends(&a, &seen);
    free(sizes);
    plan_drop(plan);
}

static uint64_t smaller(const struct param *p, uint64_t value)
{
    uint64_t less = p->unit == PARAM_FACTOR ? (value + PARAM_ONE) / 2 : value / 4;
    return less > p->min ? less : p->min;
}

static uint64_t larger(const struct param *p, uint64_t value)
{
    uint64_t more = value > 0 ? 4 * value : p->max / 2;
    return more < p->max ? more : p->max;
}

/* Each parameter alone at another value, where that can be had. */
static void check_varied(const struct workload_spec *base, uint32_t threads)
{
    for (const struct param *p = base->workload->params; p->name; p++) {
        uint64_t value = base->values[p - base->workload->params];
        bool words = p->unit == PARAM_CHOICE || p->unit == PARAM_YES_NO;
        uint64_t values[2] = {smaller(p, value), larger(p, value)};
        for (uint64_t i = words ? p->min : 0; i <= (words ? p->max : 1); i++) {
            struct workload_spec spec = *base;
            spec.values[p - base->workload->params] = words ? i : values[i];
            if (is_short(&spec, threads))
                check(&spec, threads);
        }
    }
}

/* Words of each thread that the defaults start with: none makes a plan as long as its trial. */
enum { SHORT_WORDS = 1 << 21 };

static void check_short(const struct workload_spec *spec, uint32_t threads)
{
    struct workload_args args = {.threads = threads, .values = spec->values};
    struct workload_extent extent = {0};
    ck_assert_int_eq(spec->workload->extent(&args, &extent, &err), 0);
    ck_assert_msg(extent.words <= (uint64_t)threads * SHORT_WORDS, "%s: %" PRIu64 " words",
                  spec->workload->name, extent.words);
}

START_TEST(the_row_says_what_its_plans_are_like)
{
    static const uint32_t threads[] = {1, 2, 3, 8, 64};
    size_t n;
    const struct workload *w = workload_table(&n)[_i];
    struct workload_spec spec;
    ck_assert_msg(w->claims && w->share_below, "%s says nothing of its plans", w->name);
    preset(w, &spec);
    check(&spec, w->threads_min > 2 ? w->threads_min : 2);
    check_short(&spec, w->threads_min > 2 ? w->threads_min : 2);
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
        uint32_t n_threads = threads[i] > w->threads_min ? threads[i] : w->threads_min;
        ck_assert_msg(shorten(w, n_threads, &spec), "%s: no short plan for %u threads", w->name,
                      n_threads);
        check(&spec, n_threads);
        check_varied(&spec, n_threads);
    }
}
END_TEST

START_TEST(the_seed_decides_all)
{
    size_t n;
    const struct workload *const *table = workload_table(&n);
    for (size_t i = 0; i < n; i++) {
        struct workload_spec spec;
        uint32_t threads = table[i]->threads_min > 3 ? table[i]->threads_min : 3;
        ck_assert(shorten(table[i], threads, &spec));
        plan_check_seed(&spec, threads);
    }
}
END_TEST

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/*
 * Until one try is below `most`, the least of many: who shares the caches and the memory with others makes
 * it several times longer, and no neighbour makes it shorter.
 */
static double making_s(const struct asked *a, double most)
{
    double least = 1e9;
    for (int i = 0; i < 30 && least >= most; i++) {
        double begin = cpu_s();
        plan_drop(plan_of(&a->spec, a->threads, 1));
        least = fmin(least, cpu_s() - begin);
    }
    return least;
}

/*
 * In CPU time, which is what others on the machine leave alone: each trial repeats a plan for 0.08 s
 * with every thread, by default, and a plan is made once for all trials of a run. Builds that check
 * themselves as they go take longer.
 */
START_TEST(a_plan_is_made_faster_than_one_trial_runs_it)
{
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__)
    size_t n;
    const struct workload *const *table = workload_table(&n);
    for (size_t i = 0; i < n; i++) {
        for (uint32_t threads = table[i]->threads_min; threads <= 2; threads++) {
            struct workload_spec spec;
            preset(table[i], &spec);
            struct asked a = ask(&spec, threads);
            double most = 0.08 * threads;
            double seconds = making_s(&a, most);
            ck_assert_msg(seconds < most, "%s: made in %f s", a.text, seconds);
            if (getenv("SHOW_TIMES"))
                fprintf(stderr, "%s: made in %.1f ms\n", a.text, 1e3 * seconds);
        }
    }
#endif
}
END_TEST

int main(void)
{
    static const TTest *tests[2];
    size_t n;
    workload_table(&n);
    tests[0] = the_seed_decides_all;
    tests[1] = a_plan_is_made_faster_than_one_trial_runs_it;
    return unit_run_with("claims", tests, ARRAY_SIZE(tests), the_row_says_what_its_plans_are_like,
                         n);
}
