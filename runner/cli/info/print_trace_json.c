#include <errno.h>
#include <jansson.h>

#include "print_info.h"

/* These names stay as they are, whatever people are shown. */
static const char *const kind_names[TRACE_KINDS] = {
    [TRACE_MALLOC] = "malloc", [TRACE_CALLOC] = "calloc",   [TRACE_ALIGNED] = "aligned",
    [TRACE_FREE] = "free",     [TRACE_REALLOC] = "realloc", [TRACE_REALLOC_IN] = "realloc_null",
    [TRACE_GIVE] = "give",     [TRACE_TAKE] = "take",       [TRACE_SPAWN] = "spawn",
    [TRACE_JOIN] = "join",     [TRACE_END] = "end",         [TRACE_CLOCK] = "clock",
    [TRACE_EXTENT] = "extent",
};

static void put_number(json_t *object, const char *name, uint64_t n)
{
    json_object_set_new(object, name, json_integer((json_int_t)n));
}

/* A trace may come from anywhere: what is no UTF-8 has no string. */
static void put_text(json_t *object, const char *name, const char *text)
{
    json_t *string = json_string(text);
    json_object_set_new(object, name, string ? string : json_null());
}

static json_t *kinds(const struct trace_totals *t)
{
    json_t *object = json_object();
    for (unsigned kind = TRACE_MALLOC; kind < TRACE_KINDS; kind++)
        put_number(object, kind_names[kind], t->n_events[kind]);
    return object;
}

static json_t *sizes(const struct trace_info *info)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < TRACE_SIZE_CLASSES; i++) {
        if (info->sizes[i].allocations == 0)
            continue;
        json_t *class = json_object();
        put_number(class, "from_bytes", i ? (uint64_t)1 << i : 0);
        put_number(class, "allocations", info->sizes[i].allocations);
        put_number(class, "bytes", info->sizes[i].bytes);
        json_array_append_new(array, class);
    }
    return array;
}

static void put_header(json_t *o, const struct trace_info *info)
{
    put_text(o, "command", info->command);
    put_text(o, "program", info->program);
    put_text(o, "system", info->system);
    put_text(o, "cpu", info->cpu);
    put_text(o, "allocator", info->allocator);
    put_text(o, "source", trace_source_name(info->source));
    put_text(o, "clock", trace_clock_name(info->clock));
    json_object_set_new(o, "anonymous", json_boolean(info->anonymous));
    put_number(o, "start_s", info->start_s);
    put_number(o, "threads", info->n_threads);
    put_number(o, "cpus", info->n_cpus);
    put_number(o, "page_bytes", info->page_bytes);
}

static void put_totals(json_t *o, const struct trace_totals *t)
{
    put_number(o, "cells", t->n_cells);
    put_number(o, "remote_frees", t->remote_frees);
    put_number(o, "requested_bytes", t->bytes);
    put_number(o, "peak_live_bytes", t->peak_live_bytes);
    put_number(o, "peak_live_objects", t->peak_live_objects);
    put_number(o, "most_threads", t->most_threads);
    put_number(o, "duration_ns", t->duration_ns);
    put_number(o, "lost_events", t->lost_events);
    put_number(o, "unknown_frees", t->unknown_frees);
    put_number(o, "conflicts", t->conflicts);
    bool signal = t->exit_how == TRACE_EXIT_SIGNAL, status = t->exit_how == TRACE_EXIT_STATUS;
    json_object_set_new(o, "exit_status", status ? json_integer(t->exit_value) : json_null());
    json_object_set_new(o, "exit_signal", signal ? json_integer(t->exit_value) : json_null());
}

int print_trace_json(FILE *out, const struct trace_info *info, struct err *err)
{
    json_t *o = json_object();
    put_header(o, info);
    put_totals(o, &info->totals);
    put_number(o, "events", info->events);
    put_number(o, "allocations", info->allocations);
    json_object_set_new(o, "kinds", kinds(&info->totals));
    json_object_set_new(o, "sizes", sizes(info));
    put_number(o, "file_bytes", info->file_bytes);
    json_object_set_new(o, "cut", info->cut[0] ? json_string(info->cut) : json_null());
    int rc = json_dumpf(o, out, JSON_INDENT(2));
    json_decref(o);
    fputc('\n', out);
    return rc == 0 ? 0 : err_set(err, ENOMEM, "no memory for the facts as JSON");
}
