/* The line that makes a setting hold in a program of the user's. */
#include <string.h>

#include "setting.h"
#include "tune_print.h"

/* Of <malloc.h>; glibc and our ptmalloc, implicit and buddy take them where they have the setting. */
static const struct {
    const char *setting, *parameter;
} parameters[] = {
    {"mmap_threshold", "M_MMAP_THRESHOLD"},
    {"trim_threshold", "M_TRIM_THRESHOLD"},
    {"top_pad", "M_TOP_PAD"},
    {"mmap_max", "M_MMAP_MAX"},
    {"arena_max", "M_ARENA_MAX"},
    {"arena_test", "M_ARENA_TEST"},
    {"mxfast", "M_MXFAST"},
};

static const char *parameter_of(const char *setting)
{
    for (size_t i = 0; i < ARRAY_SIZE(parameters); i++)
        if (strcmp(parameters[i].setting, setting) == 0)
            return parameters[i].parameter;
    return NULL;
}

/* NULL where it takes an int that the value is too large for. */
static const char *call_of(const struct tuning *t, const struct tune_point *p, unsigned k,
                           char value[SETTING_VALUE_BYTES])
{
    const struct allocator *a = t->campaign.subjects[0].allocator;
    char level[SETTING_VALUE_BYTES];
    struct err ignored;
    tuning_level(t, p, k, level);
    if (setting_value(a, t->knobs[k], level, value, &ignored) < 0 || strlen(value) > 10 ||
        (strlen(value) == 10 && strcmp(value, "2147483647") > 0))
        return NULL;
    return parameter_of(t->knobs[k]->name);
}

static bool has_mallopt(const struct allocator *a)
{
    return a == &allocator_glibc || a == &allocator_ptmalloc;
}

static void print_calls(FILE *out, const struct tuning *t, const struct tune_point *p,
                        const char *before)
{
    char value[SETTING_VALUE_BYTES];
    unsigned n = 0, n_set = 0;
    for (unsigned k = 0; k < t->n_knobs; k++) {
        n_set += p->level[k] > 0;
        n += p->level[k] > 0 && call_of(t, p, k, value) != NULL;
    }
    if (n == 0)
        return;
    fprintf(out, "or, at the very start of main(), with <malloc.h>%s:\n",
            n < n_set ? " (the others have no such call)" : "");
    for (unsigned k = 0; k < t->n_knobs; k++) {
        const char *parameter = p->level[k] > 0 ? call_of(t, p, k, value) : NULL;
        if (parameter)
            fprintf(out, "%smallopt(%s, %s);\n", before, parameter, value);
    }
}

void tune_print_paste(FILE *out, const struct tuning *t, unsigned point, const char *before)
{
    const struct subject *s = &t->subjects[point];
    for (size_t i = 0; i < s->n_environment; i++) {
        const char *line = s->environment[i], *value = strchr(line, '=');
        if (strncmp(line, "LD_PRELOAD=", 11) != 0 && value)
            fprintf(out, "%s%.*s='%s'\n", before, (int)(value - line), line, value + 1);
    }
    if (has_mallopt(s->allocator))
        print_calls(out, t, tune_point(t->tune, point), before);
}
