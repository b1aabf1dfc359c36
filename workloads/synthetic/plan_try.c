#include "plan_try.h"

#include <string.h>
#include <unistd.h>

#include "os.h"
#include "plan_laws.h"
#include "unit.h"

const struct plan *plan_try(const char *word, uint32_t threads, uint64_t seed,
                            struct workload_spec *spec)
{
    struct err err;
    int fd = -1;
    const struct plan *plan = NULL;
    int rc = workload_parse(word, strlen(word), spec, &err);
    if (rc == 0)
        rc = workload_plan(spec, threads, seed, &fd, &plan, &err);
    ck_assert_msg(rc == 0, "%s at %u threads: %s", word, threads, err.text);
    close(fd);
    return plan;
}

void plan_try_drop(const struct plan *plan)
{
    os_unmap((void *)plan, plan->n_bytes);
}

struct plan_walk plan_try_walk(const char *word, uint32_t threads, uint64_t seed)
{
    struct workload_spec spec;
    const struct plan *plan = plan_try(word, threads, seed, &spec);
    struct plan_walk seen = plan_walk(plan);
    plan_try_drop(plan);
    return seen;
}

static void check_plan(const char *word, uint32_t threads)
{
    struct workload_spec spec;
    const struct plan *plan = plan_try(word, threads, 42, &spec);
    struct plan_walk seen = plan_walk(plan);
    plan_laws_check(&spec, threads, plan, &seen);
    plan_try_drop(plan);
}

static void check_seed(const char *word)
{
    struct workload_spec spec;
    const struct plan *a = plan_try(word, 4, 7, &spec), *b = plan_try(word, 4, 7, &spec),
                      *c = plan_try(word, 4, 8, &spec);
    ck_assert_uint_eq(a->n_bytes, b->n_bytes);
    ck_assert_mem_eq(a, b, a->n_bytes);
    bool same = a->n_bytes == c->n_bytes && memcmp(a, c, a->n_bytes) == 0;
    ck_assert_msg(same == spec.workload->seedless, "%s: seeds 7 and 8", word);
    plan_try_drop(a);
    plan_try_drop(b);
    plan_try_drop(c);
}

void plan_try_laws(const char *const *words, size_t n)
{
    static const uint32_t threads[] = {1, 2, 3, 4, 5, 6, 7, 8, 64};
    for (size_t i = 0; i < n; i++) {
        struct workload_spec spec;
        plan_try_drop(plan_try(words[i], 2, 1, &spec));
        for (size_t j = 0; j < ARRAY_SIZE(threads); j++)
            if (threads[j] >= spec.workload->threads_min)
                check_plan(words[i], threads[j]);
        check_seed(words[i]);
    }
}
