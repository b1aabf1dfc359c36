#include "setting.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

static int refuse(const struct setting *s, const char *text, struct err *err)
{
    if (s->unit == SETTING_SWITCH)
        return err_set(err, EINVAL, "%s=%s: takes on or off", s->name, text);
    if (s->unit == SETTING_CHOICE)
        return err_set(err, EINVAL, "%s=%s: takes one of %s", s->name, text, s->choices);
    const char *kind = s->unit == SETTING_BYTES    ? "a size in bytes, or with K, M, G or T,"
                       : s->unit == SETTING_FACTOR ? "a decimal number"
                       : s->unit == SETTING_MS     ? "milliseconds"
                       : s->unit == SETTING_MIB    ? "MiB"
                                                   : "a number";
    if (s->most == INT64_MAX)
        return err_set(err, EINVAL, "%s=%s: takes %s of at least %ld", s->name, text, kind,
                       (long)s->least);
    return err_set(err, EINVAL, "%s=%s: takes %s from %ld to %ld", s->name, text, kind,
                   (long)s->least, (long)s->most);
}

/*
 * K, M, G or T, large or small, with nothing or iB behind: log2 of the factor. -1: nothing of the
 * kind.
 */
static int suffix_bits(const char *suffix)
{
    static const char letters[] = "KMGT";
    if (!*suffix)
        return 0;
    const char *found = strchr(letters, toupper((unsigned char)*suffix));
    if (!found || (suffix[1] && strcasecmp(suffix + 1, "ib") != 0))
        return -1;
    return 10 * (int)(found - letters + 1);
}

static bool number(const struct setting *s, const char *text, int64_t *value)
{
    if (!isdigit((unsigned char)text[text[0] == '-']))
        return false;
    char *end;
    errno = 0;
    *value = strtoll(text, &end, 10);
    if (errno)
        return false;
    int bits = s->unit == SETTING_BYTES ? suffix_bits(end) : *end ? -1 : 0;
    return bits >= 0 && !__builtin_mul_overflow(*value, (int64_t)1 << bits, value) &&
           *value >= s->least && *value <= s->most;
}

/* Digits, perhaps a point and digits: no signs, exponents or locales. */
static bool factor(const struct setting *s, const char *text)
{
    size_t whole = strspn(text, "0123456789");
    const char *rest = text + whole;
    size_t fraction = *rest == '.' ? strspn(rest + 1, "0123456789") : 0;
    bool complete = *rest == '.' ? fraction > 0 && rest[1 + fraction] == '\0' : *rest == '\0';
    return complete && whole > 0 && whole < 16 && strlen(text) < SETTING_VALUE_BYTES &&
           strtoll(text, NULL, 10) < s->most;
}

/* The index of `text` in words with '|' between; how many there are when it is none of them. */
static size_t index_of(const char *text, const char *words)
{
    size_t n = strlen(text), index = 0;
    for (const char *word = words; word; index++) {
        size_t length = strcspn(word, "|");
        if (length == n && strncasecmp(word, text, n) == 0)
            return index;
        word = word[length] ? word + length + 1 : NULL;
    }
    return index;
}

static bool one_of(const char *text, const char *words)
{
    size_t n = 1;
    for (const char *p = words; *p; p++)
        n += *p == '|';
    return index_of(text, words) < n;
}

uint64_t setting_choice(const struct setting *s, const char *text)
{
    return index_of(text, s->choices);
}

/* The spelling of `text` that the allocator reads; NULL when it is no value of this setting. */
static const char *word(const struct allocator *a, const struct setting *s, const char *text)
{
    if (s->unit == SETTING_CHOICE)
        return one_of(text, s->choices) ? text : NULL;
    if (one_of(text, "on|1|true|yes"))
        return a->on;
    return one_of(text, "off|0|false|no") ? a->off : NULL;
}

int setting_value(const struct allocator *a, const struct setting *s, const char *text,
                  char out[SETTING_VALUE_BYTES], struct err *err)
{
    const char *spelling = NULL;
    int64_t value;
    if (s->unit == SETTING_SWITCH || s->unit == SETTING_CHOICE)
        spelling = word(a, s, text);
    else if (s->unit == SETTING_FACTOR)
        spelling = factor(s, text) ? text : NULL;
    else if (number(s, text, &value))
        spelling = (text_format(out, SETTING_VALUE_BYTES, "%ld", (long)value), out);

    if (!spelling)
        return refuse(s, text, err);
    if (spelling != out)
        text_format(out, SETTING_VALUE_BYTES, "%s", spelling);
    return 0;
}
