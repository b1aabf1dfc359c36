#include "comparable.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char *fact_of(const struct store_run *run, const char *key)
{
    for (uint32_t i = 0; i < run->n_facts; i++)
        if (strcmp(run->facts[i].key, key) == 0)
            return run->facts[i].value;
    return NULL;
}

int comparable_machine(const struct store_run *a, const struct store_run *b, struct err *err)
{
    static const char *const keys[] = {
        "cpu_model",
        "cpus_online",
        "topology",
        "cpus_chosen",
        "smt_active",
        "governor",
        "turbo",
        "hypervisor",
        "memory_bytes",
        "page_bytes",
        "numa_nodes",
        "kernel_release",
        "libc_version",
        "thp_enabled",
        "thp_defrag",
        "aslr",
        "overcommit_memory",
        "cgroup_cpu_quota",
        "cgroup_memory_limit_bytes",
    };
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        const char *of_a = fact_of(a, keys[i]), *of_b = fact_of(b, keys[i]);
        if (of_a && of_b && strcmp(of_a, of_b) != 0)
            return err_set(err, EINVAL,
                           "the runs are of different machines or states of one: %s is '%s' in %s "
                           "and '%s' in %s",
                           keys[i], of_a, a->name, of_b, b->name);
    }
    return 0;
}

/* A value of a manifest as a text to be freed: "line", 0.08. NULL when it is not there. */
static char *text_of(const json_t *manifest, const char *key)
{
    const json_t *value = json_object_get(manifest, key);
    if (json_is_string(value))
        return strdup(json_string_value(value));
    return value ? json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(9)) : NULL;
}

/* A run and its manifest. */
struct order {
    const struct store_run *run;
    json_t *manifest;
};

static int compare_order(const struct order *a, const struct order *b, const char *key,
                         struct err *err)
{
    char *va = text_of(a->manifest, key), *vb = text_of(b->manifest, key);
    int result = 0;
    if (!va != !vb || (va && strcmp(va, vb) != 0))
        result =
            err_set(err, EINVAL, "the runs measured differently: %s is '%s' in %s and '%s' in %s",
                    key, va ? va : "", a->run->name, vb ? vb : "", b->run->name);
    free(va);
    free(vb);
    return result;
}

int comparable_orders(const struct store_run *a, const struct store_run *b, struct err *err)
{
    static const char *const keys[] = {"touch",          "pin", "cores", "seconds",
                                       "warm_up_passes", "seed"};
    struct order of_a = {a, json_loads(a->manifest, JSON_REJECT_DUPLICATES, NULL)};
    struct order of_b = {b, json_loads(b->manifest, JSON_REJECT_DUPLICATES, NULL)};
    int result = 0;
    if (!json_is_object(of_a.manifest) || !json_is_object(of_b.manifest))
        result =
            err_set(err, EINVAL, "run %s does not say how it was measured: its manifest is damaged",
                    json_is_object(of_a.manifest) ? b->name : a->name);
    for (size_t i = 0; i < ARRAY_SIZE(keys) && result == 0; i++)
        result = compare_order(&of_a, &of_b, keys[i], err);
    json_decref(of_a.manifest);
    json_decref(of_b.manifest);
    return result;
}

static const struct store_cell *find_cell(const struct store_run *run,
                                          const struct store_cell *wanted)
{
    for (uint32_t i = 0; i < run->n_cells; i++)
        if (run->cells[i].threads == wanted->threads &&
            strcmp(run->cells[i].workload, wanted->workload) == 0)
            return &run->cells[i];
    return NULL;
}

/* What is known of a plan. */
static const struct {
    const char *name;
    size_t offset;
} plan_facts[] = {
    {"calls per pass", offsetof(struct store_cell, calls_per_pass)},
    {"frees", offsetof(struct store_cell, frees)},
    {"frees by other threads", offsetof(struct store_cell, remote_frees)},
    {"greatest live bytes", offsetof(struct store_cell, peak_live_bytes)},
    {"the bound of its heap", offsetof(struct store_cell, bound_bytes)},
};

static int check_plan(const struct store_run *a, const struct store_run *b,
                      const struct store_cell *ca, const struct store_cell *cb, struct err *err)
{
    for (size_t i = 0; i < ARRAY_SIZE(plan_facts); i++) {
        uint64_t of_a = *(const uint64_t *)((const char *)ca + plan_facts[i].offset);
        uint64_t of_b = *(const uint64_t *)((const char *)cb + plan_facts[i].offset);
        if (of_a != of_b)
            return err_set(
                err, EINVAL,
                "workload %s with %u threads is not the same work in both runs: %s are %lu "
                "in %s and %lu in %s",
                ca->workload, ca->threads, plan_facts[i].name, (unsigned long)of_a, a->name,
                (unsigned long)of_b, b->name);
    }
    return 0;
}

int comparable_cells(const struct store_run *a, const struct store_run *b,
                     struct comparable_cell *pairs, uint32_t *n, struct err *err)
{
    *n = 0;
    for (uint32_t i = 0; i < a->n_cells; i++) {
        const struct store_cell *other = find_cell(b, &a->cells[i]);
        if (!other)
            continue;
        int result = check_plan(a, b, &a->cells[i], other, err);
        if (result < 0)
            return result;
        pairs[(*n)++] = (struct comparable_cell){i, (uint32_t)(other - b->cells)};
    }
    if (*n == 0)
        return err_set(err, EINVAL,
                       "runs %s and %s have no workload at the same thread count in common",
                       a->name, b->name);
    return 0;
}
