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

/* -1, which is never, is the greatest of all numbers. */
static uint64_t given(uint64_t value)
{
    return value < THRESHOLDS_UNKNOWN ? value : THRESHOLDS_UNKNOWN - 1;
}

/* In bytes, what the user fixed or the point sets; THRESHOLDS_UNKNOWN where neither. */
static struct thresholds_pair read_thresholds(const struct subject *s)
{
    struct statistic_wanted *wanted;
    struct err ignored; /* the trials would have said it */
    size_t n;
    struct thresholds_pair pair = {THRESHOLDS_UNKNOWN, THRESHOLDS_UNKNOWN};
    if (wanted_read(s->allocator, s->environment, s->n_environment, &wanted, &n, &ignored) < 0)
        return pair;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(wanted[i].name, "mmap_threshold") == 0)
            pair.mmap = given(wanted[i].value);
        else if (strcmp(wanted[i].name, "trim_threshold") == 0)
            pair.trim = given(wanted[i].value);
    }
    free(wanted);
    return pair;
}

void tune_print_why(FILE *out, const struct tuning *t, unsigned point)
{
    char sentences[THRESHOLDS_SENTENCES][THRESHOLDS_SENTENCE_BYTES];
    const struct subject *s = point < t->n_subjects && t->subjects[point].name
                                  ? &t->subjects[point]
                                  : &t->campaign.subjects[0];
    struct err ignored; /* without it the answer is no less true */
    if (!has_thresholds(s->allocator))
        return;
    const struct thresholds_pair pair = read_thresholds(s);
    if (thresholds_why(t->campaign.cells[0].plan, &pair, sentences, &ignored) < 0)
        return;
    fputs("\nwhy, from the plan (one pass of what it repeats, by a model: "
          "`arenabench info --thresholds`):\n",
          out);
    for (unsigned i = 0; i < THRESHOLDS_SENTENCES; i++)
        fprintf(out, "  %s\n", sentences[i]);
}
