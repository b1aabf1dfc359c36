#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "page_parts.h"

void page_put(struct page *p, json_t *object, const char *name, json_t *value)
{
    if (json_object_set_new(object, name, value) < 0)
        p->failed = true;
}

void page_append(struct page *p, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) < 0)
        p->failed = true;
}

json_t *page_text(const char *s)
{
    json_t *value = json_string(s);
    if (value)
        return value;
    char *ascii = strdup(s);
    if (!ascii)
        return NULL;
    for (char *c = ascii; *c; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    value = json_string(ascii);
    free(ascii);
    return value;
}

json_t *page_count(uint64_t n)
{
    return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

json_t *page_number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

json_t *page_bool(bool is_so)
{
    return is_so ? json_true() : json_false();
}
