/* How long calls took, as quantiles. */
#pragma once

#include "page_parts.h"
#include "survey.h"

/*
 * For each kind of call: over all sizes, size by size, and over all sizes local and remote ones apart where any is
 * remote; each without and with page faults. A row is [kind, class or
 * -1, remote or -1, faulted, calls, how many quantiles rest on enough of them, quantiles].
 */
json_t *page_latencies(struct page *p, const struct survey *found);

/* In millionths, ascending; the last is the greatest. */
json_t *page_latency_quantiles(struct page *p);
