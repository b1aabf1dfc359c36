#include "shape_ring.h"

#include <errno.h>
#include <stdlib.h>

/* A hand-over takes half a round: enough objects are to live longer than that. */
enum { ROUNDS_LEAST = 4 };

/* Where round k begins. */
static uint32_t round_begin(const struct shape_ring *ring, uint32_t k)
{
    return (uint32_t)((uint64_t)k * ring->n / ring->n_rounds);
}

uint32_t shape_ring_cell(const struct shape_ring *ring, uint32_t m)
{
    uint32_t k = (uint32_t)((uint64_t)m * ring->n_rounds / ring->n);
    if (k + 1 < ring->n_rounds && m >= round_begin(ring, k + 1))
        k++;
    return ring->cells[m - round_begin(ring, k)];
}

uint32_t shape_ring_lag(const struct shape_ring *ring, uint32_t m, uint32_t n_births)
{
    uint32_t k = m + ring->n_late, wraps = k >= ring->n;
    uint32_t at = ring->at[wraps ? k - ring->n : k];
    return at + (wraps ? n_births : 0) - ring->at[m];
}

uint32_t shape_ring_rounds(uint32_t n, uint64_t most)
{
    uint64_t rounds = (n + most - 1) / most;
    if (rounds < ROUNDS_LEAST)
        rounds = n < ROUNDS_LEAST ? n : ROUNDS_LEAST;
    return rounds > 0 ? (uint32_t)rounds : 1;
}

static int make_room(struct shape_ring *ring, uint64_t most, struct plan_builder *b,
                     struct err *err)
{
    ring->n_rounds = shape_ring_rounds(ring->n, most);
    ring->n_late = ring->n / ring->n_rounds / 2;
    uint32_t longest = (ring->n + ring->n_rounds - 1) / ring->n_rounds;
    ring->at = calloc(ring->n + (size_t)1, sizeof(ring->at[0]));
    ring->rows = calloc(ring->n + (size_t)1, sizeof(ring->rows[0]));
    ring->cells = calloc(longest + (size_t)1, sizeof(ring->cells[0]));
    if (!ring->at || !ring->rows || !ring->cells)
        return err_set(err, ENOMEM, "no memory for %u hand-overs", ring->n);
    for (uint32_t i = 0; i < longest; i++)
        ring->cells[i] = plan_builder_cell(b);
    return 0;
}

int shape_ring_make(struct shape_ring *rings, const struct shape_wiring *wiring, uint32_t t,
                    const struct shape_draw *d, struct plan_builder *b, struct err *err)
{
    int rc = 0;
    uint32_t fan = wiring->fan;
    for (uint32_t f = 0; f < fan && rc == 0; f++) {
        rings[f].giver = t;
        rings[f].taker = (t + 1 + f) % wiring->n_threads;
        rings[f].n = d->n_remote / fan + (f < d->n_remote % fan);
        rc = make_room(&rings[f], wiring->most, b, err);
    }
    if (rc < 0)
        return rc;
    uint32_t n = 0;
    for (uint32_t at = 0; at < d->n_births; at++) {
        for (uint32_t i = d->first[at]; i < d->first[at + 1]; i++) {
            if (!d->remote[d->dying[i]])
                continue;
            rings[n % fan].at[n / fan] = at;
            rings[n % fan].rows[n / fan] = d->rows[d->dying[i]];
            n++;
        }
    }
    return 0;
}

void shape_ring_release(struct shape_ring *ring)
{
    free(ring->at);
    free(ring->rows);
    free(ring->cells);
    *ring = (struct shape_ring){0};
}
