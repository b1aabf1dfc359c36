#include "knob.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

size_t knob_list(const struct allocator *a, const struct setting **out, size_t room)
{
    size_t n = 0;
    for (unsigned last = 0;; n++) {
        const struct setting *next = NULL;
        for (const struct setting *s = a->settings; s && s->name; s++)
            if (s->knob.rank > last && (!next || s->knob.rank < next->knob.rank))
                next = s;
        if (!next)
            return n;
        if (n < room)
            out[n] = next;
        last = next->knob.rank;
    }
}

size_t knob_n_levels(const struct setting *s)
{
    if (!s->knob.levels)
        return s->knob.steps;
    size_t n = 1;
    for (const char *p = s->knob.levels; *p; p++)
        n += *p == '|';
    return n;
}

/* A whole number as short as it can be written without loss. */
static void write_number(const struct setting *s, int64_t value, char out[SETTING_VALUE_BYTES])
{
    static const char letters[] = "KMGT";
    unsigned thousands = 0;
    while (s->unit == SETTING_BYTES && value && value % 1024 == 0 && letters[thousands]) {
        value /= 1024;
        thousands++;
    }
    text_format(out, SETTING_VALUE_BYTES, "%ld%.*s", (long)value, thousands > 0,
                thousands ? &letters[thousands - 1] : "");
}

/* Apart by equal factors, as near as whole numbers come to it. */
static int64_t on_scale(const struct setting_knob *k, size_t i)
{
    if (i == 0 || i + 1 >= k->steps)
        return i ? k->to : k->from;
    double factor = (double)k->to / (double)k->from;
    return (int64_t)((double)k->from * pow(factor, (double)i / (k->steps - 1)) + 0.5);
}

void knob_level(const struct setting *s, size_t i, char out[SETTING_VALUE_BYTES])
{
    if (!s->knob.levels) {
        write_number(s, on_scale(&s->knob, i), out);
        return;
    }
    const char *level = s->knob.levels;
    while (i-- > 0)
        level = strchr(level, '|') + 1;
    text_format(out, SETTING_VALUE_BYTES, "%.*s", (int)strcspn(level, "|"), level);
}

double knob_position(const struct setting *s, const char *value)
{
    /* How switches are spelled is the allocator's; here they are numbers. */
    static const struct allocator spelling = {.on = "1", .off = "0"};
    char text[SETTING_VALUE_BYTES];
    struct err ignored;
    if (setting_value(&spelling, s, value, text, &ignored) < 0)
        return NAN;
    if (s->unit == SETTING_CHOICE)
        return (double)setting_choice(s, text);
    double position = strtod(text, NULL);
    return position < 0 && s->least == -1 ? INFINITY : position;
}
