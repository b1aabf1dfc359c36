/*
 * Which thread of a worker runs on which CPU. Pure: a placement follows from the topology, the
 * policy and the number of threads alone. Any thread may call.
 *
 * Both orders take one CPU of each chosen core before they take the second of any (SMT siblings
 * come last), then the second of each core, and so on. Within such a round:
 *
 *   compact  the cores as they lie in the machine: all of one L3 before the next L3, all of one
 *            NUMA node before the next node, all of one package before the next package
 *   scatter  dealt like cards: over the packages in turn; within each package over its NUMA nodes
 *            in turn; within a node over its L3s; within an L3 core after core. A package, node or
 *            L3 with no CPU left in this round is passed over. (Where a machine nests them otherwise,
 *            the widest is dealt over first.)
 *
 * With more threads than chosen CPUs the order starts again: thread i sits where thread i - n_cpus
 * does.
 *
 * Example, 2 packages of 2 cores of 2 CPUs, (core: CPUs) 0: 0 4, 1: 1 5 | 2: 2 6, 3: 3 7:
 *   compact 0 1 2 3 4 5 6 7    scatter 0 2 1 3 4 6 5 7
 */
#pragma once

#include "topology.h"

enum pin_policy {
    PIN_NONE, /* every thread may run on all chosen CPUs */
    PIN_COMPACT,
    PIN_SCATTER,
    PIN_POLICIES
};

struct placement {
    unsigned n_threads;
    int *cpus; /* of thread i: a CPU, or CPU_UNBOUND; owned */
    /*
     * For the runner itself: an allowed CPU, chosen or not, on which no thread is placed; where
     * possible of a core that no thread uses either; of several such cores the last one as they
     * lie in the machine. CPU_UNBOUND when there is none.
     */
    int runner_cpu;
};

/*
 * Places `n_threads` threads, at least 1. On success the caller owns *out and gives it back with
 * placement_release(). 0, -EINVAL or -ENOMEM.
 */
int topology_place(const struct topology *t, enum pin_policy policy, unsigned n_threads,
                   struct placement *out, struct err *err) MUST_CHECK;

/* Accepts a zeroed struct; leaves one. */
void placement_release(struct placement *p);

/* "none", "compact", "scatter"; parse is -EINVAL for other words. */
const char *pin_policy_name(enum pin_policy policy);
int pin_policy_parse(const char *word, enum pin_policy *out, struct err *err) MUST_CHECK;
