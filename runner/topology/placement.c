#include "placement.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "topology_internal.h"

static const char *const policy_names[PIN_POLICIES] = {
    [PIN_NONE] = "none",
    [PIN_COMPACT] = "compact",
    [PIN_SCATTER] = "scatter",
};

/* A chosen CPU while the order is made. */
struct seat {
    const struct topology_cpu *cpu;
    unsigned round;  /* 0 for the first chosen CPU of its core, 1 for the second ... */
    unsigned turn;   /* how many of its round stand before it in its domain */
    unsigned domain; /* the one that `turn` is counted in */
    unsigned place;  /* in the order so far */
};

static int compare(unsigned a, unsigned b)
{
    return (a > b) - (a < b);
}

static int compare_seats(const void *left, const void *right)
{
    const struct seat *a = left;
    const struct seat *b = right;
    int c = compare(a->round, b->round);
    if (c == 0)
        c = compare(a->turn, b->turn);
    if (c == 0)
        c = compare(a->domain, b->domain);
    return c ? c : compare(a->place, b->place);
}

static void sort_seats(struct seat *seats, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        seats[i].place = i; /* makes the sort stable */
    qsort(seats, n, sizeof(*seats), compare_seats);
}

/* Seats every chosen CPU in compact order. Returns how many. */
static unsigned take_seats(const struct topology *t, struct seat *seats)
{
    unsigned n = 0;
    for (unsigned i = 0; i < t->n_cpus; i++) {
        const struct topology_cpu *cpu = &t->cpus[i];
        if (!hwloc_bitmap_isset(t->chosen, (unsigned)cpu->number))
            continue;
        const struct seat *last = n > 0 ? &seats[n - 1] : NULL;
        bool is_sibling = last && last->cpu->core == cpu->core;
        seats[n++] = (struct seat){.cpu = cpu, .round = is_sibling ? last->round + 1 : 0};
    }
    sort_seats(seats, n);
    return n;
}

static unsigned n_domains(const struct topology *t, enum cpu_domain kind)
{
    unsigned most = 0;
    for (unsigned i = 0; i < t->n_cpus; i++)
        if (t->cpus[i].domain[kind] > most)
            most = t->cpus[i].domain[kind];
    return most + 1;
}

/*
 * Reorders the seats so that each round goes over the domains of `kind` in turn; inside a domain
 * they keep their order. Dealing over L3s, then nodes, then packages makes the packages outermost.
 * `counts` has room for a number per domain.
 */
static void deal(struct seat *seats, unsigned n, enum cpu_domain kind, unsigned *counts,
                 unsigned n_counts)
{
    for (unsigned i = 0; i < n; i++) {
        if (i == 0 || seats[i].round != seats[i - 1].round)
            memset(counts, 0, n_counts * sizeof(*counts));
        seats[i].domain = seats[i].cpu->domain[kind];
        seats[i].turn = counts[seats[i].domain]++;
    }
    sort_seats(seats, n);
}

/* The kinds of domain from the narrowest (most numerous) to the widest; ties stay as they are. */
static void sort_kinds(const struct topology *t, enum cpu_domain kinds[CPU_DOMAINS])
{
    for (unsigned i = 0; i < CPU_DOMAINS; i++) {
        unsigned at = i;
        for (; at > 0 && n_domains(t, kinds[at - 1]) < n_domains(t, (enum cpu_domain)i); at--)
            kinds[at] = kinds[at - 1];
        kinds[at] = (enum cpu_domain)i;
    }
}

static int scatter(const struct topology *t, struct seat *seats, unsigned n, struct err *err)
{
    enum cpu_domain kinds[CPU_DOMAINS];
    sort_kinds(t, kinds);
    unsigned n_counts = n_domains(t, kinds[0]);
    unsigned *counts = calloc(n_counts, sizeof(*counts));
    if (!counts)
        return err_set(err, ENOMEM, "out of memory for placing threads");
    for (unsigned i = 0; i < CPU_DOMAINS; i++)
        deal(seats, n, kinds[i], counts, n_counts);
    free(counts);
    return 0;
}

