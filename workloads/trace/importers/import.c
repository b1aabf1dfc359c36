#include "import.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "follow.h"
#include "near.h"
#include "text.h"

#define SNIFF_BYTES    (64 * KIB)
#define PROGRESS_EVERY 65536 /* events */

static const struct import_format *const formats[] = {
    &format_text,        &format_android, &format_mtrace,
    &format_trace_utils, &format_rep,     &format_heaptrack,
};

bool import_format_at(size_t i, const char **name, const char **summary)
{
    if (i >= ARRAY_SIZE(formats))
        return false;
    *name = formats[i]->name;
    *summary = formats[i]->summary;
    return true;
}

void import_facts_word(struct import_facts *f, const char *word)
{
    size_t n = strlen(word) + 1;
    if (n > TRACE_TEXT_MAX - f->text_bytes)
        return;
    memcpy(f->text + f->text_bytes, word, n);
    f->text_bytes += (uint32_t)n;
}

void import_facts_command(struct import_facts *f, char *line)
{
    f->text_bytes = 0;
    while (*line) {
        line += strspn(line, " ");
        size_t n = strcspn(line, " ");
        bool is_last = line[n] == '\0';
        line[n] = '\0';
        if (n > 0)
            import_facts_word(f, line);
        line += n + !is_last;
    }
}

struct import {
    const struct import_options *options;
    const struct import_format *format;
    struct import_facts facts;
    struct follow follow;
    struct assemble *assemble; /* second pass */
};

/* --- which format --- */

static int no_format(const char *path, const char *text, size_t n, struct err *err)
{
    const uint64_t trace = TRACE_MAGIC;
    if (n >= sizeof(trace) && memcmp(text, &trace, sizeof(trace)) == 0)
        return err_set(err, EINVAL, "%s is a trace already: there is nothing to import", path);
    return err_set(err, EINVAL, "%s: cannot tell its format from its beginning: say it with --from",
                   path);
}

static int unknown_format(const char *name, struct err *err)
{
    struct near near;
    char hint[128];
    near_init(&near, name, strlen(name));
    for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
        near_offer(&near, formats[i]->name);
    near_hint(&near, hint, sizeof(hint));
    return err_set(err, EINVAL, "unknown format '%s'; %s", name,
                   hint[0] ? hint : "`arenabench import --help` lists them");
}

static int find_format(struct import *im, struct err *err)
{
    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        if (strcmp(formats[i]->name, im->options->format) == 0) {
            im->format = formats[i];
            return 0;
        }
    }
    return unknown_format(im->options->format, err);
}

static int guess_format(struct import *im, struct err *err)
{
    struct source *in;
    const char *bytes;
    int rc = source_open(&in, im->options->input, err);
    if (rc < 0)
        return rc;
    ssize_t n = source_peek(in, &bytes, SNIFF_BYTES, err);
    char *text = n >= 0 ? malloc((size_t)n + 1) : NULL;
    if (n < 0) {
        rc = (int)n;
    } else if (!text) {
        rc = err_set(err, ENOMEM, "%s: no memory to read it", im->options->input);
    } else {
        memcpy(text, bytes, (size_t)n);
        text[n] = '\0';
        for (size_t i = 0; i < ARRAY_SIZE(formats) && !im->format; i++)
            im->format = formats[i]->sniff(text, (size_t)n) ? formats[i] : NULL;
        if (!im->format)
            rc = no_format(im->options->input, text, (size_t)n, err);
    }
    free(text);
    source_close(in);
    return rc;
}

/* --- a pass --- */

static void show_progress(const struct import *im, const struct source *in)
{
    if (im->options->progress && im->follow.n_events % PROGRESS_EVERY == 0)
        im->options->progress(im->options->context, (source_share(in) + im->follow.is_second) / 2);
}

