#include "trace_info.h"

#include <errno.h>
#include <string.h>

#include "text.h"
#include "trace_reader.h"

/* A trace may come from anywhere, and this goes to a terminal. */
static char printable(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f ? '?' : c;
}

/* Program and arguments with blanks between. */
static void set_command(struct trace_info *info, const char *text, size_t n)
{
    size_t used = 0;
    for (size_t i = 0; i + 1 < n && used + 1 < sizeof(info->command); i++)
        info->command[used++] = (char)(text[i] == '\0' ? ' ' : printable(text[i]));
    info->command[used] = '\0';
    const char *name = strrchr(text, '/');
    text_format(info->program, sizeof(info->program), "%s", name ? name + 1 : text);
    for (char *c = info->program; *c; c++)
        *c = printable(*c);
}

static void set_figures(struct trace_info *info)
{
    const struct trace_totals *t = &info->totals;
    const uint64_t *n = t->n_events;
    for (unsigned kind = 0; kind < TRACE_KINDS; kind++)
        info->events += kind == TRACE_CLOCK || kind == TRACE_EXTENT ? 0 : n[kind];
    info->allocations = n[TRACE_MALLOC] + n[TRACE_CALLOC] + n[TRACE_ALIGNED] + n[TRACE_REALLOC] +
                        n[TRACE_REALLOC_IN];
    info->frees = n[TRACE_FREE];
    if (info->frees > 0)
        info->remote_share = (double)t->remote_frees / (double)info->frees;
    if (info->events > 0)
        info->bytes_per_event = (double)info->file_bytes / (double)info->events;
}

static void copy_printable(char *out, const char *text)
{
    for (; *text; text++)
        *out++ = printable(*text);
}

static void set_cut(struct trace_info *info, const struct trace_cut *cut)
{
    if (cut)
        text_format(info->cut, sizeof(info->cut),
                    "cut off: ends %s %s; the first %lu of its %lu bytes are read, %lu events",
                    cut->file_bytes > cut->used_bytes ? "inside" : "before", cut->inside,
                    cut->used_bytes, cut->file_bytes, info->events);
}

void trace_info_begin(struct trace_info *info, const struct trace_reader *r)
{
    const struct trace_header *h = trace_reader_header(r);
    *info = (struct trace_info){
        .start_s = h->start_s,
        .n_threads = h->n_threads,
        .n_cpus = h->n_cpus,
        .page_bytes = h->page_bytes,
        .clock = (enum trace_clock)h->clock,
        .source = (enum trace_source)h->source,
        .anonymous = h->flags & TRACE_ANONYMOUS,
        .totals = *trace_reader_totals(r),
        .file_bytes = trace_reader_file_bytes(r),
    };
    copy_printable(info->system, h->system);
    copy_printable(info->cpu, h->cpu);
    copy_printable(info->allocator, h->allocator);
    set_command(info, trace_reader_text(r), h->text_bytes);
    set_figures(info);
    set_cut(info, trace_reader_cut(r));
}

void trace_info_add(struct trace_info *info, const struct trace_event *e)
{
    if (!trace_kind_allocates(e->kind))
        return;
    unsigned log2 = e->bytes > 1 ? 63 - (unsigned)__builtin_clzll(e->bytes) : 0;
    struct trace_sizes *class = &info->sizes[log2];
    class->allocations++;
    class->bytes += e->bytes;
}

static void add_event(void *context, const struct trace_event *e)
{
    trace_info_add(context, e);
}

int trace_info_read(const char *path, struct trace_info *info, struct err *err)
{
    struct trace_reader *r;
    int rc = trace_reader_open(&r, path, TRACE_ANY, err);
    if (rc < 0)
        return rc;
    trace_info_begin(info, r);
    rc = trace_reader_visit(r, add_event, info, err);
    trace_reader_free(r);
    return rc;
}
