#include <errno.h>
#include <jansson.h>
#include <math.h>

#include "validate.h"

/* What is not known is null. */
static json_t *number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static const char *const figure_names[] = {"peak_heap_bytes", "cpu_s"};
static const char *const side_names[] = {"real", "replayed"};

static json_t *values(const struct fidelity_values *v, unsigned figure, unsigned side, unsigned i)
{
    json_t *array = json_array();
    for (unsigned b = 0; b < v->n_blocks; b++)
        json_array_append_new(array, number(v->values[figure][side][(size_t)i * v->n_blocks + b]));
    return array;
}

static json_t *subject(const struct validate *v, const struct fidelity *f, unsigned i)
{
    json_t *o =
        json_pack("{ss, so}", "allocator", v->subjects[i].name, "peak_error", number(f->errors[i]));
    for (unsigned k = 0; k < FIDELITY_FIGURES; k++) {
        json_t *sides = json_object();
        for (unsigned s = 0; s < FIDELITY_SIDES; s++)
            json_object_set_new(sides, side_names[s],
                                json_pack("{so, so}", "median", number(f->orders[k].medians[s][i]),
                                          "blocks", values(&v->values, k, s, i)));
        json_object_set_new(o, figure_names[k], sides);
    }
    return o;
}

static json_t *order(const struct fidelity_order *o)
{
    return json_pack("{so, si, si, si}", "tau", number(o->tau), "agreed", o->agreed, "pairs",
                     (int)o->n_pairs, "all_pairs", (int)o->n_all_pairs);
}

int validate_print_json(const struct validate *v, const struct fidelity *f, struct err *err)
{
    char pace[128], time_pace[128];
    recorded_format(&v->config.recorded, pace, sizeof(pace));
    recorded_format(&v->time_recorded, time_pace, sizeof(time_pace));
    json_t *subjects = json_array();
    for (unsigned i = 0; i < v->n_subjects; i++)
        json_array_append_new(subjects, subject(v, f, i));
    json_t *root =
        json_pack("{ss, ss, ss, si, sI, si, so, so, so, so, so}", "trace", v->cells[0].name, "pace",
                  pace, "time_pace", time_pace, "blocks", (int)v->config.blocks, "other_bytes",
                  (json_int_t)validate_other_bytes(v), "failed", (int)v->n_failed, "median_error",
                  number(f->median_error), "worst_error", number(f->worst_error), "memory_order",
                  order(&f->orders[FIDELITY_MEMORY]), "time_order",
                  order(&f->orders[FIDELITY_TIME]), "allocators", subjects);
    int rc =
        root && json_dumpf(root, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) == 0 ? 0 : -1;
    json_decref(root);
    printf("\n");
    return rc == 0 ? 0 : err_set(err, ENOMEM, "cannot print JSON");
}
