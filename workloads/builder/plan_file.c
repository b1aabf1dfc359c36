#include "plan_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os.h"
#include "plan_memory.h"
#include "text.h"

static int open_file(const char *path, uint64_t *n_bytes, struct err *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not hold us up */
    if (fd < 0)
        return err_set_errno(err, errno, "cannot read %s", path);
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return err_set(err, EINVAL, "%s is not a regular file", path);
    }
    *n_bytes = (uint64_t)st.st_size;
    return fd;
}

int plan_file_is_plan(const char *path, struct err *err)
{
    uint64_t n_bytes, magic = 0;
    int fd = open_file(path, &n_bytes, err);
    if (fd < 0)
        return fd;
    ssize_t got = pread(fd, &magic, sizeof(magic), 0);
    close(fd);
    if (got < 0)
        return err_set_errno(err, errno, "cannot read %s", path);
    return magic == PLAN_MAGIC;
}

static int read_whole(int from, void *to, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t got = pread(from, (char *)to + done, n - done, (off_t)done);
        if (got <= 0)
            return got < 0 ? -errno : -EIO;
        done += (size_t)got;
    }
    return 0;
}

static int fill_and_seal(int from, const int *fd, struct plan *draft, size_t n_bytes,
                         const struct plan **plan, struct err *err)
{
    int rc = read_whole(from, draft, n_bytes);
    if (rc == 0)
        return plan_memory_seal(*fd, draft, n_bytes, plan, err);
    os_unmap(draft, n_bytes);
    close(*fd);
    return err_set_errno(err, -rc, "cannot be read");
}

int plan_file_read(const char *path, int *fd, const struct plan **plan, struct err *err)
{
    uint64_t n_bytes;
    struct plan *draft;
    int from = open_file(path, &n_bytes, err);
    if (from < 0)
        return from;
    int rc = n_bytes < sizeof(*draft) ? err_set(err, EINVAL, "too short for a plan")
                                      : plan_memory_make(n_bytes, fd, &draft, err);
    if (rc == 0)
        rc = fill_and_seal(from, fd, draft, n_bytes, plan, err);
    if (rc < 0)
        err_prefix(err, "%s", path);
    close(from);
    return rc;
}

static int write_whole(FILE *out, const struct plan *plan)
{
    size_t written = fwrite(plan, 1, plan->n_bytes, out);
    int closed = fclose(out);
    return written == plan->n_bytes && closed == 0 ? 0 : -errno;
}

int plan_file_write(const char *path, const struct plan *plan, struct err *err)
{
    char draft[PATH_MAX];
    text_format(draft, sizeof(draft), "%s.%d", path, (int)getpid());
    FILE *out = fopen(draft, "wxe");
    if (!out)
        return err_set_errno(err, errno, "cannot write %s", draft);
    int rc = write_whole(out, plan);
    if (rc == 0 && rename(draft, path) < 0)
        rc = -errno;
    if (rc < 0) {
        unlink(draft);
        return err_set_errno(err, -rc, "cannot write %s", path);
    }
    return 0;
}
