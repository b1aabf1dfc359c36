#include "os.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RESERVE_FLAGS (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

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

/* The kernel maps pages around one that is read (fault_around_bytes, 64 KiB): these go, too. */
#define AROUND_BYTES ((size_t)65536)

void os_forget(const void *p, size_t from, size_t to)
{
    size_t page = os_page_bytes();
    from = from > AROUND_BYTES ? (from - AROUND_BYTES) & ~(page - 1) : 0;
    to &= ~(page - 1);
    if (from < to) /* where it fails, pages stay: no harm */
        (void)madvise((char *)p + from, to - from, MADV_DONTNEED);
}

void *os_remap(void *p, size_t old_bytes, size_t new_bytes)
{
    return map_or_null(mremap(p, old_bytes, new_bytes, MREMAP_MAYMOVE));
}

void *os_reserve(size_t bytes)
{
    return map_or_null(mmap(NULL, bytes, PROT_NONE, RESERVE_FLAGS, -1, 0));
}

void *os_reserve_at(void *p, size_t bytes)
{
    void *got = map_or_null(mmap(p, bytes, PROT_NONE, RESERVE_FLAGS | MAP_FIXED_NOREPLACE, -1, 0));
    if (!got || got == p)
        return got;
    munmap(got, bytes); /* kernels before 4.17 take the address for a hint */
    errno = EEXIST;
    return NULL;
}

int os_open(void *p, size_t bytes)
{
    return mprotect(p, bytes, PROT_READ | PROT_WRITE) == 0 ? 0 : -errno;
}

int os_close(void *p, size_t bytes)
{
    void *got = mmap(p, bytes, PROT_NONE, RESERVE_FLAGS | MAP_FIXED, -1, 0);
    return got != MAP_FAILED ? 0 : -errno;
}

int os_discard(void *p, size_t bytes)
{
    return madvise(p, bytes, MADV_DONTNEED) == 0 ? 0 : -errno;
}

void *os_break(ptrdiff_t bytes)
{
    return map_or_null(sbrk(bytes)); /* sbrk fails with the same (void *)-1 */
}

void os_wait(_Atomic uint32_t *word, uint32_t expected)
{
    int saved = errno;
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
    errno = saved;
}

void os_wake_one(_Atomic uint32_t *word)
{
    int saved = errno;
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    errno = saved;
}
