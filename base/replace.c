#include "replace.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

int output_replaceable(const char *path, struct err *err)
{
    struct stat st;
    if (stat(path, &st) < 0 || S_ISREG(st.st_mode))
        return 0; /* what else is wrong with the path, opening tells */
    return err_set(err, EINVAL, "%s is not a regular file and is not replaced: name another file",
                   path);
}

int output_allowed(const char *path, bool force, struct err *err)
{
    int rc = output_replaceable(path, err);
    if (rc < 0 || force || access(path, F_OK) < 0)
        return rc;
    return err_set(err, EEXIST, "%s exists: name another file with -o, or replace it with -f",
                   path);
}
