/* Why a pair of thresholds does what it does, from the plan alone. */
#include <stdlib.h>
#include <string.h>

#include "thresholds.h"
#include "tune_print.h"
#include "wanted.h"

static bool has_thresholds(const struct allocator *a)
{
    return allocator_setting(a, "mmap_threshold") && allocator_setting(a, "trim_threshold");
}

/* In bytes, what the user fixed or the point sets; THRESHOLDS_UNKNOWN where neither. */
static void read_thresholds(const struct subject *s, uint64_t *mmap, uint64_t *trim)
{
    struct statistic_wanted *wanted;
    struct err ignored; /* the trials would have said it */
    size_t n;
    *mmap = *trim = THRESHOLDS_UNKNOWN;
    if (wanted_read(s->allocator, s->environment, s->n_environment, &wanted, &n, &ignored) < 0)
        return;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(wanted[i].name, "mmap_threshold") == 0)
            *mmap = wanted[i].value;
        else if (strcmp(wanted[i].name, "trim_threshold") == 0)
            *trim = wanted[i].value;
    }
    free(wanted);
}

void tune_print_why(FILE *out, const struct tuning *t, unsigned point)
{
    char sentences[THRESHOLDS_SENTENCES][THRESHOLDS_SENTENCE_BYTES];
    const struct subject *s = point < t->n_subjects && t->subjects[point].name
                                  ? &t->subjects[point]
                                  : &t->campaign.subjects[0];
    uint64_t mmap, trim;
    static struct thresholds plan;
    struct err ignored; /* without it the answer is no less true */
    if (!has_thresholds(s->allocator) ||
        thresholds_read(t->campaign.cells[0].plan, &plan, &ignored) < 0)
        return;
    read_thresholds(s, &mmap, &trim);
    thresholds_why(&plan, mmap, trim, sentences);
    fputs("\nwhy, from the plan (one pass of what it repeats, by a model: "
          "`arenabench info --thresholds`):\n",
          out);
    for (unsigned i = 0; i < THRESHOLDS_SENTENCES; i++)
        fprintf(out, "  %s\n", sentences[i]);
}
