#include "submit.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "capture.h"
#include "output_file.h"
#include "script.h"
#include "status.h"
#include "text.h"

#define MEMORY_FACTOR 2 /* of the greatest live set: what a node has to have free */

/* --- what the run is --- */

struct run_shape {
    uint64_t blocks, live_bytes;
    uint32_t threads;    /* the most that were asked for */
    bool threads_follow; /* they follow from the CPUs of a machine */
};

static int take_files(struct submission *s, json_t *array, struct err *err)
{
    json_t *value;
    size_t i;
    json_array_foreach(array, i, value)
    {
        const char *path = json_string_value(value);
        int rc = path ? submission_add(&s->files, &s->n_files, path, err) : 0;
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int take_shape(struct submission *s, const char *text, struct run_shape *shape,
                      struct err *err)
{
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    json_int_t blocks = json_integer_value(json_object_get(json, "n_blocks"));
    json_int_t live = json_integer_value(json_object_get(json, "live_bytes_most"));
    int rc = take_files(s, json_object_get(json, "files"), err);
    if (rc == 0 && (!json || blocks < 1 || live < 0))
        rc = err_set(err, EIO, "`%s run --dry-run --json` says nothing that can be read",
                     s->program);
    *shape = (struct run_shape){
        .blocks = (uint64_t)blocks,
        .live_bytes = (uint64_t)live,
        .threads = (uint32_t)json_integer_value(json_object_get(json, "threads_most")),
        .threads_follow = json_is_true(json_object_get(json, "threads_follow_cpus"))};
    json_decref(json);
    return rc;
}

/* Asks the program itself, in the form in which the nodes will call it: so wrong words are found now. */
static int look_at_run(struct submission *s, struct run_shape *shape, struct err *err)
{
    const char *argv[SUBMISSION_WORDS_MAX + 8] = {s->program, "run", "--dry-run", "--json"};
    struct captured c;
    for (size_t i = 0; i < s->n_words; i++)
        argv[4 + i] = s->words[i];
    int rc = capture(argv, &c, err);
    if (rc < 0)
        return rc;
    rc = c.status == 0 ? take_shape(s, c.out, shape, err) : err_set(err, EINVAL, "run: %s", c.said);
    free(c.out);
    return rc;
}

/* An option that `run` would read as `own`, shortened maybe. */
static bool is_option(const char *word, const char *own)
{
    size_t n = strcspn(word, "=");
    if (own[1] != '-')
        return strncmp(word, own, 2) == 0;
    return n > 2 && strncmp(word, own, n) == 0;
}

/* What submit says itself, or what makes no sense in a task. */
static int check_words(const struct submission *s, struct err *err)
{
    static const char *const own[] = {"-o",     "--output", "--resume", "--shard", "--dry-run",
                                      "--json", "--csv",    "--memory", "--stats"};
    for (size_t i = 0; i < s->n_words; i++) {
        if (strcmp(s->words[i], "--") == 0)
            return err_set(err, EINVAL, "run: a second -- in the words: `run` takes options only");
        for (size_t j = 0; j < ARRAY_SIZE(own); j++)
            if (is_option(s->words[i], own[j]))
                return err_set(err, EINVAL,
                               "run: %s is not for a run that is submitted: its results go to the "
                               "folder that `submit -o` names, and `show` prints them",
                               own[j]);
    }
    return 0;
}

static int check_shards(const struct submission *s, const struct run_shape *shape, struct err *err)
{
    if (s->n_shards > shape->blocks)
        return err_set(err, EINVAL,
                       "%u shards of %lu blocks: a shard is whole blocks, so give the run as many "
                       "(-b %u) or take fewer shards",
                       s->n_shards, shape->blocks, s->n_shards);
    return 0;
}

/* Threads that are more than CPUs measure something else: only who says so has them. */
static int check_cpus(const struct submission *s, const struct run_shape *shape,
                      const struct slurm_site *site, struct err *err)
{
    const char *of = s->partition ? " of partition " : "", *name = s->partition ? s->partition : "";
    if (site->most_node_cpus == 0 || s->cpus <= site->most_node_cpus)
        return 0;
    if (s->cpus == shape->threads && !shape->threads_follow)
        return err_set(err, EINVAL,
                       "the run has %u threads at a time, and no node%s%s more than %u CPUs: fewer "
                       "(-t), or --cpus=%u to run them all the same",
                       s->cpus, of, name, site->most_node_cpus, site->most_node_cpus);
    return err_set(err, EINVAL, "--cpus=%u: no node%s%s has more than %u", s->cpus, of, name,
                   site->most_node_cpus);
}

static int check_site(const struct submission *s, const struct run_shape *shape,
                      struct slurm_site *site, struct err *err)
{
    int rc = slurm_look(s->partition, site, err);
    if (rc < 0)
        return rc;
    if (s->n_shards > site->array_max)
        return err_set(err, EINVAL, "%u shards; the longest array of this site has %u tasks",
                       s->n_shards, site->array_max);
    if (site->most_node_bytes > 0 && s->memory_bytes > site->most_node_bytes)
        return err_set(err, EINVAL,
                       "the run needs %lu MiB of memory; no node%s%s has more than %lu",
                       s->memory_bytes >> 20, s->partition ? " of partition " : "",
                       s->partition ? s->partition : "", site->most_node_bytes >> 20);
    return check_cpus(s, shape, site, err);
}

/* An option of srun's, where it is given. */
static int add_place(char ***words, size_t *n, const char *name, const char *value, struct err *err)
{
    char *word = NULL;
    if (!value)
        return 0;
    if (asprintf(&word, "--%s=%s", name, value) < 0)
        return err_set(err, ENOMEM, "out of memory");
    int rc = submission_add(words, n, word, err);
    free(word);
    return rc;
}

/* What chooses a node. */
static int list_place(const struct submission *s, char ***words, size_t *n, struct err *err)
{
    int rc = add_place(words, n, "partition", s->partition, err);
    if (rc == 0)
        rc = add_place(words, n, "constraint", s->constraint, err);
    if (rc == 0)
        rc = add_place(words, n, "account", s->account, err);
    for (size_t i = 0; rc == 0 && i < s->n_options; i++)
        rc = submission_add(words, n, s->options[i], err);
    return rc;
}

/* What it must see. */
static int list_files(const struct submission *s, char ***files, size_t *n, struct err *err)
{
    int rc = submission_add(files, n, s->program, err);
    if (rc == 0)
        rc = submission_add(files, n, s->folder, err);
    for (size_t i = 0; rc == 0 && i < s->n_files; i++)
        rc = submission_add(files, n, s->files[i], err);
    return rc;
}

/* On a cluster that is busy nobody can look now, which `note` then says: each shard finds out when it begins. */
static int check_files(const struct submission *s, struct err *note, struct err *err)
{
    char **words = NULL, **files = NULL;
    size_t n_words = 0, n_files = 0;
    note->text[0] = '\0';
    int rc = list_place(s, &words, &n_words, err);
    if (rc == 0)
        rc = list_files(s, &files, &n_files, err);
    if (rc == 0)
        rc = slurm_can_read(words, n_words, files, n_files, err);
    if (rc == 0)
        err_set(note, EAGAIN, "no node was free to look whether it sees all files (%s)", err->text);
    submission_release_list(words, n_words);
    submission_release_list(files, n_files);
    return rc < 0 ? rc : 0;
}

/* --- the folder --- */

static int name_folder(struct submission *s, const char *folder, const char *root, struct err *err)
{
    char name[32], *here = s->directory;
    time_t now = time(NULL);
    struct tm utc;
    strftime(name, sizeof(name), "submit-%Y%m%d-%H%M%S", gmtime_r(&now, &utc));
    if (!getcwd(here, sizeof(s->directory)))
        return err_set_errno(err, errno, "cannot find out which folder this is");
    const char *base = folder ? folder : root;
    text_format(s->folder, sizeof(s->folder), "%s%s%s%s%s", *base == '/' ? "" : here,
                *base == '/' ? "" : "/", base, folder ? "" : "/", folder ? "" : name);
    ssize_t n = readlink("/proc/self/exe", s->program, sizeof(s->program) - 1);
    if (n <= 0)
        return err_set_errno(err, errno, "cannot find out where the program lies");
    s->program[n] = '\0';
    int rc = script_check(s->folder, "the folder", err);
    return rc < 0 ? rc : script_check(here, "the folder in which this is called,", err);
}

/* Makes all folders above it, too. */
static int make_folder(const char *path, struct err *err)
{
    char part[PATH_MAX];
    text_format(part, sizeof(part), "%s", path);
    for (char *p = part + 1;; p++) {
        char c = *p;
        if (c != '/' && c != '\0')
            continue;
        *p = '\0';
        if (mkdir(part, 0777) < 0 && errno != EEXIST)
            return err_set_errno(err, errno, "cannot make the folder %s", part);
        *p = c;
        if (c == '\0')
            return 0;
    }
}

static int make_folders(const struct submission *s, struct err *err)
{
    char path[PATH_MAX];
    submission_path(s, "submission.json", path);
    if (access(path, F_OK) == 0)
        return err_set(err, EEXIST,
                       "%s holds a submission already: `submit --again` goes on with it",
                       s->folder);
    submission_path(s, "log", path);
    int rc = make_folder(path, err);
    if (rc < 0)
        return rc;
    submission_path(s, "shards", path);
    return make_folder(path, err);
}

/* What was made in vain; what lay there before stays. */
static void remove_folders(const struct submission *s)
{
    static const char *const files[] = {"shards.sh", "merge.sh", "submission.json"};
    static const char *const folders[] = {"log", "shards"};
    char path[PATH_MAX];
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        submission_path(s, files[i], path);
        unlink(path);
    }
    for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
        submission_path(s, folders[i], path);
        rmdir(path);
    }
    rmdir(s->folder);
}

