#include "topology.h"

#include <string.h>

#include "cpu_list.h"
#include "text.h"
#include "topology_internal.h"

#define LIST_BYTES 256

/* The line "2 packages, ": types in this order, those that a machine lacks are left out. */
static const struct {
    hwloc_obj_type_t type;
    const char *one, *many;
} counted[] = {
    {HWLOC_OBJ_PACKAGE, "package", "packages"},
    {HWLOC_OBJ_NUMANODE, "NUMA node", "NUMA nodes"},
    {HWLOC_OBJ_L3CACHE, "L3", "L3s"},
    {HWLOC_OBJ_CORE, "core", "cores"},
    {HWLOC_OBJ_PU, "CPU", "CPUs"},
};

void topology_summary(const struct topology *t, char *text, size_t n)
{
    size_t used = 0;
    for (size_t i = 0; i < ARRAY_SIZE(counted); i++) {
        int count = hwloc_get_nbobjs_by_type(t->hwloc, counted[i].type);
        if (count > 0)
            used += text_format(text + used, n - used, "%s%d %s", used > 0 ? ", " : "", count,
                                count == 1 ? counted[i].one : counted[i].many);
    }
    char list[LIST_BYTES];
    if (!hwloc_bitmap_isequal(t->allowed, hwloc_topology_get_topology_cpuset(t->hwloc))) {
        cpu_list_text(t->allowed, list, sizeof(list));
        used += text_format(text + used, n - used, "; allowed: %s", list);
    }
    if (!hwloc_bitmap_isequal(t->chosen, t->allowed)) {
        cpu_list_text(t->chosen, list, sizeof(list));
        text_format(text + used, n - used, "; chosen: %s", list);
    }
}

static void print_size(uint64_t bytes, FILE *out)
{
    if (bytes >= GIB)
        fprintf(out, ", %.1f GiB", (double)bytes / (double)GIB);
    else if (bytes >= MIB)
        fprintf(out, ", %.1f MiB", (double)bytes / (double)MIB);
    else if (bytes > 0)
        fprintf(out, ", %.0f KiB", (double)bytes / (double)KIB);
}

static uint64_t size_of(hwloc_obj_t obj)
{
    if (obj->type == HWLOC_OBJ_NUMANODE)
        return obj->attr->numanode.local_memory;
    return obj->type == HWLOC_OBJ_L3CACHE ? obj->attr->cache.size : 0;
}

/* ", 8 cores of 2 CPUs: 0-7,64-71" */
static void print_cpus(const struct topology *t, hwloc_obj_t obj, FILE *out)
{
    int n_cpus = hwloc_bitmap_weight(obj->cpuset);
    if (n_cpus <= 0) {
        fputs(", no CPUs", out); /* memory of its own, on an expansion card for instance */
        return;
    }
    int n_cores = hwloc_get_nbobjs_inside_cpuset_by_type(t->hwloc, obj->cpuset, HWLOC_OBJ_CORE);
    char list[LIST_BYTES];
    cpu_list_text(obj->cpuset, list, sizeof(list));
    if (n_cores > 0)
        fprintf(out, ", %d core%s", n_cores, n_cores == 1 ? "" : "s");
    fprintf(out, ", CPU%s %s", n_cpus == 1 ? "" : "s", list);
    if (n_cores > 0 && n_cpus > n_cores)
        fputs(" (SMT)", out);
}

/* Prints `obj` when it is of a kind that placements know, and returns how deep its children are. */
static int print_object(const struct topology *t, hwloc_obj_t obj, int depth, FILE *out)
{
    const char *name = obj->type == HWLOC_OBJ_PACKAGE    ? "package"
                       : obj->type == HWLOC_OBJ_NUMANODE ? "NUMA node"
                       : obj->type == HWLOC_OBJ_L3CACHE  ? "L3"
                                                         : NULL;
    if (!name)
        return depth;
    /* The kernel numbers nodes; its numbers of packages and caches have gaps and mean nothing. */
    unsigned number = obj->type == HWLOC_OBJ_NUMANODE ? obj->os_index : obj->logical_index;
    fprintf(out, "%*s%s %u", 2 * depth, "", name, number);
    const char *model = hwloc_obj_get_info_by_name(obj, "CPUModel");
    if (model)
        fprintf(out, ", %s", model);
    print_size(size_of(obj), out);
    print_cpus(t, obj, out);
    fputc('\n', out);
    return depth + 1;
}

static void print_tree(const struct topology *t, hwloc_obj_t obj, int depth, FILE *out)
{
    depth = print_object(t, obj, depth, out);
    int below = depth;
    for (hwloc_obj_t m = obj->memory_first_child; m; m = m->next_sibling) {
        print_tree(t, m, depth, out);
        below = depth + 1; /* what hangs beside a node lies in it */
    }
    for (hwloc_obj_t c = obj->first_child; c; c = c->next_sibling)
        print_tree(t, c, below, out);
}

void topology_describe(const struct topology *t, FILE *out)
{
    char line[3 * LIST_BYTES];
    topology_summary(t, line, sizeof(line));
    fprintf(out, "%s\n", line);
    print_tree(t, hwloc_get_root_obj(t->hwloc), 1, out);
}
