#include "replace.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As results files begin, and other SQLite databases. */
static bool is_database(const char *path)
{
    static const char magic[16] = "SQLite format 3";
    char begin[sizeof(magic)];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool is = fd >= 0 && read(fd, begin, sizeof(begin)) == (ssize_t)sizeof(begin) &&
              memcmp(begin, magic, sizeof(magic)) == 0;
    if (fd >= 0)
        close(fd);
    return is;
}

int output_replaceable(const char *path, struct err *err)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return 0; /* what else is wrong with the path, opening tells */
    if (S_ISREG(st.st_mode) && is_database(path))
        return err_set(err, EINVAL, "%s holds results and is not replaced: name another file",
                       path);
    if (S_ISREG(st.st_mode))
        return 0;
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
