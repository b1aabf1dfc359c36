/*
 * Limits from the control groups around this process: a group may use no more than the least that
 * it and the groups above it are given. Both versions of cgroups are read where distributions
 * mount them.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fact_readers.h"
#include "text.h"

#define GROUP_BYTES 4096
#define PATH_BYTES  (GROUP_BYTES + 128)

struct controller {
    const char *name;
    const char *v1_mounts[2]; /* below the root; some distributions mount two controllers in one */
    /* The limit that the group in directory `dir` itself sets; INFINITY for none. */
    double (*v1_limit)(int root, const char *dir);
    double (*v2_limit)(int root, const char *dir);
};

/* The first line of a file in a group; false when there is none. */
static bool read_in(int root, const char *dir, const char *file, char *line, size_t n)
{
    char path[PATH_BYTES + 64];
    struct err none;
    text_format(path, sizeof(path), "%s/%s", dir, file);
    return fact_read_file(root, path, line, n, &none) == 0;
}

/* `quota` and `period` in the same unit; a quota of -1 is none. */
static double cpus(long long quota, long long period)
{
    return quota > 0 && period > 0 ? (double)quota / (double)period : (double)INFINITY;
}

static double cpu_v2(int root, const char *dir)
{
    char line[64];
    long long quota;
    long long period;
    if (!read_in(root, dir, "cpu.max", line, sizeof(line)) ||
        sscanf(line, "%lld %lld", &quota, &period) != 2)
        return (double)INFINITY; /* "max 100000" */
    return cpus(quota, period);
}

static double cpu_v1(int root, const char *dir)
{
    char quota[64];
    char period[64];
    if (!read_in(root, dir, "cpu.cfs_quota_us", quota, sizeof(quota)) ||
        !read_in(root, dir, "cpu.cfs_period_us", period, sizeof(period)))
        return (double)INFINITY;
    return cpus(strtoll(quota, NULL, 10), strtoll(period, NULL, 10));
}

static double memory_of(int root, const char *dir, const char *file)
{
    char line[64];
    char *end;
    if (!read_in(root, dir, file, line, sizeof(line)))
        return (double)INFINITY;
    uint64_t bytes = strtoull(line, &end, 10);
    /* Version 1 writes "no limit" as the greatest number of whole pages. */
    return end == line || bytes >= (uint64_t)1 << 60 ? (double)INFINITY : (double)bytes;
}

static double memory_v2(int root, const char *dir)
{
    return memory_of(root, dir, "memory.max");
}

static double memory_v1(int root, const char *dir)
{
    return memory_of(root, dir, "memory.limit_in_bytes");
}

static const struct controller cpu = {
    .name = "cpu",
    .v1_mounts = {"sys/fs/cgroup/cpu", "sys/fs/cgroup/cpu,cpuacct"},
    .v1_limit = cpu_v1,
    .v2_limit = cpu_v2,
};

static const struct controller memory = {
    .name = "memory",
    .v1_mounts = {"sys/fs/cgroup/memory", "sys/fs/cgroup/memory"},
    .v1_limit = memory_v1,
    .v2_limit = memory_v2,
};

/* Whether `name` is one of the words of "cpu,cpuacct". */
static bool has_word(const char *words, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = words; *p; p += *p == ',') {
        size_t length = strcspn(p, ",");
        if (length == n && strncmp(p, name, n) == 0)
            return true;
        p += length;
    }
    return false;
}

/* The process's groups for one controller; "" where it has none. */
struct groups {
    char v1[GROUP_BYTES], v2[GROUP_BYTES];
};

/* Reads the lines "number:controllers:group"; those of version 2 have no controllers. */
static int find_groups(int root, const char *name, struct groups *out, struct err *why)
{
    *out = (struct groups){.v1 = "", .v2 = ""};
    FILE *file = fact_open(root, "proc/self/cgroup", why);
    if (!file)
        return -ENOENT;
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, file) > 0) {
        line[strcspn(line, "\n")] = '\0';
        char *words = strchr(line, ':');
        char *group = words ? strchr(words + 1, ':') : NULL;
        if (!group || group[1] != '/')
            continue;
        *group++ = '\0';
        if (words[1] == '\0')
            text_format(out->v2, sizeof(out->v2), "%s", group);
        else if (has_word(words + 1, name))
            text_format(out->v1, sizeof(out->v1), "%s", group);
    }
    free(line);
    fclose(file);
    if (out->v1[0] == '\0' && out->v2[0] == '\0')
        return err_set(why, ENODATA, "/proc/self/cgroup names no group for %s", name);
    return 0;
}

/*
 * The least limit of `group` and those above it, below `mount`. Groups that are not to be seen (a
 * container that is shown only its own part) set none that could be read.
 */
static double least_limit(int root, const char *mount, const char *group,
                          double (*limit)(int root, const char *dir))
{
    char dir[PATH_BYTES];
    text_format(dir, sizeof(dir), "%s%s", mount, strstr(group, "..") ? "" : group);
    double least = (double)INFINITY;
    for (size_t top = strlen(mount); strlen(dir) >= top;) {
        least = fmin(least, limit(root, dir));
        char *slash = strrchr(dir, '/');
        if (!slash)
            break;
        *slash = '\0';
    }
    return least;
}

static bool is_directory(int root, const char *path)
{
    int fd = root < 0 ? -1 : openat(root, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static int read_limit(int root, const struct controller *c, double *limit, struct err *why)
{
    struct groups groups;
    int r = find_groups(root, c->name, &groups, why);
    if (r < 0)
        return r;
    /* A controller belongs to one version at a time. */
    for (size_t i = 0; groups.v1[0] && i < ARRAY_SIZE(c->v1_mounts); i++) {
        if (is_directory(root, c->v1_mounts[i])) {
            *limit = least_limit(root, c->v1_mounts[i], groups.v1, c->v1_limit);
            return 0;
        }
    }
    if (groups.v1[0] || !is_directory(root, "sys/fs/cgroup"))
        return err_set(why, ENOENT, "the cgroups of %s are not mounted below /sys/fs/cgroup",
                       c->name);
    *limit = least_limit(root, "sys/fs/cgroup", groups.v2, c->v2_limit);
    return 0;
}

FACT_READER(fact_cgroup_cpu)
{
    (void)row;
    double limit = (double)INFINITY;
    int r = read_limit(root, &cpu, &limit, why);
    if (r < 0)
        return r;
    /* By hand: a decimal point that depends on the locale must not reach the store. */
    uint64_t hundredths = limit < 1e9 ? (uint64_t)(limit * 100 + 0.5) : 0;
    if (limit >= 1e9)
        text_format(value, n, "none");
    else
        text_format(value, n, "%lu.%lu%lu", hundredths / 100, hundredths / 10 % 10,
                    hundredths % 10);
    return 0;
}

FACT_READER(fact_cgroup_memory)
{
    (void)row;
    double limit = (double)INFINITY;
    int r = read_limit(root, &memory, &limit, why);
    if (r == 0 && isinf(limit))
        text_format(value, n, "none");
    else if (r == 0)
        text_format(value, n, "%lu", (uint64_t)limit);
    return r;
}
