#include "cpu_times.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"

int machine_cpu_times(const char *root, struct cpu_times *out, struct err *err)
{
    char path[4096];
    if ((size_t)snprintf(path, sizeof(path), "%s/proc/stat", root) >= sizeof(path))
        return err_set(err, ENAMETOOLONG, "the path to proc/stat is too long");
    FILE *stat = fopen(path, "re");
    if (!stat)
        return err_set_errno(err, errno, "cannot open %s", path);
    unsigned long long user;
    unsigned long long nice;
    unsigned long long system;
    unsigned long long irq;
    unsigned long long softirq;
    unsigned long long steal;
    int n = fscanf(stat, "cpu%*1[ ]%llu %llu %llu %*u %*u %llu %llu %llu", &user, &nice, &system,
                   &irq, &softirq, &steal);
    fclose(stat);
    if (n != 6)
        return err_set(err, EINVAL, "%s does not begin with the times of all CPUs", path);
    uint64_t tick_ns = NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
    out->busy_ns = (user + nice + system + irq + softirq) * tick_ns;
    out->steal_ns = steal * tick_ns;
    return 0;
}
