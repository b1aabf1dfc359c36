#include "tune_config.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

char *tune_config_to_json(const struct tune_config *c)
{
    char *run = run_config_to_json(&c->run);
    const struct tune_objective *o = &c->objective;
    json_t *json =
        run ? json_pack("{s{ss si si sf sf sf sf} ss}", RUN_CONFIG_TUNE, "knobs", c->knobs, "goal",
                        (int)o->goal, "limited", (int)o->limited, "limit", o->limit,
                        "budget_seconds", c->budget_s, "trial_seconds", c->trial_s,
                        "overhead_seconds", c->overhead_s, "run", run)
            : NULL;
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    free(run);
    return text;
}

static int damaged(struct err *err)
{
    return err_set(err, EINVAL, "the manifest of the tuning is damaged");
}

static int unpack(struct tune_config *c, json_t *json, struct err *err)
{
    const char *knobs, *run;
    int goal, limited;
    if (!json_object_get(json, RUN_CONFIG_TUNE))
        return err_set(err, EINVAL, "the run is no tuning; go on with `arenabench run --resume`");
    if (json_unpack(json, "{s{ss si si sF sF sF sF} ss}", RUN_CONFIG_TUNE, "knobs", &knobs, "goal",
                    &goal, "limited", &limited, "limit", &c->objective.limit, "budget_seconds",
                    &c->budget_s, "trial_seconds", &c->trial_s, "overhead_seconds", &c->overhead_s,
                    "run", &run) < 0 ||
        goal < 0 || goal >= (int)TUNE_MEASURES || limited < 0 || limited >= (int)TUNE_MEASURES ||
        !(c->trial_s > 0) || !(c->overhead_s >= 0) || !(c->budget_s > 0))
        return damaged(err);
    c->objective.goal = (enum tune_measure)goal;
    c->objective.limited = (enum tune_measure)limited;
    if (run_config_set(&c->knobs, knobs) < 0)
        return err_set(err, ENOMEM, "out of memory");
    return run_config_from_json(&c->run, run, err);
}

int tune_config_from_json(struct tune_config *c, const char *text, struct err *err)
{
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    int rc = json ? unpack(c, json, err) : damaged(err);
    json_decref(json);
    return rc;
}

void tune_config_release(struct tune_config *c)
{
    run_config_release(&c->run);
    free(c->knobs);
    c->knobs = NULL;
}
