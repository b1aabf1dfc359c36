/*
 * heaptrack's data, file versions 1 to 3 (heaptrack 1.0 to 1.5), all numbers hexadecimal. As recorded (.raw.zst):
 * "+ SIZE STACK ADDRESS" and "- ADDRESS". Interpreted (.zst, .gz): "a SIZE STACK" numbers the kinds of allocations
 * from 0, "+ KIND" and "- KIND" are calls; which object of its kind a free is for is not told: here the newest. In
 * both "c MILLISECONDS" and "X COMMAND". All else is about stacks.
 */
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "format.h"
#include "text.h"

enum { VERSION_MAX = 3 };
#define NONE UINT32_MAX

struct kind {
    uint64_t bytes;
    uint32_t newest; /* object, or NONE */
};

struct object {
    uint32_t older; /* of its kind; of an unused one: the next unused one, as in struct state */
};

struct state {
    bool has_version, is_interpreted;
    struct kind *kinds;
    uint32_t n_kinds, kind_room;
    struct object *objects;
    uint32_t n_objects, object_room;
    uint32_t unused; /* a number + 1; 0: none */
    uint64_t ns;
};

static const char no_memory[] = "no memory for its objects";

/* Room for one more in an array that doubles; NULL when memory is out. */
static void *grow(void *array, uint32_t *room, size_t each)
{
    uint32_t larger = *room ? 2 * *room : 1024;
    void *moved = larger > *room ? realloc(array, larger * each) : NULL;
    if (moved)
        *room = larger;
    return moved;
}

static const char *parse_kind(struct state *s, char *line)
{
    uint64_t bytes;
    if (!fields_hex(fields_word(&line), &bytes))
        return "a size that is no hexadecimal number";
    if (s->n_kinds == s->kind_room) {
        struct kind *kinds = grow(s->kinds, &s->kind_room, sizeof(*kinds));
        if (!kinds)
            return no_memory;
        s->kinds = kinds;
    }
    s->is_interpreted = true;
    s->kinds[s->n_kinds++] = (struct kind){bytes, NONE};
    return NULL;
}

static const char *push(struct state *s, struct kind *kind, uint64_t *name)
{
    uint32_t object = s->unused; /* one more than its number; 0: none is */
    if (object != 0) {
        object--;
        s->unused = s->objects[object].older;
    } else {
        if (s->n_objects == s->object_room) {
            struct object *objects = grow(s->objects, &s->object_room, sizeof(*objects));
            if (!objects)
                return no_memory;
            s->objects = objects;
        }
        object = s->n_objects++;
    }
    s->objects[object].older = kind->newest;
    kind->newest = object;
    *name = (uint64_t)object + 1;
    return NULL;
}

/* 0 when there is none. */
static uint64_t pop(struct state *s, struct kind *kind)
{
    uint32_t object = kind->newest;
    if (object == NONE)
        return 0;
    kind->newest = s->objects[object].older;
    s->objects[object].older = s->unused;
    s->unused = object + 1;
    return (uint64_t)object + 1;
}

static const char *parse_interpreted(struct state *s, char op, char *line, struct import_event *e)
{
    uint64_t number;
    if (!fields_hex(fields_word(&line), &number) || number >= s->n_kinds)
        return "a kind of allocation that was not told before";
    struct kind *kind = &s->kinds[number];
    if (op == '+') {
        e->bytes = kind->bytes;
        return push(s, kind, &e->made);
    }
    e->old = pop(s, kind);
    return e->old ? NULL : "a free of a kind of allocation of which none is alive";
}

static const char *parse_raw(char op, char *line, struct import_event *e)
{
    uint64_t stack;
    if (op == '-')
        return fields_hex(fields_word(&line), &e->old) ? NULL : "an address that is no number";
    if (!fields_hex(fields_word(&line), &e->bytes) || !fields_hex(fields_word(&line), &stack) ||
        !fields_hex(fields_word(&line), &e->made))
        return "an allocation has a size, a stack and an address";
    return NULL;
}

static const char *parse_time(struct import_reader *r, char *line)
{
    struct state *s = r->state;
    uint64_t ms;
    if (!fields_hex(fields_word(&line), &ms) || ms > INT64_MAX / 1000000)
        return "a time that is no number";
    s->ns = ms * 1000000;
    r->facts->has_times = true;
    return NULL;
}

static const char *parse_version(struct state *s, char *line)
{
    uint64_t program, file;
    s->has_version = true;
    if (!fields_hex(fields_word(&line), &program) || !fields_hex(fields_word(&line), &file))
        return "its version is no number";
    return file >= 1 && file <= VERSION_MAX
               ? NULL
               : "a file version that this program does not know (it knows 1 to 3)";
}

/* What is no call. */
static const char *parse_word(struct import_reader *r, char op, char *line)
{
    struct state *s = r->state;
    switch (op) {
    case 'v':
        return parse_version(s, line);
    case 'a':
        return parse_kind(s, line);
    case 'c':
        return parse_time(r, line);
    case 'X':
        import_facts_command(r->facts, line);
        return NULL;
    default:
        return s->has_version ? NULL : "heaptrack's data begins with v VERSION FILE-VERSION";
    }
}

static int next(struct import_reader *r, struct import_event *e, struct err *err)
{
    struct state *s = r->state;
    char *line;
    int rc;
    while ((rc = source_line(r->in, &line, err)) > 0) {
        char op = line[0];
        if (op == '\0')
            continue;
        bool is_call = (op == '+' || op == '-') && s->has_version;
        *e = (struct import_event){
            .kind = op == '+' ? TRACE_MALLOC : TRACE_FREE, .has_ns = true, .ns = s->ns};
        const char *why = !is_call            ? parse_word(r, op, line + 1)
                          : s->is_interpreted ? parse_interpreted(s, op, line + 1, e)
                                              : parse_raw(op, line + 1, e);
        if (why)
            return source_bad(r->in, err, "%s", why);
        if (is_call)
            return 1;
    }
    if (rc == 0 && s->is_interpreted)
        text_format(r->facts->note, sizeof(r->facts->note),
                    "it is interpreted data, which says of a free only size and place of the "
                    "allocation: the newest of these was taken");
    return rc;
}

static void release(void *state)
{
    struct state *s = state;
    free(s->kinds);
    free(s->objects);
}

static bool sniff(const char *bytes, size_t n)
{
    size_t digits = n > 2 ? strspn(bytes + 2, "0123456789abcdef") : 0;
    return n > 2 && strncmp(bytes, "v ", 2) == 0 && digits > 0 && bytes[2 + digits] == ' ';
}

const struct import_format format_heaptrack = {
    .name = "heaptrack",
    .summary = "heaptrack's data, raw or interpreted",
    .lost = "threads (all calls are one thread's), times below 10 ms, alignments, and which "
            "allocations were calloc or realloc (a realloc is a free and an allocation)",
    .state_bytes = sizeof(struct state),
    .sniff = sniff,
    .next = next,
    .release = release,
};
