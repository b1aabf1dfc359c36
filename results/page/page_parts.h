/* What the files of the page share: its data as one JSON object, put together part by part. */
#pragma once

#include "json_parts.h"

/* What is kept of a trial. */
struct page_trial {
    int64_t id;
    struct store_place place;
    bool is_ok;
    uint64_t peak_bytes;
};

struct page {
    struct json json; /* whose `failed` remembers that a piece is missing */
    struct store *store;
    const struct summary *s;
    const char *command;
    json_t *root;
    struct page_trial *trials; /* owned */
    size_t n_trials;
};

static inline void page_put(struct page *p, json_t *object, const char *name, json_t *value)
{
    part_put(&p->json, object, name, value);
}

static inline void page_append(struct page *p, json_t *array, json_t *value)
{
    part_append(&p->json, array, value);
}

/*
 * The parts. Each adds its members to the root; a negative errno with a sentence where the store
 * cannot be read or memory is short.
 */
void page_add_run(struct page *p);     /* run, facts, warnings, subjects, cells */
void page_add_numbers(struct page *p); /* measures, entries, means, levers, failures */
int page_add_tuning(struct page *p, struct err *err) MUST_CHECK;
int page_add_answer(struct page *p, struct err *err) MUST_CHECK;
int page_add_trials(struct page *p, struct err *err) MUST_CHECK; /* fills p->trials, too */
int page_add_series(struct page *p, struct err *err) MUST_CHECK; /* behind the trials */
int page_add_settings(struct page *p, struct err *err) MUST_CHECK;
int page_add_surveys(struct page *p, struct err *err) MUST_CHECK;
