/*
 * A tuning: its knobs, where each subject stands among them, the front, and the answer that the tuning gave. Null for other
 * runs. The answer comes as JSON out of a file that anybody may have written: what the page shows of it is taken
 * over member by member, and of an answer that is not of this form nothing.
 */
#include <errno.h>
#include <string.h>

#include "page_parts.h"
#include "tune.h"
#include "tuned.h"

static json_t *make_knob(struct page *p, const struct tuned_knob *knob)
{
    json_t *o = json_object(), *levels = json_array();
    for (unsigned i = 0; i < knob->n_levels; i++)
        page_append(p, levels, part_text(knob->levels[i].text));
    page_put(p, o, "name", part_text(knob->name));
    page_put(p, o, "levels", levels);
    return o;
}

/* The index of each knob's level; null for what is no point of the search. */
static json_t *make_point(struct page *p, const struct tuned *t, uint32_t subject)
{
    if (!t->points[subject].is_known)
        return json_null();
    json_t *levels = json_array();
    for (unsigned k = 0; k < t->n_knobs; k++)
        page_append(p, levels, json_integer(t->points[subject].level[k]));
    return levels;
}

/* The numbers of known measures. */
static json_t *take_measures(struct page *p, const json_t *from)
{
    json_t *o = json_object();
    for (enum tune_measure m = 0; m < TUNE_MEASURES; m++) {
        const json_t *value = json_object_get(from, tune_measure_name(m));
        page_put(p, o, tune_measure_name(m),
                 json_is_number(value) ? part_number(json_number_value(value)) : json_null());
    }
    return o;
}

static json_t *take_confirmation(struct page *p, json_t *from)
{
    json_t *o = json_object();
    for (enum tune_measure m = 0; m < TUNE_MEASURES; m++) {
        json_t *one = json_object();
        double ratio, low, high;
        const char *verdict;
        if (json_unpack(json_object_get(from, tune_measure_name(m)), "{sF sF sF ss}", "ratio",
                        &ratio, "low", &low, "high", &high, "verdict", &verdict) < 0) {
            json_decref(one); /* a measure that no trial had, whose numbers are null */
            continue;
        }
        page_put(p, one, "ratio", part_number(ratio));
        page_put(p, one, "low", part_number(low));
        page_put(p, one, "high", part_number(high));
        page_put(p, one, "verdict", part_text(verdict));
        page_put(p, o, tune_measure_name(m), one);
    }
    return o;
}

static json_t *take_points(struct page *p, const json_t *from)
{
    json_t *array = json_array();
    for (size_t i = 0; i < json_array_size(from); i++) {
        json_t *ratios, *errors, *o;
        int subject, blocks;
        if (json_unpack(json_array_get(from, i), "{si si so so}", "subject", &subject, "blocks",
                        &blocks, "ratios", &ratios, "standard_errors", &errors) < 0 ||
            subject < 0 || (uint32_t)subject >= p->s->run.n_subjects || blocks < 0)
            continue;
        o = json_object();
        page_put(p, o, "subject", json_integer(subject));
        page_put(p, o, "blocks", json_integer(blocks));
        page_put(p, o, "ratios", take_measures(p, ratios));
        page_put(p, o, "standard_errors", take_measures(p, errors));
        page_append(p, array, o);
    }
    return array;
}

/* All that shared the fresh blocks; none in an answer of a version that did not tell them. */
static json_t *take_candidates(struct page *p, const json_t *from)
{
    json_t *array = json_array();
    for (size_t i = 0; i < json_array_size(from); i++) {
        json_t *confirmation, *o;
        const char *verdict;
        int subject;
        if (json_unpack(json_array_get(from, i), "{si ss so}", "point", &subject, "verdict",
                        &verdict, "confirmation", &confirmation) < 0 ||
            subject <= 0 || (uint32_t)subject >= p->s->run.n_subjects)
            continue;
        o = json_object();
        page_put(p, o, "subject", json_integer(subject));
        page_put(p, o, "verdict", part_text(verdict));
        page_put(p, o, "confirmation", take_confirmation(p, confirmation));
        page_append(p, array, o);
    }
    return array;
}

