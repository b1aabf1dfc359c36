/* How long calls took, as quantiles. */
#pragma once

#include "page_parts.h"
#include "survey.h"

/*
 * For each kind of call: over all sizes, size by size, and over all sizes local and remote ones apart where any is
 * remote; each without and with page faults. A row has n, the quantiles, and how many of these rest on enough calls.
 */
json_t *page_latencies(struct page *p, const struct survey *found);

/* In millionths, ascending; the last is the greatest. */
json_t *page_latency_quantiles(struct page *p);
