/* When the system gives no more memory, all return NULL with ENOMEM; when some is freed, all go on. */
#include "contract.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#define ROOM_BYTES (256 * MIB)

struct link {
    struct link *next;
};

static size_t address_space_bytes(void)
{
    char text[64] = "";
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
        contract_skip("/proc/self/statm cannot be read");
    close(fd);
    return strtoul(text, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

/* Takes blocks until there are no more; how many. Each begins with the link to the one before. */
static size_t take_all(size_t bytes, size_t most, struct link **blocks)
{
    size_t n = 0;
    for (; n < most; n++) {
        errno = 0;
        struct link *p = hidden(malloc(bytes));
        if (!p)
            break;
        p->next = *blocks;
        *blocks = p;
    }
    if (n < most && errno != ENOMEM)
        contract_fail("malloc(%zu) without memory: errno is %d, not ENOMEM", bytes, errno);
    return n;
}

static void release(struct link *blocks)
{
    while (blocks) {
        struct link *next = blocks->next;
        free(blocks);
        blocks = next;
    }
}

static void expect_refusals(size_t bytes)
{
    char *p = contract_malloc(64); /* some small one is always left, or may be had again */
    contract_fill(p, 64, 1);
    errno = 0;
    if (hidden(calloc(1, bytes)) || errno != ENOMEM)
        contract_fail("calloc of %zu bytes without memory: errno is %d, not ENOMEM", bytes, errno);
    errno = 0;
    if (hidden(realloc(p, bytes)) || errno != ENOMEM)
        contract_fail("realloc to %zu bytes without memory: errno is %d, not ENOMEM", bytes, errno);
    contract_check(p, 64, 1, "when realloc had no memory");
    void *q = &q;
    int code = posix_memalign(&q, 64, bytes);
    if (code != ENOMEM)
        contract_fail("posix_memalign of %zu bytes without memory returned %d, not ENOMEM", bytes,
                      code);
    if (q != &q)
        contract_fail("posix_memalign of %zu bytes failed but changed the pointer", bytes);
    free(p);
}

void clause(void)
{
    struct link *large = NULL, *small = NULL;
    free(contract_malloc(64));
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) < 0)
        contract_skip("RLIMIT_AS cannot be read: %s", strerrordesc_np(errno));
    limit.rlim_cur = address_space_bytes() + ROOM_BYTES;
    if (setrlimit(RLIMIT_AS, &limit) < 0)
        contract_skip("RLIMIT_AS cannot be set: %s", strerrordesc_np(errno));

    size_t most = 16 * ROOM_BYTES / MIB, n = take_all(MIB, most, &large);
    if (n == most)
        contract_skip("RLIMIT_AS does not hold here: %zu MiB came below a limit of %lu", n,
                      limit.rlim_cur / MIB);
    expect_refusals(4 * MIB);
    take_all(256, 100000, &small); /* what is left of it, or the most that is waited for */
    release(small);
    release(large);

    large = small = NULL;
    size_t again = take_all(MIB, most, &large);
    if (again < n / 2)
        contract_fail("%zu blocks of 1 MiB before, but only %zu after all were freed", n, again);
    release(large);
    if (take_all(100, 10000, &small) < 10000)
        contract_fail("10 000 blocks of 100 bytes could not be had after all was freed");
    release(small);
}
