#include "comparable.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What makes a machine, in a state, what it is to a measurement. */
static const struct {
    const char *key;
    bool is_memory; /* of which firmware keeps more or less for itself */
} machine_facts[] = {
    {.key = "cpu_model"},
    {.key = "cpus_online"},
    {.key = "topology"},
    {.key = "cpus_chosen"},
    {.key = "smt_active"},
    {.key = "governor"},
    {.key = "turbo"},
    {.key = "hypervisor"},
    {.key = "memory_bytes", .is_memory = true},
    {.key = "page_bytes"},
    {.key = "numa_nodes"},
    {.key = "kernel_release"},
    {.key = "libc_version"},
    {.key = "thp_enabled"},
    {.key = "thp_defrag"},
    {.key = "aslr"},
    {.key = "overcommit_memory"},
    {.key = "cgroup_cpu_quota"},
    {.key = "cgroup_memory_limit_bytes", .is_memory = true},
};
#define MEMORY_DIFFERENCE 0.03

static bool is_near(const char *a, const char *b)
{
    double x = strtod(a, NULL), y = strtod(b, NULL); /* 0 for words */
    return fabs(x - y) < MEMORY_DIFFERENCE * fmax(x, y);
}

const char *comparable_machine_differs(const struct store_run *a, const struct store_run *b)
{
    for (size_t i = 0; i < ARRAY_SIZE(machine_facts); i++) {
        const char *of_a = store_run_fact(a, machine_facts[i].key);
        const char *of_b = store_run_fact(b, machine_facts[i].key);
        if (of_a && of_b && strcmp(of_a, of_b) != 0 &&
            !(machine_facts[i].is_memory && is_near(of_a, of_b)))
            return machine_facts[i].key;
    }
    return NULL;
}

int comparable_machine(const struct store_run *a, const struct store_run *b, struct err *err)
{
    const char *key = comparable_machine_differs(a, b);
    if (!key)
        return 0;
    return err_set(err, EINVAL,
                   "the runs are of different machines or states of one: %s is '%s' in %s "
                   "and '%s' in %s",
                   key, store_run_fact(a, key), a->name, store_run_fact(b, key), b->name);
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

typedef int compare_orders_fn(const struct order *a, const struct order *b, struct err *err);

static int with_orders(const struct store_run *a, const struct store_run *b,
                       compare_orders_fn *compare, struct err *err)
{
    struct order of_a = {a, json_loads(a->manifest, JSON_REJECT_DUPLICATES, NULL)};
    struct order of_b = {b, json_loads(b->manifest, JSON_REJECT_DUPLICATES, NULL)};
    int result;
    if (!json_is_object(of_a.manifest) || !json_is_object(of_b.manifest))
        result =
            err_set(err, EINVAL, "run %s does not say how it was measured: its manifest is damaged",
                    json_is_object(of_a.manifest) ? b->name : a->name);
    else
        result = compare(&of_a, &of_b, err);
    json_decref(of_a.manifest);
    json_decref(of_b.manifest);
    return result;
}

static int compare_how(const struct order *a, const struct order *b, struct err *err)
{
    static const char *const keys[] = {"touch",          "pin", "cores", "seconds",
                                       "warm_up_passes", "seed"};
    int result = 0;
    for (size_t i = 0; i < ARRAY_SIZE(keys) && result == 0; i++)
        result = compare_order(a, b, keys[i], err);
    return result;
}

int comparable_orders(const struct store_run *a, const struct store_run *b, struct err *err)
{
    return with_orders(a, b, compare_how, err);
}

/* All that is in either. */
static int compare_whole(const struct order *a, const struct order *b, struct err *err)
{
    const char *key;
    json_t *value;
    int result = 0;
    json_object_foreach(a->manifest, key, value)
    {
        if (result == 0)
            result = compare_order(a, b, key, err);
    }
    json_object_foreach(b->manifest, key, value)
    {
        if (result == 0)
            result = compare_order(a, b, key, err);
    }
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

static int differ(const struct store_run *a, const struct store_run *b, const char *what,
                  struct err *err)
{
    return err_set(err, EINVAL, "runs %s and %s have other %s", a->name, b->name, what);
}

static int check_subjects(const struct store_run *a, const struct store_run *b, struct err *err)
{
    bool is_same = a->n_subjects == b->n_subjects;
    for (uint32_t i = 0; i < a->n_subjects && is_same; i++)
        is_same = strcmp(a->subjects[i].name, b->subjects[i].name) == 0;
    return is_same ? 0 : differ(a, b, "allocators", err);
}

static int check_cells(const struct store_run *a, const struct store_run *b, struct err *err)
{
    if (a->n_cells != b->n_cells)
        return differ(a, b, "workloads", err);
    for (uint32_t i = 0; i < a->n_cells; i++) {
        const struct store_cell *ca = &a->cells[i], *cb = &b->cells[i];
        if (ca->threads != cb->threads || strcmp(ca->workload, cb->workload) != 0)
            return differ(a, b, "workloads", err);
        int result = check_plan(a, b, ca, cb, err);
        if (result < 0)
            return result;
    }
    return 0;
}

int comparable_same(const struct store_run *a, const struct store_run *b, struct err *err)
{
    if (strcmp(a->program_version, b->program_version) != 0)
        return err_set(err, EINVAL, "run %s was made by version %s and run %s by version %s",
                       a->name, a->program_version, b->name, b->program_version);
    int result = with_orders(a, b, compare_whole, err);
    if (result == 0 && a->n_shards != b->n_shards)
        result = err_set(err, EINVAL, "run %s has %u shards and run %s has %u", a->name,
                         a->n_shards, b->name, b->n_shards);
    if (result == 0)
        result = check_subjects(a, b, err);
    return result == 0 ? check_cells(a, b, err) : result;
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
