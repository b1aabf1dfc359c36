#include "trace_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "number_map.h"
#include "trace_reader.h"

struct holder {
    uint32_t *tokens; /* by slot */
    uint32_t room;
    uint64_t ns;
};

struct writing {
    FILE *out;
    struct holder *holders;  /* by thread */
    struct number_map cells; /* by number + 1: the tokens of objects on their way */
    uint32_t n_tokens;
    bool out_of_memory, out_of_tokens;
};

static uint32_t *token_at(struct writing *w, uint32_t thread, uint32_t slot)
{
    struct holder *h = &w->holders[thread];
    if (slot >= h->room) {
        uint32_t room = h->room ? h->room : 16;
        while (room <= slot)
            room *= 2;
        uint32_t *tokens = realloc(h->tokens, room * sizeof(*tokens));
        if (!tokens) {
            w->out_of_memory = true;
            return NULL;
        }
        h->tokens = tokens;
        h->room = room;
    }
    return &h->tokens[slot];
}

/* What the event's object is called; 0 when memory is out. */
static uint32_t token_of(struct writing *w, const struct trace_event *e)
{
    uint32_t *token = token_at(w, e->thread, e->slot);
    if (!token)
        return 0;
    switch (e->kind) {
    case TRACE_MALLOC:
    case TRACE_CALLOC:
    case TRACE_ALIGNED:
    case TRACE_REALLOC_IN:
        if (w->n_tokens == UINT32_MAX - 1)
            w->out_of_tokens = true;
        else
            *token = ++w->n_tokens;
        break;
    case TRACE_GIVE:
        w->out_of_memory |= !number_map_put(&w->cells, (uint64_t)e->other + 1, *token);
        break;
    case TRACE_TAKE:
        *token = number_map_remove(&w->cells, (uint64_t)e->other + 1);
        break;
    default:
        break;
    }
    return *token;
}

static void write_clock(struct writing *w, const struct trace_event *e)
{
    struct holder *h = &w->holders[e->thread];
    h->ns += e->bytes;
    fprintf(w->out, "%u clock %lu\n", e->thread, h->ns);
}

static void end_allocation(struct writing *w, const struct trace_event *e)
{
    if (e->pages != TRACE_PAGES_ALL)
        fprintf(w->out, " pages=%u", e->pages);
    fputc('\n', w->out);
}

static void write_object(struct writing *w, const struct trace_event *e)
{
    uint32_t token = token_of(w, e);
    switch (e->kind) {
    case TRACE_GIVE: /* follow from who uses the object next */
    case TRACE_TAKE:
        break;
    case TRACE_FREE:
        fprintf(w->out, "%u free %u\n", e->thread, token);
        break;
    case TRACE_ALIGNED:
        fprintf(w->out, "%u aligned %u %lu %lu", e->thread, token, e->bytes,
                (uint64_t)1 << e->align_log2);
        end_allocation(w, e);
        break;
    default:
        fprintf(w->out, "%u %s %u %lu", e->thread,
                e->kind == TRACE_REALLOC_IN ? "realloc-null" : trace_kind_name(e->kind), token,
                e->bytes);
        end_allocation(w, e);
    }
}

static void write_event(void *context, const struct trace_event *e)
{
    struct writing *w = context;
    if (w->out_of_memory || w->out_of_tokens || ferror(w->out))
        return;
    switch (e->kind) {
    case TRACE_CLOCK:
        write_clock(w, e);
        break;
    case TRACE_SPAWN:
    case TRACE_JOIN:
        fprintf(w->out, "%u %s %u\n", e->thread, trace_kind_name(e->kind), e->other);
        break;
    case TRACE_END:
        fprintf(w->out, "%u end\n", e->thread);
        break;
    default:
        write_object(w, e);
    }
}

/* Blanks, what does not print, and the percent sign itself as %XX; an empty word as nothing. */
static void write_word(FILE *out, const char *word)
{
    for (; *word; word++) {
        unsigned char c = (unsigned char)*word;
        if (c <= ' ' || c == '%' || c >= 0x7f)
            fprintf(out, "%%%02x", c);
        else
            fputc(c, out);
    }
}

static void write_head(FILE *out, const struct trace_reader *r)
{
    const char *text = trace_reader_text(r);
    const char *end = text + trace_reader_header(r)->text_bytes;
    fputs("arenabench-trace-text 1\nprogram", out);
    for (; text < end; text += strlen(text) + 1) {
        fputc(' ', out);
        write_word(out, text);
    }
    fputc('\n', out);
}

/* A trace that was cut off ends earlier than the program did. */
static void write_end(FILE *out, const struct trace_reader *r)
{
    const struct trace_cut *cut = trace_reader_cut(r);
    if (cut)
        fprintf(out, "# the trace was cut off here: %lu of its %lu bytes were used\n",
                cut->used_bytes, cut->file_bytes);
}

static int write_trace(struct writing *w, struct trace_reader *r, const char *path, struct err *err)
{
    uint32_t n_threads = trace_reader_header(r)->n_threads;
    w->holders = calloc(n_threads, sizeof(*w->holders));
    if (!w->holders)
        return err_set(err, ENOMEM, "%s: no memory to write it as text", path);
    write_head(w->out, r);
    int rc = trace_reader_visit_ordered(r, write_event, w, err);
    if (rc == 0 && w->out_of_memory)
        rc = err_set(err, ENOMEM, "%s: no memory to write it as text", path);
    if (rc == 0 && w->out_of_tokens)
        rc = err_set(err, EFBIG, "%s: more objects than its text form can name", path);
    if (rc == 0)
        write_end(w->out, r);
    for (uint32_t t = 0; t < n_threads; t++)
        free(w->holders[t].tokens);
    free(w->holders);
    number_map_release(&w->cells);
    return rc;
}

int trace_text_write(const char *path, FILE *out, struct err *err)
{
    struct writing w = {.out = out};
    struct trace_reader *r;
    int rc = trace_reader_open(&r, path, TRACE_ANY, err);
    if (rc < 0)
        return rc;
    rc = write_trace(&w, r, path, err);
    trace_reader_free(r);
    return rc;
}
