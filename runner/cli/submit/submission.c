#include "submission.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "output_file.h"
#include "text.h"

#define FILE_NAME "submission.json"
#define VERSION   1

int submission_add(char ***list, size_t *n, const char *word, struct err *err)
{
    char **more = realloc(*list, (*n + 1) * sizeof(more[0]));
    if (more)
        *list = more;
    char *copy = more ? strdup(word) : NULL;
    if (!copy)
        return err_set(err, ENOMEM, "out of memory");
    more[(*n)++] = copy;
    return 0;
}

void submission_path(const struct submission *s, const char *name, char out[PATH_MAX])
{
    text_format(out, PATH_MAX, "%s/%s", s->folder, name);
}

static json_t *array_of(char *const *list, size_t n)
{
    json_t *array = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(array, json_string(list[i]));
    return array;
}

static json_t *array_of_ids(const char (*ids)[SLURM_ID_BYTES], size_t n)
{
    json_t *array = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(array, json_string(ids[i]));
    return array;
}

static json_t *to_json(const struct submission *s)
{
    json_t *lists =
        json_pack("{so so so so so}", "options", array_of(s->options, s->n_options), "run",
                  array_of(s->words, s->n_words), "files", array_of(s->files, s->n_files), "jobs",
                  array_of_ids(s->jobs, s->n_jobs), "merges", array_of_ids(s->merges, s->n_jobs));
    json_t *json = json_pack(
        "{si ss ss sI sI sI sI ss* ss* ss* ss*}", "version", VERSION, "directory", s->directory,
        "program", s->program, "shards", (json_int_t)s->n_shards, "at_most", (json_int_t)s->at_most,
        "cpus", (json_int_t)s->cpus, "memory_bytes", (json_int_t)s->memory_bytes, "partition",
        s->partition, "constraint", s->constraint, "time", s->time, "account", s->account);
    if (json && lists)
        json_object_update(json, lists);
    json_decref(lists);
    return json;
}

int submission_write(const struct submission *s, struct err *err)
{
    char path[PATH_MAX];
    json_t *json = to_json(s);
    char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
    json_decref(json);
    if (!text)
        return err_set(err, ENOMEM, "no memory to write down the submission");
    submission_path(s, FILE_NAME, path);
    int rc = output_file_write(path, text, strlen(text), err);
    free(text);
    return rc;
}

/* --- reading: the file may have been touched by anybody --- */

static int keep_text(json_t *json, const char *key, char **out, struct err *err)
{
    const char *text = json_string_value(json_object_get(json, key));
    if (!text)
        return 0;
    *out = strdup(text);
    return *out ? 0 : err_set(err, ENOMEM, "out of memory");
}

