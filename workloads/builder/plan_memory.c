#include "plan_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os.h"
#include "text.h"

#define MOST_BYTES GIB
#define FOLDER     "/var/tmp"

size_t plan_memory_most(void)
{
    long pages = sysconf(_SC_PHYS_PAGES);
    size_t eighth = pages > 0 ? (size_t)pages * os_page_bytes() / 8 : MOST_BYTES;
    return eighth < MOST_BYTES ? eighth : MOST_BYTES;
}

/* A file without a name; where the file system has none, one that loses its name at once. */
static int open_nameless(const char *folder)
{
    char path[PATH_MAX];
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
        return fd;
    text_format(path, sizeof(path), "%s/arenabench-plan-XXXXXX", folder);
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

static int make_on_disk(size_t n_bytes, int *fd, struct err *err)
{
    const char *folder = getenv("TMPDIR");
    if (!folder || !*folder)
        folder = FOLDER;
    *fd = open_nameless(folder);
    if (*fd < 0)
        return err_set_errno(err, errno, "cannot make a file for a plan in %s", folder);
    int rc = posix_fallocate(*fd, 0, (off_t)n_bytes);
    if (rc == 0)
        return 0;
    close(*fd);
    return err_set_errno(err, rc,
                         "no room for a plan of %lu MiB in %s: set TMPDIR to a larger place",
                         n_bytes / MIB + 1, folder);
}

static int make_in_memory(size_t n_bytes, int *fd, struct err *err)
{
    *fd = memfd_create("plan", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (*fd < 0)
        return err_set_errno(err, errno, "cannot make a file for a plan");
    if (ftruncate(*fd, (off_t)n_bytes) == 0)
        return 0;
    int rc = err_set_errno(err, errno, "cannot make room for a plan of %zu bytes", n_bytes);
    close(*fd);
    return rc;
}

int plan_memory_make(size_t n_bytes, enum plan_place place, int *fd, struct plan **plan,
                     struct err *err)
{
    int rc =
        place == PLAN_ON_DISK ? make_on_disk(n_bytes, fd, err) : make_in_memory(n_bytes, fd, err);
    if (rc < 0)
        return rc;
    *plan = os_map_file(*fd, n_bytes, OS_READ_WRITE, OS_PLAIN);
    if (*plan)
        return 0;
    rc = err_set_errno(err, errno, "cannot map a plan of %zu bytes", n_bytes);
    close(*fd);
    return rc;
}

/* Whoever gets the new descriptor, a worker gone wild too, can only read. */
static int open_again(int *fd, struct err *err)
{
    char path[64];
    text_format(path, sizeof(path), "/proc/self/fd/%d", *fd);
    int again = open(path, O_RDONLY | O_CLOEXEC);
    if (again < 0)
        return err_set_errno(err, errno, "cannot open a plan again");
    close(*fd);
    *fd = again;
    return 0;
}

/* From here on nobody can change the plan. */
static int seal(int *fd, size_t n_bytes, const struct plan **sealed, struct err *err)
{
    bool in_memory = fcntl(*fd, F_GET_SEALS) >= 0;
    if (in_memory &&
        fcntl(*fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
        return err_set_errno(err, errno, "cannot seal a plan");
    int rc = in_memory ? 0 : open_again(fd, err);
    if (rc < 0)
        return rc;
    *sealed = os_map_file(*fd, n_bytes, OS_READ, OS_PLAIN);
    return *sealed ? 0 : err_set_errno(err, errno, "cannot map a plan of %zu bytes", n_bytes);
}

int plan_memory_seal(int *fd, struct plan *plan, size_t n_bytes, const struct plan **sealed,
                     struct err *err)
{
    int rc = plan_check_layout(plan, n_bytes, err);
    if (rc == 0)
        rc = plan_check(plan, err);
    os_unmap(plan, n_bytes);
    if (rc == 0)
        rc = seal(fd, n_bytes, sealed, err);
    if (rc < 0)
        close(*fd);
    return rc;
}
