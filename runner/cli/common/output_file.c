#include "output_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "replace.h"

static int write_stdout(const char *text, size_t n_bytes, struct err *err)
{
    if (fwrite(text, 1, n_bytes, stdout) < n_bytes || fflush(stdout) != 0)
        return err_set_errno(err, errno, "the output could not be written whole");
    return 0;
}

/* 0 or a negative errno; the draft is gone on failure. */
static int write_draft(const char *draft, const char *path, const char *text, size_t n_bytes)
{
    FILE *out = fopen(draft, "wxe");
    if (!out)
        return -errno;
    int rc = fwrite(text, 1, n_bytes, out) < n_bytes ? -errno : 0;
    if (fclose(out) != 0 && rc == 0)
        rc = -errno;
    if (rc == 0 && rename(draft, path) < 0)
        rc = -errno;
    if (rc < 0)
        unlink(draft);
    return rc;
}

int output_file_write(const char *path, const char *text, size_t n_bytes, struct err *err)
{
    char *draft = NULL;
    if (!path)
        return write_stdout(text, n_bytes, err);
    int rc = output_replaceable(path, err);
    if (rc < 0)
        return rc;
    if (asprintf(&draft, "%s.%d", path, (int)getpid()) < 0)
        return err_set(err, ENOMEM, "no memory to write %s", path);
    rc = write_draft(draft, path, text, n_bytes);
    free(draft);
    return rc < 0 ? err_set_errno(err, -rc, "cannot write %s", path) : 0;
}
