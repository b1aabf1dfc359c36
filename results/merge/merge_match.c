/* What may be joined with what. */
#include <errno.h>
#include <string.h>

#include "comparable.h"
#include "merge_internal.h"

static bool is_same_fact(const struct store_run *a, const struct store_run *b, const char *key)
{
    const char *of_a = store_run_fact(a, key), *of_b = store_run_fact(b, key);
    return (!of_a && !of_b) || (of_a && of_b && strcmp(of_a, of_b) == 0);
}

/*
 * A run that is not shared out, again: begun in the same second in the same way, on a machine that was in the same
 * state to the byte.
 */
static bool is_itself(const struct store_run *a, const struct store_run *b)
{
    return a->started_s == b->started_s && is_same_fact(a, b, "memory_available_bytes") &&
           is_same_fact(a, b, "load_average") && is_same_fact(a, b, "machine");
}

/* A file without a build id is known by where it lay and its version. */
static bool is_same_build(const struct merge_build *a, const struct merge_build *b)
{
    if (!a->is_known || !b->is_known)
        return true;
    if (*a->build_id || *b->build_id)
        return strcmp(a->build_id, b->build_id) == 0;
    return strcmp(a->version, b->version) == 0 && strcmp(a->path, b->path) == 0;
}

static int check_builds(const struct merge_run *a, const struct merge_run *b, struct err *why)
{
    for (uint32_t i = 0; i < a->run.n_subjects; i++)
        if (!is_same_build(&a->builds[i], &b->builds[i]))
            return err_set(why, EINVAL,
                           "%s is another build: %s (build id %.*s) in run %s and %s (%.*s) in %s",
                           a->run.subjects[i].name, a->builds[i].path, 12, a->builds[i].build_id,
                           a->run.name, b->builds[i].path, 12, b->builds[i].build_id, b->run.name);
    return 0;
}

enum merge_match merge_match(const struct merge_run *a, const struct merge_run *b, struct err *why)
{
    if (a->run.n_shards == 0 && b->run.n_shards == 0 && !is_itself(&a->run, &b->run)) {
        err_set(why, EINVAL, "runs %s and %s were begun at different times", a->run.name,
                b->run.name);
        return MATCH_NONE;
    }
    if (comparable_same(&a->run, &b->run, why) < 0)
        return MATCH_NONE;
    if (comparable_machine(&a->run, &b->run, why) < 0 || check_builds(a, b, why) < 0)
        return MATCH_GROUP;
    return MATCH_RUN;
}
