#include "counters.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "text.h"

#define MILLION 1000000u

#define DTLB_LOAD_MISSES \
    (PERF_COUNT_HW_CACHE_DTLB | PERF_COUNT_HW_CACHE_OP_READ << 8 | \
     PERF_COUNT_HW_CACHE_RESULT_MISS << 16)

#define HARDWARE(text, kind, what, field) \
    { \
        .name = text, .type = kind, .config = what, .offset = offsetof(struct trial_result, field) \
    }

const struct counter counters_hardware[CONTROL_COUNTERS] = {
    HARDWARE("instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS, instructions),
    HARDWARE("cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, cycles),
    HARDWARE("cache misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES, cache_misses),
    HARDWARE("dTLB load misses", PERF_TYPE_HW_CACHE, DTLB_LOAD_MISSES, dtlb_load_misses),
};

/* Of the calling thread and those that it makes; -1 with errno. */
static int open_counter(const struct counter *c)
{
    struct perf_event_attr attr = {
        .size = sizeof(attr),
        .type = c->type,
        .config = c->config,
        .disabled = 1,
        .inherit = 1,
        .exclude_kernel = 1,
        .exclude_hv = 1,
        .read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
    };
    return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

/* -1 where there is none to be read. */
static int read_paranoia(void)
{
    char text[16] = "";
    int fd = open("/proc/sys/kernel/perf_event_paranoid", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    if (fd >= 0)
        close(fd);
    return n > 0 ? atoi(text) : -1;
}

/* Why, and what to do. */
static void explain(char *out, size_t n, int error)
{
    int paranoia = read_paranoia();
    if (error == ENOENT || error == EOPNOTSUPP || error == ENODEV)
        text_format(out, n,
                    "the kernel has none to offer here (%s), as in most virtual machines: run on a "
                    "machine of its own, or give the virtual one a PMU",
                    strerrorname_np(error));
    else if ((error == EACCES || error == EPERM) && paranoia > 2)
        text_format(out, n,
                    "kernel.perf_event_paranoid is %d: set it to 2 (sysctl -w "
                    "kernel.perf_event_paranoid=2), or run with CAP_PERFMON",
                    paranoia);
    else if (error == EACCES || error == EPERM)
        text_format(out, n,
                    "perf_event_open is forbidden (%s), as in most containers: allow it in the "
                    "container's seccomp profile, or run outside",
                    strerrorname_np(error));
    else if (error == ENOSYS)
        text_format(out, n, "this kernel was built without perf_event_open");
    else
        text_format(out, n, "perf_event_open: %s", strerrordesc_np(error));
}

static void append(char *out, size_t n, const char *separator, const char *text)
{
    size_t used = strlen(out);
    text_format(out + used, n - used, "%s%s", used ? separator : "", text);
}

void counters_probe(struct counters *out, const struct counter *all, unsigned n)
{
    char missing[128] = "", why[256] = "";
    *out = (struct counters){0};
    for (unsigned i = 0; i < n; i++) {
        int fd = open_counter(&all[i]), error = errno;
        if (fd >= 0) {
            close(fd);
            out->wanted[out->n++] = &all[i];
            append(out->fact, sizeof(out->fact), ", ", all[i].name);
            continue;
        }
        if (why[0] == '\0') /* of the first: all have the same as a rule */
            explain(why, sizeof(why), error);
        append(missing, sizeof(missing), ", ", all[i].name);
    }
    if (out->n == 0)
        text_format(out->fact, sizeof(out->fact), "none: %s", why);
    else if (why[0]) {
        append(out->fact, sizeof(out->fact), "; no ", missing);
        append(out->fact, sizeof(out->fact), ": ", why);
    }
}

const struct counters *counters_of_machine(void)
{
    static struct counters machine;
    static bool is_known;
    if (!is_known)
        counters_probe(&machine, counters_hardware, CONTROL_COUNTERS);
    is_known = true;
    return &machine;
}

const struct counters *counters_for(const struct plan *plan)
{
    const struct counters *c = counters_of_machine();
    return c->n > 0 && plan->n_threads == plan->n_roots ? c : NULL;
}

void counters_install(const struct counters *c)
{
    for (uint32_t i = 0; i < c->n; i++) {
        int fd = open_counter(c->wanted[i]);
        int high = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, CONTROL_FDS_END) : -1;
        if (fd >= 0)
            close(fd);
        if (high < 0)
            continue;
        dup2(high, CONTROL_FD_COUNTERS + (int)i); /* which stays open when the worker begins */
        close(high);
    }
}

/* False where it told nothing, or what cannot be. */
static bool scale(const struct control_counter *told, uint64_t *value, uint64_t *millionths)
{
    if (told->running_ns == 0 || told->running_ns > told->enabled_ns)
        return false;
    __uint128_t whole = (__uint128_t)told->value * told->enabled_ns / told->running_ns;
    if (whole >= TRIAL_UNKNOWN)
        return false;
    *value = (uint64_t)whole;
    *millionths = (uint64_t)((__uint128_t)told->running_ns * MILLION / told->enabled_ns);
    return true;
}

void counters_take(const struct counters *c, const struct control *control,
                   struct trial_result *result)
{
    for (uint32_t i = 0; i < c->n; i++) {
        struct control_counter told = control->counters[i]; /* the worker may still write */
        uint64_t value, millionths;
        if (!scale(&told, &value, &millionths))
            continue;
        *(uint64_t *)((char *)result + c->wanted[i]->offset) = value;
        if (millionths < result->counted_millionths) /* TRIAL_UNKNOWN is the greatest */
            result->counted_millionths = millionths;
    }
}