static json_t *take_texts(struct page *p, const json_t *from)
{
    json_t *array = json_array();
    for (size_t i = 0; i < json_array_size(from); i++)
        if (json_is_string(json_array_get(from, i)))
            page_append(p, array, part_text(json_string_value(json_array_get(from, i))));
    return array;
}

static json_t *take_answer(struct page *p, json_t *from)
{
    const char *verdict, *sentence, *paste, *costs, *goal, *limited;
    json_t *confirmation, *points;
    int best, blocks;
    double limit;
    if (json_unpack(from, "{ss ss ss ss si si so so s{ss ss sF}}", "verdict", &verdict, "sentence",
                    &sentence, "paste", &paste, "costs", &costs, "best", &best,
                    "confirmation_blocks", &blocks, "confirmation", &confirmation, "points",
                    &points, "objective", "goal", &goal, "limited", &limited, "limit", &limit) < 0)
        return json_null();
    json_t *o = json_object();
    page_put(p, o, "verdict", part_text(verdict));
    page_put(p, o, "sentence", part_text(sentence));
    page_put(p, o, "paste", part_text(paste));
    page_put(p, o, "costs", part_text(costs));
    page_put(p, o, "goal", part_text(goal));
    page_put(p, o, "limited", part_text(limited));
    page_put(p, o, "limit", part_number(limit));
    page_put(p, o, "best",
             best > 0 && (uint32_t)best < p->s->run.n_subjects ? json_integer(best) : json_null());
    page_put(p, o, "confirmation_blocks", json_integer(blocks));
    page_put(p, o, "confirmation", take_confirmation(p, confirmation));
    page_put(p, o, "candidates", take_candidates(p, json_object_get(from, "candidates")));
    page_put(p, o, "unproved", take_texts(p, json_object_get(from, "unproved")));
    page_put(p, o, "points", take_points(p, points));
    return o;
}

static json_t *make_answer(struct page *p)
{
    const char *text = store_run_fact(&p->s->run, FACT_TUNE_ANSWER);
    json_t *from = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    json_t *answer = from ? take_answer(p, from) : json_null();
    json_decref(from);
    return answer;
}

/* Ordinals of the subjects for which something holds. */
static json_t *make_list(struct page *p, bool (*holds)(const struct summary *s, uint32_t subject))
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < p->s->run.n_subjects; i++)
        if (holds(p->s, i))
            page_append(p, array, json_integer(i));
    return array;
}

static bool is_confirmed(const struct summary *s, uint32_t subject)
{
    return summary_entry(s, 0, subject)->is_confirmed;
}

static json_t *make_tuning(struct page *p, const struct tuned *t)
{
    json_t *o = json_object(), *knobs = json_array(), *points = json_array();
    for (unsigned k = 0; k < t->n_knobs; k++)
        page_append(p, knobs, make_knob(p, &t->knobs[k]));
    for (uint32_t i = 0; i < p->s->run.n_subjects; i++)
        page_append(p, points, make_point(p, t, i));
    page_put(p, o, "knobs", knobs);
    page_put(p, o, "grid", json_integer(t->n_grid));
    page_put(p, o, "points", points);
    page_put(p, o, "front", make_list(p, tuned_is_on_front));
    page_put(p, o, "uncertain", make_list(p, tuned_is_uncertain));
    page_put(p, o, "confirmed", make_list(p, is_confirmed));
    page_put(p, o, "recommended", t->has_recommended ? json_integer(t->recommended) : json_null());
    page_put(p, o, "full_blocks", json_integer(STATS_FULL_COVERAGE_BLOCKS));
    page_put(p, o, "answer", make_answer(p));
    return o;
}

int page_add_tuning(struct page *p, struct err *err)
{
    struct tuned tuned;
    if (!tuned_is(&p->s->run) || p->s->run.n_cells == 0) {
        page_put(p, p->root, "tuning", json_null());
        return 0;
    }
    int rc = tuned_read(p->s, &tuned, err);
    if (rc == 0)
        page_put(p, p->root, "tuning", make_tuning(p, &tuned));
    tuned_release(&tuned);
    return rc;
}
