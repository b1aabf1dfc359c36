#include "surroundings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run_config.h"
#include "script.h"

extern char **environ;

static int take_text(char **text, const char *variable, struct err *err)
{
    const char *value = getenv(variable);
    if (*text || !value || !*value)
        return 0;
    int rc = script_check(value, variable, err);
    return rc == 0 && run_config_set(text, value) < 0 ? err_set(err, ENOMEM, "out of memory") : rc;
}

/* First among the options: what was given holds. */
static int take_option(struct submission *s, const char *variable, const char *option,
                       struct err *err)
{
    const char *value = getenv(variable);
    char *word = NULL;
    if (!value || !*value)
        return 0;
    int rc = script_check(value, variable, err);
    if (rc == 0 && asprintf(&word, "%s=%s", option, value) < 0)
        return err_set(err, ENOMEM, "out of memory");
    if (rc == 0)
        rc = submission_add(&s->options, &s->n_options, word, err);
    free(word);
    if (rc == 0) {
        char *last = s->options[s->n_options - 1];
        memmove(s->options + 1, s->options, (s->n_options - 1) * sizeof(s->options[0]));
        s->options[0] = last;
    }
    return rc;
}

static int take_place(struct submission *s, struct err *err)
{
    int rc = take_text(&s->partition, "SBATCH_PARTITION", err);
    if (rc == 0)
        rc = take_text(&s->constraint, "SBATCH_CONSTRAINT", err);
    if (rc == 0)
        rc = take_text(&s->account, "SBATCH_ACCOUNT", err);
    if (rc == 0)
        rc = take_text(&s->time, "SBATCH_TIMELIMIT", err);
    if (rc == 0)
        rc = take_option(s, "SBATCH_QOS", "--qos", err);
    return rc == 0 ? take_option(s, "SBATCH_RESERVATION", "--reservation", err) : rc;
}

static bool begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* How Slurm is reached stays. */
static bool is_unwanted(const char *variable)
{
    static const char *const prefixes[] = {"SBATCH_",  "SQUEUE_",   "SINFO_",
                                           "SCANCEL_", "SCONTROL_", "SRUN_"};
    for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
        if (begins_with(variable, prefixes[i]))
            return true;
    return begins_with(variable, "SLURM_") && !begins_with(variable, "SLURM_CONF") &&
           !begins_with(variable, "SLURM_JWT");
}

int surroundings_take(struct submission *s, struct err *err)
{
    int rc = s ? take_place(s, err) : 0;
    for (char **variable = environ; rc == 0 && *variable;) {
        char *name = is_unwanted(*variable) ? strndup(*variable, strcspn(*variable, "=")) : NULL;
        if (is_unwanted(*variable) && !name)
            return err_set(err, ENOMEM, "out of memory");
        if (name)
            unsetenv(name); /* what stood behind it moves here */
        else
            variable++;
        free(name);
    }
    return rc;
}
