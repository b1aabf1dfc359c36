/*
 * The CPUs of a machine: which there are, which this process may use, which the user chose, and how
 * they lie together (packages, NUMA nodes, L3 caches, cores). CPUs go by the kernel's numbers, as
 * in taskset and /proc/cpuinfo.
 *
 * Three sets, each inside the one before: the machine's CPUs; the *allowed* ones (cgroup cpuset and
 * affinity of the process when it called topology_load()); the *chosen* ones, where threads under
 * test may run: the allowed ones until topology_restrict() narrows them.
 *
 * One thread loads and restricts; after that a struct topology does not change and any thread may
 * read.
 */
#pragma once

#include <stdio.h>
#include <sys/types.h>

#include "err.h"

struct topology;

/* In place of a CPU number: not bound, free to run on every chosen CPU. */
#define CPU_UNBOUND (-1)

/*
 * This machine (or what hwloc's own environment variables put in its place). On success *out is the
 * caller's to topology_free(). 0, -ENOMEM, or what the system said.
 */
int topology_load(struct topology **out, struct err *err) MUST_CHECK;

/*
 * A machine made up from hwloc's synthetic description, e.g. "pack:2 numa:2 core:4 pu:2": all of
 * its CPUs are allowed, and no thread can be bound to them. As topology_load(), or -EINVAL.
 */
int topology_load_synthetic(struct topology **out, const char *description,
                            struct err *err) MUST_CHECK;

/* Accepts NULL. */
void topology_free(struct topology *t);

/*
 * Chooses CPUs by a list as taskset takes it: "0-3,8", "0-14:2" (every second), "10-" (every
 * allowed one from 10 on). Replaces an earlier choice. -EINVAL when the list cannot be read or
 * names a CPU that does not exist, is offline or is not allowed; the choice is then as before.
 */
int topology_restrict(struct topology *t, const char *list, struct err *err) MUST_CHECK;

/* Of the chosen set: CPUs, and cores with at least one of them. Neither is ever 0. */
unsigned topology_n_cpus(const struct topology *t);
unsigned topology_n_cores(const struct topology *t);
/* NUMA nodes of the machine; at least 1. */
unsigned topology_n_nodes(const struct topology *t);

/*
 * Binds the thread `tid`, of this or another process, to `cpu` or, for CPU_UNBOUND, to the chosen
 * set. 0; -EINVAL for a CPU that is not allowed; -ENOTSUP when the topology is not this machine's;
 * what the kernel said, -ESRCH for instance when the thread is gone.
 */
int topology_bind_tid(const struct topology *t, pid_t tid, int cpu, struct err *err) MUST_CHECK;

/*
 * Where the kernel lets thread `tid` run, as a list: "0", "0-1,4". A list longer than `n` bytes is
 * cut at a comma and ends in "...". Errors as topology_bind_tid().
 */
int topology_bound_tid(const struct topology *t, pid_t tid, char *text, size_t n,
                       struct err *err) MUST_CHECK;

/*
 * The same set that topology_bind_tid() would give, as a bit mask for sched_setaffinity(): CPU c
 * is bit c % 64 of words[c / 64]; the rest of the `n_words` words is cleared. -ERANGE when a CPU
 * lies beyond them, -EINVAL when it is not allowed; the words are all zero then.
 */
int topology_cpu_mask(const struct topology *t, int cpu, uint64_t *words, size_t n_words,
                      struct err *err) MUST_CHECK;

/*
 * One line without a newline, cut at `n` bytes: "1 package, 1 NUMA node, 1 L3, 2 cores, 2 CPUs";
 * with "; allowed: LIST" and "; chosen: LIST" behind it where these are fewer.
 */
void topology_summary(const struct topology *t, char *text, size_t n);

/* The summary, then a line for each package, NUMA node and L3 with its size and CPUs, indented. */
void topology_describe(const struct topology *t, FILE *out);
