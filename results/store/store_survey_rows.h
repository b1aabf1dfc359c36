/* What a survey consists of beyond its own row: inserted and loaded inside the caller's transaction. */
#pragma once

#include "store_internal.h"
#include "store_pack.h"
#include "store_survey.h"

int store_insert_marks(struct store *s, int64_t survey_id, const struct survey *found,
                       struct err *err) MUST_CHECK;

int store_pack_regions(const struct survey_region *regions, uint32_t n, struct store_packed *out,
                       struct err *err) MUST_CHECK;

/* packed: by mark. */
int store_insert_regions(struct store *s, int64_t survey_id, const struct survey *found,
                         const struct store_packed *packed, struct err *err) MUST_CHECK;

int store_pack_latency(const struct survey_latency *l, struct store_packed *out,
                       struct err *err) MUST_CHECK;

/* packed: by histogram. */
int store_insert_latencies(struct store *s, int64_t survey_id, const struct survey *found,
                           const struct store_packed *packed, struct err *err) MUST_CHECK;

/* What they make is the survey's; the regions come after the marks. */
int store_load_marks(struct store *s, int64_t survey_id, struct survey *out,
                     struct err *err) MUST_CHECK;
int store_load_regions(struct store *s, int64_t survey_id, struct survey *out,
                       struct err *err) MUST_CHECK;
int store_load_latencies(struct store *s, int64_t survey_id, struct survey *out,
                         struct err *err) MUST_CHECK;
