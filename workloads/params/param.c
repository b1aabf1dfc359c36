#include "param.h"

#include <errno.h>
#include <string.h>

#include "near.h"
#include "text.h"

struct span {
    const char *text;
    size_t n;
};

/* Of what a user wrote, at most so much is repeated to them. */
#define ECHO_BYTES 40
#define ECHO(s)    (int)((s).n < ECHO_BYTES ? (s).n : ECHO_BYTES), (s).text

static const struct unit_words {
    const char *name, *examples;
} unit_words[] = {
    [PARAM_COUNT] = {"count", "a count, as 5000, 100k or 2M"},
    [PARAM_BYTES] = {"bytes", "a size, as 4096, 64K or 1M"},
    [PARAM_SHARE] = {"share", "a share, as 0.2 or 20%"},
    [PARAM_FACTOR] = {"factor", "a number, as 1.5"},
    [PARAM_YES_NO] = {"yes/no", "yes or no"},
    [PARAM_CHOICE] = {"choice", NULL},
};

const char *param_unit_name(enum param_unit unit)
{
    return unit_words[unit].name;
}

size_t params_count(const struct param *rows)
{
    size_t n = 0;
    while (rows[n].name)
        n++;
    return n;
}

static bool equals(struct span s, const char *text)
{
    return s.n == strlen(text) && memcmp(s.text, text, s.n) == 0;
}

int params_find(const struct param *rows, const char *name, size_t length)
{
    for (int i = 0; rows[i].name; i++)
        if (equals((struct span){name, length}, rows[i].name))
            return i;
    return -1;
}

void params_preset(const struct param *rows, uint64_t values[PARAMS_MAX])
{
    for (size_t i = 0; rows[i].name; i++)
        values[i] = rows[i].preset;
}

/* The part of *rest before the next `separator`, which is taken off; all of it when there is none.
 */
static struct span cut(struct span *rest, char separator)
{
    const char *end = memchr(rest->text, separator, rest->n);
    struct span part = {rest->text, end ? (size_t)(end - rest->text) : rest->n};
    size_t skip = part.n + (end != NULL);
    rest->text += skip;
    rest->n -= skip;
    return part;
}

/* Takes digits off the front of *s as *number times 10^-*n_decimals. Whether there was one that
 * fits. */
static bool take_decimal(struct span *s, uint64_t *number, unsigned *n_decimals)
{
    bool point = false;
    bool digit = false;
    *number = *n_decimals = 0;
    for (; s->n > 0; s->text++, s->n--) {
        char c = *s->text;
        if (c == '.' && digit && !point) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9')
            break;
        if (__builtin_mul_overflow(*number, 10, number) ||
            __builtin_add_overflow(*number, (uint64_t)(c - '0'), number))
            return false;
        digit = true;
        *n_decimals += point;
    }
    return digit && (!point || *n_decimals > 0);
}

/* What the letters behind a number multiply it by; 0: they mean nothing for this unit. */
static uint64_t suffix_scale(enum param_unit unit, struct span s)
{
    if (unit == PARAM_SHARE || unit == PARAM_FACTOR)
        return s.n == 0 ? PARAM_ONE : unit == PARAM_SHARE && equals(s, "%") ? PARAM_ONE / 100 : 0;
    if (s.n == 0)
        return 1;
    static const char letters[] = "kmgt";
    const char *letter = memchr(letters, s.text[0] | 0x20, sizeof(letters) - 1);
    s.text++;
    s.n--;
    if (letter == NULL || (s.n > 0 && !(unit == PARAM_BYTES && equals(s, "iB"))))
        return 0;
    uint64_t scale = 1;
    for (const char *p = letters; p <= letter; p++)
        scale *= unit == PARAM_BYTES ? KIB : 1000;
    return scale;
}

/* Whether `s` is a number of the unit; it must come out as a whole number of bytes or millionths.
 */
static bool parse_value(enum param_unit unit, struct span s, uint64_t *value)
{
    if (unit == PARAM_YES_NO) {
        *value = equals(s, "yes");
        return *value || equals(s, "no");
    }
    uint64_t number;
    unsigned n_decimals;
    if (!take_decimal(&s, &number, &n_decimals))
        return false;
    uint64_t scale = suffix_scale(unit, s);
    if (scale == 0 || __builtin_mul_overflow(number, scale, value))
        return false;
    for (; n_decimals > 0; n_decimals--) {
        if (*value % 10 != 0)
            return false;
        *value /= 10;
    }
    return true;
}

static bool parse_choice(const struct param *row, struct span s, uint64_t *value)
{
    for (uint64_t i = 0; i <= row->max; i++) {
        if (equals(s, row->choices[i])) {
            *value = i;
            return true;
        }
    }
    return false;
}

static COLD int no_value(const struct param *row, struct span value, struct err *err)
{
    char range[PARAM_RANGE_BYTES];
    const char *examples = unit_words[row->unit].examples;
    param_format_range(row, range, sizeof(range));
    return err_set(err, EINVAL, "'%.*s' is no value for %s: write %s", ECHO(value), row->name,
                   examples ? examples : range);
}

