#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "watch.h"

#define MAGIC "arenabench watch 1" /* with its 0 */

struct head {
    char magic[24];
    int32_t exit_status;
    uint32_t has_library;
    uint64_t wall_ns, user_ns, system_ns, n_samples;
};

int watch_file_write(const char *path, const struct watch_result *r, struct err *err)
{
    const struct head head = {.magic = MAGIC,
                              .exit_status = r->exit_status,
                              .has_library = r->has_library,
                              .wall_ns = r->wall_ns,
                              .user_ns = r->user_ns,
                              .system_ns = r->system_ns,
                              .n_samples = r->n_samples};
    FILE *file = fopen(path, "wxe");
    if (!file)
        return err_set_errno(err, errno, "cannot write %s", path);
    fwrite(&head, sizeof(head), 1, file);
    if (r->n_samples > 0)
        fwrite(r->samples, sizeof(*r->samples), r->n_samples, file);
    bool failed = ferror(file);
    if (fclose(file) != 0 || failed)
        return err_set_errno(err, errno ? errno : EIO, "cannot write %s", path);
    return 0;
}

static int read_from(FILE *file, const char *path, struct watch_result *r, struct err *err)
{
    struct head head;
    if (fread(&head, sizeof(head), 1, file) != 1 || memcmp(head.magic, MAGIC, sizeof(MAGIC)) != 0 ||
        head.n_samples > WATCH_SAMPLES_MAX)
        return err_set(err, EINVAL, "%s does not tell of a watched program", path);
    *r = (struct watch_result){.exit_status = head.exit_status,
                               .has_library = head.has_library,
                               .wall_ns = head.wall_ns,
                               .user_ns = head.user_ns,
                               .system_ns = head.system_ns,
                               .n_samples = head.n_samples};
    r->samples = calloc(head.n_samples + 1, sizeof(*r->samples));
    if (!r->samples)
        return err_set(err, ENOMEM, "out of memory");
    if (fread(r->samples, sizeof(*r->samples), r->n_samples, file) == r->n_samples)
        return 0;
    watch_result_release(r);
    return err_set(err, EINVAL, "%s was cut off", path);
}

int watch_file_read(const char *path, struct watch_result *r, struct err *err)
{
    *r = (struct watch_result){0};
    FILE *file = fopen(path, "re");
    if (!file)
        return err_set_errno(err, errno, "cannot read %s", path);
    int rc = read_from(file, path, r, err);
    fclose(file);
    return rc;
}
