#include "plan_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os.h"

int plan_memory_make(size_t n_bytes, int *fd, struct plan **plan, struct err *err)
{
    *fd = memfd_create("plan", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (*fd < 0)
        return err_set_errno(err, errno, "cannot make a file for a plan");
    *plan = ftruncate(*fd, (off_t)n_bytes) == 0 ? os_map_file(*fd, n_bytes, OS_READ_WRITE, OS_PLAIN)
                                                : NULL;
    if (*plan)
        return 0;
    int rc = err_set_errno(err, errno, "cannot make room for a plan of %zu bytes", n_bytes);
    close(*fd);
    return rc;
}

/* From here on nobody can change the plan, not even a worker gone wild. */
static int seal(int fd, size_t n_bytes, const struct plan **sealed, struct err *err)
{
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
        return err_set_errno(err, errno, "cannot seal a plan");
    *sealed = os_map_file(fd, n_bytes, OS_READ, OS_PLAIN);
    return *sealed ? 0 : err_set_errno(err, errno, "cannot map a plan of %zu bytes", n_bytes);
}

int plan_memory_seal(int fd, struct plan *plan, size_t n_bytes, const struct plan **sealed,
                     struct err *err)
{
    int rc = plan_check_layout(plan, n_bytes, err);
    if (rc == 0)
        rc = plan_check(plan, err);
    os_unmap(plan, n_bytes);
    if (rc == 0)
        rc = seal(fd, n_bytes, sealed, err);
    if (rc < 0)
        close(fd);
    return rc;
}
