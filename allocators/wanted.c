#include "wanted.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "setting.h"
#include "text.h"

/* How the allocator tells what setting_value() spelled. */
static uint64_t number_of(const struct allocator *a, const struct setting *s, const char *spelling)
{
    if (s->unit == SETTING_SWITCH)
        return strcmp(spelling, a->on) == 0;
    if (s->unit == SETTING_CHOICE)
        return setting_choice(s, spelling);
    if (s->unit == SETTING_FACTOR)
        return (uint64_t)(strtod(spelling, NULL) * 1000 + 0.5);
    return (uint64_t)strtoll(spelling, NULL, 10);
}

static const struct setting *row_of(const struct allocator *a, const char *key)
{
    for (const struct setting *s = a->settings; s && s->name; s++)
        if (strcmp(s->key, key) == 0)
            return s;
    return NULL;
}

/* The place of the setting in the list, or a new one at its end; NULL without memory. */
static struct statistic_wanted *place_for(struct statistic_wanted **list, size_t *n,
                                          const char *name)
{
    for (size_t i = 0; i < *n; i++)
        if (strcmp((*list)[i].name, name) == 0)
            return &(*list)[i];
    struct statistic_wanted *more = reallocarray(*list, *n + 1, sizeof(*more));
    if (!more)
        return NULL;
    *list = more;
    return &more[(*n)++];
}

/* `item` is "KEY=VALUE" and is cut. */
static int add_item(const struct allocator *a, char *item, struct statistic_wanted **list,
                    size_t *n, struct err *err)
{
    char spelling[SETTING_VALUE_BYTES], *value = strchr(item, a->assign);
    if (!value)
        return 0;
    *value++ = '\0';
    const struct setting *row = row_of(a, item);
    if (!row)
        return 0;
    int rc = setting_value(a, row, value, spelling, err);
    if (rc < 0)
        return rc;
    struct statistic_wanted *place = place_for(list, n, row->name);
    if (!place)
        return err_set(err, ENOMEM, "out of memory for the settings of %s", a->name);
    *place = (struct statistic_wanted){.name = row->name,
                                       .value = number_of(a, row, spelling),
                                       .grain = row->grain ? row->grain : 1};
    return 0;
}

int wanted_read(const struct allocator *a, const char *value, struct statistic_wanted **out,
                size_t *n, struct err *err)
{
    const char between[] = {a->between, '\0'};
    char *items = strdup(value), *save;
    int rc = items ? 0 : err_set(err, ENOMEM, "out of memory for the settings of %s", a->name);
    *out = NULL;
    *n = 0;
    for (char *item = rc == 0 ? strtok_r(items, between, &save) : NULL; rc == 0 && item;
         item = strtok_r(NULL, between, &save))
        rc = add_item(a, item, out, n, err);
    free(items);
    if (rc < 0) {
        free(*out);
        *out = NULL;
        *n = 0;
    }
    return rc;
}
