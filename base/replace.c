#include "replace.h"

#include <errno.h>
#include <sys/stat.h>

int output_replaceable(const char *path, struct err *err)
{
    struct stat st;
    if (stat(path, &st) < 0 || S_ISREG(st.st_mode))
        return 0; /* what else is wrong with the path, opening tells */
    return err_set(err, EINVAL, "%s is not a regular file and is not replaced: name another file",
                   path);
}
