#include "plan_asked.h"

#include <string.h>
#include <unistd.h>

#include "os.h"
#include "plan_laws.h"
#include "unit.h"

static struct workload_spec parse(const char *word)
{
    struct err err;
    struct workload_spec spec;
    ck_assert_msg(workload_parse(word, strlen(word), &spec, &err) == 0, "%s", err.text);
    return spec;
}

const struct plan *plan_asked(const char *word, uint32_t threads, uint64_t seed)
{
    struct err err;
    struct workload_spec spec = parse(word);
    int fd = -1;
    const struct plan *plan = NULL;
    int rc = workload_plan(&spec, threads, seed, &fd, &plan, &err);
    ck_assert_msg(rc == 0, "%s at %u threads: %s", word, threads, err.text);
    close(fd);
    return plan;
}

void plan_drop(const struct plan *plan)
{
    os_unmap((void *)plan, plan->n_bytes);
}

void plan_asked_keeps_laws(const char *const *words, size_t n)
{
    static const uint32_t threads[] = {1, 2, 3, 5, 8, 64};
    for (size_t i = 0; i < n * ARRAY_SIZE(threads); i++) {
        const char *word = words[i / ARRAY_SIZE(threads)];
        uint32_t n_threads = threads[i % ARRAY_SIZE(threads)];
        struct workload_spec spec = parse(word);
        if (n_threads < spec.workload->threads_min)
            continue;
        const struct plan *plan = plan_asked(word, n_threads, 42);
        struct plan_walk seen = plan_walk(plan);
        plan_laws_check(&spec, n_threads, plan, &seen);
        plan_drop(plan);
    }
}
