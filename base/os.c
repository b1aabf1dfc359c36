#include "os.h"

#include <sys/mman.h>
#include <unistd.h>

static int extra_flags(enum os_map_flags flags)
{
    return (flags & OS_POPULATE ? MAP_POPULATE : 0) | (flags & OS_RESERVE ? MAP_NORESERVE : 0);
}

static void *map_or_null(void *p)
{
    return p == MAP_FAILED ? NULL : p;
}

void *os_map(size_t bytes, enum os_map_flags flags)
{
    return map_or_null(mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | extra_flags(flags), -1, 0));
}

void *os_map_file(int fd, size_t bytes, enum os_file_access access, enum os_map_flags flags)
{
    int protection = PROT_READ | (access == OS_READ_WRITE ? PROT_WRITE : 0);
    return map_or_null(mmap(NULL, bytes, protection, MAP_SHARED | extra_flags(flags), fd, 0));
}

void os_unmap(void *p, size_t bytes)
{
    if (p)
        munmap(p, bytes);
}

size_t os_page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}
