#include "topology.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cpu_list.h"
#include "topology_internal.h"

/* As many CPUs as the kernel can be built for and then some; a description is typed by people. */
#define SYNTHETIC_CPUS_MAX 65536u

static int out_of_memory(struct err *err)
{
    return err_set(err, ENOMEM, "out of memory for the machine's topology");
}

/* The NUMA node next to `cpu`: the first memory found on the way from it to the root. */
static unsigned numa_node_of(hwloc_obj_t cpu)
{
    hwloc_obj_t at = cpu;
    while (at && at->memory_arity == 0)
        at = at->parent;
    hwloc_obj_t memory = at ? at->memory_first_child : NULL;
    while (memory && memory->type != HWLOC_OBJ_NUMANODE)
        memory = memory->memory_first_child; /* a cache in front of the memory */
    return memory ? memory->logical_index : 0;
}

/* Logical index of the object of `type` above `cpu`, or `none`. */
static unsigned ancestor_of(hwloc_topology_t h, hwloc_obj_type_t type, hwloc_obj_t cpu,
                            unsigned none)
{
    hwloc_obj_t above = hwloc_get_ancestor_obj_by_type(h, type, cpu);
    return above ? above->logical_index : none;
}

static unsigned count_of(hwloc_topology_t h, hwloc_obj_type_t type)
{
    int n = hwloc_get_nbobjs_by_type(h, type);
    return n > 0 ? (unsigned)n : 0; /* negative: spread over several levels; not these types */
}

static struct topology_cpu cpu_of(hwloc_topology_t h, hwloc_obj_t pu)
{
    /* A CPU of which no core is known is a core of its own. */
    unsigned own_core = count_of(h, HWLOC_OBJ_CORE) + pu->logical_index;
    return (struct topology_cpu){
        .number = (int)pu->os_index,
        .core = ancestor_of(h, HWLOC_OBJ_CORE, pu, own_core),
        .domain =
            {
                [DOMAIN_L3] = ancestor_of(h, HWLOC_OBJ_L3CACHE, pu, count_of(h, HWLOC_OBJ_L3CACHE)),
                [DOMAIN_NUMA] = numa_node_of(pu),
                [DOMAIN_PACKAGE] =
                    ancestor_of(h, HWLOC_OBJ_PACKAGE, pu, count_of(h, HWLOC_OBJ_PACKAGE)),
            },
    };
}

/* Fills cpus[] from the allowed set. */
static int list_cpus(struct topology *t, struct err *err)
{
    unsigned n = count_of(t->hwloc, HWLOC_OBJ_PU);
    t->cpus = calloc(n ? n : 1, sizeof(*t->cpus));
    if (!t->cpus)
        return out_of_memory(err);
    for (unsigned i = 0; i < n; i++) {
        hwloc_obj_t pu = hwloc_get_obj_by_type(t->hwloc, HWLOC_OBJ_PU, i);
        if (hwloc_bitmap_isset(t->allowed, pu->os_index))
            t->cpus[t->n_cpus++] = cpu_of(t->hwloc, pu);
    }
    if (t->n_cpus == 0)
        return err_set(err, ENODEV, "the topology names no CPU that this process may use");
    return 0;
}

/* Reads the allowed set and chooses all of it. */
static int find_allowed(struct topology *t, struct err *err)
{
    t->allowed = hwloc_bitmap_dup(hwloc_topology_get_allowed_cpuset(t->hwloc));
    t->chosen = hwloc_bitmap_alloc();
    hwloc_bitmap_t bound = hwloc_bitmap_alloc();
    int r = 0;
    if (!t->allowed || !t->chosen || !bound)
        r = out_of_memory(err);
    else if (t->is_this_machine && hwloc_get_cpubind(t->hwloc, bound, HWLOC_CPUBIND_THREAD) < 0)
        r = err_set_errno(err, errno, "cannot read the CPU affinity of this process");
    else if (t->is_this_machine)
        r = hwloc_bitmap_and(t->allowed, t->allowed, bound) < 0 ? out_of_memory(err) : 0;
    if (r == 0 && hwloc_bitmap_copy(t->chosen, t->allowed) < 0)
        r = out_of_memory(err);
    hwloc_bitmap_free(bound);
    return r;
}

/* Loads what the hwloc topology of `t` was set up for; takes t over, whatever comes of it. */
static int finish_load(struct topology *t, struct topology **out, struct err *err)
{
    /* CPUs outside the cgroup stay in the tree: a message can tell them from absent ones. */
    int r = 0;
    if (hwloc_topology_set_flags(t->hwloc, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED) < 0 ||
        hwloc_topology_load(t->hwloc) < 0)
        r = err_set_errno(err, errno, "hwloc cannot load the topology");
    if (r == 0) {
        t->is_this_machine = hwloc_topology_is_thissystem(t->hwloc);
        r = find_allowed(t, err);
    }
    if (r == 0)
        r = list_cpus(t, err);
    if (r < 0) {
        topology_free(t);
        return r;
    }
    *out = t;
    return 0;
}

