#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include "merge.h"
#include "progress.h"
#include "text.h"

struct words {
    char **names; /* the first is OUT */
    int n_names;
};

/* What was asked for, and what became of it. */
struct job {
    struct merge *merge;
    struct progress progress;
    struct stat out; /* OUT's, which is not read twice where it lies among the shards */
    char **files;
    size_t n_files;
    unsigned n_left_out, n_new, n_known;
    uint64_t n_trials;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
    interrupted = signal;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct words *w = state->input;
    (void)arg;
    if (key != ARGP_KEY_ARGS)
        return key == ARGP_KEY_NO_ARGS ? (argp_usage(state), 0) : ARGP_ERR_UNKNOWN;
    w->names = state->argv + state->next;
    w->n_names = state->argc - state->next;
    state->next = state->argc;
    if (w->n_names < 2)
        argp_error(state, "what is to be merged into %s? name files, or folders of shards",
                   w->names[0]);
    return 0;
}

static int add_file(struct job *j, const char *path, struct err *err)
{
    char **more = reallocarray(j->files, j->n_files + 1, sizeof(*more));
    if (more)
        j->files = more;
    char *copy = more ? strdup(path) : NULL;
    if (!copy)
        return err_set(err, ENOMEM, "out of memory");
    j->files[j->n_files++] = copy;
    return 0;
}

static int is_database(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);
    return n > 3 && entry->d_name[0] != '.' && strcmp(entry->d_name + n - 3, ".db") == 0;
}

static void leave_out(struct job *j, const char *path, const char *why)
{
    progress_clear(&j->progress);
    fprintf(stderr, "%s: %s is left out: %s\n", program_invocation_name, path, why);
    j->n_left_out++;
}

/* In the order of their numbers. */
static int add_folder(struct job *j, const char *path, struct err *err)
{
    struct dirent **entries;
    char file[PATH_MAX];
    struct stat info;
    int rc = 0, n = scandir(path, &entries, is_database, versionsort);
    if (n < 0) {
        leave_out(j, path, strerror(errno));
        return 0;
    }
    if (n == 0)
        leave_out(j, path, "there is no file in it whose name ends in .db");
    for (int i = 0; i < n; i++) {
        text_format(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
        bool is_out =
            stat(file, &info) == 0 && info.st_ino == j->out.st_ino && info.st_dev == j->out.st_dev;
        if (rc == 0 && !is_out)
            rc = add_file(j, file, err);
        free(entries[i]);
    }
    free(entries);
    return rc;
}

static int list_files(struct job *j, const struct words *w, struct err *err)
{
    struct stat info;
    int rc = 0;
    if (stat(w->names[0], &j->out) < 0)
        j->out = (struct stat){0};
    for (int i = 1; rc == 0 && i < w->n_names; i++) {
        bool is_folder = stat(w->names[i], &info) == 0 && S_ISDIR(info.st_mode);
        rc = is_folder ? add_folder(j, w->names[i], err) : add_file(j, w->names[i], err);
    }
    return rc;
}

static int merge_files(struct job *j, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < j->n_files; i++) {
        struct merge_added added;
        j->progress.done = i;
        progress_show(&j->progress, "merging %s", j->files[i]);
        rc = merge_add(j->merge, j->files[i], &added, err);
        if (rc == 0 && added.is_left_out)
            leave_out(j, j->files[i], added.why);
        else if (rc == 0 && added.is_apart) {
            progress_clear(&j->progress);
            fprintf(stderr, "%s: %s is kept as a run of its own: %s\n", program_invocation_name,
                    j->files[i], added.why);
        }
        j->n_new += added.n_new;
        j->n_known += added.n_known;
        j->n_trials += added.n_trials;
    }
    return rc;
}

/* Shards of one group, put together. */
struct group {
    bool any;
    unsigned number;
    uint32_t n_shards;
    uint8_t *held;
    bool is_incomplete; /* that, or one before */
};

/* "0-2, 5" of those that are `what`. */
static void put_list(const uint8_t *held, uint32_t n, uint8_t what)
{
    const char *between = "";
    for (uint32_t i = 0; i < n; i++) {
        if (held[i] != what)
            continue;
        uint32_t end = i;
        while (end + 1 < n && held[end + 1] == what)
            end++;
        printf(end > i ? "%s%u-%u" : "%s%u", between, i, end);
        between = ", ";
        i = end;
    }
}

