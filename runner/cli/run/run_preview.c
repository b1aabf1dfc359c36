#include "run_preview.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "words.h"

static uint64_t n_trials(const struct campaign *c)
{
    return (uint64_t)c->n_cells * c->n_subjects * c->config->blocks;
}

static uint64_t live_bytes_most(const struct campaign *c)
{
    uint64_t most = 0;
    for (uint32_t i = 0; i < c->n_cells; i++) {
        uint64_t live = c->cells[i].plan->facts.peak_live_bytes;
        most = live > most ? live : most;
    }
    return most;
}

/* A word that is a file's real path, maybe with parameters behind it. */
static int add_file(void *context, const char *word, struct err *err)
{
    json_t *files = context;
    (void)err;
    if (*word == '/')
        json_array_append_new(files, json_stringn(word, strcspn(word, ":")));
    return 0;
}

static json_t *files_of(const struct campaign *c, struct err *err)
{
    json_t *files = json_array();
    for (uint32_t i = 0; i < c->n_subjects; i++)
        if (c->subjects[i].library)
            json_array_append_new(files, json_string(c->subjects[i].library));
    if (words_each(c->config->workloads, "workloads", add_file, files, err) < 0) {
        json_decref(files);
        return NULL;
    }
    return files;
}

static json_t *cells_of(const struct campaign *c)
{
    json_t *cells = json_array();
    for (uint32_t i = 0; i < c->n_cells; i++) {
        const struct plan_facts *facts = &c->cells[i].plan->facts;
        json_array_append_new(cells,
                              json_pack("{ss sI sI sI}", "workload", c->cells[i].name, "threads",
                                        (json_int_t)c->cells[i].threads, "calls_per_pass",
                                        (json_int_t)facts->calls, "peak_live_bytes",
                                        (json_int_t)facts->peak_live_bytes));
    }
    return cells;
}

static json_t *subjects_of(const struct campaign *c)
{
    json_t *subjects = json_array();
    for (uint32_t i = 0; i < c->n_subjects; i++)
        json_array_append_new(subjects, json_string(c->subjects[i].name));
    return subjects;
}

static int print_json(const struct campaign *c, json_t *files, struct err *err)
{
    json_t *json = json_pack(
        "{sI sI sI sI sb so so sO}", "n_blocks", (json_int_t)c->config->blocks, "n_trials",
        (json_int_t)n_trials(c), "live_bytes_most", (json_int_t)live_bytes_most(c), "threads_most",
        (json_int_t)c->threads_most, "threads_follow_cpus", (int)c->threads_follow_cpus, "subjects",
        subjects_of(c), "cells", cells_of(c), "files", files);
    char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
    json_decref(json);
    if (!text)
        return err_set(err, ENOMEM, "out of memory");
    puts(text);
    free(text);
    return 0;
}

static void print_text(const struct campaign *c, json_t *files)
{
    json_t *file;
    size_t i;
    printf("%u allocators on %u cells in %u blocks: %lu trials%s\n", c->n_subjects, c->n_cells,
           c->config->blocks, n_trials(c),
           c->config->survey ? ", and a second pass of one survey for each allocator and cell"
                             : "");
    printf("greatest live set of a cell: %.1f MiB\n\n", (double)live_bytes_most(c) / MIB);
    printf("%-40s %8s %14s %14s\n", "workload", "threads", "calls a pass", "live, MiB");
    for (uint32_t k = 0; k < c->n_cells; k++) {
        const struct cell *cell = &c->cells[k];
        printf("%-40s %8u %14lu %14.1f\n", cell->name, cell->threads, cell->plan->facts.calls,
               (double)cell->plan->facts.peak_live_bytes / MIB);
    }
    if (json_array_size(files) > 0)
        puts("\nfiles of yours:");
    json_array_foreach(files, i, file) printf("  %s\n", json_string_value(file));
}

int run_preview(const struct campaign *c, bool as_json, struct err *err)
{
    json_t *files = files_of(c, err);
    if (!files)
        return -ENOMEM;
    int rc = 0;
    if (as_json)
        rc = print_json(c, files, err);
    else
        print_text(c, files);
    json_decref(files);
    return rc;
}
