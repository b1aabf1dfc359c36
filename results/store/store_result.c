#include "store_result.h"

#include <errno.h>
#include <string.h>

#include "store_internal.h"
#include "text.h"

#define NUMBER(field) \
    { \
        .name = #field, .offset = offsetof(struct trial_result, field) \
    }
#define OPTIONAL(field) \
    { \
        .name = #field, .offset = offsetof(struct trial_result, field), .is_optional = true \
    }
#define TEXT(field) \
    { \
        .name = #field, .offset = offsetof(struct trial_result, field), \
        .n_bytes = sizeof(((struct trial_result *)NULL)->field) \
    }

const struct store_number store_numbers[] = {
    NUMBER(wall_ns),
    NUMBER(calls),
    NUMBER(passes),
    NUMBER(user_ns),
    NUMBER(system_ns),
    NUMBER(minor_faults),
    NUMBER(major_faults),
    NUMBER(voluntary_switches),
    NUMBER(involuntary_switches),
    NUMBER(stall_ns),
    NUMBER(pace_ns),
    NUMBER(thread_ns),
    NUMBER(baseline_bytes),
    NUMBER(baseline_anonymous_bytes),
    NUMBER(peak_bytes),
    NUMBER(peak_sampled_bytes),
    NUMBER(end_bytes),
    NUMBER(end_lazy_free_bytes),
    NUMBER(end_huge_bytes),
    NUMBER(end_swap_bytes),
    NUMBER(n_mappings),
    NUMBER(foreign_cpu_ns),
    NUMBER(steal_ns),
    OPTIONAL(instructions),
    OPTIONAL(cycles),
    OPTIONAL(cache_misses),
    OPTIONAL(dtlb_load_misses),
    OPTIONAL(counted_millionths),
    NUMBER(statistics_lost),
    {0},
};

const struct store_text store_texts[] = {
    TEXT(message), TEXT(malloc_path), TEXT(build_id),
    TEXT(version), TEXT(environment), TEXT(binding),
    {0},
};

unsigned store_print_result_columns(FILE *out)
{
    unsigned n = 2;
    fputs("status, signal", out);
    for (const struct store_number *c = store_numbers; c->name; c++, n++)
        fprintf(out, ", %s", c->name);
    for (const struct store_text *c = store_texts; c->name; c++, n++)
        fprintf(out, ", %s", c->name);
    return n;
}

int store_bind_result(sqlite3_stmt *q, int first, const struct trial_result *r)
{
    int next = first;
    store_bind_text(q, next++, trial_status_name(r->status));
    sqlite3_bind_int64(q, next++, r->signal);
    for (const struct store_number *c = store_numbers; c->name; c++)
        if (c->is_optional)
            store_bind_known(q, next++, store_number_of(r, c));
        else
            sqlite3_bind_int64(q, next++, (int64_t)store_number_of(r, c));
    for (const struct store_text *c = store_texts; c->name; c++)
        store_bind_text(q, next++, store_text_of(r, c));
    return next;
}

static bool find_status(const char *name, enum trial_status *out)
{
    for (int i = 0; i < TRIAL_STATUSES; i++)
        if (strcmp(name, trial_status_name((enum trial_status)i)) == 0) {
            *out = (enum trial_status)i;
            return true;
        }
    return false;
}

int store_read_result(struct store *s, sqlite3_stmt *q, int first, struct trial_result *r,
                      struct err *err)
{
    int next = first;
    const char *status = store_column_text(q, next++);
    if (!find_status(status, &r->status))
        return err_set(err, EINVAL,
                       "%s has a trial that ended '%.*s', which this version does not know",
                       s->path, 40, status);
    r->signal = sqlite3_column_int(q, next++);
    for (const struct store_number *c = store_numbers; c->name; c++)
        *(uint64_t *)((char *)r + c->offset) = c->is_optional
                                                   ? store_column_known(q, next++)
                                                   : (uint64_t)sqlite3_column_int64(q, next++);
    for (const struct store_text *c = store_texts; c->name; c++)
        text_format((char *)r + c->offset, c->n_bytes, "%s", store_column_text(q, next++));
    return next;
}