static int take_event(struct import *im, const struct source *in, const struct import_event *e,
                      struct err *err)
{
    struct assemble_event out[FOLLOW_EVENTS_MAX];
    unsigned n;
    const char *why = follow_event(&im->follow, e, out, &n);
    if (why && source_line_number(in) > 0)
        return source_bad(in, err, "%s", why);
    if (why)
        return err_set(err, EINVAL, "%s: %s (before byte %lu)", source_path(in), why,
                       source_position(in));
    for (unsigned i = 0; i < n && im->assemble; i++)
        assemble_event(im->assemble, &out[i]);
    show_progress(im, in);
    return 0;
}

static int read_events(struct import *im, struct source *in, struct err *err)
{
    struct import_reader r = {
        .in = in, .state = calloc(1, im->format->state_bytes + 1), .facts = &im->facts};
    if (!r.state)
        return err_set(err, ENOMEM, "%s: no memory to read it", im->options->input);
    struct import_event e;
    int rc;
    while ((rc = im->format->next(&r, &e, err)) > 0) {
        rc = take_event(im, in, &e, err);
        if (rc < 0)
            break;
    }
    if (im->format->release)
        im->format->release(r.state);
    free(r.state);
    return rc;
}

static int pass(struct import *im, struct err *err)
{
    struct source *in;
    int rc = source_open(&in, im->options->input, err);
    if (rc == 0)
        rc = read_events(im, in, err);
    source_close(in);
    return rc;
}

/* --- both --- */

static void set_program(struct import *im)
{
    const char *slash = strrchr(im->options->input, '/');
    if (im->facts.text_bytes == 0)
        import_facts_word(&im->facts, slash ? slash + 1 : im->options->input);
}

static void fill_header(struct trace_header *h, const struct import *im)
{
    *h = (struct trace_header){
        .magic = TRACE_MAGIC,
        .version = TRACE_VERSION,
        .text_bytes = im->facts.text_bytes,
        .n_threads = im->follow.n_born,
        .page_bytes = TRACE_PAGE_BYTES,
        .clock = im->facts.has_times ? TRACE_CLOCK_MONOTONIC : TRACE_CLOCK_NONE,
        .source = TRACE_IMPORTED,
        .system = "unknown",
    };
}

static int write_trace(struct import *im, struct err *err)
{
    struct trace_header header;
    fill_header(&header, im);
    int level = im->options->level ? im->options->level : IMPORT_LEVEL;
    im->assemble = assemble_new(im->options->output, &header, im->facts.text, im->follow.n_threads,
                                level, err);
    if (!im->assemble)
        return -EIO;
    uint64_t n_events = im->follow.n_events, n_made = im->follow.n_made;
    follow_again(&im->follow);
    int rc = pass(im, err);
    if (rc == 0 && (im->follow.n_events != n_events || im->follow.n_made != n_made ||
                    im->follow.n_born != header.n_threads))
        rc = err_set(err, EINVAL, "%s: changed while it was read", im->options->input);
    if (rc < 0) {
        assemble_abandon(im->assemble);
        return rc;
    }
    struct trace_totals totals = {.unknown_frees = im->follow.counts.unknown_frees,
                                  .conflicts = im->follow.counts.conflicts};
    return assemble_finish(im->assemble, &totals, err);
}

static int run(struct import *im, struct err *err)
{
    int rc = im->options->format ? find_format(im, err) : guess_format(im, err);
    if (rc < 0)
        return rc;
    im->follow.format = im->format;
    rc = pass(im, err);
    if (rc == 0 && im->follow.n_events == 0)
        rc = err_set(err, EINVAL, "%s: not one call in it", im->options->input);
    if (rc < 0)
        return rc;
    set_program(im);
    return write_trace(im, err);
}

int import_trace(const struct import_options *options, struct import_result *result,
                 struct err *err)
{
    *result = (struct import_result){.is_guessed = !options->format};
    struct import *im = calloc(1, sizeof(*im));
    if (!im)
        return err_set(err, ENOMEM, "no memory for the import");
    im->options = options;
    int rc = run(im, err);
    if (rc == 0) {
        result->format = im->format->name;
        result->lost = im->format->lost;
        result->counts = im->follow.counts;
        text_format(result->note, sizeof(result->note), "%s", im->facts.note);
        rc = trace_info_read(options->output, &result->info, err);
    }
    follow_release(&im->follow);
    free(im);
    return rc;
}
