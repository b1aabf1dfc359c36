#include "sampler.h"

#include <stdlib.h>

#include "clock.h"

enum { COST_SHARE = 100 }; /* a reading may cost the hundredth part of the pace */

int sampler_open(struct sampler *s, pid_t pid, const struct control *control, uint32_t n_threads,
                 struct err *err)
{
    *s = (struct sampler){.control = control, .n_threads = n_threads, .pace_ns = NS_PER_MS};
    int rc = process_statm_open(&s->statm, pid, err);
    struct statm now;
    if (rc == 0)
        rc = process_statm_read(&s->statm, &now, err);
    if (rc == 0)
        s->baseline_bytes = now.rss_bytes;
    return rc;
}

uint64_t control_ops_done(const struct control *c, uint32_t n_threads)
{
    uint64_t sum = 0;
    for (uint32_t t = 0; t < n_threads; t++)
        sum += atomic_load_explicit(&c->threads[t].ops_done, memory_order_relaxed);
    return sum;
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
    uint64_t rss = now.rss_bytes > s->baseline_bytes ? now.rss_bytes - s->baseline_bytes : 0;
    s->samples[s->n++] = (struct trial_sample){.t_ns = begin - s->control->start_ns,
                                               .ops = control_ops_done(s->control, s->n_threads),
                                               .rss_bytes = rss};
    if (rss > s->peak_bytes)
        s->peak_bytes = rss;
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
