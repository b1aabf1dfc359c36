/*
 * What glibc's mtrace(3) writes: "@ CALLER OP ADDRESS [SIZE]", OP one of + (allocated), - (freed), < and > (realloc: its
 * old address in one line, its new one in the next), ! (a realloc that failed).
 */
#include <string.h>

#include "fields.h"
#include "format.h"

struct state {
    bool in_realloc; /* "<" was read */
    uint64_t old;
};

static bool is_op(const char *p)
{
    return strchr("+-<>!", *p) && *p != '\0' && p[1] == ' ';
}

/* Behind the caller, which holds a path and so perhaps anything but ends with "] ". NULL: no line of mtrace's. */
static char *find_op(char *line)
{
    if (is_op(line))
        return line;
    char *op = NULL;
    if (line[0] != '@')
        return NULL;
    for (char *p = line; (p = strstr(p, "] ")); p += 2)
        op = p + 2;
    return op && is_op(op) ? op : NULL;
}

/* "+ ADDRESS SIZE"; true when that is what stands there. */
static bool parse_op(char *line, char *op, uint64_t *address, uint64_t *size)
{
    line = find_op(line);
    if (!line)
        return false;
    *op = *line++;
    bool has_size = *op == '+' || *op == '>' || *op == '!';
    return fields_pointer(fields_word(&line), address) &&
           (!has_size || fields_hex(fields_word(&line), size)) && !fields_word(&line);
}

/* 1: an event; 0: nothing by itself; -1: out of order. */
static int apply(struct state *s, char op, uint64_t address, struct import_event *e)
{
    bool ends_realloc = op == '>';
    if (ends_realloc != s->in_realloc)
        return -1;
    s->in_realloc = op == '<';
    switch (op) {
    case '+':
        e->kind = TRACE_MALLOC;
        e->made = address;
        return 1;
    case '-':
        e->kind = TRACE_FREE;
        e->old = address;
        return 1;
    case '<':
        s->old = address;
        return 0;
    case '>':
        e->kind = TRACE_REALLOC;
        e->old = s->old;
        e->made = address;
        return 1;
    default: /* a realloc that failed; the object stays */
        e->kind = TRACE_REALLOC;
        e->old = address;
        return 1;
    }
}

static int end(struct import_reader *r, struct err *err)
{
    struct state *s = r->state;
    return s->in_realloc ? source_bad(r->in, err, "cut off inside a realloc") : 0;
}

static int next(struct import_reader *r, struct import_event *e, struct err *err)
{
    char *line;
    int rc;
    while ((rc = source_line(r->in, &line, err)) > 0) {
        char op;
        uint64_t address;
        if (line[0] == '\0' || line[0] == '=') /* "= Start", "= End" */
            continue;
        *e = (struct import_event){0};
        if (!parse_op(line, &op, &address, &e->bytes))
            return source_bad(r->in, err, "no line of mtrace's: @ CALLER + ADDRESS SIZE");
        int n = apply(r->state, op, address, e);
        if (n < 0)
            return source_bad(r->in, err, "a realloc has two lines, < and directly behind it >");
        if (n > 0)
            return 1;
    }
    return rc < 0 ? rc : end(r, err);
}

static bool sniff(const char *bytes, size_t n)
{
    return n > 0 && (strncmp(bytes, "= Start\n", 8) == 0 || strncmp(bytes, "@ ", 2) == 0 ||
                     (is_op(bytes) && strncmp(bytes + 2, "0x", 2) == 0));
}

const struct import_format format_mtrace = {
    .name = "mtrace",
    .summary = "logs of glibc's mtrace(3)",
    .lost =
        "threads (all calls are one thread's), times, alignments, and which allocations were calloc",
    .state_bytes = sizeof(struct state),
    .sniff = sniff,
    .next = next,
};
