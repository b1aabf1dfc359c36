#include "recorded.h"

#include <errno.h>
#include <string.h>

#include "param.h"
#include "text.h"
#include "words.h"

enum { PACE, SCALE, COPIES };

static const char *const paces[] = {"none", "order", "time"};
static_assert(ARRAY_SIZE(paces) == TRACE_PACES, "every pace has a word");

static const struct param rows[] = {
    [PACE] =
        {"pace", PARAM_CHOICE, TRACE_PACE_NONE, 0, TRACE_PACES - 1,
         "what holds a thread back: none (the objects it waits for), order (the recorded order, "
         "too, but for a window), time (the recorded times, too)",
         paces},
    [SCALE] = {"scale", PARAM_FACTOR, PARAM_ONE, 0, TRACE_SCALE_MAX *PARAM_ONE,
               "with pace=time: 2 is twice as slow as recorded, 0.5 twice as fast", NULL},
    [COPIES] = {"copies", PARAM_COUNT, 1, 1, TRACE_COPIES_MAX,
                "of the program, side by side in one process", NULL},
    {0},
};

const struct param *recorded_params(void)
{
    return rows;
}

static void to_values(const struct recorded_spec *spec, uint64_t values[PARAMS_MAX])
{
    values[PACE] = spec->pace;
    values[SCALE] = spec->scale;
    values[COPIES] = spec->copies;
}

static void from_values(struct recorded_spec *spec, const uint64_t values[PARAMS_MAX])
{
    *spec = (struct recorded_spec){.pace = (enum trace_pace)values[PACE],
                                   .scale = values[SCALE],
                                   .copies = (uint32_t)values[COPIES]};
    if (spec->pace != TRACE_PACE_TIME)
        spec->scale = PARAM_ONE;
}

void recorded_preset(struct recorded_spec *out)
{
    uint64_t values[PARAMS_MAX];
    params_preset(rows, values);
    from_values(out, values);
}

int recorded_parse(struct recorded_spec *spec, const char *text, struct err *err)
{
    uint64_t values[PARAMS_MAX];
    to_values(spec, values);
    int rc = params_parse(rows, text, strlen(text), values, err);
    if (rc == 0 && values[PACE] != TRACE_PACE_TIME && values[SCALE] != spec->scale)
        rc = err_set(err, EINVAL, "scale is of pace=time, and not of pace=%s", paces[values[PACE]]);
    if (rc == 0)
        from_values(spec, values);
    return rc;
}

int recorded_parse_pace(struct recorded_spec *spec, const char *text, struct err *err)
{
    char words[128];
    const char *scale = strchr(text, ':');
    if (strlen(text) > 64)
        return err_set(err, EINVAL, "--pace is none, order, time or time:SCALE");
    if (scale)
        text_format(words, sizeof(words), "pace=%.*s:scale=%s", (int)(scale - text), text,
                    scale + 1);
    else
        text_format(words, sizeof(words), "pace=%s", text);
    int rc = recorded_parse(spec, words, err);
    if (rc < 0)
        err_prefix(err, "--pace %s", text);
    return rc;
}

int recorded_parse_copies(struct recorded_spec *spec, const char *text, struct err *err)
{
    uint64_t n;
    int rc = words_number(text, "--copies", 1, TRACE_COPIES_MAX, &n, err);
    if (rc == 0)
        spec->copies = (uint32_t)n;
    return rc;
}

void recorded_format(const struct recorded_spec *spec, char *out, size_t n)
{
    uint64_t values[PARAMS_MAX];
    to_values(spec, values);
    params_format(rows, values, out, n);
}
