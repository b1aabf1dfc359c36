#include "workload.h"

#include <stdarg.h>
#include <string.h>

#include "text.h"

struct writer {
    void (*line)(void *context, const char *text);
    void *context;
};

static void write_line(const struct writer *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void write_line(const struct writer *w, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    text_vformat(text, sizeof(text), format, args);
    va_end(args);
    w->line(w->context, text);
}

/* With commas for bars, which would end the cell of a Markdown table. */
static void format_range(const struct param *p, char *out, size_t n)
{
    char range[PARAM_RANGE_BYTES];
    size_t used = 0;
    param_format_range(p, range, sizeof(range));
    for (const char *c = range; *c; c++)
        used += text_format(out + used, n - used, *c == '|' ? ", " : "%c", *c);
}

static void describe_params(const struct writer *w, const struct param *rows)
{
    write_line(w, "| parameter | unit | default | range | meaning |");
    write_line(w, "|---|---|---|---|---|");
    for (const struct param *p = rows; p->name; p++) {
        char preset[PARAM_VALUE_BYTES];
        char range[2 * PARAM_RANGE_BYTES];
        param_format_value(p, p->preset, preset, sizeof(preset));
        format_range(p, range, sizeof(range));
        write_line(w, "| %s | %s | %s | %s | %s |", p->name, param_unit_name(p->unit), preset,
                   range, p->help);
    }
}

#define BYTES_TEXT 32

/* To three digits: "512", "1.50 KiB", "23.4 MiB". */
static const char *bytes_text(char out[BYTES_TEXT], uint64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < KIB) {
        text_format(out, BYTES_TEXT, "%lu", bytes);
        return out;
    }
    size_t unit = 0;
    double n = (double)bytes / KIB;
    for (; n >= 999.5 && unit + 1 < ARRAY_SIZE(units); unit++)
        n /= KIB;
    unsigned decimals = n < 9.995 ? 2 : n < 99.95 ? 1 : 0;
    unsigned scale = decimals == 2 ? 100 : decimals == 1 ? 10 : 1;
    uint64_t digits = (uint64_t)(n * scale + 0.5);
    if (digits % scale == 0)
        text_format(out, BYTES_TEXT, "%lu %s", digits / scale, units[unit]);
    else
        text_format(out, BYTES_TEXT, "%lu.%s%lu %s", digits / scale,
                    decimals == 2 && digits % scale < 10 ? "0" : "", digits % scale, units[unit]);
    return out;
}

/* The least size that a share of `share` of the allocations does not exceed. */
static uint64_t quantile(const struct workload *w, const struct workload_args *args, double share)
{
    uint64_t low = 0; /* is too small */
    uint64_t high = (uint64_t)1 << 48;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (w->share_below(args, middle + 1) < share)
            low = middle;
        else
            high = middle;
    }
    return high;
}

static void describe_sizes(const struct writer *out, const struct workload *w,
                           const struct workload_args *args)
{
    static const double shares[] = {1e-9, 0.1, 0.5, 0.9, 1 - 1e-9};
    char text[ARRAY_SIZE(shares)][BYTES_TEXT];
    uint64_t bytes[ARRAY_SIZE(shares)];
    for (size_t i = 0; i < ARRAY_SIZE(shares); i++)
        bytes_text(text[i], bytes[i] = quantile(w, args, shares[i]));
    if (bytes[0] == bytes[4])
        write_line(out, "Sizes: all %s.", text[0]);
    else
        write_line(out,
                   "Sizes: least %s, a tenth up to %s, half up to %s, nine tenths up to %s, "
                   "greatest %s.",
                   text[0], text[1], text[2], text[3], text[4]);
}

static void percent_text(char out[PARAM_VALUE_BYTES], double share)
{
    uint64_t tenths = (uint64_t)(share * 1000 + 0.5);
    text_format(out, PARAM_VALUE_BYTES, tenths % 10 ? "%lu.%lu %%" : "%lu %%", tenths / 10,
                tenths % 10);
}

/* What its plans are like with the defaults. */
static void describe_plan(const struct writer *out, const struct workload *w)
{
    uint64_t values[PARAMS_MAX];
    params_preset(w->params, values);
    struct workload_args args = {.threads = w->threads_min > 2 ? w->threads_min : 2,
                                 .values = values};
    struct workload_claims claims = {0};
    w->claims(&args, &claims);
    char least[BYTES_TEXT];
    char most[BYTES_TEXT];
    char remote[2][PARAM_VALUE_BYTES];
    bytes_text(least, claims.live_min);
    bytes_text(most, claims.live_max);
    percent_text(remote[0], claims.remote_min);
    percent_text(remote[1], claims.remote_max);
    bool one_share = strcmp(remote[0], remote[1]) == 0;
    bool one_size = strcmp(least, most) == 0;
    write_line(out, "Remote frees: %s%s%s. Greatest live bytes, %u threads together: %s%s%s.",
               remote[0], one_share ? "" : " to ", one_share ? "" : remote[1], args.threads, least,
               one_size ? "" : " to ", one_size ? "" : most);
    describe_sizes(out, w, &args);
    if (w->bound)
        write_line(out, "Bound: %s of heap (%s).", bytes_text(most, w->bound(&args)),
                   w->bound_source);
}

static const char *kind_of(const struct workload *w)
{
    return w->bound ? "adversary" : w->from_cold ? "scenario" : w->known ? "benchmark" : "pattern";
}

/* A line each, to choose from. */
static void describe_all(const struct writer *w, const struct workload *const *table, size_t n)
{
    write_line(w, "| workload | kind | threads | what it stresses |");
    write_line(w, "|---|---|---|---|");
    for (size_t i = 0; i < n; i++)
        write_line(w, "| [%s](#%s) | %s | %u or more | %s |", table[i]->name, table[i]->name,
                   kind_of(table[i]), table[i]->threads_min, table[i]->summary);
}

void workload_describe(void (*line)(void *context, const char *text), void *context)
{
    struct writer w = {line, context};
    size_t n;
    const struct workload *const *table = workload_table(&n);
    describe_all(&w, table, n);
    for (size_t i = 0; i < n; i++) {
        write_line(&w, "%s", "");
        write_line(&w, "## %s", table[i]->name);
        write_line(&w, "%s", "");
        write_line(&w, "%s.", table[i]->summary);
        write_line(&w, "From: %s. Threads: %u or more.", table[i]->source, table[i]->threads_min);
        describe_plan(&w, table[i]);
        write_line(&w, "Would surprise: %s.", table[i]->surprise);
        write_line(&w, "%s", "");
        describe_params(&w, table[i]->params);
    }
}
