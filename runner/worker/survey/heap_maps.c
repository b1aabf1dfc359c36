#include "heap_maps.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* What a line says. */
struct mapping {
    struct range range;
    const char *permissions; /* "rw-p" */
    uint64_t inode;
    const char *name; /* "" when it has none */
};

static unsigned digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

/* A number and what must follow it; a line may end where a blank could stand. */
static bool read_number(const char **p, unsigned base, char end, uint64_t *out)
{
    const char *begin = *p;
    *out = 0;
    for (unsigned digit; (digit = digit_of(**p)) < base; ++*p)
        *out = *out * base + digit;
    bool is_good = *p > begin && (**p == end || (**p == '\0' && end == ' '));
    *p += is_good && **p != '\0';
    return is_good;
}

/* "7f00-7f10 rw-p 00000000 00:00 0      [heap]" */
static bool parse(const char *p, struct mapping *out)
{
    uint64_t offset, major, minor;
    if (!read_number(&p, 16, '-', &out->range.from) || !read_number(&p, 16, ' ', &out->range.to) ||
        strnlen(p, 5) < 5)
        return false;
    out->permissions = p;
    p += 5;
    if (!read_number(&p, 16, ' ', &offset) || !read_number(&p, 16, ':', &major) ||
        !read_number(&p, 16, ' ', &minor) || !read_number(&p, 10, ' ', &out->inode))
        return false;
    while (*p == ' ')
        p++;
    out->name = p;
    return true;
}

/* Anonymous memory may be named by who made it: [anon:...]. */
static bool is_heap(const struct mapping *m)
{
    return memcmp(m->permissions, "rw", 2) == 0 && m->permissions[3] == 'p' && m->inode == 0 &&
           (*m->name == '\0' || strcmp(m->name, "[heap]") == 0 ||
            strncmp(m->name, "[anon:", 6) == 0);
}

static bool add(struct heap_maps *maps, uint64_t from, uint64_t to)
{
    if (from >= to)
        return true;
    if (maps->n == HEAP_MAPS_ROOM)
        return false;
    maps->ranges[maps->n++] = (struct range){from, to};
    return true;
}

/* What of `range` is not the worker's own. */
static bool add_rest(struct heap_maps *maps, struct range range, const struct range *own,
                     size_t n_own, size_t *own_at)
{
    bool has_room = true;
    while (*own_at < n_own && own[*own_at].to <= range.from)
        ++*own_at;
    for (size_t i = *own_at; i < n_own && own[i].from < range.to; i++) {
        has_room &= add(maps, range.from, own[i].from);
        range.from = own[i].to > range.from ? own[i].to : range.from;
    }
    return add(maps, range.from, range.to) && has_room;
}

bool heap_maps_line(struct heap_maps *maps, const char *line, const struct range *own, size_t n_own,
                    size_t *own_at)
{
    struct mapping m;
    if (!parse(line, &m))
        return false;
    if (strcmp(m.name, "[vsyscall]") == 0)
        return true;
    maps->n_mappings++;
    maps->address_bytes += m.range.to - m.range.from;
    return !is_heap(&m) || add_rest(maps, m.range, own, n_own, own_at);
}

/* All whole lines in the buffer; moves the rest to its front and returns how long that is. */
static size_t take_lines(struct heap_maps *maps, char *buffer, size_t n, size_t *own_at, bool *ok)
{
    size_t n_own, done = 0;
    const struct range *own = own_ranges(&n_own);
    for (char *end; (end = memchr(buffer + done, '\n', n - done));
         done = (size_t)(end - buffer) + 1) {
        *end = '\0';
        *ok &= heap_maps_line(maps, buffer + done, own, n_own, own_at);
    }
    memmove(buffer, buffer + done, n - done);
    return n - done;
}

bool heap_maps_read(struct heap_maps *maps, char *buffer, size_t n_buffer)
{
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    size_t used = 0, own_at = 0;
    bool ok = fd >= 0;
    ssize_t got = ok ? 1 : 0;
    maps->n = 0;
    maps->n_mappings = maps->address_bytes = 0;
    while (ok && got > 0) {
        got = read(fd, buffer + used, n_buffer - used);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0)
            used = take_lines(maps, buffer, used + (size_t)got, &own_at, &ok);
        ok &= got >= 0 && used < n_buffer;
    }
    if (fd >= 0)
        close(fd);
    return ok;
}
