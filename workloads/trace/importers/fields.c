#include "fields.h"

#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

char *fields_word(char **line)
{
    char *p = *line;
    while (is_blank(*p))
        p++;
    if (*p == '\0') {
        *line = p;
        return NULL;
    }
    char *word = p;
    while (*p != '\0' && !is_blank(*p))
        p++;
    if (*p != '\0')
        *p++ = '\0';
    *line = p;
    return word;
}

static unsigned digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F')
        return (unsigned)(c - 'A') + 10;
    return 99;
}

static bool parse(const char *word, unsigned base, uint64_t *number)
{
    uint64_t n = 0;
    if (*word == '\0')
        return false;
    for (; *word; word++) {
        unsigned digit = digit_of(*word);
        if (digit >= base || __builtin_mul_overflow(n, base, &n) ||
            __builtin_add_overflow(n, digit, &n))
            return false;
    }
    *number = n;
    return true;
}

bool fields_decimal(const char *word, uint64_t *number)
{
    return word && parse(word, 10, number);
}

bool fields_hex(const char *word, uint64_t *number)
{
    if (!word)
        return false;
    bool prefixed = word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
    return parse(word + (prefixed ? 2 : 0), 16, number);
}

bool fields_pointer(const char *word, uint64_t *number)
{
    if (!word || strcmp(word, "(nil)") != 0)
        return fields_hex(word, number);
    *number = 0;
    return true;
}

unsigned fields_log2(uint64_t alignment)
{
    return alignment <= 1 ? 0 : 64 - (unsigned)__builtin_clzll(alignment - 1);
}
