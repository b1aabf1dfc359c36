#include "shape_number.h"

enum { DIGITS = 19, DECIMALS = 9, EXPONENT_MOST = 9999 };

/* mantissa * 10^exponent */
struct decimal {
    uint64_t mantissa;
    int exponent;
    unsigned n_digits; /* significant ones that are kept */
    bool any;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void add_digit(struct decimal *d, char c, bool behind_point)
{
    d->any = true;
    if (d->n_digits < DIGITS) {
        d->mantissa = d->mantissa * 10 + (uint64_t)(c - '0');
        d->n_digits += d->mantissa > 0;
        d->exponent -= behind_point;
    } else {
        d->exponent += !behind_point;
    }
}

/* What follows the e. */
static bool add_exponent(struct decimal *d, const char *text, size_t n)
{
    bool negative = n > 0 && *text == '-';
    size_t i = n > 0 && (*text == '-' || *text == '+');
    int value = 0;
    if (i == n)
        return false;
    for (; i < n; i++) {
        if (!is_digit(text[i]))
            return false;
        value = value * 10 + (text[i] - '0');
        if (value > EXPONENT_MOST)
            value = EXPONENT_MOST;
    }
    d->exponent += negative ? -value : value;
    return true;
}

static bool read_decimal(const char *text, size_t n, struct decimal *d)
{
    bool point = false;
    *d = (struct decimal){0};
    for (size_t i = 0; i < n; i++) {
        if (is_digit(text[i]))
            add_digit(d, text[i], point);
        else if (text[i] == '.' && !point)
            point = true;
        else if ((text[i] == 'e' || text[i] == 'E') && d->any)
            return add_exponent(d, text + i + 1, n - i - 1);
        else
            return false;
    }
    return d->any;
}

static bool scale(uint64_t mantissa, int exponent, uint64_t most, uint64_t *out)
{
    unsigned __int128 value = mantissa, unit = 1;
    for (; exponent > 0 && value > 0; exponent--)
        if ((value *= 10) > most)
            return false;
    for (; exponent < 0 && unit <= UINT64_MAX; exponent++)
        unit *= 10;
    value = exponent < 0 ? 0 : (value + unit / 2) / unit;
    *out = (uint64_t)value;
    return value <= most;
}

bool shape_number(const char *text, size_t n, uint64_t most, uint64_t *billionths)
{
    struct decimal d;
    return read_decimal(text, n, &d) && scale(d.mantissa, d.exponent + DECIMALS, most, billionths);
}

bool shape_whole(const char *text, size_t n, uint64_t most, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < n; i++)
        if (!is_digit(text[i]) || __builtin_mul_overflow(*value, 10, value) ||
            __builtin_add_overflow(*value, (uint64_t)(text[i] - '0'), value) || *value > most)
            return false;
    return n > 0;
}
