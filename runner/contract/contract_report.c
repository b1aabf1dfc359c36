#include "contract_report.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

static int width_of(const char *text, int least)
{
    int n = (int)strlen(text);
    return n > least ? n : least;
}

static void print_row(FILE *out, const struct contract_report *r, size_t clause, int name_width)
{
    fprintf(out, "%-*s", name_width, r->clauses[clause]->name);
    for (size_t c = 0; c < r->n_columns; c++) {
        const struct contract_column *column = &r->columns[c];
        bool is_last = c + 1 == r->n_columns;
        fprintf(out, "  %-*s", is_last ? 0 : width_of(column->name, 7),
                clause_verdict_name(column->results[clause].verdict));
    }
    fputc('\n', out);
}

/* One kind of what was seen, the allocators one after the other. */
static void print_seen(FILE *out, const struct contract_report *r, enum clause_verdict verdict,
                       const char *meaning)
{
    bool is_first = true;
    for (size_t c = 0; c < r->n_columns; c++) {
        for (size_t i = 0; i < r->n_clauses; i++) {
            const struct clause_result *result = &r->columns[c].results[i];
            if (result->verdict != verdict)
                continue;
            if (is_first)
                fprintf(out, "\n%s: %s\n", clause_verdict_name(verdict), meaning);
            is_first = false;
            fprintf(out, "  %s, %s: %s\n", r->columns[c].name, r->clauses[i]->name, result->seen);
        }
    }
}

void contract_report_table(FILE *out, const struct contract_report *r)
{
    int name_width = 6;
    for (size_t i = 0; i < r->n_clauses; i++)
        name_width = width_of(r->clauses[i]->name, name_width);
    fprintf(out, "%-*s", name_width, "clause");
    for (size_t c = 0; c < r->n_columns; c++)
        fprintf(out, "  %-*s", c + 1 == r->n_columns ? 0 : width_of(r->columns[c].name, 7),
                r->columns[c].name);
    fputc('\n', out);
    for (size_t i = 0; i < r->n_clauses; i++)
        print_row(out, r, i, name_width);
    print_seen(out, r, CLAUSE_FAIL, "breaks what C, POSIX or sound memory demand");
    print_seen(out, r, CLAUSE_DIFFERS, "the standards allow it, programs used to glibc may not");
    print_seen(out, r, CLAUSE_SKIP, "could not be tried here");
}

static void put_field(FILE *out, const char *text, char end)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fprintf(out, "%s%c", text, end);
        return;
    }
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fprintf(out, "\"%c", end);
}

void contract_report_csv(FILE *out, const struct contract_report *r)
{
    fputs("allocator,file,clause,result,seconds,seen\n", out);
    for (size_t c = 0; c < r->n_columns; c++) {
        for (size_t i = 0; i < r->n_clauses; i++) {
            const struct clause_result *result = &r->columns[c].results[i];
            put_field(out, r->columns[c].name, ',');
            put_field(out, r->columns[c].file, ',');
            put_field(out, r->clauses[i]->name, ',');
            put_field(out, clause_verdict_name(result->verdict), ',');
            fprintf(out, "%.3f,", (double)result->took_ns / 1e9);
            put_field(out, result->seen, '\n');
        }
    }
}

/* NULL when memory is short, or (text) when it is not UTF-8: then without what is not ASCII. */
static json_t *text(const char *s)
{
    char ascii[sizeof(((struct clause_result *)0)->seen)];
    json_t *value = json_string(s);
    if (value)
        return value;
    size_t n = 0;
    for (; s[n] && n + 1 < sizeof(ascii); n++)
        ascii[n] = s[n];
    for (char *p = ascii; p < ascii + n; p++)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    ascii[n] = '\0';
    return json_string(ascii);
}

static json_t *json_of_result(const struct clause *clause, const struct clause_result *result)
{
    json_t *seen = *result->seen ? text(result->seen) : json_null();
    return json_pack("{s:s, s:s, s:f, s:o}", "clause", clause->name, "result",
                     clause_verdict_name(result->verdict), "seconds", (double)result->took_ns / 1e9,
                     "seen", seen);
}

static json_t *json_of_column(const struct contract_report *r, const struct contract_column *column)
{
    json_t *results = json_array();
    for (size_t i = 0; i < r->n_clauses; i++)
        json_array_append_new(results, json_of_result(r->clauses[i], &column->results[i]));
    return json_pack("{s:o, s:o, s:o}", "name", text(column->name), "file", text(column->file),
                     "results", results);
}

int contract_report_json(FILE *out, const struct contract_report *r, struct err *err)
{
    json_t *clauses = json_array(), *columns = json_array();
    for (size_t i = 0; i < r->n_clauses; i++)
        json_array_append_new(clauses, json_pack("{s:s, s:s}", "name", r->clauses[i]->name, "says",
                                                 r->clauses[i]->says));
    for (size_t c = 0; c < r->n_columns; c++)
        json_array_append_new(columns, json_of_column(r, &r->columns[c]));
    json_t *all = json_pack("{s:o, s:o}", "clauses", clauses, "allocators", columns);
    bool is_whole =
        all && json_array_size(columns) == r->n_columns && json_array_size(clauses) == r->n_clauses;
    int rc = is_whole && json_dumpf(all, out, JSON_INDENT(2)) == 0 ? 0 : -EIO;
    fputc('\n', out);
    json_decref(all);
    return rc < 0 ? err_set(err, EIO, "the output could not be made or written whole") : 0;
}
