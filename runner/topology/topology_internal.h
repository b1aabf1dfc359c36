/* What the files of this folder know of a topology; not for others. */
#pragma once

#include <hwloc.h>

#include "topology.h"

/* Groups of CPUs that a placement spreads over. */
enum cpu_domain { DOMAIN_L3, DOMAIN_NUMA, DOMAIN_PACKAGE, CPU_DOMAINS };

/* One allowed CPU. */
struct topology_cpu {
    int number; /* the kernel's */
    unsigned core;
    unsigned domain[CPU_DOMAINS]; /* which L3, node, package; CPUs without one share a number */
};

/*
 * Laws between two calls:
 *   order   cpus[] holds the allowed CPUs in hwloc's logical order: depth first through the tree,
 *           so that the CPUs of a core, of an L3, of a node and of a package stand together
 *   sets    chosen is a subset of allowed, and not empty
 */
struct topology {
    hwloc_topology_t hwloc;
    bool is_this_machine;
    hwloc_bitmap_t allowed, chosen;
    struct topology_cpu *cpus;
    unsigned n_cpus;
};

/* The set a thread bound to `cpu` may run on, new, in *out; the caller frees it. */
int topology_set_of(const struct topology *t, int cpu, hwloc_bitmap_t *out,
                    struct err *err) MUST_CHECK;
