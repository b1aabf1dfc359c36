#include "run_config.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char *const touch_names[] = {
    [TOUCH_NONE] = "none", [TOUCH_FIRST] = "first", [TOUCH_LINE] = "line",
    [TOUCH_PAGE] = "page", [TOUCH_ALL] = "all",
};
static_assert(ARRAY_SIZE(touch_names) == TOUCH_KINDS, "every policy has a name");

const char *touch_name(enum touch touch)
{
    return touch_names[touch];
}

int touch_parse(const char *word, enum touch *out, struct err *err)
{
    for (unsigned i = 0; i < TOUCH_KINDS; i++) {
        if (strcmp(word, touch_names[i]) == 0) {
            *out = (enum touch)i;
            return 0;
        }
    }
    return err_set(err, EINVAL, "unknown touch policy '%s': it is none, first, line, page or all",
                   word);
}

int run_config_set(char **text, const char *value)
{
    char *copy = strdup(value);
    if (!copy)
        return -ENOMEM;
    free(*text);
    *text = copy;
    return 0;
}

char *run_config_to_json(const struct run_config *c)
{
    json_t *json =
        json_pack("{ss ss ss ss ss si si sf sf sf sI ss ss sb sb ss* ss*}", "allocators",
                  c->allocators, "workloads", c->workloads, "threads", c->threads, "cores",
                  c->cores, "baseline", c->baseline, "blocks", (int)c->blocks, "warm_up_passes",
                  (int)c->warm_up, "seconds", c->seconds, "budget_seconds", c->budget_s,
                  "limit_seconds", c->limit_s, "seed", (json_int_t)c->seed, "touch",
                  touch_name(c->touch), "pin", pin_policy_name(c->pin), "survey", (int)c->survey,
                  "survey_all", (int)c->survey_all, "suite", c->suite, "size_classes", c->classes);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    return text;
}

/* The texts that were unpacked, which die with the JSON. */
static int keep_texts(struct run_config *c, const char *const texts[5])
{
    char **const places[5] = {&c->allocators, &c->workloads, &c->threads, &c->cores, &c->baseline};
    for (unsigned i = 0; i < 5; i++)
        if (run_config_set(places[i], texts[i]) < 0)
            return -ENOMEM;
    return 0;
}

static int unpack(struct run_config *c, json_t *json, struct err *err)
{
    const char *texts[5], *touch, *pin, *suite = NULL, *classes = NULL;
    int blocks, warm_up, survey, survey_all;
    json_int_t seed;
    if (json_unpack(json, "{ss ss ss ss ss si si sF sF sF sI ss ss sb sb s?s s?s}", "allocators",
                    &texts[0], "workloads", &texts[1], "threads", &texts[2], "cores", &texts[3],
                    "baseline", &texts[4], "blocks", &blocks, "warm_up_passes", &warm_up, "seconds",
                    &c->seconds, "budget_seconds", &c->budget_s, "limit_seconds", &c->limit_s,
                    "seed", &seed, "touch", &touch, "pin", &pin, "survey", &survey, "survey_all",
                    &survey_all, "suite", &suite, "size_classes", &classes) < 0 ||
        blocks < 1 || blocks > (int)RUN_BLOCKS_MAX || warm_up < 0 || warm_up > (int)RUN_WARM_UP_MAX)
        return err_set(err, EINVAL, "the run's manifest is damaged");
    c->blocks = (uint32_t)blocks;
    c->warm_up = (uint32_t)warm_up;
    c->survey = survey;
    c->survey_all = survey_all;
    c->seed = (uint64_t)seed;
    int rc = touch_parse(touch, &c->touch, err);
    if (rc == 0)
        rc = pin_policy_parse(pin, &c->pin, err);
    if (rc == 0 && (keep_texts(c, texts) < 0 || (suite && run_config_set(&c->suite, suite) < 0) ||
                    (classes && run_config_set(&c->classes, classes) < 0)))
        rc = err_set(err, ENOMEM, "out of memory");
    return rc;
}

int run_config_from_json(struct run_config *c, const char *text, struct err *err)
{
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    int rc;
    if (json_object_get(json, RUN_CONFIG_TUNE))
        rc = err_set(err, EINVAL, "the run is a tuning; go on with `arenabench tune --resume`");
    else
        rc = json ? unpack(c, json, err) : err_set(err, EINVAL, "the run's manifest is damaged");
    json_decref(json);
    return rc;
}

void run_config_release(struct run_config *c)
{
    free(c->allocators);
    free(c->workloads);
    free(c->threads);
    free(c->cores);
    free(c->baseline);
    free(c->suite);
    free(c->classes);
    *c = (struct run_config){0};
}
