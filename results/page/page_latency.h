/* How long calls took, as quantiles. */
#pragma once

#include "page_parts.h"
#include "survey.h"

/*
 * For each kind of call over all sizes, and for each kind and class: n, and the quantiles, calls with page faults
 * apart. The names of the quantiles are told once, by page_latency_quantiles().
 */
json_t *page_latencies(struct page *p, const struct survey *found);

/* In millionths, ascending; the last is the greatest. */
json_t *page_latency_quantiles(struct page *p);
