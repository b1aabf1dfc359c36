#include "statistics_block.h"

#include <errno.h>
#include <string.h>

static const char *const kinds[STATISTIC_KINDS] = {
    [STATISTIC_SETTING] = "setting",   [STATISTIC_PROCESS] = "process", [STATISTIC_ARENA] = "arena",
    [STATISTIC_UNPROVED] = "unproved", [STATISTIC_CLASS] = "class",
};

static bool is_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    size_t length = strnlen(name, STATISTIC_NAME_BYTES);
    return length > 0 && length < STATISTIC_NAME_BYTES && name[0] >= 'a' && name[0] <= 'z' &&
           strspn(name, letters) == length;
}

int statistic_check(const struct statistic *row, struct err *err)
{
    if (!is_name(row->name))
        return err_set(err, EINVAL, "its name is not lower case words joined by '_'");
    if (row->kind >= STATISTIC_KINDS)
        return err_set(err, EINVAL, "%s is of a kind %u that there is not", row->name, row->kind);
    if (row->kind != STATISTIC_ARENA && row->kind != STATISTIC_CLASS && row->arena != 0)
        return err_set(err, EINVAL, "%s is of no arena but names arena %u", row->name, row->arena);
    if (row->arena >= STATISTIC_ARENAS_MAX)
        return err_set(err, EINVAL, "%s is of arena %u, and there cannot be so many", row->name,
                       row->arena);
    return 0;
}

const char *statistic_kind_name(enum statistic_kind kind)
{
    return kinds[kind];
}

enum statistic_kind statistic_kind_find(const char *name)
{
    unsigned kind = 0;
    while (kind < STATISTIC_KINDS && strcmp(name, kinds[kind]) != 0)
        kind++;
    return (enum statistic_kind)kind;
}

bool statistic_is_bytes(const char *name)
{
    static const char *const words[] = {"bytes", "held", "pad", "threshold"};
    for (size_t n; *name; name += n + (name[n] == '_')) {
        n = strcspn(name, "_");
        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
            if (strlen(words[i]) == n && memcmp(words[i], name, n) == 0)
                return true;
    }
    return false;
}
