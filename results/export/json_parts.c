#include "json_parts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report_text.h"
#include "survey.h"

void part_put(struct json *j, json_t *object, const char *name, json_t *value)
{
    if (json_object_set_new(object, name, value) < 0)
        j->failed = true;
}

void part_append(struct json *j, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) < 0)
        j->failed = true;
}

json_t *part_subject(struct json *j, const struct store_subject *subject)
{
    json_t *o = json_object();
    part_put(j, o, "name", part_text(subject->name));
    part_put(j, o, "allocator", part_text(subject->allocator));
    part_put(j, o, "library", part_text(subject->library));
    part_put(j, o, "setting", part_text(subject->setting));
    return o;
}

json_t *part_cell(struct json *j, const struct store_cell *cell)
{
    json_t *o = json_object();
    part_put(j, o, "workload", part_text(cell->workload));
    part_put(j, o, "threads", json_integer(cell->threads));
    part_put(j, o, "calls_per_pass", part_count(cell->calls_per_pass));
    part_put(j, o, "frees", part_count(cell->frees));
    part_put(j, o, "remote_frees", part_count(cell->remote_frees));
    part_put(j, o, "peak_live_bytes", part_count(cell->peak_live_bytes));
    part_put(j, o, "live_error_bytes", part_known(cell->live_error_bytes));
    part_put(j, o, "bound_bytes",
             cell->bound_bytes > 0 ? part_count(cell->bound_bytes) : json_null());
    return o;
}

json_t *part_moment(int64_t seconds)
{
    if (seconds == 0)
        return json_null();
    char out[WORDING_TIME_BYTES];
    wording_time(out, seconds);
    return json_string(out);
}

json_t *part_text(const char *s)
{
    json_t *value = json_string(s);
    if (value)
        return value;
    char *ascii = strdup(s);
    if (!ascii)
        return NULL;
    for (char *p = ascii; *p; p++)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    value = json_string(ascii);
    free(ascii);
    return value;
}

json_t *part_count(uint64_t n)
{
    return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

json_t *part_stored(const struct store_number *n, const struct trial_result *result)
{
    uint64_t value = store_number_of(result, n);
    return n->is_optional ? part_known(value) : part_count(value);
}

json_t *part_number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

json_t *part_known(uint64_t n)
{
    return n == SURVEY_UNKNOWN ? json_null() : part_count(n);
}

int part_write(struct json *j, const json_t *root, FILE *out, size_t flags, struct err *err)
{
    if (j->failed)
        return err_set(err, ENOMEM, "no memory for the JSON of run %s", j->s->run.name);
    (void)json_dumpf(root, out, flags | JSON_REAL_PRECISION(9));
    fputc('\n', out);
    return report_finish(out, err);
}
