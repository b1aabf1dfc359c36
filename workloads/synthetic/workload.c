#include "workload.h"

#include <errno.h>
#include <string.h>

#include "generate.h"
#include "near.h"
#include "text.h"

#define ECHO_BYTES 40 /* of what a user wrote, at most so much is repeated to them */

static const struct workload *find(const char *name, size_t length)
{
    size_t n;
    const struct workload *const *table = workload_table(&n);
    for (size_t i = 0; i < n; i++)
        if (strlen(table[i]->name) == length && memcmp(table[i]->name, name, length) == 0)
            return table[i];
    return NULL;
}

static COLD int unknown_name(const char *name, size_t length, struct err *err)
{
    char hint[160];
    int echo = (int)(length < ECHO_BYTES ? length : ECHO_BYTES);
    size_t n;
    const struct workload *const *table = workload_table(&n);
    struct near near;
    near_init(&near, name, length);
    for (size_t i = 0; i < n; i++)
        near_offer(&near, table[i]->name);
    near_hint(&near, hint, sizeof(hint));
    if (memchr(name, '=', length))
        return err_set(err, EINVAL,
                       "no workload '%.*s': parameters follow a name and are joined by ':', "
                       "as in larson:remote=0.2:live=2000",
                       echo, name);
    return err_set(err, EINVAL, "no workload '%.*s'%s%s (`arenabench list workloads` tells all)",
                   echo, name, near.n ? ": " : "", hint);
}

int workload_parse(const char *text, size_t length, struct workload_spec *spec, struct err *err)
{
    const char *colon = memchr(text, ':', length);
    size_t name_length = colon ? (size_t)(colon - text) : length;
    spec->workload = find(text, name_length);
    if (!spec->workload)
        return unknown_name(text, name_length, err);
    params_preset(spec->workload->params, spec->values);
    spec->classes = NULL;
    if (!colon)
        return 0;
    int rc = params_parse(spec->workload->params, colon + 1, length - name_length - 1, spec->values,
                          err);
    if (rc < 0)
        err_prefix(err, "%s", spec->workload->name);
    return rc;
}

size_t workload_format(const struct workload_spec *spec, char *out, size_t n)
{
    char params[WORKLOAD_TEXT_BYTES];
    params_format(spec->workload->params, spec->values, params, sizeof(params));
    return text_format(out, n, "%s%s%s", spec->workload->name, params[0] ? ":" : "", params);
}

static int measure(const struct workload_spec *spec, const struct workload_args *args,
                   struct workload_extent *extent, struct err *err)
{
    const struct workload *w = spec->workload;
    uint32_t threads = args->threads;
    if (threads < 1 || threads > WORKLOAD_THREADS_MAX)
        return err_set(err, EINVAL, "%s: %u threads: 1 to %u can be had", w->name, threads,
                       WORKLOAD_THREADS_MAX);
    if (threads < w->threads_min)
        return err_set(err, EINVAL, "%s needs %u threads or more, not %u", w->name, w->threads_min,
                       threads);
    int rc = w->extent(args, extent, err);
    if (rc < 0) {
        err_prefix(err, "%s", w->name);
        return rc;
    }
    if (extent->words > WORKLOAD_WORDS_MAX)
        return err_set(err, EINVAL,
                       "%s: a plan of %lu words for %u threads; %lu are the most: lower a count "
                       "or the threads",
                       w->name, extent->words, threads, WORKLOAD_WORDS_MAX);
    if (extent->threads > WORKLOAD_PLAN_THREADS_MAX)
        return err_set(err, EINVAL, "%s: a plan that starts %lu threads; %lu are the most", w->name,
                       extent->threads, WORKLOAD_PLAN_THREADS_MAX);
    return 0;
}

int workload_check(const struct workload_spec *spec, uint32_t threads, struct err *err)
{
    struct workload_args args = workload_args_of(spec, threads, 0);
    struct workload_extent extent = {0};
    return measure(spec, &args, &extent, err);
}

bool workload_wants_classes(const struct workload_spec *spec)
{
    struct workload_args args = workload_args_of(spec, 1, 0);
    return spec->workload->wants_classes && spec->workload->wants_classes(&args);
}

static bool off_main(const struct workload_spec *spec)
{
    int i = params_find(spec->workload->params, GENERATE_MAIN_KEY, strlen(GENERATE_MAIN_KEY));
    return i >= 0 && spec->values[i] == 0;
}

int workload_plan(const struct workload_spec *spec, uint32_t threads, uint64_t seed, int *fd,
                  const struct plan **plan, struct err *err)
{
    struct workload_args args = workload_args_of(spec, threads, seed);
    struct workload_extent extent = {0};
    int rc = measure(spec, &args, &extent, err);
    if (rc < 0)
        return rc;

    char name[WORKLOAD_TEXT_BYTES];
    workload_format(spec, name, sizeof(name));
    struct plan_builder *b = plan_builder_new(name, (uint32_t)extent.threads);
    if (!b)
        return err_set(err, ENOMEM, "%s: no memory for a plan of %lu threads", name,
                       extent.threads);
    if (off_main(spec))
        plan_builder_off_main(b);
    if (!spec->workload->from_cold)
        plan_builder_settles(b);
    for (uint32_t t = 0; t < threads; t++)
        plan_builder_root(b, t);
    rc = spec->workload->plan(&args, b, err);
    if (rc == 0)
        rc = plan_builder_finish(b, fd, plan, err);
    plan_builder_free(b);
    return rc;
}
