/*
 * Android's memory_replay: "TID: ACTION PTR [ARGS]", a line per call, perhaps with the call's begin and end in
 * nanoseconds behind. thread_done comes from a thread's end; who started it is not told.
 */
#include <string.h>

#include "fields.h"
#include "format.h"

enum { ARGS_MAX = 3 };

struct action {
    const char *name;
    enum trace_kind kind;
    unsigned n_args; /* behind the pointer */
};

static const struct action actions[] = {
    {"malloc", TRACE_MALLOC, 1},   {"calloc", TRACE_CALLOC, 2}, {"memalign", TRACE_ALIGNED, 2},
    {"realloc", TRACE_REALLOC, 2}, {"free", TRACE_FREE, 0},     {"thread_done", TRACE_END, 0},
};

static const struct action *find_action(const char *name)
{
    for (size_t i = 0; name && i < ARRAY_SIZE(actions); i++) {
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    }
    return NULL;
}

/* "TID:" */
static bool parse_thread(char *word, uint64_t *thread)
{
    size_t n = word ? strlen(word) : 0;
    if (n < 2 || word[n - 1] != ':')
        return false;
    word[n - 1] = '\0';
    return fields_decimal(word, thread) && *thread <= INT64_MAX;
}

static bool parse_args(char **line, const struct action *a, uint64_t args[ARGS_MAX])
{
    for (unsigned i = 0; i < a->n_args; i++) {
        char *word = fields_word(line);
        bool is_pointer = a->kind == TRACE_REALLOC && i == 0;
        if (is_pointer ? !fields_hex(word, &args[i]) : !fields_decimal(word, &args[i]))
            return false;
    }
    return true;
}

/* The call's times at the end of the line, if there are any. An allocation counts from its end on. */
static bool parse_times(char **line, struct import_event *e)
{
    uint64_t begin, end;
    char *word = fields_word(line);
    e->has_ns = word != NULL;
    if (!word)
        return true;
    if (!fields_decimal(word, &begin))
        return false;
    word = fields_word(line);
    if (!word && e->kind == TRACE_END) { /* may have its end alone */
        e->ns = begin;
        return true;
    }
    if (!fields_decimal(word, &end) || fields_word(line))
        return false;
    e->ns = e->kind == TRACE_FREE ? begin : end;
    return true;
}

static const char *fill(struct import_event *e, const struct action *a, uint64_t pointer,
                        const uint64_t args[ARGS_MAX])
{
    e->kind = a->kind;
    e->made = pointer;
    switch (a->kind) {
    case TRACE_CALLOC:
        return __builtin_mul_overflow(args[0], args[1], &e->bytes) && pointer != 0
                   ? "a calloc of more than 64 bits can say"
                   : NULL;
    case TRACE_ALIGNED:
        e->align_log2 = fields_log2(args[0]);
        e->bytes = args[1];
        return NULL;
    case TRACE_REALLOC:
        e->old = args[0];
        e->bytes = args[1];
        return NULL;
    case TRACE_FREE:
        e->old = pointer;
        return NULL;
    default:
        e->bytes = args[0];
        return NULL;
    }
}

static const char *parse_line(char *line, struct import_event *e)
{
    uint64_t pointer, args[ARGS_MAX] = {0};
    if (!parse_thread(fields_word(&line), &e->thread))
        return "a line begins with a thread's number and a colon";
    const struct action *a = find_action(fields_word(&line));
    if (!a)
        return "behind the thread stands malloc, calloc, memalign, realloc, free or thread_done";
    if (!fields_hex(fields_word(&line), &pointer) || !parse_args(&line, a, args))
        return "a pointer or a size that is no number, or none at all";
    const char *why = fill(e, a, pointer, args);
    if (!why && !parse_times(&line, e))
        why = "behind the call stand two times in nanoseconds or nothing";
    return why;
}

static int next(struct import_reader *r, struct import_event *e, struct err *err)
{
    char *line;
    int rc;
    while ((rc = source_line(r->in, &line, err)) > 0) {
        if (line[0] == '\0')
            continue;
        *e = (struct import_event){0};
        const char *why = parse_line(line, e);
        if (why)
            return source_bad(r->in, err, "%s", why);
        r->facts->has_times |= e->has_ns;
        return 1;
    }
    return rc;
}

static bool sniff(const char *bytes, size_t n)
{
    struct import_event e = {0};
    char line[256];
    size_t length = strcspn(bytes, "\r\n");
    if (n == 0 || length >= sizeof(line))
        return false;
    memcpy(line, bytes, length);
    line[length] = '\0';
    return parse_line(line, &e) == NULL;
}

const struct import_format format_android = {
    .name = "android",
    .summary = "Android's memory_replay: TID: ACTION PTR [ARGS]",
    .lost =
        "which thread started which (the first thread starts them all), joins, and which threads "
        "ran at the same time",
    .sniff = sniff,
    .next = next,
};