static int keep_list(json_t *json, const char *key, char ***list, size_t *n, struct err *err)
{
    json_t *array = json_object_get(json, key), *value;
    size_t i;
    if (!json_is_array(array) || json_array_size(array) > SUBMISSION_WORDS_MAX)
        return err_set(err, EINVAL, "damaged: no list '%s'", key);
    json_array_foreach(array, i, value)
    {
        if (!json_is_string(value))
            return err_set(err, EINVAL, "damaged: '%s' holds something that is no text", key);
        int rc = submission_add(list, n, json_string_value(value), err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int keep_ids(json_t *json, const char *key, char (*out)[SLURM_ID_BYTES], size_t *n,
                    struct err *err)
{
    json_t *array = json_object_get(json, key), *value;
    size_t i;
    if (!json_is_array(array) || json_array_size(array) > SUBMISSION_JOBS_MAX)
        return err_set(err, EINVAL, "damaged: no list '%s'", key);
    json_array_foreach(array, i, value)
    {
        const char *id = json_string_value(value);
        if (!id || !*id || strlen(id) >= SLURM_ID_BYTES || id[strspn(id, "0123456789")])
            return err_set(err, EINVAL, "damaged: '%s' holds something that is no job", key);
        text_format(out[i], SLURM_ID_BYTES, "%s", id);
    }
    *n = json_array_size(array);
    return 0;
}

static int number(json_t *json, const char *key, uint64_t least, uint64_t most, uint64_t *out,
                  struct err *err)
{
    json_t *value = json_object_get(json, key);
    json_int_t n = json_integer_value(value);
    if (!json_is_integer(value) || n < 0 || (uint64_t)n < least || (uint64_t)n > most)
        return err_set(err, EINVAL, "damaged: '%s' is no number from %lu to %lu", key, least, most);
    *out = (uint64_t)n;
    return 0;
}

static int take_numbers(struct submission *s, json_t *json, struct err *err)
{
    uint64_t version, shards, at_most, cpus;
    int rc = number(json, "version", 1, VERSION, &version, err);
    if (rc == 0)
        rc = number(json, "shards", 1, SUBMISSION_SHARDS_MAX, &shards, err);
    if (rc == 0)
        rc = number(json, "at_most", 0, SUBMISSION_SHARDS_MAX, &at_most, err);
    if (rc == 0)
        rc = number(json, "cpus", 0, UINT32_MAX, &cpus, err);
    if (rc == 0)
        rc = number(json, "memory_bytes", 0, INT64_MAX, &s->memory_bytes, err);
    if (rc < 0)
        return rc;
    s->n_shards = (uint32_t)shards;
    s->at_most = (uint32_t)at_most;
    s->cpus = (uint32_t)cpus;
    return 0;
}

static int take_path(json_t *json, const char *key, char out[PATH_MAX], struct err *err)
{
    const char *path = json_string_value(json_object_get(json, key));
    if (!path || *path != '/' || strlen(path) >= PATH_MAX)
        return err_set(err, EINVAL, "damaged: '%s' is no path", key);
    text_format(out, PATH_MAX, "%s", path);
    return 0;
}

static int take_texts(struct submission *s, json_t *json, struct err *err)
{
    int rc = take_path(json, "program", s->program, err);
    if (rc == 0)
        rc = take_path(json, "directory", s->directory, err);
    if (rc == 0)
        rc = keep_text(json, "partition", &s->partition, err);
    if (rc == 0)
        rc = keep_text(json, "constraint", &s->constraint, err);
    if (rc == 0)
        rc = keep_text(json, "time", &s->time, err);
    if (rc == 0)
        rc = keep_text(json, "account", &s->account, err);
    return rc;
}

static int take_lists(struct submission *s, json_t *json, struct err *err)
{
    size_t n_merges;
    int rc = keep_list(json, "options", &s->options, &s->n_options, err);
    if (rc == 0)
        rc = keep_list(json, "run", &s->words, &s->n_words, err);
    if (rc == 0)
        rc = keep_list(json, "files", &s->files, &s->n_files, err);
    if (rc == 0)
        rc = keep_ids(json, "jobs", s->jobs, &s->n_jobs, err);
    if (rc == 0)
        rc = keep_ids(json, "merges", s->merges, &n_merges, err);
    if (rc == 0 && n_merges != s->n_jobs)
        rc = err_set(err, EINVAL, "damaged: %zu jobs, and %zu that merge", s->n_jobs, n_merges);
    return rc;
}

static int read_folder(const char *folder, struct submission *s, struct err *err)
{
    char path[PATH_MAX];
    json_error_t where;
    if (!realpath(folder, s->folder))
        return err_set_errno(err, errno, "%s", folder);
    submission_path(s, FILE_NAME, path);
    json_t *json = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
    if (!json)
        return err_set(err, ENOENT, "%s holds no submission: %s", folder, where.text);
    int rc = take_numbers(s, json, err);
    if (rc == 0)
        rc = take_texts(s, json, err);
    if (rc == 0)
        rc = take_lists(s, json, err);
    json_decref(json);
    if (rc < 0)
        err_prefix(err, "%s", path);
    return rc;
}

static bool has_job(const struct submission *s, const char *id)
{
    for (size_t i = 0; i < s->n_jobs; i++)
        if (strcmp(s->jobs[i], id) == 0 || strcmp(s->merges[i], id) == 0)
            return true;
    return false;
}

/* Slurm knows the folder of a job, too, for some minutes after its end. */
static int ask_slurm(const char *id, struct submission *s)
{
    char script[PATH_MAX];
    struct err ignored;
    int rc = slurm_script_of(id, script, sizeof(script), &ignored);
    char *slash = rc == 0 ? strrchr(script, '/') : NULL;
    if (!slash)
        return -ENOENT;
    *slash = '\0';
    rc = read_folder(script, s, &ignored);
    return rc == 0 && !has_job(s, id) ? -ENOENT : rc;
}

/* The submission in `root` that has the job, or wherever Slurm says. */
static int find(const char *id, const char *root, struct submission *s, struct err *err)
{
    DIR *dir = opendir(root);
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        char folder[PATH_MAX];
        struct err ignored;
        if (text_format(folder, sizeof(folder), "%s/%s", root, entry->d_name) >= sizeof(folder) - 1)
            continue;
        if (entry->d_name[0] != '.' && read_folder(folder, s, &ignored) == 0 && has_job(s, id)) {
            closedir(dir);
            return 0;
        }
        submission_release(s);
    }
    if (dir)
        closedir(dir);
    if (ask_slurm(id, s) == 0)
        return 0;
    return err_set(err, ENOENT,
                   "no submission in %s has job %s; say its folder if it lies elsewhere", root, id);
}

int submission_read(const char *which, const char *root, struct submission *s, struct err *err)
{
    *s = (struct submission){.n_shards = 0};
    bool is_id = *which && which[strspn(which, "0123456789")] == '\0';
    return is_id ? find(which, root, s, err) : read_folder(which, s, err);
}

void submission_release_list(char **list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(list[i]);
    free(list);
}

void submission_release(struct submission *s)
{
    free(s->partition);
    free(s->constraint);
    free(s->time);
    free(s->account);
    submission_release_list(s->options, s->n_options);
    submission_release_list(s->words, s->n_words);
    submission_release_list(s->files, s->n_files);
    *s = (struct submission){.n_shards = 0};
}
