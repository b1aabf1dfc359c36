#include "page.h"

#include <errno.h>
#include <stdlib.h>

#include "page_parts.h"
#include "page_template.h"
#include "report_text.h"

#define DIGITS 9 /* of a number, as in the JSON of the reports */

/*
 * What stands in a script element ends at the first "</script", and "<!--" changes how the rest is
 * read. '<', '>' and '&' occur in JSON only inside of strings, where they can be told by number.
 */
static int put_escaped(const char *text, size_t n, void *context)
{
    FILE *out = context;
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (c == '<' || c == '>' || c == '&')
            fprintf(out, "\\u%04x", (unsigned)c);
        else
            fputc(c, out);
    }
    return ferror(out) ? -1 : 0;
}

static int gather(struct page *p, struct err *err)
{
    page_add_run(p);
    page_add_numbers(p);
    int rc = page_add_tuning(p, err);
    if (rc == 0)
        rc = page_add_answer(p, err);
    if (rc == 0)
        rc = page_add_trials(p, err);
    if (rc == 0)
        rc = page_add_series(p, err);
    if (rc == 0)
        rc = page_add_settings(p, err);
    if (rc == 0)
        rc = page_add_surveys(p, err);
    return rc;
}

int page_write(FILE *out, struct store *store, const struct summary *s, const char *command,
               struct err *err)
{
    struct page p = {.json = {.s = s, .store = store},
                     .store = store,
                     .s = s,
                     .command = command,
                     .root = json_object()};
    int rc = gather(&p, err);
    if (rc == 0 && (p.json.failed || !p.root))
        rc = err_set(err, ENOMEM, "no memory for the page of run %s", s->run.name);
    if (rc == 0) {
        fwrite(page_head, 1, page_head_bytes, out);
        int dumped =
            json_dump_callback(p.root, put_escaped, out,
                               JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(DIGITS));
        fwrite(page_tail, 1, page_tail_bytes, out);
        rc = report_finish(out, err);
        if (rc == 0 && dumped < 0)
            rc = err_set(err, ENOMEM, "no memory for the page of run %s", s->run.name);
    }
    json_decref(p.root);
    free(p.trials);
    return rc;
}
