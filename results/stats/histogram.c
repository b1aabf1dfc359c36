#include "histogram.h"

#include "latency_bucket.h"

static_assert(HISTOGRAM_PRECISION == LATENCY_SUBS, "the error is a bucket's width");

void histogram_add(struct histogram *h, const struct survey_latency *row)
{
    if (row->n == 0)
        return;
    if (h->n == 0 || row->min_ns < h->min_ns)
        h->min_ns = row->min_ns;
    if (row->max_ns > h->max_ns)
        h->max_ns = row->max_ns;
    h->n += row->n;
    for (unsigned b = 0; b < LATENCY_BUCKETS; b++)
        h->counts[b] += row->counts[b];
}

/* The last bucket holds all that is too long for the others, too. */
static uint64_t greatest_of(const struct histogram *h, unsigned bucket)
{
    uint64_t last = latency_bucket_end(bucket) - 1;
    return bucket == LATENCY_BUCKETS - 1 || last > h->max_ns ? h->max_ns : last;
}

struct quantile histogram_quantile(const struct histogram *h, uint32_t millionths)
{
    if (h->n == 0)
        return (struct quantile){0};
    uint64_t rank = (uint64_t)(((__uint128_t)h->n * millionths + 999999) / 1000000);
    if (rank == 0)
        rank = 1;
    uint64_t seen = h->counts[0];
    unsigned bucket = 0;
    while (seen < rank && bucket < LATENCY_BUCKETS - 1)
        seen += h->counts[++bucket];
    uint64_t beyond = h->n - rank;
    return (struct quantile){
        .ns = greatest_of(h, bucket), .beyond = beyond, .is_sure = beyond >= HISTOGRAM_BEYOND};
}
