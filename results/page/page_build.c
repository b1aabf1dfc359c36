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
