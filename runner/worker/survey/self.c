#include "self.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PAGE_PRESENT   ((uint64_t)1 << 63)
#define PAGE_EXCLUSIVE ((uint64_t)1 << 56) /* mapped once: no zero page */

/* A small file as a whole and as a text; "" when it cannot be read. */
static void read_text(const char *path, char *out, size_t n)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t used = 0;
    ssize_t got = fd >= 0 ? 1 : 0;
    while (got > 0 && used < n - 1) {
        got = read(fd, out + used, n - 1 - used);
        used += got > 0 ? (size_t)got : 0;
        got = got < 0 && errno == EINTR ? 1 : got;
    }
    out[used] = '\0';
    if (fd >= 0)
        close(fd);
}

/* "Name:    12 kB" */
static uint64_t find_bytes(const char *text, const char *name)
{
    const char *p = strstr(text, name);
    uint64_t n = 0;
    if (!p)
        return SURVEY_UNKNOWN;
    for (p += strlen(name); *p == ' '; p++)
        continue;
    for (; *p >= '0' && *p <= '9'; p++)
        n = n * 10 + (uint64_t)(*p - '0');
    return n * KIB;
}

void self_memory_read(struct self_memory *out, char *buffer, size_t n_buffer)
{
    read_text("/proc/self/smaps_rollup", buffer, n_buffer);
    out->lazy_free_bytes = find_bytes(buffer, "\nLazyFree:");
    out->huge_bytes = find_bytes(buffer, "\nAnonHugePages:");
    out->swap_bytes = find_bytes(buffer, "\nSwap:");
}

static bool is_resident(uint64_t entry)
{
    return (entry & (PAGE_PRESENT | PAGE_EXCLUSIVE)) == (PAGE_PRESENT | PAGE_EXCLUSIVE);
}

static bool read_range(int fd, struct occupancy *o, struct range range, uint64_t *buffer, size_t n)
{
    uint64_t page = range.from / o->page_bytes, end = range.to / o->page_bytes;
    while (page < end) {
        size_t want = end - page < n ? (size_t)(end - page) : n;
        ssize_t got = pread(fd, buffer, want * sizeof(*buffer), (off_t)(page * sizeof(*buffer)));
        if (got < (ssize_t)sizeof(*buffer)) {
            if (got < 0 && errno == EINTR)
                continue;
            return false;
        }
        size_t n_got = (size_t)got / sizeof(*buffer);
        for (size_t i = 0; i < n_got; i++)
            if (is_resident(buffer[i]))
                occupancy_page(o, (page + i) * o->page_bytes);
        page += n_got;
    }
    return true;
}

bool self_pages_read(struct occupancy *o, const struct heap_maps *maps, uint64_t *buffer,
                     size_t n_words)
{
    int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0;
    for (size_t i = 0; ok && i < maps->n; i++)
        ok = read_range(fd, o, maps->ranges[i], buffer, n_words);
    if (fd >= 0)
        close(fd);
    return ok;
}
