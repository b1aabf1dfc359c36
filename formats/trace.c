#include "trace.h"

const char *trace_kind_name(enum trace_kind kind)
{
    static const char *const names[TRACE_KINDS] = {
        [TRACE_NONE] = "none",
        [TRACE_MALLOC] = "malloc",
        [TRACE_CALLOC] = "calloc",
        [TRACE_ALIGNED] = "aligned",
        [TRACE_FREE] = "free",
        [TRACE_REALLOC] = "realloc",
        [TRACE_REALLOC_IN] = "realloc of NULL",
        [TRACE_GIVE] = "give",
        [TRACE_TAKE] = "take",
        [TRACE_SPAWN] = "spawn",
        [TRACE_JOIN] = "join",
        [TRACE_END] = "end",
        [TRACE_CLOCK] = "clock",
        [TRACE_EXTENT] = "extent",
    };
    return (unsigned)kind < TRACE_KINDS ? names[kind] : "unknown";
}

const char *trace_clock_name(enum trace_clock clock)
{
    static const char *const names[TRACE_CLOCKS] = {"tsc", "monotonic", "none"};
    return (unsigned)clock < TRACE_CLOCKS ? names[clock] : "unknown";
}

const char *trace_source_name(enum trace_source source)
{
    static const char *const names[TRACE_SOURCES] = {"recorded", "imported", "generated"};
    return (unsigned)source < TRACE_SOURCES ? names[source] : "unknown";
}
