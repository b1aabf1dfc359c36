#include "csv_parts.h"

#include <inttypes.h>
#include <string.h>

#include "survey.h"

void csv_put_text(FILE *out, const char *text)
{
    if (!text[strcspn(text, ",\"\r\n")]) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (const char *p = text; *p; p++) {
        if (*p == '"')
            fputc('"', out);
        fputc(*p, out);
    }
    fputc('"', out);
}

void csv_put_known(FILE *out, uint64_t value)
{
    fputc(',', out);
    if (value != SURVEY_UNKNOWN)
        fprintf(out, "%" PRIu64, value);
}

bool csv_is_of_run(const struct store_run *run, uint32_t cell, uint32_t subject)
{
    return cell < run->n_cells && subject < run->n_subjects;
}

void csv_put_place(FILE *out, const struct store_run *run, uint32_t cell, uint32_t subject)
{
    csv_put_text(out, run->name);
    fputc(',', out);
    csv_put_text(out, run->cells[cell].workload);
    fprintf(out, ",%" PRIu32 ",", run->cells[cell].threads);
    csv_put_text(out, run->subjects[subject].name);
    fputc(',', out);
}
