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

static int add(const struct allocator *a, const char *key, const char *value,
               struct statistic_wanted **list, size_t *n, struct err *err)
{
    char spelling[SETTING_VALUE_BYTES];
    const struct setting *row = row_of(a, key);
    if (!row)
        return 0;
    int rc = setting_value(a, row, value, spelling, err);
    if (rc < 0)
        return a->tells ? rc : 0; /* a line by hand may be spelled as only the allocator knows */
    const char *name = row->told ? row->told : row->name;
    struct statistic_wanted *place = place_for(list, n, name);
    if (!place)
        return err_set(err, ENOMEM, "out of memory for the settings of %s", a->name);
    *place = (struct statistic_wanted){.name = name,
                                       .value = number_of(a, row, spelling),
                                       .grain = row->grain ? row->grain : 1,
                                       .proof = row->by_effect ? STATISTIC_BY_EFFECT
                                                : row->proof   ? STATISTIC_TOLD
                                                               : STATISTIC_BY_NOTHING};
    return 0;
}

/* Of the one variable that holds all settings. */
static int read_items(const struct allocator *a, const char *value, struct statistic_wanted **out,
                      size_t *n, struct err *err)
{
    const char between[] = {a->between, '\0'};
    char *items = strdup(value), *save;
    int rc = items ? 0 : err_set(err, ENOMEM, "out of memory for the settings of %s", a->name);
    for (char *item = rc == 0 ? strtok_r(items, between, &save) : NULL; rc == 0 && item;
         item = strtok_r(NULL, between, &save)) {
        char *text = strchr(item, a->assign);
        if (!text)
            continue;
        *text++ = '\0';
        rc = add(a, item, text, out, n, err);
    }
    free(items);
    return rc;
}

/* `line` is "VARIABLE=value". */
static int read_line(const struct allocator *a, const char *line, struct statistic_wanted **out,
                     size_t *n, struct err *err)
{
    char name[64];
    size_t length = strcspn(line, "=");
    if (length >= sizeof(name) || line[length] != '=')
        return 0;
    text_format(name, sizeof(name), "%.*s", (int)length, line);
    if (!a->variable)
        return add(a, name, line + length + 1, out, n, err);
    return strcmp(name, a->variable) == 0 ? read_items(a, line + length + 1, out, n, err) : 0;
}

int wanted_read(const struct allocator *a, char *const *lines, size_t n_lines,
                struct statistic_wanted **out, size_t *n, struct err *err)
{
    int rc = 0;
    *out = NULL;
    *n = 0;
    for (size_t i = 0; rc == 0 && i < n_lines; i++)
        rc = read_line(a, lines[i], out, n, err);
    if (rc < 0) {
        free(*out);
        *out = NULL;
        *n = 0;
    }
    return rc;
}
