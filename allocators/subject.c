#include "subject.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "library.h"
#include "near.h"
#include "setting.h"
#include "text.h"
#include "wanted.h"

static int out_of_memory(struct err *err)
{
    return err_set(err, ENOMEM, "out of memory while reading the name of an allocator");
}

static bool is_variable_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* "CAPITALS=...": an environment line. */
static bool is_variable(const char *item)
{
    size_t n = 0;
    while (is_variable_char(item[n]))
        n++;
    return n > 0 && !isdigit((unsigned char)item[0]) && item[n] == '=';
}

/* "setting=..." with a setting of the allocator. */
static bool is_setting(const struct allocator *a, const char *item)
{
    char name[64];
    size_t n = strcspn(item, ":=");
    if (item[n] != '=' || n >= sizeof(name))
        return false;
    memcpy(name, item, n);
    name[n] = '\0';
    return allocator_setting(a, name) != NULL;
}

/* Cuts the first item off *rest, which is NULL after the last. */
static char *next_item(const struct allocator *a, char **rest)
{
    char *item = *rest, *end = strchr(item, ':');
    while (end && is_variable(item) && !is_variable(end + 1) && !is_setting(a, end + 1))
        end = strchr(end + 1, ':');
    if (end)
        *end++ = '\0';
    *rest = end;
    return item;
}

static char **find_line(const struct subject *s, const char *variable, size_t n)
{
    for (size_t i = 0; i < s->n_environment; i++) {
        if (strncmp(s->environment[i], variable, n) == 0 && s->environment[i][n] == '=')
            return &s->environment[i];
    }
    return NULL;
}

static int add_line(struct subject *s, const char *variable, const char *value, struct err *err)
{
    char **lines = reallocarray(s->environment, s->n_environment + 1, sizeof(*lines));
    if (!lines)
        return out_of_memory(err);
    s->environment = lines;
    char *line = NULL;
    if (asprintf(&line, "%s=%s", variable, value) < 0)
        return out_of_memory(err);
    lines[s->n_environment++] = line;
    return 0;
}

/* `item` is "VARIABLE=value". */
static int add_variable(struct subject *s, char *item, struct err *err)
{
    char *value = strchr(item, '=');
    size_t n = (size_t)(value - item);
    if (strncmp(item, "LD_", 3) == 0)
        return err_set(err, EINVAL, "%s: the loader's variables are set by this program", item);
    if (find_line(s, item, n))
        return err_set(err, EINVAL, "%.*s is set twice in '%s'", (int)n, item, s->name);
    *value++ = '\0';
    return add_line(s, item, value, err);
}

/* Appends KEY and VALUE to the variable that holds all settings of the allocator. */
static int join_setting(struct subject *s, const char *key, const char *value, struct err *err)
{
    const struct allocator *a = s->allocator;
    char *joined = NULL, **line = find_line(s, a->variable, strlen(a->variable));
    if (!line) {
        if (asprintf(&joined, "%s%c%s", key, a->assign, value) < 0)
            return out_of_memory(err);
        int rc = add_line(s, a->variable, joined, err);
        free(joined);
        return rc;
    }
    if (asprintf(&joined, "%s%c%s%c%s", *line, a->between, key, a->assign, value) < 0)
        return out_of_memory(err);
    free(*line);
    *line = joined;
    return 0;
}

static int unknown_setting(const struct allocator *a, const char *name, struct err *err)
{
    char names[ERR_BYTES], hint[ERR_BYTES];
    struct near near;
    size_t n = 0;
    near_init(&near, name, strlen(name));
    for (const struct setting *s = a->settings; s && s->name; s++) {
        near_offer(&near, s->name);
        n += text_format(names + n, sizeof(names) - n, "%s%s", n ? ", " : "", s->name);
    }
    if (n == 0)
        return err_set(err, EINVAL, "%s takes no setting '%s', only VARIABLE=value", a->name, name);
    if (near_hint(&near, hint, sizeof(hint)) > 0)
        return err_set(err, EINVAL, "%s has no setting '%s'; %s", a->name, name, hint);
    return err_set(err, EINVAL, "%s has no setting '%s'; it has %s", a->name, name, names);
}

/* `item` is "setting=value"; `seen` has a bit for each row that was given. */
static int add_setting(struct subject *s, char *item, uint64_t *seen, struct err *err)
{
    const struct allocator *a = s->allocator;
    char *value = strchr(item, '='), spelling[SETTING_VALUE_BYTES];
    if (!value)
        return err_set(err, EINVAL, "'%s' in '%s' has no value: write setting=value", item,
                       s->name);
    *value++ = '\0';
    const struct setting *row = allocator_setting(a, item);
    if (!row)
        return unknown_setting(a, item, err);

    uint64_t bit = (uint64_t)1 << (row - a->settings);
    const char *variable = a->variable ? a->variable : row->key;
    bool set_by_hand = !(a->variable && *seen) && find_line(s, variable, strlen(variable));
    if ((*seen & bit) || set_by_hand)
        return err_set(err, EINVAL, "%s is set twice in '%s'", row->name, s->name);
    *seen |= bit;

    int rc = setting_value(a, row, value, spelling, err);
    if (rc < 0)
        return rc;
    return a->variable ? join_setting(s, row->key, spelling, err)
                       : add_line(s, row->key, spelling, err);
}

