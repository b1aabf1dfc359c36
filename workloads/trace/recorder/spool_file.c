#include "spool_file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "text.h"

struct spool_file spool_file;

/*
 * Programs close descriptors that they do not know, and others then get their numbers; and programs
 * give up rights and change their root, so that a path leads nowhere any more. So the descriptor is
 * kept, out of the way, and looked at before it is used; when it is gone, the path is tried.
 */
static struct {
    char path[PATH_MAX];
    dev_t device;
    ino_t inode;
    int fd;
} place = {.fd = -1};
static struct spool_header *root; /* the tree's first spool; the own one unless in a child */
static char root_path[PATH_MAX];

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define HIGH_FD 1000 /* where the kernel's usual limit of descriptors just allows it */

static bool is_spool(int fd)
{
    struct stat st;
    return fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == place.device && st.st_ino == place.inode;
}

/* Keeps `fd` under a high number if there is one; closes it otherwise. */
static void keep_descriptor(int fd)
{
    place.fd = fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD);
    close(fd);
}

/* The descriptor of the spool, kept or opened anew; -1: there is no way to it any more. */
static int spool_descriptor(void)
{
    if (is_spool(place.fd))
        return place.fd;
    int fd = open(place.path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (is_spool(fd))
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Whether the process may write so far; where it may not, trying would end it (SIGXFSZ). */
static bool may_reach(uint64_t end)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_FSIZE, &limit) == 0 && end <= limit.rlim_cur;
}

struct spool_chunk *spool_file_claim(uint32_t thread, uint32_t bytes)
{
    struct spool_header *h = spool_file.header;
    if (atomic_load(&h->lost_stamp) != UINT64_MAX || thread >= SPOOL_THREADS_MAX)
        return NULL;
    uint64_t offset = atomic_fetch_add(&h->claimed_bytes, bytes);
    if (offset + bytes > h->limit_bytes || !may_reach(offset + bytes))
        return NULL;
    int fd = spool_descriptor();
    if (fd < 0)
        return NULL;
    struct spool_chunk *chunk = MAP_FAILED;
    if (posix_fallocate(fd, (off_t)offset, bytes) == 0)
        chunk = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset);
    if (fd != place.fd)
        close(fd);
    if (chunk == MAP_FAILED)
        return NULL;
    /* MAP_POPULATE would leave a fault for the first write to each page. Where it is not known, so be it. */
    (void)madvise(chunk, bytes, MADV_POPULATE_WRITE);
    chunk->thread = thread;
    chunk->bytes = bytes;
    chunk->magic = SPOOL_CHUNK_MAGIC;
    return chunk;
}

static bool is_variable(const char *entry, const char *name)
{
    size_t n = strlen(name);
    return strncmp(entry, name, n) == 0 && entry[n] == '=';
}

static void remove_variable(char **entry)
{
    for (; *entry; entry++)
        entry[0] = entry[1];
}

/* What the program starts is not recorded, and its environment is what the user gave it. */
static void clean_environment(void)
{
    for (char **entry = environ; *entry;) {
        char *others = is_variable(*entry, "LD_PRELOAD") ? strchr(*entry, ':') : NULL;
        if (is_variable(*entry, SPOOL_ENV) || (is_variable(*entry, "LD_PRELOAD") && !others)) {
            remove_variable(entry);
            continue;
        }
        if (others) { /* the recorder stands first in the list */
            char *list = strchr(*entry, '=') + 1;
            memmove(list, others + 1, strlen(others + 1) + 1);
        }
        entry++;
    }
}

/* Maps the header of the file at place.path; NULL when it is none. */
static struct spool_header *map_header(int fd)
{
    struct stat st;
    void *p = MAP_FAILED;
    if (fstat(fd, &st) == 0 && st.st_size >= SPOOL_UNIT_BYTES)
        p = mmap(NULL, SPOOL_UNIT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        return NULL;
    place.device = st.st_dev;
    place.inode = st.st_ino;
    return p;
}

/* The words of the command line, as many as fit. */
static void describe_program(struct spool_header *h)
{
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, h->program, sizeof(h->program) - 1) : 0;
    if (fd >= 0)
        close(fd);
    h->program_bytes = n > 0 ? (uint32_t)n : 1;
    h->program[h->program_bytes - 1] = '\0';
    h->pid = (uint32_t)getpid();
}

/* A spool for this process beside the tree's first one: its path, and a number behind it. */
static bool make_own(uint32_t first_thread)
{
    uint32_t number = atomic_fetch_add(&root->n_spools, 1);
    if (is_spool(place.fd)) /* of the parent, or the tree's first */
        close(place.fd);
    if (text_format(place.path, sizeof(place.path), "%s.%u", root_path, number) >=
        sizeof(place.path))
        return false;
    int fd = open(place.path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    struct spool_header *h =
        may_reach(SPOOL_UNIT_BYTES) && posix_fallocate(fd, 0, SPOOL_UNIT_BYTES) == 0
            ? map_header(fd)
            : NULL;
    keep_descriptor(fd);
    if (!h)
        return false;
    h->limit_bytes = root->limit_bytes;
    h->clock = root->clock;
    h->tree = 1;
    h->first_thread = first_thread;
    atomic_store(&h->claimed_bytes, SPOOL_UNIT_BYTES);
    atomic_store(&h->lost_stamp, UINT64_MAX);
    atomic_store(&h->n_threads, first_thread + 1);
    h->magic = SPOOL_MAGIC;
    spool_file.header = h;
    return true;
}

static bool take_root(void)
{
    const char *path = getenv(SPOOL_ENV);
    if (!path || strlen(path) >= sizeof(root_path))
        return false;
    memcpy(root_path, path, strlen(path) + 1);
    memcpy(place.path, path, strlen(path) + 1);
    int fd = open(root_path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return false;
    root = map_header(fd);
    keep_descriptor(fd);
    return root && root->magic == SPOOL_MAGIC;
}

bool spool_file_take(void)
{
    bool taken = take_root();
    if (!taken || !root->tree)
        clean_environment();
    if (!taken)
        return false;
    spool_file.tick = &root->tick;
    spool_file.header = root;
    if (atomic_exchange(&root->loaded, 1) != 0)
        return root->tree && make_own(0);
    return true;
}

void spool_file_begin(enum trace_clock clock)
{
    struct spool_header *h = spool_file.header;
    describe_program(h);
    h->clock = clock;
    h->start_stamp = stamp_now(clock);
    h->start_ns = clock_ns();
    atomic_store(&h->loaded, 1);
}

bool spool_file_begin_child(void)
{
    const struct spool_header *parent = spool_file.header;
    if (!root->tree)
        return false;
    char allocator[sizeof(parent->allocator)];
    enum trace_clock clock =
        parent->clock == TRACE_CLOCK_TSC ? TRACE_CLOCK_TSC : TRACE_CLOCK_MONOTONIC;
    memcpy(allocator, parent->allocator, sizeof(allocator));
    if (!make_own(atomic_load(&parent->n_threads)))
        return false;
    memcpy(spool_file.header->allocator, allocator, sizeof(allocator));
    spool_file_begin(clock);
    return true;
}
