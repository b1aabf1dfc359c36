#include "report_text.h"

#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>

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

static size_t columns_that_fit(const struct report_panels *p, size_t first)
{
    size_t n = p->end - first;
    for (; p->width > 0 && n > 1; n--) {
        char *text = p->draw(p->context, first, n, false);
        bool fits = !text || widest_line(text) <= p->width;
        free(text);
        if (fits)
            break;
    }
    return n;
}

bool report_put_panels(FILE *out, const struct report_panels *p)
{
    size_t n;
    for (size_t first = p->first; first < p->end; first += n) {
        n = columns_that_fit(p, first);
        char *text = p->draw(p->context, first, n, p->colour);
        if (!text)
            return false;
        if (first > p->first)
            fputs(p->between, out);
        report_put_trimmed(out, text);
        fputs(p->behind, out);
        free(text);
    }
    return true;
}
