/* Why a pair of thresholds does what it does, from the plan alone. */
#include <stdlib.h>
#include <string.h>

#include "thresholds.h"
#include "tune_print.h"

static bool has_thresholds(const struct allocator *a)
{
    return allocator_setting(a, "mmap_threshold") && allocator_setting(a, "trim_threshold");
}

/* What the point sets, in bytes; THRESHOLDS_UNKNOWN where it does not, or where it is not searched. */
static uint64_t threshold_of(const struct tuning *t, const struct tune_point *p, const char *name)
{
    const struct allocator *a = t->campaign.subjects[0].allocator;
    for (unsigned k = 0; k < t->n_knobs; k++) {
        char level[SETTING_VALUE_BYTES], value[SETTING_VALUE_BYTES];
        struct err ignored;
        if (strcmp(t->knobs[k]->name, name) != 0 || p->level[k] == 0)
            continue;
        tuning_level(t, p, k, level);
        if (setting_value(a, t->knobs[k], level, value, &ignored) == 0)
            return strtoull(value, NULL, 10);
    }
    return THRESHOLDS_UNKNOWN;
}

void tune_print_why(FILE *out, const struct tuning *t, unsigned point)
{
    char sentences[THRESHOLDS_SENTENCES][THRESHOLDS_SENTENCE_BYTES];
    const struct tune_point *p = tune_point(t->tune, point);
    uint64_t mmap = threshold_of(t, p, "mmap_threshold"),
             trim = threshold_of(t, p, "trim_threshold");
    static struct thresholds plan;
    struct err ignored; /* without it the answer is no less true */
    if (!has_thresholds(t->campaign.subjects[0].allocator) ||
        thresholds_read(t->campaign.cells[0].plan, &plan, &ignored) < 0)
        return;
    thresholds_why(&plan, mmap, trim, sentences);
    fputs("\nwhy, from the plan (one pass of what it repeats, by a model: "
          "`arenabench info --thresholds`):\n",
          out);
    for (unsigned i = 0; i < THRESHOLDS_SENTENCES; i++)
        fprintf(out, "  %s\n", sentences[i]);
    if (mmap != THRESHOLDS_UNKNOWN)
        fprintf(out, "  At most %llu such objects live at once, each a mapping of the process.\n",
                (unsigned long long)plan.objects[thresholds_nearest_mmap(mmap)].most_live);
}
