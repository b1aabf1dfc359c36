#include "plan_laws.h"

#include "unit.h"

static void check_shape(const struct workload_spec *spec, uint32_t threads, const struct plan *plan,
                        const char *word)
{
    struct err err;
    struct workload_args args = {.threads = threads, .seed = 1, .values = spec->values};
    struct workload_extent extent;
    ck_assert_int_eq(spec->workload->extent(&args, &extent, &err), 0);
    ck_assert_msg(plan->n_ops <= extent.words, "%s at %u threads: %lu words, not %lu", word,
                  threads, plan->n_ops, extent.words);
    ck_assert_msg(plan->n_threads == extent.threads, "%s at %u threads: %u threads, not %lu", word,
                  threads, plan->n_threads, extent.threads);
    ck_assert_msg(plan->n_roots == threads, "%s at %u threads: %u roots", word, threads,
                  plan->n_roots);
    ck_assert_msg(plan->flags & PLAN_LOOPS, "%s at %u threads has no bodies", word, threads);
    for (uint32_t t = 0; t < threads; t++)
        ck_assert_msg(plan_threads(plan)[t].loop_begin < plan_threads(plan)[t].loop_end,
                      "%s: thread %u has no body", word, t);
}

/* A scenario that begins with an untouched heap is all body: it holds nothing before and behind. */
static void check_cold(const struct plan *plan, const char *word)
{
    ck_assert_msg(!(plan->flags & PLAN_SETTLES), "%s begins cold, and is warmed up", word);
    for (uint32_t t = 0; t < plan->n_roots; t++) {
        const struct plan_thread *th = &plan_threads(plan)[t];
        ck_assert_msg(th->before.calls == 0 && th->after.calls == 0,
                      "%s begins cold, and thread %u allocates or frees outside of its body", word,
                      t);
    }
}

void plan_laws_check(const struct workload_spec *spec, uint32_t threads, const struct plan *plan,
                     const struct plan_walk *seen)
{
    char word[WORKLOAD_TEXT_BYTES];
    workload_format(spec, word, sizeof(word));
    check_shape(spec, threads, plan, word);
    if (spec->workload->from_cold)
        check_cold(plan, word);
    ck_assert_msg(!seen->stuck, "%s at %u threads waits for ever", word, threads);
    ck_assert_msg(seen->live_objects_at_end == 0, "%s at %u threads leaves %lu objects", word,
                  threads, seen->live_objects_at_end);
    ck_assert_msg(seen->n_sizes_changed == 0, "%s at %u threads: %lu slots end with other sizes",
                  word, threads, seen->n_sizes_changed);
    ck_assert_uint_eq(seen->allocations, plan->facts.allocations);
    ck_assert_uint_eq(seen->frees, plan->facts.frees);
    ck_assert_uint_eq(seen->remote_frees, plan->facts.remote_frees);
}
