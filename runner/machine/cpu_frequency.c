#include "cpu_frequency.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>

static uint64_t greatest(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* A number of kHz in a file of its own; 0 where there is none. */
static uint64_t read_policy(const char *path)
{
    unsigned long khz = 0;
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    if (fscanf(file, "%lu", &khz) != 1)
        khz = 0;
    fclose(file);
    return khz;
}

static uint64_t of_cpufreq(const char *root)
{
    char pattern[4096];
    glob_t found;
    uint64_t most = 0;
    int n = snprintf(pattern, sizeof(pattern),
                     "%s/sys/devices/system/cpu/cpufreq/policy*/scaling_cur_freq", root);
    if ((size_t)n >= sizeof(pattern) || glob(pattern, 0, NULL, &found) != 0)
        return 0;
    for (size_t i = 0; i < found.gl_pathc; i++)
        most = greatest(most, read_policy(found.gl_pathv[i]));
    globfree(&found);
    return most;
}

/* Lines like "cpu MHz : 2499.998", which x86 has. */
static uint64_t of_cpuinfo(const char *root)
{
    char path[4096], line[4096];
    uint64_t most = 0;
    double mhz;
    if ((size_t)snprintf(path, sizeof(path), "%s/proc/cpuinfo", root) >= sizeof(path))
        return 0;
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    while (fgets(line, sizeof(line), file))
        if (sscanf(line, "cpu MHz : %lf", &mhz) == 1 && mhz > 0 && mhz < 1e6)
            most = greatest(most, (uint64_t)(mhz * 1000));
    fclose(file);
    return most;
}

int machine_cpu_khz(const char *root, uint64_t *khz, struct err *err)
{
    *khz = of_cpufreq(root);
    if (*khz == 0)
        *khz = of_cpuinfo(root);
    return *khz ? 0 : err_set(err, ENODATA, "the machine does not tell how fast its CPUs run");
}
