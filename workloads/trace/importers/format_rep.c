/*
 * malloclab's .rep: four numbers (suggested heap, objects, operations, weight), then "a ID SIZE", "r ID SIZE" and "f ID".
 */
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "format.h"
#include "text.h"

enum { HEADER_NUMBERS = 4, HEADER_OPERATIONS = 2 };

struct state {
    unsigned n_numbers;
    uint64_t announced, n_operations;
};

static const char *parse_number(struct state *s, char *line)
{
    for (char *word; (word = fields_word(&line)); s->n_numbers++) {
        uint64_t n;
        if (s->n_numbers == HEADER_NUMBERS || !fields_decimal(word, &n))
            return "the file begins with four numbers: heap, objects, operations, weight";
        if (s->n_numbers == HEADER_OPERATIONS)
            s->announced = n;
    }
    return NULL;
}

/* "-1" is free(NULL) in some of these files. */
static bool parse_id(const char *word, bool is_free, uint64_t *id)
{
    if (is_free && word && strcmp(word, "-1") == 0) {
        *id = 0;
        return true;
    }
    if (!fields_decimal(word, id) || *id >= INT64_MAX)
        return false;
    ++*id; /* 0 is NULL */
    return true;
}

static const char *parse_operation(char *line, struct import_event *e)
{
    uint64_t id;
    char *op = fields_word(&line);
    if (op[1] != '\0' || !strchr("arf", op[0]))
        return "an operation is a ID SIZE, r ID SIZE or f ID";
    if (!parse_id(fields_word(&line), op[0] == 'f', &id))
        return "an object's number that is none";
    if (op[0] != 'f' && !fields_decimal(fields_word(&line), &e->bytes))
        return "a size that is no number";
    if (fields_word(&line))
        return "more on the line than the operation has";
    e->kind = op[0] == 'a' ? TRACE_MALLOC : op[0] == 'r' ? TRACE_REALLOC : TRACE_FREE;
    e->old = op[0] == 'a' ? 0 : id;
    e->made = op[0] == 'f' ? 0 : id;
    return NULL;
}

static int end(struct import_reader *r, struct err *err)
{
    const struct state *s = r->state;
    if (s->n_numbers < HEADER_NUMBERS)
        return source_bad(r->in, err, "cut off: the file begins with four numbers");
    if (s->n_operations != s->announced)
        text_format(r->facts->note, sizeof(r->facts->note),
                    "it announces %lu operations and holds %lu", s->announced, s->n_operations);
    return 0;
}

static int next(struct import_reader *r, struct import_event *e, struct err *err)
{
    struct state *s = r->state;
    char *line;
    int rc;
    while ((rc = source_line(r->in, &line, err)) > 0) {
        bool in_header = s->n_numbers < HEADER_NUMBERS;
        if (line[strspn(line, " \t")] == '\0')
            continue;
        *e = (struct import_event){0};
        const char *why = in_header ? parse_number(s, line) : parse_operation(line, e);
        if (why)
            return source_bad(r->in, err, "%s", why);
        if (in_header)
            continue;
        s->n_operations++;
        return 1;
    }
    return rc < 0 ? rc : end(r, err);
}

/* Four numbers and an operation. */
static bool sniff(const char *bytes, size_t n)
{
    unsigned numbers = 0;
    const char *p = bytes, *end = bytes + n;
    while (p < end && strchr(" \t\r\n0123456789", *p) && *p != '\0') {
        size_t digits = strspn(p, "0123456789");
        numbers += digits > 0;
        p += digits > 0 ? digits : 1;
    }
    return numbers == HEADER_NUMBERS && p + 1 < end && strchr("arf", *p) && p[1] == ' ';
}

const struct import_format format_rep = {
    .name = "rep",
    .summary = "malloclab's .rep files",
    .lost = "threads (all calls are one thread's) and times",
    .state_bytes = sizeof(struct state),
    .sniff = sniff,
    .next = next,
};