/* --- the scripts --- */

static char *all_shards(const struct submission *s)
{
    char *indices = NULL;
    if (asprintf(&indices, s->n_shards > 1 ? "0-%u" : "%u", s->n_shards - 1) < 0)
        return NULL;
    return indices;
}

static int make_scripts(const struct submission *s, char **shards, char **merge, struct err *err)
{
    char *indices = all_shards(s);
    *shards = indices ? script_of_shards(s, indices) : NULL;
    *merge = script_of_merge(s);
    free(indices);
    return *shards && *merge ? 0 : err_set(err, ENOMEM, "no memory for the scripts");
}

static int write_script(const struct submission *s, const char *name, const char *text,
                        struct err *err)
{
    char path[PATH_MAX];
    submission_path(s, name, path);
    int rc = output_file_write(path, text, strlen(text), err);
    if (rc == 0)
        chmod(path, 0755);
    return rc;
}

static int write_scripts(const struct submission *s, struct err *err)
{
    char *shards, *merge;
    int rc = make_scripts(s, &shards, &merge, err);
    if (rc == 0)
        rc = write_script(s, "shards.sh", shards, err);
    if (rc == 0)
        rc = write_script(s, "merge.sh", merge, err);
    free(shards);
    free(merge);
    return rc;
}

/* --- the queue --- */