/* Fills out->cpus by a policy that binds. */
static int place_bound(const struct topology *t, enum pin_policy policy, struct placement *out,
                       struct err *err)
{
    struct seat *seats = calloc(t->n_cpus, sizeof(*seats));
    if (!seats)
        return err_set(err, ENOMEM, "out of memory for placing threads");
    unsigned n = take_seats(t, seats);
    assert(n > 0); /* the law of sets */
    int r = policy == PIN_SCATTER ? scatter(t, seats, n, err) : 0;
    for (unsigned i = 0; r == 0 && i < out->n_threads; i++)
        out->cpus[i] = seats[i % n].cpu->number;
    free(seats);
    return r;
}

/* The set of CPUs on which at least one thread may run, or NULL. */
static hwloc_bitmap_t used_cpus(const struct topology *t, const struct placement *p)
{
    hwloc_bitmap_t used = hwloc_bitmap_alloc();
    int r = used ? 0 : -1;
    for (unsigned i = 0; r == 0 && i < p->n_threads; i++)
        r = p->cpus[i] == CPU_UNBOUND ? hwloc_bitmap_copy(used, t->chosen)
                                      : hwloc_bitmap_set(used, (unsigned)p->cpus[i]);
    if (r == 0)
        return used;
    hwloc_bitmap_free(used);
    return NULL;
}

/* Whether one of the CPUs [begin, end) of a core is used. */
static bool is_core_used(const struct topology *t, unsigned begin, unsigned end,
                         hwloc_const_bitmap_t used)
{
    for (unsigned i = begin; i < end; i++)
        if (hwloc_bitmap_isset(used, (unsigned)t->cpus[i].number))
            return true;
    return false;
}

/* The last CPU that nobody uses, of a core that nobody uses if there is one. */
static int find_runner_cpu(const struct topology *t, hwloc_const_bitmap_t used)
{
    int of_used_core = CPU_UNBOUND;
    int of_free_core = CPU_UNBOUND;
    for (unsigned begin = 0, end; begin < t->n_cpus; begin = end) {
        for (end = begin + 1; end < t->n_cpus && t->cpus[end].core == t->cpus[begin].core;)
            end++;
        if (!is_core_used(t, begin, end, used)) {
            of_free_core = t->cpus[begin].number;
            continue;
        }
        for (unsigned i = begin; i < end; i++)
            if (!hwloc_bitmap_isset(used, (unsigned)t->cpus[i].number))
                of_used_core = t->cpus[i].number;
    }
    return of_free_core != CPU_UNBOUND ? of_free_core : of_used_core;
}

int topology_place(const struct topology *t, enum pin_policy policy, unsigned n_threads,
                   struct placement *out, struct err *err)
{
    *out = (struct placement){.n_threads = n_threads, .runner_cpu = CPU_UNBOUND};
    if (n_threads == 0)
        return err_set(err, EINVAL, "there are no threads to place");
    int r = 0;
    out->cpus = calloc(n_threads, sizeof(*out->cpus));
    if (!out->cpus) {
        r = err_set(err, ENOMEM, "out of memory for placing %u threads", n_threads);
        goto out;
    }
    for (unsigned i = 0; policy == PIN_NONE && i < n_threads; i++)
        out->cpus[i] = CPU_UNBOUND;
    if (policy != PIN_NONE)
        r = place_bound(t, policy, out, err);
    if (r < 0)
        goto out;

    hwloc_bitmap_t used = used_cpus(t, out);
    if (used)
        out->runner_cpu = find_runner_cpu(t, used);
    else
        r = err_set(err, ENOMEM, "out of memory for a set of CPUs");
    hwloc_bitmap_free(used);
out:
    if (r < 0)
        placement_release(out);
    return r;
}

void placement_release(struct placement *p)
{
    free(p->cpus);
    *p = (struct placement){.runner_cpu = CPU_UNBOUND};
}

const char *pin_policy_name(enum pin_policy policy)
{
    return policy_names[policy];
}

int pin_policy_parse(const char *word, enum pin_policy *out, struct err *err)
{
    for (unsigned i = 0; i < PIN_POLICIES; i++) {
        if (strcmp(word, policy_names[i]) == 0) {
            *out = (enum pin_policy)i;
            return 0;
        }
    }
    return err_set(err, EINVAL, "unknown way to pin threads \"%.*s\"; it is %s, %s or %s", 40, word,
                   policy_names[PIN_NONE], policy_names[PIN_COMPACT], policy_names[PIN_SCATTER]);
}
