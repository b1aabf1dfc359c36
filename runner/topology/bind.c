#include "topology.h"

#include <errno.h>
#include <hwloc/linux.h>
#include <string.h>

#include "cpu_list.h"
#include "topology_internal.h"

int topology_set_of(const struct topology *t, int cpu, hwloc_bitmap_t *out, struct err *err)
{
    if (cpu != CPU_UNBOUND && (cpu < 0 || !hwloc_bitmap_isset(t->allowed, (unsigned)cpu)))
        return err_set(err, EINVAL, "CPU %d is not one that this process may use", cpu);
    hwloc_bitmap_t set = cpu == CPU_UNBOUND ? hwloc_bitmap_dup(t->chosen) : hwloc_bitmap_alloc();
    if (!set || (cpu != CPU_UNBOUND && hwloc_bitmap_only(set, (unsigned)cpu) < 0)) {
        hwloc_bitmap_free(set);
        return err_set(err, ENOMEM, "out of memory for a set of CPUs");
    }
    *out = set;
    return 0;
}

static int check_target(const struct topology *t, pid_t tid, struct err *err)
{
    if (!t->is_this_machine)
        return err_set(err, ENOTSUP, "threads cannot be bound: the topology is not this machine's");
    if (tid <= 0) /* the kernel would take 0 for the caller */
        return err_set(err, ESRCH, "there is no thread %d", (int)tid);
    return 0;
}

int topology_bind_tid(const struct topology *t, pid_t tid, int cpu, struct err *err)
{
    int r = check_target(t, tid, err);
    if (r < 0)
        return r;
    hwloc_bitmap_t set = NULL;
    r = topology_set_of(t, cpu, &set, err);
    if (r < 0)
        return r;
    if (hwloc_linux_set_tid_cpubind(t->hwloc, tid, set) < 0) {
        int code = errno;
        char list[128];
        cpu_list_text(set, list, sizeof(list));
        r = err_set_errno(err, code, "cannot bind thread %d to CPU %s", (int)tid, list);
    }
    hwloc_bitmap_free(set);
    return r;
}

int topology_bound_tid(const struct topology *t, pid_t tid, char *text, size_t n, struct err *err)
{
    int r = check_target(t, tid, err);
    if (r < 0)
        return r;
    hwloc_bitmap_t set = hwloc_bitmap_alloc();
    if (!set)
        return err_set(err, ENOMEM, "out of memory for a set of CPUs");
    if (hwloc_linux_get_tid_cpubind(t->hwloc, tid, set) < 0)
        r = err_set_errno(err, errno, "cannot read where thread %d is bound", (int)tid);
    else
        cpu_list_text(set, text, n);
    hwloc_bitmap_free(set);
    return r;
}

int topology_cpu_mask(const struct topology *t, int cpu, uint64_t *words, size_t n_words,
                      struct err *err)
{
    memset(words, 0, n_words * sizeof(*words));
    hwloc_bitmap_t set = NULL;
    int r = topology_set_of(t, cpu, &set, err);
    if (r < 0)
        return r;
    int last = hwloc_bitmap_last(set);
    if (last < 0 || (size_t)last >= n_words * 64) {
        hwloc_bitmap_free(set);
        return err_set(err, ERANGE,
                       "CPU %d is beyond the first %zu, the most that a worker can be told of; "
                       "choose lower ones",
                       last, n_words * 64);
    }
    for (int i = hwloc_bitmap_first(set); i >= 0; i = hwloc_bitmap_next(set, i))
        words[i / 64] |= (uint64_t)1 << (i % 64);
    hwloc_bitmap_free(set);
    return 0;
}
