/* How the pieces of a report's JSON are put together. */
#pragma once

#include <jansson.h>

#include "export.h"

/*
 * Jansson's *_new calls take over what they are given even when it is NULL or they fail, so that
 * the whole is built without a check at each step; `failed` remembers that a piece is missing.
 */
struct json {
    const struct summary *s;
    struct store *store;
    json_t *trials, *surveys;
    const struct export_detail *detail;
    bool failed;
};

void part_put(struct json *j, json_t *object, const char *name, json_t *value);
void part_append(struct json *j, json_t *array, json_t *value);

/* A crashing program's last words need not be UTF-8: bytes beyond ASCII are then lost. */
json_t *part_text(const char *s);

/*
 * JSON as jansson reads it has signed numbers only; nothing that is measured comes near their end.
 */
json_t *part_count(uint64_t n);

/* null for SURVEY_UNKNOWN. */
json_t *part_known(uint64_t n);

/* A number of a stored result; null where the machine did not tell it. */
json_t *part_stored(const struct store_number *n, const struct trial_result *result);

/* Seconds since 1970 as people read them, in UTC; null for 0, which has not come. */
json_t *part_moment(int64_t seconds);

/* null for what is no number. */
json_t *part_number(double x);

/* What is stored of a subject and of a cell. */
json_t *part_subject(struct json *j, const struct store_subject *subject);
json_t *part_cell(struct json *j, const struct store_cell *cell);

/*
 * The whole, with a newline behind it. Built before the first byte, so that a failure leaves no half object
 * behind; -ENOMEM when a piece is missing.
 */
int part_write(struct json *j, const json_t *root, FILE *out, size_t flags,
               struct err *err) MUST_CHECK;

/*
 * What struct memory has of each subject in each cell, as "memory" of the root; "is_by_marks" where the figures
 * of the series are those of a survey's marks.
 */
int json_put_memory(struct json *j, json_t *root, struct err *err) MUST_CHECK;

/* All surveys of the run into j->surveys. */
int json_add_surveys(struct json *j, struct err *err) MUST_CHECK;
