#include "words.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

int words_each(const char *list, const char *what,
               int (*each)(void *context, const char *word, struct err *err), void *context,
               struct err *err)
{
    char *copy = strdup(list), *rest = copy;
    const char *separator = strchr(list, '\n') ? "\n" : ",";
    size_t n = strlen(list);
    int rc = copy ? 0 : err_set(err, ENOMEM, "out of memory");
    if (rc == 0 && n > 0 && copy[n - 1] == '\n')
        copy[n - 1] = '\0';
    while (rc == 0 && rest) {
        const char *word = strsep(&rest, separator);
        if (*word == '\0')
            rc = err_set(err, EINVAL, "an empty name in the list of %s: '%s'", what, list);
        else
            rc = each(context, word, err);
    }
    free(copy);
    return rc;
}

int words_number(const char *word, const char *what, uint64_t least, uint64_t most, uint64_t *out,
                 struct err *err)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(word, &end, 10);
    if (!isdigit((unsigned char)word[0]) || *end != '\0' || errno != 0 || value < least ||
        value > most)
        return err_set(err, EINVAL, "%s is a whole number from %lu to %lu, not '%s'", what, least,
                       most, word);
    *out = value;
    return 0;
}

int words_decimal(const char *word, const char *what, double least, double most, double *out,
                  struct err *err)
{
    char *end, range[64];
    double value = strtod(word, &end);
    if (end == word || *end != '\0' || !(value >= least && value <= most)) {
        snprintf(range, sizeof(range), "%g to %g", least, most);
        return err_set(err, EINVAL, "%s is a number from %s, not '%s'", what, range, word);
    }
    *out = value;
    return 0;
}

int words_check_text(const char *word, const char *what, struct err *err)
{
    const char *fault = NULL;
    char shown[128];
    size_t n = 0;
    for (const char *p = word; *p;) {
        size_t length = utf8_length(p);
        bool control = length == 1 && iscntrl((unsigned char)*p);
        if (length == 0 || control)
            fault = length == 0 ? "is not UTF-8" : "holds a control character";
        if (n + 8 < sizeof(shown)) /* room for the longest character, and for the end */
            n += (size_t)snprintf(shown + n, sizeof(shown) - n, "%.*s",
                                  length == 0 || control ? 1 : (int)length,
                                  length == 0 || control ? "?" : p);
        p += length ? length : 1;
    }
    if (!fault)
        return 0;
    return err_set(err, EINVAL, "%s '%s' %s, and could not be stored: give it another name", what,
                   shown, fault);
}

int words_append(char **list, const char *word, struct err *err)
{
    char *longer = NULL;
    if (asprintf(&longer, "%s%s\n", *list ? *list : "", word) < 0)
        return err_set(err, ENOMEM, "out of memory");
    free(*list);
    *list = longer;
    return 0;
}
