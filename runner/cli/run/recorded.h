/* How a recorded program is replayed: the parameters of its word, as pace=order:copies=2. Pure. */
#pragma once

#include "param.h"
#include "trace_plan.h"

struct recorded_spec {
    enum trace_pace pace;
    uint64_t scale; /* TRACE_PACE_TIME: of the recorded times, in millionths; else 1000000 */
    uint32_t copies;
};

/* As fast as hand-overs, births and joins allow, once. */
void recorded_preset(struct recorded_spec *out);

/* Overwrites what `text` names. 0 or -EINVAL, as params_parse(). */
int recorded_parse(struct recorded_spec *spec, const char *text, struct err *err) MUST_CHECK;

/* The options: none, order, time or time:SCALE; and a number. 0 or -EINVAL. */
int recorded_parse_pace(struct recorded_spec *spec, const char *text, struct err *err) MUST_CHECK;
int recorded_parse_copies(struct recorded_spec *spec, const char *text, struct err *err) MUST_CHECK;

#define RECORDED_PACE_HELP \
    "what holds the threads of recorded programs back: none (objects and ends that they wait for; " \
    "the default), order (the recorded order, too, but for a window of 65536 events), time or " \
    "time:SCALE (the recorded times, too; 2 is twice as slow)"
#define RECORDED_COPIES_HELP \
    "copies of each recorded program, side by side in one process (default 1)"

/* What differs from the preset, as recorded_parse() reads it; "" when nothing does. */
void recorded_format(const struct recorded_spec *spec, char *out, size_t n);

/* The rows, for listings; they end with one without a name. */
const struct param *recorded_params(void);
