#include "text.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

struct sink {
    char *out;
    size_t n, used;
};

static void put(struct sink *s, char c)
{
    if (s->used + 1 < s->n)
        s->out[s->used++] = c;
}

static void put_text(struct sink *s, const char *text, size_t limit)
{
    for (size_t i = 0; i < limit && text[i]; i++)
        put(s, text[i]);
}

static void put_number(struct sink *s, uint64_t value, unsigned base)
{
    char digits[20];
    unsigned n = 0;
    do
        digits[n++] = "0123456789abcdef"[value % base];
    while ((value /= base) != 0);
    while (n > 0)
        put(s, digits[--n]);
}

/* A signed or unsigned integer of the length that the modifiers asked for. */
static void put_integer(struct sink *s, char conversion, bool wide, va_list *args)
{
    if (conversion == 'd' || conversion == 'i') {
        int64_t value = wide ? va_arg(*args, long) : va_arg(*args, int);
        if (value < 0)
            put(s, '-');
        put_number(s, value < 0 ? -(uint64_t)value : (uint64_t)value, 10);
        return;
    }
    uint64_t value = wide ? va_arg(*args, unsigned long) : va_arg(*args, unsigned);
    put_number(s, value, conversion == 'x' ? 16 : 10);
}

static_assert(sizeof(long) == sizeof(long long) && sizeof(long) == sizeof(size_t),
              "l, ll and z are read as one length");

/* One conversion, *p just behind its '%'; leaves *p behind it. */
static void put_conversion(struct sink *s, const char **p, va_list *args)
{
    size_t limit = SIZE_MAX;
    if ((*p)[0] == '.' && (*p)[1] == '*') {
        int given = va_arg(*args, int);
        limit = given < 0 ? SIZE_MAX : (size_t)given;
        *p += 2;
    }
    bool wide = false;
    for (; **p == 'l' || **p == 'z'; (*p)++)
        wide = true;

    char conversion = **p;
    if (conversion)
        (*p)++;
    if (conversion == 's') {
        const char *text = va_arg(*args, const char *);
        put_text(s, text ? text : "(null)", limit);
    } else if (conversion == 'c') {
        put(s, (char)va_arg(*args, int));
    } else if (conversion == 'p') {
        put_text(s, "0x", 2);
        put_number(s, (uintptr_t)va_arg(*args, void *), 16);
    } else if (conversion == '%') {
        put(s, '%');
    } else {
        put_integer(s, conversion, wide, args);
    }
}

size_t text_vformat(char *out, size_t n, const char *format, va_list args)
{
    struct sink s = {.out = out, .n = n};
    va_list copy;
    va_copy(copy, args);
    for (const char *p = format; *p;) {
        if (*p != '%') {
            put(&s, *p++);
            continue;
        }
        p++;
        put_conversion(&s, &p, &copy);
    }
    va_end(copy);
    if (n > 0)
        out[s.used] = '\0';
    return s.used;
}

size_t text_format(char *out, size_t n, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    size_t length = text_vformat(out, n, format, args);
    va_end(args);
    return length;
}