/* Both jobs or none. `options` (NULL-terminated) stand before the script's own, and hold. */
static int hand_in(struct submission *s, const char *const *options, struct err *err)
{
    char script[PATH_MAX], behind[64];
    size_t i = s->n_jobs;
    if (i == SUBMISSION_JOBS_MAX)
        return err_set(err, EINVAL, "%s was submitted %u times: submit the run anew", s->folder,
                       SUBMISSION_JOBS_MAX);
    submission_path(s, "shards.sh", script);
    int rc = slurm_submit(script, options, s->jobs[i], err);
    if (rc < 0)
        return rc;
    text_format(behind, sizeof(behind), "--dependency=afterany:%s", s->jobs[i]);
    submission_path(s, "merge.sh", script);
    rc = slurm_submit(script, (const char *const[]){behind, NULL}, s->merges[i], err);
    if (rc == 0) {
        s->n_jobs++;
        rc = submission_write(s, err);
        s->n_jobs -= rc < 0;
    }
    if (rc < 0) {
        slurm_cancel(s->jobs[i]);
        if (s->merges[i][0])
            slurm_cancel(s->merges[i]);
    }
    return rc;
}

/*
 * Ctrl-C and the like wait, also for sbatch, which has these from here: nothing is in the queue that is not written down, or whose
 * folder is gone.
 */
static void hold_signals(sigset_t *before)
{
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGHUP);
    sigprocmask(SIG_BLOCK, &ends, before);
}

static void tell(const struct submission *s, uint32_t n_shards)
{
    size_t i = s->n_jobs - 1;
    printf("job %s: %u shard%s of `arenabench run`, then job %s merges them\n"
           "folder %s\n"
           "how far it is: arenabench submit --status %s\n",
           s->jobs[i], n_shards, n_shards == 1 ? "" : "s", s->merges[i], s->folder, s->jobs[0]);
    fflush(stdout);
}

