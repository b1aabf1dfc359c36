#include "shard_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "clock.h"
#include "text.h"

/* Of a word that is to be part of a file's name: other characters become '_'. */
static void put_plain(char *out, size_t n_bytes, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    text_format(out, n_bytes, "%s", word);
    for (char *p = out; *p; p++)
        if (!strchr(plain, *p))
            *p = '_';
}

/* Which task of a scheduler this is: the job's own words, or nothing. */
static void name_task(char *out, size_t n_bytes)
{
    const char *job = getenv("SLURM_ARRAY_JOB_ID"), *task = getenv("SLURM_ARRAY_TASK_ID");
    const char *restarts = getenv("SLURM_RESTART_COUNT"); /* not set the first time */
    char text[64];
    *out = '\0';
    if (!job)
        return;
    text_format(text, sizeof(text), "%.*s_%.*s-r%.*s-", 20, job, 10, task ? task : "", 10,
                restarts ? restarts : "0");
    put_plain(out, n_bytes, text);
}

static void name_attempt(struct shard_file *f)
{
    struct utsname system;
    char task[64];
    struct timespec now;
    uname(&system);
    put_plain(f->host, sizeof(f->host), system.nodename);
    name_task(task, sizeof(task));
    clock_gettime(CLOCK_REALTIME, &now);
    text_format(f->attempt, sizeof(f->attempt), "%s%s-%d-%lu", task, f->host, (int)getpid(),
                (unsigned long)now.tv_sec * NS_PER_S + (unsigned long)now.tv_nsec);
}

int shard_file_name(struct shard_file *f, const char *folder, const struct shard *shard,
                    struct err *err)
{
    char stem[PATH_MAX];
    name_attempt(f);
    int n =
        snprintf(stem, sizeof(stem), "%s%sshard-%uof%u", folder,
                 *folder && folder[strlen(folder) - 1] == '/' ? "" : "/", shard->index, shard->n);
    if (n < 0 || (size_t)n + strlen(f->attempt) + sizeof("..part-journal") > sizeof(stem))
        return err_set(err, EINVAL, "the name of the folder for the shards is too long");
    text_format(f->path, sizeof(f->path), "%s.db", stem);
    text_format(f->draft, sizeof(f->draft), "%s.%s.part", stem, f->attempt);
    return 0;
}

static int sync_path(const char *path, int flags)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    if (fd < 0)
        return -errno;
    int rc = fsync(fd) < 0 ? -errno : 0;
    close(fd);
    return rc;
}

static int sync_folder_of(const char *path)
{
    char folder[PATH_MAX];
    text_format(folder, sizeof(folder), "%s", path);
    *strrchr(folder, '/') = '\0';
    return sync_path(*folder ? folder : "/", O_DIRECTORY);
}

/* As rename(2), but what has the name keeps it, also where the file system is shared by machines. */
static int rename_new(const char *from, const char *to)
{
    if (link(from, to) == 0)
        return unlink(from) < 0 ? -errno : 0;
    if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS && errno != EMLINK)
        return -errno;
    /* No links there: the moment between the two calls does no harm, both files are complete. */
    if (access(to, F_OK) == 0)
        return -EEXIST;
    return rename(from, to) < 0 ? -errno : 0;
}

int shard_file_publish(const struct shard_file *f, struct err *err)
{
    int rc = sync_path(f->draft, 0);
    if (rc == 0)
        rc = rename_new(f->draft, f->path);
    if (rc < 0)
        shard_file_discard(f);
    if (rc == -EEXIST)
        return rc;
    if (rc == 0)
        rc = sync_folder_of(f->path);
    return rc < 0 ? err_set_errno(err, -rc, "cannot put the complete shard at %s", f->path) : 0;
}

void shard_file_discard(const struct shard_file *f)
{
    char journal[PATH_MAX];
    text_format(journal, sizeof(journal), "%s-journal", f->draft);
    unlink(f->draft);
    unlink(journal);
}
