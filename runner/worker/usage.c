#include "usage.h"

#include <sys/resource.h>

#include "clock.h"

void usage_read(struct control_usage *out)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    *out = (struct control_usage){
        .user_ns = (uint64_t)r.ru_utime.tv_sec * NS_PER_S + (uint64_t)r.ru_utime.tv_usec * 1000,
        .system_ns = (uint64_t)r.ru_stime.tv_sec * NS_PER_S + (uint64_t)r.ru_stime.tv_usec * 1000,
        .minor_faults = (uint64_t)r.ru_minflt,
        .major_faults = (uint64_t)r.ru_majflt,
        .voluntary_switches = (uint64_t)r.ru_nvcsw,
        .involuntary_switches = (uint64_t)r.ru_nivcsw,
    };
}
