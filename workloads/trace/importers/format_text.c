/*
 * The project's own plain text form of a trace (docs/formats.md), which trace_text_write() writes: "TID OP TOKEN SIZE".
 */
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "format.h"

#define FIRST_LINE "arenabench-trace-text 1"

struct op {
    const char *name;
    enum trace_kind kind;
    bool has_token, has_size, has_alignment, has_thread, has_time;
};

static const struct op ops[] = {
    {"malloc", TRACE_MALLOC, .has_token = true, .has_size = true},
    {"calloc", TRACE_CALLOC, .has_token = true, .has_size = true},
    {"aligned", TRACE_ALIGNED, .has_token = true, .has_size = true, .has_alignment = true},
    {"realloc", TRACE_REALLOC, .has_token = true, .has_size = true},
    {"realloc-null", TRACE_REALLOC_IN, .has_token = true, .has_size = true},
    {"free", TRACE_FREE, .has_token = true},
    {"spawn", TRACE_SPAWN, .has_thread = true},
    {"join", TRACE_JOIN, .has_thread = true},
    {.name = "end", .kind = TRACE_END},
    {"clock", TRACE_CLOCK, .has_time = true},
};

static const struct op *find_op(const char *name)
{
    for (size_t i = 0; name && i < ARRAY_SIZE(ops); i++) {
        if (strcmp(ops[i].name, name) == 0)
            return &ops[i];
    }
    return NULL;
}

static bool parse_thread(const char *word, uint64_t *thread)
{
    return fields_decimal(word, thread) && *thread < UINT64_MAX;
}

/* "pages=N", or nothing. */
static const char *parse_pages(char **line, struct import_event *e)
{
    uint64_t pages;
    char *word = fields_word(line);
    if (!word)
        return NULL;
    if (strncmp(word, "pages=", 6) != 0 || !fields_decimal(word + 6, &pages))
        return "behind an allocation stands pages=NUMBER or nothing";
    e->has_pages = true;
    e->pages = (uint32_t)(pages < trace_pages_max(e->bytes) ? pages : trace_pages_max(e->bytes));
    return NULL;
}

static const char *parse_args(char **line, const struct op *op, struct import_event *e)
{
    uint64_t token = 0, alignment = 1;
    if (op->has_token && (!fields_decimal(fields_word(line), &token) || token == 0))
        return "an object's token is a number from 1";
    if (op->has_size && !fields_decimal(fields_word(line), &e->bytes))
        return "a size that is no number, or none";
    if (op->has_alignment && (!fields_decimal(fields_word(line), &alignment) || alignment == 0 ||
                              (alignment & (alignment - 1)) != 0))
        return "an alignment is a power of two";
    if (op->has_thread && !parse_thread(fields_word(line), &e->other))
        return "spawn and join name a thread by its number";
    if (op->has_time && !fields_decimal(fields_word(line), &e->ns))
        return "a time is a number of nanoseconds";
    const char *why = op->has_size ? parse_pages(line, e) : NULL;
    if (why)
        return why;
    e->has_ns = op->has_time;
    e->old = token;
    e->made = token;
    e->align_log2 = fields_log2(alignment);
    return fields_word(line) ? "more on the line than the operation has" : NULL;
}

static const char *parse_event(char *line, struct import_event *e)
{
    if (!parse_thread(fields_word(&line), &e->thread))
        return "a line begins with a thread's number";
    const struct op *op = find_op(fields_word(&line));
    if (!op)
        return "behind the thread stands malloc, calloc, aligned, realloc, realloc-null, free, spawn, join, "
               "end or clock";
    e->kind = op->kind;
    return parse_args(&line, op, e);
}

/* "%20" in place of a blank, in place. */
static void decode(char *word)
{
    char *out = word;
    for (; *word; word++) {
        char digits[3] = {word[0] == '%' ? word[1] : '\0'};
        uint64_t byte;
        if (digits[0] != '\0')
            digits[1] = word[2];
        if (digits[1] != '\0' && fields_hex(digits, &byte) && byte != 0) {
            *out++ = (char)(unsigned char)byte;
            word += 2;
        } else {
            *out++ = *word;
        }
    }
    *out = '\0';
}

static void parse_program(struct import_facts *f, char *line)
{
    f->text_bytes = 0;
    for (char *word; (word = fields_word(&line));) {
        decode(word);
        import_facts_word(f, word);
    }
}

/* Lines that are no event; true when this is one. */
static bool parse_other(char *line, struct import_facts *f)
{
    line += strspn(line, " \t");
    if (*line == '\0' || *line == '#' || strcmp(line, FIRST_LINE) == 0)
        return true;
    if (strncmp(line, "program ", 8) != 0)
        return false;
    parse_program(f, line + 8);
    return true;
}

static int next(struct import_reader *r, struct import_event *e, struct err *err)
{
    char *line;
    int rc;
    while ((rc = source_line(r->in, &line, err)) > 0) {
        if (parse_other(line, r->facts))
            continue;
        *e = (struct import_event){0};
        const char *why = parse_event(line, e);
        if (why)
            return source_bad(r->in, err, "%s", why);
        r->facts->has_times |= e->kind == TRACE_CLOCK;
        return 1;
    }
    return rc;
}

/* Its first line, or, behind comments and the program, an event. */
static bool sniff(const char *bytes, size_t n)
{
    const char *end = bytes + n;
    while (bytes < end && (strchr("#\r\n", *bytes) || strncmp(bytes, "program ", 8) == 0))
        bytes += strcspn(bytes, "\n") + 1;
    char line[256];
    size_t length = bytes < end ? strcspn(bytes, "\r\n") : 0;
    if (length == 0 || length >= sizeof(line))
        return false;
    memcpy(line, bytes, length);
    line[length] = '\0';
    struct import_event e = {0};
    return strcmp(line, FIRST_LINE) == 0 || parse_event(line, &e) == NULL;
}

const struct import_format format_text = {
    .name = "text",
    .summary = "TID OP TOKEN SIZE, as `arenabench dump` writes it",
    .lost = "",
    .threads_are_born = true,
    .sniff = sniff,
    .next = next,
};