static int unknown_allocator(const char *name, struct err *err)
{
    char names[ERR_BYTES], hint[ERR_BYTES];
    struct near near;
    size_t n = 0, rows;
    const struct allocator *const *table = allocator_table(&rows);
    near_init(&near, name, strlen(name));
    for (size_t i = 0; i < rows; i++) {
        near_offer(&near, table[i]->name);
        n += text_format(names + n, sizeof(names) - n, "%s%s", i ? ", " : "", table[i]->name);
    }
    if (near_hint(&near, hint, sizeof(hint)) > 0)
        return err_set(err, EINVAL, "no allocator '%s'; %s", name, hint);
    return err_set(err, EINVAL, "no allocator '%s'; there are %s, and /path/to/lib.so", name,
                   names);
}

static bool is_label(const char *text)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-");
    return n > 0 && n <= 64 && text[n] == '\0';
}

static int use_library(struct subject *s, const char *path, struct err *err)
{
    if (!is_label(s->label))
        return err_set(err, EINVAL, "'%s' cannot name an allocator: use letters, digits and ._+-",
                       s->label);
    if (allocator_find(s->label))
        return err_set(err, EINVAL, "'%s' is an allocator of this program; call %s otherwise",
                       s->label, path);
    s->allocator = &allocator_library;
    s->library = realpath(path, NULL);
    if (!s->library)
        return err_set_errno(err, errno, "cannot open %s", *path ? path : "a library without name");
    if (strpbrk(s->library, " :\t\n"))
        return err_set(err, EINVAL,
                       "LD_PRELOAD takes no path with a space or a colon: copy %s elsewhere",
                       s->library);
    int rc = library_check(s->library, err);
    return rc < 0 ? rc : add_line(s, "LD_PRELOAD", s->library, err);
}

/*
 * What a library without a name goes by: its file's name, without "lib" and ".so" where what is left
 * is a name of its own.
 */
static void name_library(const char *path, char *label, size_t n)
{
    const char *slash = strrchr(path, '/'), *file = slash ? slash + 1 : path;
    const char *stem = strncmp(file, "lib", 3) == 0 ? file + 3 : file, *end = strstr(stem, ".so");
    text_format(label, n, "%.*s", end ? (int)(end - stem) : -1, stem);
    if (!is_label(label) || allocator_find(label))
        text_format(label, n, "%s", file);
    if (!is_label(label))
        text_format(label, n, "library");
}

/* The first item: "allocator", "name=/path" or "/path". */
static int use_allocator(struct subject *s, char *item, struct err *err)
{
    char *path = strchr(item, '='), *slash = strchr(item, '/'), label[SUBJECT_TEXT_MAX + 1];
    if (slash && (!path || slash < path)) {
        name_library(item, label, sizeof(label));
        path = item;
        item = label;
    } else if (path) {
        *path++ = '\0';
    }
    s->label = strdup(item);
    if (!s->label)
        return out_of_memory(err);
    if (path)
        return use_library(s, path, err);
    s->allocator = allocator_find(item);
    return s->allocator ? 0 : unknown_allocator(item, err);
}

static int parse_items(struct subject *s, char *rest, struct err *err)
{
    uint64_t seen = 0;
    char *head = rest,
         *end = strchr(head, ':'); /* a path may look like anything but has no colon */
    rest = end ? end + 1 : NULL;
    if (end)
        *end = '\0';
    int rc = use_allocator(s, head, err);
    while (rc == 0 && rest) {
        char *item = next_item(s->allocator, &rest);
        rc = is_variable(item) ? add_variable(s, item, err) : add_setting(s, item, &seen, err);
    }
    return rc;
}

/*
 * From now on it goes by its label and its settings: where a library lies is no part of its name.
 */
static int shorten_name(struct subject *s, const char *text, struct err *err)
{
    const char *settings = strchr(text, ':');
    char *name = NULL;
    if (asprintf(&name, "%s%s", s->label, settings ? settings : "") < 0)
        return out_of_memory(err);
    free(s->name);
    s->name = name;
    return 0;
}

/* From the variable as the worker will find it: settings by name and a line by hand alike. */
static int want_settings(struct subject *s, struct err *err)
{
    return wanted_read(s->allocator, s->environment, s->n_environment, &s->settings, &s->n_settings,
                       err);
}

int subject_parse(struct subject *s, const char *text, struct err *err)
{
    *s = (struct subject){0};
    if (strlen(text) > SUBJECT_TEXT_MAX)
        return err_set(err, EINVAL, "the name of an allocator has at most %d characters",
                       SUBJECT_TEXT_MAX);
    for (const char *p = text; *p; p++) {
        if (iscntrl((unsigned char)*p))
            return err_set(err, EINVAL, "the name of an allocator has a control character in it");
    }
    char *items = strdup(text);
    s->name = strdup(text);
    int rc = items && s->name ? parse_items(s, items, err) : out_of_memory(err);
    if (rc == 0)
        rc = shorten_name(s, text, err);
    if (rc == 0)
        rc = want_settings(s, err);
    free(items);
    if (rc < 0)
        subject_release(s);
    return rc;
}

void subject_release(struct subject *s)
{
    for (size_t i = 0; i < s->n_environment; i++)
        free(s->environment[i]);
    free(s->environment);
    free(s->settings);
    free(s->library);
    free(s->label);
    free(s->name);
    *s = (struct subject){0};
}

const char *subject_supplier(const struct subject *s)
{
    return s->library ? s->library : s->allocator->malloc_file;
}