static COLD int unknown_key(const struct param *rows, struct span key, struct err *err)
{
    char hint[160];
    char all[256];
    struct near near;
    near_init(&near, key.text, key.n);
    size_t used = 0;
    for (size_t i = 0; rows[i].name; i++) {
        near_offer(&near, rows[i].name);
        used += text_format(all + used, sizeof(all) - used, "%s%s", i ? ", " : "", rows[i].name);
    }
    near_hint(&near, hint, sizeof(hint));
    return err_set(err, EINVAL, "no parameter '%.*s'%s%s (there are: %s)", ECHO(key),
                   near.n ? ": " : "", hint, all);
}

static int parse_one(const struct param *rows, struct span word, uint64_t *values, uint32_t *given,
                     struct err *err)
{
    struct span value = word;
    struct span key = cut(&value, '=');
    if (key.n == word.n)
        return err_set(err, EINVAL, "'%.*s' is no parameter: write KEY=VALUE", ECHO(word));
    int i = params_find(rows, key.text, key.n);
    if (i < 0)
        return unknown_key(rows, key, err);
    if (*given & 1u << i)
        return err_set(err, EINVAL, "parameter %s is given twice", rows[i].name);
    *given |= 1u << i;

    const struct param *row = &rows[i];
    if (!(row->unit == PARAM_CHOICE ? parse_choice(row, value, &values[i])
                                    : parse_value(row->unit, value, &values[i])))
        return no_value(row, value, err);
    if (values[i] < row->min || values[i] > row->max) {
        char range[PARAM_RANGE_BYTES];
        param_format_range(row, range, sizeof(range));
        return err_set(err, EINVAL, "%s=%.*s lies outside %s", row->name, ECHO(value), range);
    }
    return 0;
}

int params_parse(const struct param *rows, const char *text, size_t length,
                 uint64_t values[PARAMS_MAX], struct err *err)
{
    struct span rest = {text, length};
    uint32_t given = 0;
    bool more = true;
    while (more) {
        size_t left = rest.n;
        struct span word = cut(&rest, ':');
        more = word.n < left;
        int rc = parse_one(rows, word, values, &given, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static size_t format_millionths(uint64_t value, char *out, size_t n)
{
    char digits[7];
    uint64_t rest = value % PARAM_ONE;
    for (int i = 5; i >= 0; i--, rest /= 10)
        digits[i] = (char)('0' + rest % 10);
    int n_digits = 6;
    while (n_digits > 0 && digits[n_digits - 1] == '0')
        n_digits--;
    return text_format(out, n, "%lu%s%.*s", value / PARAM_ONE, n_digits ? "." : "", n_digits,
                       digits);
}

static size_t format_bytes(uint64_t value, char *out, size_t n)
{
    unsigned unit = 0;
    for (; unit < 4 && value != 0 && value % KIB == 0; unit++)
        value /= KIB;
    return text_format(out, n, "%lu%.*s", value, unit ? 1 : 0, &"?KMGT"[unit]);
}

size_t param_format_value(const struct param *row, uint64_t value, char *out, size_t n)
{
    switch (row->unit) {
    case PARAM_BYTES:
        return format_bytes(value, out, n);
    case PARAM_SHARE:
    case PARAM_FACTOR:
        return format_millionths(value, out, n);
    case PARAM_YES_NO:
        return text_format(out, n, "%s", value ? "yes" : "no");
    case PARAM_CHOICE:
        return text_format(out, n, "%s", row->choices[value]);
    default:
        return text_format(out, n, "%lu", value);
    }
}

static size_t format_choices(const struct param *row, char *out, size_t n)
{
    size_t used = 0;
    for (uint64_t i = 0; i <= row->max; i++)
        used += text_format(out + used, n - used, "%s%s", i ? "|" : "", row->choices[i]);
    return used;
}

size_t param_format_range(const struct param *row, char *out, size_t n)
{
    if (row->unit == PARAM_YES_NO)
        return text_format(out, n, "yes|no");
    if (row->unit == PARAM_CHOICE)
        return format_choices(row, out, n);
    char min[PARAM_VALUE_BYTES];
    char max[PARAM_VALUE_BYTES];
    param_format_value(row, row->min, min, sizeof(min));
    param_format_value(row, row->max, max, sizeof(max));
    return text_format(out, n, "%s..%s", min, max);
}

size_t params_format(const struct param *rows, const uint64_t *values, char *out, size_t n)
{
    size_t used = text_format(out, n, "%s", "");
    for (size_t i = 0; rows[i].name; i++) {
        if (values[i] == rows[i].preset)
            continue;
        char value[PARAM_VALUE_BYTES];
        param_format_value(&rows[i], values[i], value, sizeof(value));
        used += text_format(out + used, n - used, "%s%s=%s", used ? ":" : "", rows[i].name, value);
    }
    return used;
}