static struct topology *new_topology(void)
{
    struct topology *t = calloc(1, sizeof(*t));
    if (t && hwloc_topology_init(&t->hwloc) < 0) {
        free(t);
        return NULL;
    }
    return t;
}

int topology_load(struct topology **out, struct err *err)
{
    struct topology *t = new_topology();
    return t ? finish_load(t, out, err) : out_of_memory(err);
}

/* Whether the product of all counts ("core:4") stays in bounds: hwloc would build any number. */
static bool is_reasonable(const char *description)
{
    uint64_t product = 1;
    unsigned depth = 0; /* of parentheses, which hold attributes */
    for (const char *p = description; *p; p++) {
        depth += *p == '(';
        depth -= *p == ')' && depth > 0;
        if (depth > 0 || *p != ':' || !isdigit((unsigned char)p[1]))
            continue;
        uint64_t count = strtoull(p + 1, NULL, 0);
        if (count > SYNTHETIC_CPUS_MAX || (product *= count) > SYNTHETIC_CPUS_MAX)
            return false;
    }
    return true;
}

int topology_load_synthetic(struct topology **out, const char *description, struct err *err)
{
    if (!is_reasonable(description))
        return err_set(err, EINVAL, "topology \"%.*s\": more than %u CPUs", 80, description,
                       SYNTHETIC_CPUS_MAX);
    struct topology *t = new_topology();
    if (!t)
        return out_of_memory(err);
    if (hwloc_topology_set_synthetic(t->hwloc, description) < 0) {
        topology_free(t);
        return err_set(err, EINVAL,
                       "topology \"%.*s\" is not one that hwloc understands; write for instance "
                       "\"pack:2 numa:2 core:4 pu:2\"",
                       80, description);
    }
    return finish_load(t, out, err);
}

void topology_free(struct topology *t)
{
    if (!t)
        return;
    hwloc_bitmap_free(t->allowed);
    hwloc_bitmap_free(t->chosen);
    hwloc_topology_destroy(t->hwloc);
    free(t->cpus);
    free(t);
}

/* Whether all of `wanted` is allowed; if not, why the first one is not. */
static int check_allowed(const struct topology *t, hwloc_const_bitmap_t wanted, struct err *err)
{
    hwloc_const_bitmap_t known = hwloc_topology_get_complete_cpuset(t->hwloc);
    hwloc_const_bitmap_t online = hwloc_topology_get_topology_cpuset(t->hwloc);
    for (int i = hwloc_bitmap_first(wanted); i >= 0; i = hwloc_bitmap_next(wanted, i)) {
        unsigned cpu = (unsigned)i;
        if (hwloc_bitmap_isset(t->allowed, cpu))
            continue;
        char allowed[256];
        cpu_list_text(t->allowed, allowed, sizeof(allowed));
        const char *why = "is not allowed for this process (by its cgroup or its affinity)";
        if (!hwloc_bitmap_isset(known, cpu))
            why = "does not exist";
        else if (!hwloc_bitmap_isset(online, cpu))
            why = "is offline";
        return err_set(err, EINVAL, "CPU %u %s; usable here: %s", cpu, why, allowed);
    }
    return 0;
}

int topology_restrict(struct topology *t, const char *list, struct err *err)
{
    hwloc_bitmap_t wanted = hwloc_bitmap_alloc();
    if (!wanted)
        return out_of_memory(err);
    int r = cpu_list_parse(list, t->allowed, wanted, err);
    if (r == 0)
        r = check_allowed(t, wanted, err);
    if (r < 0) {
        hwloc_bitmap_free(wanted);
        return r;
    }
    hwloc_bitmap_free(t->chosen);
    t->chosen = wanted;
    return 0;
}

unsigned topology_n_cpus(const struct topology *t)
{
    return (unsigned)hwloc_bitmap_weight(t->chosen);
}

unsigned topology_n_cores(const struct topology *t)
{
    unsigned n = 0;
    const struct topology_cpu *last = NULL; /* the CPUs of a core stand together */
    for (unsigned i = 0; i < t->n_cpus; i++) {
        const struct topology_cpu *c = &t->cpus[i];
        if (!hwloc_bitmap_isset(t->chosen, (unsigned)c->number))
            continue;
        n += !last || last->core != c->core;
        last = c;
    }
    return n;
}

unsigned topology_n_nodes(const struct topology *t)
{
    unsigned n = count_of(t->hwloc, HWLOC_OBJ_NUMANODE);
    return n > 0 ? n : 1;
}
