/* What the files of the page share: its data as one JSON object, put together part by part. */
#pragma once

#include <jansson.h>

#include "summary.h"

/* What is kept of a trial. */
struct page_trial {
    int64_t id;
    struct store_place place;
    bool is_ok;
    uint64_t peak_bytes;
};

/*
 * Jansson's *_new calls take over what they are given even when it is NULL or they fail, so that
 * the whole is built without a check at each step; `failed` remembers that a piece is missing.
 */
struct page {
    struct store *store;
    const struct summary *s;
    const char *command;
    json_t *root;
    struct page_trial *trials; /* owned */
    size_t n_trials;
    bool failed;
};

void page_put(struct page *p, json_t *object, const char *name, json_t *value);
void page_append(struct page *p, json_t *array, json_t *value);

/* A crashing program's last words need not be UTF-8: bytes beyond ASCII are then lost. */
json_t *page_text(const char *s);
json_t *page_count(uint64_t n);  /* at most what JSON as jansson has it can hold */
json_t *page_number(double x);   /* null for what is no number */
json_t *page_bool(bool is_so);

/*
 * The parts. Each adds its members to the root; a negative errno with a sentence where the store
 * cannot be read or memory is short.
 */
void page_add_run(struct page *p);     /* run, facts, warnings, subjects, cells */
void page_add_numbers(struct page *p); /* measures, entries, means, levers, failures */
int page_add_answer(struct page *p, struct err *err) MUST_CHECK;
int page_add_trials(struct page *p, struct err *err) MUST_CHECK; /* fills p->trials, too */
int page_add_series(struct page *p, struct err *err) MUST_CHECK; /* behind the trials */
int page_add_settings(struct page *p, struct err *err) MUST_CHECK;
int page_add_surveys(struct page *p, struct err *err) MUST_CHECK;
