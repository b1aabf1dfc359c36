#include "count.h"

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <unistd.h>

static uint32_t n_counters(const struct control *c)
{
    return c->n_counters < CONTROL_COUNTERS ? c->n_counters : CONTROL_COUNTERS;
}

void counters_begin(const struct control *c)
{
    for (uint32_t i = 0; i < n_counters(c); i++)
        ioctl(CONTROL_FD_COUNTERS + (int)i, PERF_EVENT_IOC_ENABLE, 0);
}

void counters_end(struct control *c)
{
    for (uint32_t i = 0; i < n_counters(c); i++)
        ioctl(CONTROL_FD_COUNTERS + (int)i, PERF_EVENT_IOC_DISABLE, 0);
    for (uint32_t i = 0; i < n_counters(c); i++) {
        struct control_counter now;
        if (read(CONTROL_FD_COUNTERS + (int)i, &now, sizeof(now)) == sizeof(now))
            c->counters[i] = now;
    }
}
