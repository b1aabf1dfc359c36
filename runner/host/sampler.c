#include "sampler.h"

#include <stdlib.h>

#include "clock.h"

enum { COST_SHARE = 100 }; /* a reading may cost the hundredth part of the pace */

int sampler_open(struct sampler *s, pid_t pid, struct err *err)
{
    int rc = process_statm_open(&s->statm, pid, err);
    struct statm now;
    if (rc == 0)
        rc = process_statm_read(&s->statm, &now, err);
    if (rc == 0) {
        s->baseline_bytes = now.rss_bytes;
        s->baseline_address_bytes = now.size_bytes;
    }
    return rc;
}

uint64_t control_ops_done(const struct control *c, uint32_t n_threads)
{
    uint64_t sum = 0;
    for (uint32_t t = 0; t < n_threads; t++)
        sum += atomic_load_explicit(&c->threads[t].ops_done, memory_order_relaxed);
    return sum;
}

/* Progress of all threads, and what is live by it. */
static void read_progress(const struct sampler *s, struct trial_sample *out)
{
    uint64_t live = 0;
    for (uint32_t t = 0; t < s->n_threads; t++) {
        const struct control_thread *c = &s->control->threads[t];
        uint64_t words = atomic_load_explicit(&c->ops_done, memory_order_acquire);
        uint64_t of_bodies = atomic_load_explicit(&c->words_of_bodies, memory_order_relaxed);
        out->ops += words;
        if (s->profile)
            live += plan_profile_net(s->profile, t, words, of_bodies);
    }
    /* Threads are read one after the other: a free may be seen before its allocation. */
    if (!s->profile)
        live = TRIAL_LIVE_UNKNOWN;
    else if (live > INT64_MAX)
        live = 0;
    out->live_bytes = live;
}

static uint64_t less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

/* Room for one more; a series that has become long keeps every second reading. */
static bool make_room(struct sampler *s)
{
    if (s->n == SAMPLES_MAX) {
        for (size_t i = 0; i < SAMPLES_MAX / 2; i++)
            s->samples[i] = s->samples[2 * i];
        s->n = SAMPLES_MAX / 2;
        s->pace_ns *= 2;
    }
    if (s->n < s->room)
        return true;
    size_t room = s->room ? 2 * s->room : 1024;
    struct trial_sample *more = reallocarray(s->samples, room, sizeof(*more));
    if (!more)
        return false;
    s->samples = more;
    s->room = room;
    return true;
}

void sampler_read(struct sampler *s)
{
    struct statm now;
    struct err ignored; /* it has ended: whoever waits for it will see */
    uint64_t begin = clock_ns();
    if (s->control->start_ns == 0 || begin < s->control->start_ns || !make_room(s) ||
        process_statm_read(&s->statm, &now, &ignored) < 0 || now.rss_bytes == 0)
        return;
    struct trial_sample sample = {.t_ns = begin - s->control->start_ns,
                                  .rss_bytes = less(now.rss_bytes, s->baseline_bytes),
                                  .address_bytes = less(now.size_bytes, s->baseline_address_bytes)};
    read_progress(s, &sample);
    s->samples[s->n++] = sample;
    if (sample.rss_bytes > s->peak_bytes)
        s->peak_bytes = sample.rss_bytes;
    uint64_t cost = clock_ns() - begin;
    if (cost * COST_SHARE > s->pace_ns && s->pace_ns < NS_PER_S)
        s->pace_ns += s->pace_ns / 8;
}

void sampler_close(struct sampler *s)
{
    process_statm_close(&s->statm);
    free(s->samples);
    s->samples = NULL;
}
