#include "size_classes.h"

#include <errno.h>
#include <string.h>

#include "text.h"

uint64_t size_classes_step(uint64_t bytes, uint64_t steps)
{
    if (bytes <= 1)
        return 0;
    unsigned doubling = 63 - (unsigned)__builtin_clzll(bytes - 1); /* 2^doubling < bytes */
    uint64_t low = (uint64_t)1 << doubling;
    return 1 + doubling * steps + ((bytes - low) * steps - 1) / low;
}

void size_classes_add(struct size_classes *list, uint64_t bytes)
{
    uint64_t step = size_classes_step(bytes, SIZE_CLASSES_STEPS);
    uint32_t at = list->n;
    while (at > 0 && size_classes_step(list->bytes[at - 1], SIZE_CLASSES_STEPS) >= step)
        at--;
    if (at < list->n && size_classes_step(list->bytes[at], SIZE_CLASSES_STEPS) == step) {
        list->bytes[at] = bytes > list->bytes[at] ? bytes : list->bytes[at];
        return;
    }
    memmove(list->bytes + at + 1, list->bytes + at, (list->n - at) * sizeof(list->bytes[0]));
    list->bytes[at] = bytes;
    list->n++;
}

size_t size_classes_format(const struct size_classes *list, char *out)
{
    size_t n = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < list->n; i++)
        n += text_format(out + n, SIZE_CLASSES_TEXT_MAX - n, "%s%lu", i ? "," : "", list->bytes[i]);
    return n;
}

/* A number without a leading zero, below a million; 0 where there is none. */
static uint64_t take_number(const char **text)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < 6 && **text >= (i ? '0' : '1') && **text <= '9'; i++, (*text)++)
        number = 10 * number + (uint64_t)(**text - '0');
    return number;
}

int size_classes_parse(const char *text, struct size_classes *list, struct err *err)
{
    *list = (struct size_classes){0};
    for (const char *p = text; *p;) {
        uint64_t before = list->n ? list->bytes[list->n - 1] : 0, bytes = take_number(&p);
        bool ends = *p == '\0' || (*p == ',' && p[1] != '\0');
        if (!ends || bytes <= before || bytes > SIZE_CLASS_BYTES_MAX ||
            (before && size_classes_step(before, SIZE_CLASSES_STEPS) ==
                           size_classes_step(bytes, SIZE_CLASSES_STEPS)))
            return err_set(err, EINVAL, "the list of size classes is damaged at its number %u",
                           list->n + 1);
        size_classes_add(list, bytes);
        p += *p == ',';
    }
    return 0;
}
