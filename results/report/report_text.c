#include "report_text.h"

#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

int report_finish(FILE *out, struct err *err)
{
    errno = 0;
    bool failed = fflush(out) != 0;
    int code = errno;
    if (failed || ferror(out))
        return err_set_errno(err, code ? code : EIO, "the output could not be written whole");
    return 0;
}

void report_put_clean(FILE *out, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        bool is_wide_control = p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0; /* U+0080 to U+009F */
        if (is_wide_control)
            p++;
        fputc(is_wide_control || *p < 0x20 || *p == 0x7f ? ' ' : *p, out);
    }
}

void report_format_time(char *out, int64_t seconds)
{
    time_t t = (time_t)seconds;
    struct tm utc;
    if (!gmtime_r(&t, &utc) || strftime(out, REPORT_TIME_BYTES, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        snprintf(out, REPORT_TIME_BYTES, "%lld s after 1970", (long long)seconds);
}

void report_format_number(char *out, double value)
{
    double size = fabs(value);
    int n_decimals = size < 0.0995 ? 3 : size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
    if (size > 0 && size < 0.00995)
        snprintf(out, REPORT_NUMBER_BYTES, "%.2g", value);
    else
        snprintf(out, REPORT_NUMBER_BYTES, "%.*f", n_decimals, value);
}

void report_format_ratio(char *out, const struct interval *ratio, enum verdict verdict)
{
    char estimate[REPORT_NUMBER_BYTES], low[REPORT_NUMBER_BYTES], high[REPORT_NUMBER_BYTES];
    report_format_number(estimate, ratio->estimate);
    if (ratio->n_blocks == 1) {
        snprintf(out, REPORT_RATIO_BYTES, "%s (1 block)", estimate);
        return;
    }
    report_format_number(low, ratio->low);
    report_format_number(high, ratio->high);
    snprintf(out, REPORT_RATIO_BYTES, "%s [%s, %s]%s%s", estimate, low, high,
             verdict == VERDICT_NO_DIFFERENCE ? "=" : "",
             ratio->n_blocks < STATS_FULL_COVERAGE_BLOCKS ? "~" : "");
}

void report_put_trimmed(FILE *out, const char *text)
{
    size_t n_blanks = 0;
    for (const char *p = text; *p; p++) {
        if (*p == ' ') {
            n_blanks++;
            continue;
        }
        fprintf(out, "%*s", *p == '\n' ? 0 : (int)n_blanks, "");
        fputc(*p, out);
        n_blanks = 0;
    }
}

struct libscols_table *report_new_table(bool colour)
{
    struct libscols_table *table = scols_new_table();
    if (!table)
        return NULL;
    scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
    scols_table_set_column_separator(table, "  ");
    scols_table_enable_colors(table, colour);
    return table;
}

/* Columns of a terminal that the longest line takes, when each character takes one. */
static size_t widest_line(const char *text)
{
    size_t widest = 0, width = 0, blanks = 0;
    for (; *text; text++) {
        if (*text == '\n') {
            width = blanks = 0;
        } else if (*text == ' ') {
            blanks++;                        /* at the end of a line they are not printed */
        } else if ((*text & 0xc0) != 0x80) { /* not inside a character of UTF-8 */
            width += blanks + 1;
            blanks = 0;
        }
        widest = width > widest ? width : widest;
    }
    return widest;
}

size_t report_columns_that_fit(size_t n, size_t width, char *(*draw)(void *context, size_t n),
                               void *context)
{
    for (; width > 0 && n > 1; n--) {
        char *text = draw(context, n);
        bool fits = !text || widest_line(text) <= width;
        free(text);
        if (fits)
            break;
    }
    return n;
}
