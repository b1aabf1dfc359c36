#include "workload.h"

#include <stdarg.h>

#include "text.h"

struct writer {
    void (*line)(void *context, const char *text);
    void *context;
};

static void write_line(const struct writer *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void write_line(const struct writer *w, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    text_vformat(text, sizeof(text), format, args);
    va_end(args);
    w->line(w->context, text);
}

static void describe_params(const struct writer *w, const struct param *rows)
{
    write_line(w, "| parameter | unit | default | range | meaning |");
    write_line(w, "|---|---|---|---|---|");
    for (const struct param *p = rows; p->name; p++) {
        char preset[PARAM_VALUE_BYTES];
        char range[PARAM_RANGE_BYTES];
        param_format_value(p, p->preset, preset, sizeof(preset));
        param_format_range(p, range, sizeof(range));
        /* a bar would end the cell of a Markdown table */
        write_line(w, "| %s | %s | %s | %s | %s |", p->name, param_unit_name(p->unit), preset,
                   p->unit == PARAM_YES_NO ? "yes, no" : range, p->help);
    }
}

void workload_describe(void (*line)(void *context, const char *text), void *context)
{
    struct writer w = {line, context};
    size_t n;
    const struct workload *const *table = workload_table(&n);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            write_line(&w, "%s", "");
        write_line(&w, "## %s", table[i]->name);
        write_line(&w, "%s", "");
        write_line(&w, "%s.", table[i]->summary);
        write_line(&w, "From: %s. Threads: %u or more.", table[i]->source, table[i]->threads_min);
        write_line(&w, "%s", "");
        describe_params(&w, table[i]->params);
    }
}
