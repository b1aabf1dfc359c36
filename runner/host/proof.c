#include "proof.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>

#include "build_id.h"
#include "process_maps.h"

static const char *const family_names[FAMILY_MEMBERS] = {
    [FAMILY_MALLOC] = "malloc",          [FAMILY_FREE] = "free",
    [FAMILY_CALLOC] = "calloc",          [FAMILY_REALLOC] = "realloc",
    [FAMILY_ALIGNED] = "posix_memalign",
};

/* Whether `path` is the file that was asked for: the same file, or one whose name matches. */
static bool is_supplier(const char *path, const char *wanted)
{
    struct stat a, b;
    if (strchr(wanted, '/'))
        return stat(path, &a) == 0 && stat(wanted, &b) == 0 && a.st_dev == b.st_dev &&
               a.st_ino == b.st_ino;
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    return fnmatch(wanted, name, 0) == 0;
}

int proof_of_subject(const struct worker_process *w, const struct trial_request *request,
                     struct trial_result *result, struct err *err)
{
    char path[sizeof(result->malloc_path)];
    for (unsigned i = 0; i < FAMILY_MEMBERS; i++) {
        int rc = process_file_of(w->pid, w->control->family[i], path, sizeof(path), err);
        if (rc < 0) {
            err_prefix(err, "cannot tell who supplies %s", family_names[i]);
            return rc;
        }
        if (i == FAMILY_MALLOC)
            memcpy(result->malloc_path, path, sizeof(path));
        else if (strcmp(path, result->malloc_path) != 0)
            return err_set(err, EINVAL, "malloc comes from %s but %s from %s", result->malloc_path,
                           family_names[i], path);
    }
    if (!is_supplier(result->malloc_path, request->supplier))
        return err_set(err, EINVAL, "malloc comes from %s, not from %s", result->malloc_path,
                       request->supplier);
    struct err ignored; /* a library may be built without a build id */
    if (elf_build_id(result->malloc_path, result->build_id, sizeof(result->build_id), &ignored) < 0)
        result->build_id[0] = '\0';
    return 0;
}

static const struct statistic *told(const struct trial_result *result, const char *name,
                                    enum statistic_kind kind)
{
    for (size_t i = 0; i < result->n_statistics; i++) {
        const struct statistic *s = &result->statistics[i];
        if (s->kind == kind && strcmp(s->name, name) == 0)
            return s;
    }
    return NULL;
}

static bool is_taken(const struct statistic_wanted *wanted, uint64_t value)
{
    uint64_t apart = value > wanted->value ? value - wanted->value : wanted->value - value;
    return apart < wanted->grain;
}

/* Said of what the worker could not find out either; an allocator that tells must tell. */
static bool is_unproved(const struct statistic_wanted *wanted, const struct trial_result *result)
{
    return wanted->proof != STATISTIC_TOLD && told(result, wanted->name, STATISTIC_UNPROVED);
}

static int missing(const struct statistic_wanted *wanted, struct err *err)
{
    if (wanted->proof == STATISTIC_BY_EFFECT)
        return err_set(err, EINVAL, "%s was to be %ld and has no effect", wanted->name,
                       (long)wanted->value);
    return err_set(err, EINVAL,
                   "%s was to be %ld, and that the allocator took it cannot be proved: it tells no "
                   "setting of that name",
                   wanted->name, (long)wanted->value);
}

/* Numbers are told as they are held: -1, which some settings take, is the greatest. */
static int refuse(const struct statistic_wanted *wanted, uint64_t value, struct err *err)
{
    if (wanted->proof == STATISTIC_BY_EFFECT && value >= UINT64_MAX - 1)
        return err_set(err, EINVAL,
                       "%s was to be %ld and no value of it shows in the worker: the allocator did "
                       "not take the setting",
                       wanted->name, (long)wanted->value);
    /* Others complain themselves, on stderr, of a value that they do not take. */
    const char *reason =
        wanted->proof == STATISTIC_BY_EFFECT
            ? ": it is out of its range, held by another one, or not in this version"
            : "";
    return err_set(err, EINVAL,
                   "%s was to be %ld and was %ld in the worker: the allocator did not take the "
                   "setting%s",
                   wanted->name, (long)wanted->value, (long)value, reason);
}

int proof_of_settings(const struct trial_request *request, const struct trial_result *result,
                      struct err *err)
{
    for (size_t i = 0; i < request->n_settings; i++) {
        const struct statistic_wanted *wanted = &request->settings[i];
        const struct statistic *setting = told(result, wanted->name, STATISTIC_SETTING);
        if (!setting && is_unproved(wanted, result))
            continue;
        if (!setting)
            return missing(wanted, err);
        if (!is_taken(wanted, setting->value))
            return refuse(wanted, setting->value, err);
    }
    return 0;
}
