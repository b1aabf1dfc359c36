#include "plan_asked.h"

#include <string.h>
#include <unistd.h>

#include "os.h"
#include "plan_laws.h"
#include "unit.h"

struct workload_spec plan_spec(const char *word)
{
    struct err err;
    struct workload_spec spec;
    ck_assert_msg(workload_parse(word, strlen(word), &spec, &err) == 0, "%s", err.text);
    return spec;
}

const struct plan *plan_of(const struct workload_spec *spec, uint32_t threads, uint64_t seed)
{
    struct err err;
    int fd = -1;
    const struct plan *plan = NULL;
    int rc = workload_plan(spec, threads, seed, &fd, &plan, &err);
    ck_assert_msg(rc == 0, "%u threads: %s", threads, err.text);
    close(fd);
    return plan;
}

const struct plan *plan_asked(const char *word, uint32_t threads, uint64_t seed)
{
    struct workload_spec spec = plan_spec(word);
    return plan_of(&spec, threads, seed);
}

void plan_drop(const struct plan *plan)
{
    os_unmap((void *)plan, plan->n_bytes);
}

struct plan_walk plan_asked_walk(const char *word, uint32_t threads, uint64_t seed)
{
    const struct plan *plan = plan_asked(word, threads, seed);
    struct plan_walk seen = plan_walk(plan);
    plan_drop(plan);
    return seen;
}

static bool same_plan(const struct plan *a, const struct plan *b)
{
    return a->n_bytes == b->n_bytes && memcmp(a, b, a->n_bytes) == 0;
}

void plan_check_seed(const struct workload_spec *spec, uint32_t threads)
{
    const struct plan *one = plan_of(spec, threads, 7);
    const struct plan *again = plan_of(spec, threads, 7);
    const struct plan *other = plan_of(spec, threads, 8);
    ck_assert_msg(same_plan(one, again), "%s at %u threads: two plans of a seed", one->name,
                  threads);
    bool same = same_plan(one, other);
    struct plan_walk seen = plan_walk(one);
    bool may_differ = !spec->workload->seedless;
    bool must_differ = may_differ && seen.least_bytes < seen.most_bytes;
    ck_assert_msg(same ? !must_differ : may_differ, "%s at %u threads: seeds 7 and 8 make %s",
                  one->name, threads, same ? "the same plan" : "different plans");
    plan_drop(one);
    plan_drop(again);
    plan_drop(other);
}

void plan_keeps_laws(const struct workload_spec *spec, uint32_t threads)
{
    const struct plan *plan = plan_of(spec, threads, 42);
    struct plan_walk seen = plan_walk(plan);
    plan_laws_check(spec, threads, plan, &seen);
    plan_drop(plan);
}

void plan_asked_keeps_laws(const char *const *words, size_t n)
{
    static const uint32_t threads[] = {1, 2, 3, 4, 5, 6, 7, 8, 64};
    for (size_t i = 0; i < n; i++) {
        struct workload_spec spec = plan_spec(words[i]);
        for (size_t j = 0; j < ARRAY_SIZE(threads); j++)
            if (threads[j] >= spec.workload->threads_min)
                plan_keeps_laws(&spec, threads[j]);
        plan_check_seed(&spec, 4);
    }
}