static int prepare(struct submission *s, const char *folder, const char *root,
                   struct run_shape *shape, struct err *err)
{
    int rc = name_folder(s, folder, root, err);
    if (rc == 0)
        rc = check_words(s, err);
    if (rc == 0)
        rc = look_at_run(s, shape, err);
    if (rc == 0)
        rc = check_shards(s, shape, err);
    if (rc < 0)
        return rc;
    s->memory_bytes = shape->live_bytes * MEMORY_FACTOR;
    if (s->cpus == 0 && !shape->threads_follow)
        s->cpus = shape->threads;
    return 0;
}

int submit_dry(struct submission *s, const char *folder, const char *root, struct err *err)
{
    char *shards = NULL, *merge = NULL;
    struct run_shape shape = {.blocks = 0};
    int rc = prepare(s, folder, root, &shape, err);
    if (rc == 0)
        rc = make_scripts(s, &shards, &merge, err);
    if (rc == 0)
        printf("# --- %s/shards.sh\n%s\n# --- %s/merge.sh\n%s", s->folder, shards, s->folder,
               merge);
    free(shards);
    free(merge);
    return rc;
}

/* What was written down and not handed in is gone after it. */
static int write_and_hand_in(struct submission *s, struct err *err)
{
    sigset_t before;
    hold_signals(&before);
    int rc = write_scripts(s, err);
    if (rc == 0) /* without jobs as yet: what is killed here is found again all the same */
        rc = submission_write(s, err);
    if (rc == 0)
        rc = hand_in(s, (const char *const[]){NULL}, err);
    if (rc < 0)
        remove_folders(s);
    else
        tell(s, s->n_shards);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return rc;
}

int submit_new(struct submission *s, const char *folder, const char *root, struct err *err)
{
    struct err note;
    struct run_shape shape = {.blocks = 0};
    struct slurm_site site = {0};
    int rc = prepare(s, folder, root, &shape, err);
    if (rc == 0)
        rc = check_site(s, &shape, &site, err);
    if (rc == 0)
        rc = make_folders(s, err);
    if (rc < 0)
        return rc;
    rc = check_files(s, &note, err);
    if (rc < 0)
        remove_folders(s);
    else
        rc = write_and_hand_in(s, err);
    if (rc == 0 && note.text[0])
        printf("note: %s; the shards will tell\n", note.text);
    if (rc == 0 && shape.threads_follow && site.least_node_cpus < site.most_node_cpus)
        printf(
            "note: nodes have %u to %u CPUs, and thread counts follow from them: shards of "
            "different nodes are not one run unless -t names numbers, or --constraint one kind\n",
            site.least_node_cpus, site.most_node_cpus);
    return rc;
}

/* The shards that only a new submission brings; NULL when out of memory. */
static char *lost_shards(const struct status *st)
{
    bool *lost = calloc(st->n_shards, sizeof(lost[0]));
    for (uint32_t i = 0; lost && i < st->n_shards; i++)
        lost[i] = st->shards[i].state == SHARD_LOST;
    char *indices = lost ? script_indices(lost, st->n_shards) : NULL;
    free(lost);
    return indices;
}

static int hand_in_lost(struct submission *s, const struct status *st, const char *time,
                        struct err *err)
{
    char *array = NULL, *limit = NULL, *indices = lost_shards(st), at_most[16] = "";
    sigset_t before;
    int rc = 0;
    if (s->at_most > 0)
        text_format(at_most, sizeof(at_most), "%%%u", s->at_most);
    if (!indices || asprintf(&array, "--array=%s%s", indices, at_most) < 0)
        rc = err_set(err, ENOMEM, "out of memory");
    if (rc == 0 && time && asprintf(&limit, "--time=%s", time) < 0)
        rc = err_set(err, ENOMEM, "out of memory");
    hold_signals(&before);
    if (rc == 0)
        rc = hand_in(s, (const char *const[]){array, limit, NULL}, err);
    if (rc == 0)
        tell(s, st->n[SHARD_LOST]);
    sigprocmask(SIG_SETMASK, &before, NULL);
    free(indices);
    free(array);
    free(limit);
    return rc;
}

int submit_again(struct submission *s, const char *time, struct err *err)
{
    struct status st;
    int rc = status_look(s, &st, err);
    if (rc < 0)
        return rc;
    uint32_t n_lost = st.n[SHARD_LOST];
    if (st.slurm_is_silent && n_lost > 0)
        rc = err_set(err, EIO, "%s", st.silence);
    else if (n_lost > 0)
        rc = hand_in_lost(s, &st, time, err);
    else
        puts("nothing is lost: every shard is there or in the queue");
    status_release(&st);
    return rc;
}