static void end_group(struct group *g)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < g->n_shards; i++)
        n += g->held[i];
    if (g->any && n < g->n_shards) {
        printf("%u of %u shards; missing ", n, g->n_shards);
        put_list(g->held, g->n_shards, 0);
        putchar('\n');
        g->is_incomplete = true;
    } else if (g->any) {
        printf("all %u shards\n", n);
    }
    free(g->held);
    g->held = NULL;
    g->any = false;
}

static int begin_group(struct group *g, const struct merge_line *line, struct err *err)
{
    g->held = calloc(line->run->n_shards, 1);
    if (!g->held)
        return err_set(err, ENOMEM, "out of memory");
    g->any = true;
    g->number = line->group;
    g->n_shards = line->run->n_shards;
    return 0;
}

static int tell_run(void *context, const struct merge_line *line, struct err *err)
{
    struct group *g = context;
    int rc = 0;
    if (g->any && g->number != line->group)
        end_group(g);
    if (!g->any)
        rc = begin_group(g, line, err);
    if (rc < 0)
        return rc;
    for (uint32_t i = 0; i < g->n_shards; i++)
        g->held[i] |= line->held[i];
    const char *machine = store_run_fact(line->run, "machine");
    printf("run %s: shard%s ", line->run->name, line->n_held == 1 ? "" : "s");
    put_list(line->held, line->run->n_shards, 1);
    printf(" of %u, %lu trials; %s\n", line->run->n_shards, line->n_trials,
           machine ? machine : "machine unknown");
    return 0;
}

static int tell(struct job *j, bool *is_incomplete, struct err *err)
{
    struct group g = {0};
    int rc = merge_each(j->merge, tell_run, &g, err);
    end_group(&g);
    *is_incomplete = g.is_incomplete;
    printf("%lu trials added; shards and runs: %u new, %u there already", j->n_trials, j->n_new,
           j->n_known);
    if (j->n_left_out > 0)
        printf(", %u file%s left out", j->n_left_out, j->n_left_out == 1 ? "" : "s");
    putchar('\n');
    return rc;
}

/* Nothing is told before it is on the disk. */
static int execute(struct job *j, const struct words *w, struct err *err)
{
    bool is_incomplete = false;
    int rc = list_files(j, w, err);
    progress_init(&j->progress, j->n_files, 0, 0.02);
    progress_note(&j->progress, "reading %s", w->names[0]);
    if (rc == 0)
        rc = merge_open(w->names[0], &interrupted, &j->merge, err);
    if (rc == 0)
        rc = merge_files(j, err);
    progress_clear(&j->progress);
    bool is_in_vain = j->n_new == 0 && j->n_known == 0 && !j->out.st_ino;
    if (rc == 0 && !is_in_vain) /* no file where nothing would be in it */
        rc = merge_publish(j->merge, err);
    if (rc == 0)
        rc = tell(j, &is_incomplete, err);
    if (rc == -ECANCELED) {
        fprintf(stderr, "interrupted: %s is as it was\n", w->names[0]);
        return EXIT_INTERRUPTED;
    }
    if (rc < 0)
        return rc;
    return j->n_left_out > 0 || is_incomplete ? EXIT_FAILED : EXIT_GOOD;
}

static int run(int argc, char **argv, struct err *err)
{
    static const struct argp argp = {
        NULL,
        parse,
        "OUT.db FILE|FOLDER...",
        "Joins shards (`arenabench run --shard`), and runs of several machines, in the file OUT.db; what that holds "
        "already stays. A folder stands for all files in it whose names end in .db. A run that is shared out becomes one run per "
        "type of machine (its processor, kernel, settings: see `arenabench info`), and trials of different types are never "
        "mixed; `arenabench show --machines` compares them. A shard counts once, however often it was done or is given. Other "
        "runs are kept as they are. OUT.db is replaced at the end or not at all.\v"
        "Status 0: everything that there should be is there. 1: files that are damaged or not results were left out, or shards are "
        "missing; the rest is merged. 2: nothing was changed.\n"
        "example: arenabench merge all.db /shared/run1\n"
        "example: arenabench merge fleet.db xeon.db epyc.db\n",
        NULL,
        NULL,
        NULL};
    struct sigaction action = {.sa_handler = on_signal};
    struct words w = {0};
    struct job j = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &w);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    int rc = execute(&j, &w, err);
    merge_close(j.merge);
    for (size_t i = 0; i < j.n_files; i++)
        free(j.files[i]);
    free(j.files);
    return rc;
}

const struct command command_merge = {
    .name = "merge",
    .summary = "join shards, and runs of several machines, in one file",
    .run = run,
};
