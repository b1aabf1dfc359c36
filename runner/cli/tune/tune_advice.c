/* What a tuning advises, and what that rests on. */
#include <math.h>

#include "facts.h"
#include "tune_print.h"

static void print_interval(FILE *out, const struct tune_candidate *c, enum tune_measure m)
{
    const struct interval *x = &c->ratio[m];
    const char *verdict = c->claims[m] == VERDICT_BETTER  ? "better"
                          : c->claims[m] == VERDICT_WORSE ? "worse"
                                                          : "no difference found";
    if (x->n_blocks > 0)
        fprintf(out, "  %-12s %.3f [%.3f, %.3f]  %s\n", tune_print_measure(m), x->estimate, x->low,
                x->high, verdict);
}

/* One that was measured beside the chosen one, in a line. */
static void print_other(FILE *out, const struct tuning *t, const struct tune_candidate *c)
{
    static const char *const why[TUNE_VERDICTS] = {
        [TUNE_UNCONFIRMED] = "not done",
        [TUNE_FAILED_LATER] = "failed",
        [TUNE_NO_GAIN] = "no gain is certain",
        [TUNE_LIMIT_BROKEN] = "beyond the limit",
        [TUNE_LIMIT_UNSURE] = "a gain, the limit not certainly kept",
        [TUNE_GAIN] = "a gain, too",
    };
    const struct tune_objective *o = &t->config->objective;
    const struct interval *goal = &c->ratio[o->goal], *limited = &c->ratio[o->limited];
    char words[SUBJECT_TEXT_MAX];
    tuning_words(t, tune_point(t->tune, c->point), words, sizeof(words));
    fprintf(out, "  beside it %s: %s", words, why[c->verdict]);
    if (goal->n_blocks > 0)
        fprintf(out, "; %s %.3f [%.3f, %.3f], %s %.3f [%.3f, %.3f]", tune_print_measure(o->goal),
                goal->estimate, goal->low, goal->high, tune_print_measure(o->limited),
                limited->estimate, limited->low, limited->high);
    fputc('\n', out);
}

/* With how many it shared its blocks. */
static const char *among_of(const struct tune_answer *a)
{
    return a->n_candidates > 2 ? " with two others" : a->n_candidates == 2 ? " with another" : "";
}

void tune_print_confirmation(FILE *out, const struct tuning *t, const struct tune_answer *a)
{
    const struct tune_candidate *chosen = tune_chosen(a);
    char words[SUBJECT_TEXT_MAX];
    if (!chosen)
        return;
    tuning_words(t, tune_point(t->tune, chosen->point), words, sizeof(words));
    fprintf(out, "\n%s measured again, %u fresh blocks%s, by the default [%g %% interval%s]:\n",
            words, a->n_confirmed, among_of(a), STATS_CONFIDENCE * 100,
            a->n_candidates > 1 ? ", all at once" : "");
    for (size_t i = 0; i < TUNE_MEASURES; i++)
        print_interval(out, chosen, tune_print_order[i]);
    if (isnan(a->default_confirmed[TUNE_P99]))
        fprintf(out, "  %-12s not measured\n", tune_print_measure(TUNE_P99));
    for (unsigned i = 0; i < a->n_candidates; i++)
        if (&a->candidates[i] != chosen)
            print_other(out, t, &a->candidates[i]);
    if (a->n_candidates > 1)
        fprintf(
            out,
            "  as the best of %u is told, each interval is wide enough for all of them to hold "
            "together (Bonferroni), and a gain is certain where Holm's procedure says so, too\n",
            a->n_candidates);
}

void tune_print_verdict(FILE *out, const struct tuning *t, const struct tune_answer *a)
{
    const struct tune_objective *o = &t->config->objective;
    char words[SUBJECT_TEXT_MAX];
    tuning_words(t, tune_point(t->tune, a->best), words, sizeof(words));
    switch (a->verdict) {
    case TUNE_UNCONFIRMED:
        fprintf(out, "UNCONFIRMED, the search was cut off; the best so far: %s\n", words);
        break;
    case TUNE_NO_CANDIDATE:
        fputs("leave the default: nothing that was tried looked better within the limit\n", out);
        break;
    case TUNE_FAILED_LATER:
        fprintf(out, "leave the default: %s won the search and failed when measured again: %s\n",
                words, a->points[a->best].failure);
        break;
    case TUNE_NO_GAIN:
        fprintf(out,
                "leave the default: %s won the search, but measured again no gain is certain\n",
                words);
        break;
    case TUNE_LIMIT_BROKEN:
        fprintf(
            out,
            "leave the default: %s won the search, but measured again its %s is %.3f of the default's, beyond the limit of %g\n",
            words, tune_print_measure(o->limited), tune_chosen(a)->ratio[o->limited].estimate,
            o->limit);
        break;
    case TUNE_LIMIT_UNSURE:
        fprintf(
            out,
            "recommended: %s\n  the gain is certain; that %s keeps the limit of %g %% is likely, not certain\n",
            words, tune_print_measure(o->limited), o->limit * 100);
        break;
    default:
        fprintf(out, "recommended: %s\n", words);
    }
}

void tune_print_costs(FILE *out, const struct tune_answer *a, const char *before)
{
    static struct machine_facts facts;
    const struct tune_candidate *c = tune_chosen(a);
    if (!c)
        return;
    double mappings = c->value[TUNE_MAPPINGS], by_default = a->default_confirmed[TUNE_MAPPINGS];
    machine_facts_read("/", &facts);
    const char *most = machine_fact(&facts, "max_map_count");
    if (!isnan(mappings))
        fprintf(out, "%smappings at the end %.0f, by default %.0f; vm.max_map_count allows %s\n",
                before, mappings, by_default, most ? most : "an unknown number");
    if (!isnan(c->value[TUNE_FAULTS]))
        fprintf(out, "%spage faults %.3g for a thousand calls, by default %.3g\n", before,
                1000 * c->value[TUNE_FAULTS], 1000 * a->default_confirmed[TUNE_FAULTS]);
    for (enum tune_measure m = 0; m < TUNE_MEASURES; m++)
        if (c->claims[m] == VERDICT_WORSE && m != TUNE_FAULTS && m != TUNE_MAPPINGS)
            fprintf(out, "%s%s %.3f of the default's\n", before, tune_print_measure(m),
                    c->ratio[m].estimate);
}

void tune_print_unproved(FILE *out, const struct tuning *t, unsigned point, const char *before)
{
    const char *name = tuning_unproved(t, point, 0);
    if (!name)
        return;
    fprintf(out, "%staken, but not proved to hold (its effect cannot be told here): %s", before,
            name);
    for (unsigned i = 1; (name = tuning_unproved(t, point, i)); i++)
        fprintf(out, ", %s", name);
    fputc('\n', out);
}
