#include "cell.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control.h"
#include "near.h"
#include "os.h"
#include "plan_file.h"
#include "print_info.h"
#include "text.h"
#include "trace_plan.h"
#include "words.h"

#define RECORDED_ENDING ".trace"
#define TABLE_ENDING    ".csv"

static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool has_ending(const char *name, const char *ending)
{
    size_t n = strlen(name), e = strlen(ending);
    return n > e && strcasecmp(name + n - e, ending) == 0;
}

static int is_recorded(const struct dirent *entry)
{
    return has_ending(entry->d_name, RECORDED_ENDING);
}

static int is_table(const struct dirent *entry)
{
    return has_ending(entry->d_name, TABLE_ENDING);
}

/* Calls `each` with the names of files that are wanted, without their endings. */
static int list_folder(const char *folder, int (*wanted)(const struct dirent *),
                       int (*each)(void *context, const char *name, struct err *err), void *context,
                       struct err *err)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, wanted, compare_names);
    int rc = 0;
    for (int i = 0; i < n; i++) {
        *strrchr(entries[i]->d_name, '.') = '\0';
        if (rc == 0)
            rc = each(context, entries[i]->d_name, err);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    return rc;
}

int cell_list_recorded(const struct places *places,
                       int (*each)(void *context, const char *name, struct err *err), void *context,
                       struct err *err)
{
    return list_folder(places->traces, is_recorded, each, context, err);
}

int cell_list_shapes(const struct places *places,
                     int (*each)(void *context, const char *name, struct err *err), void *context,
                     struct err *err)
{
    return list_folder(places->shapes, is_table, each, context, err);
}

/* Near names of files, which the listing does not keep. */
struct offers {
    struct near near;
    char **names;
    size_t n;
};

static int offer(void *context, const char *name, struct err *err)
{
    struct offers *o = context;
    char **names = reallocarray(o->names, o->n + 1, sizeof(*names));
    if (!names)
        return err_set(err, ENOMEM, "out of memory");
    o->names = names;
    names[o->n] = strdup(name);
    if (!names[o->n])
        return err_set(err, ENOMEM, "out of memory");
    near_offer(&o->near, names[o->n++]);
    return 0;
}

static bool is_recorded_name(const struct places *places, const char *word, char *path, size_t n)
{
    text_format(path, n, "%s/%s" RECORDED_ENDING, places->traces, word);
    return access(path, F_OK) == 0;
}

static bool is_shape_name(const struct places *places, const char *word, char *path, size_t n)
{
    text_format(path, n, "%s/%s" TABLE_ENDING, places->shapes, word);
    return access(path, F_OK) == 0;
}

/* The error of an unknown word, with near names of all kinds. */
static int unknown(const char *word, const struct places *places, struct err *err)
{
    struct offers offers = {.n = 0};
    struct err ignored;
    char hint[256];
    size_t n;
    near_init(&offers.near, word, strcspn(word, ":"));
    const struct workload *const *table = workload_table(&n);
    for (size_t i = 0; i < n; i++)
        near_offer(&offers.near, table[i]->name);
    int rc = cell_list_recorded(places, offer, &offers, &ignored);
    if (rc == 0)
        rc = cell_list_shapes(places, offer, &offers, &ignored);
    if (rc < 0 || near_hint(&offers.near, hint, sizeof(hint)) == 0)
        text_format(hint, sizeof(hint), "`arenabench list` shows all");
    for (size_t i = 0; i < offers.n; i++)
        free(offers.names[i]);
    free(offers.names);
    return err_set(err, EINVAL, "no workload and no file is named '%s'; %s", word, hint);
}

static bool is_synthetic(const char *word)
{
    size_t n, length = strcspn(word, ":");
    const struct workload *const *table = workload_table(&n);
    for (size_t i = 0; i < n; i++)
        if (strlen(table[i]->name) == length && memcmp(table[i]->name, word, length) == 0)
            return true;
    return false;
}

/*
 * Takes ":threads=N", which every synthetic workload and shape has, out of a word; *threads is left
 * as it is without.
 */
static int cut_threads(char *word, uint32_t *threads, struct err *err)
{
    static const char key[] = ":threads=";
    char number[16];
    uint64_t n;
    char *at = strstr(word, key);
    if (!at)
        return 0;
    char *value = at + strlen(key);
    size_t length = strcspn(value, ":");
    text_format(number, sizeof(number), "%.*s", (int)length, value);
    int rc = words_number(number, "threads=", 1, WORKLOAD_THREADS_MAX, &n, err);
    if (rc == 0 && strstr(value, key))
        rc = err_set(err, EINVAL, "threads= is given twice");
    if (rc < 0)
        return rc;
    *threads = (uint32_t)n;
    memmove(at, value + length, strlen(value + length) + 1);
    return 0;
}

static void append_threads(struct cell_word *out)
{
    size_t n = strlen(out->text);
    if (out->threads > 0)
        text_format(out->text + n, sizeof(out->text) - n, ":threads=%u", out->threads);
}

static int use_synthetic(char *word, struct cell_word *out, struct err *err)
{
    out->source = CELL_SYNTHETIC;
    int rc = cut_threads(word, &out->threads, err);
    if (rc < 0)
        err_prefix(err, "%.*s", (int)strcspn(word, ":"), word);
    else
        rc = workload_parse(word, strlen(word), &out->spec, err);
    if (rc < 0)
        return rc;
    workload_format(&out->spec, out->name, sizeof(out->name));
    text_format(out->text, sizeof(out->text), "%s", out->name);
    append_threads(out);
    return 0;
}

/* Appends ":" and what differs from the preset. */
static int append_parameters(const char *parameters, char *text, size_t room, struct err *err)
{
    size_t n = strlen(text);
    if (!*parameters)
        return 0;
    if (n + strlen(parameters) + 2 > room)
        return err_set(err, EINVAL, "a workload's name is too long: '%.*s...'", 40, text);
    text_format(text + n, room - n, ":%s", parameters);
    return 0;
}

/* A file's name and path stand in `out`, and are completed by the parameters. */
static int complete(struct cell_word *out, const char *parameters, struct err *err)
{
    int rc = append_parameters(parameters, out->name, sizeof(out->name), err);
    return rc < 0 ? rc : append_parameters(parameters, out->text, sizeof(out->text), err);
}

static int use_trace(const char *parameters, struct cell_word *out, struct err *err)
{
    char text[128];
    out->source = CELL_TRACE;
    int rc = parameters ? recorded_parse(&out->recorded, parameters, err) : 0;
    if (rc < 0)
        err_prefix(err, "%s", out->name);
    recorded_format(&out->recorded, text, sizeof(text));
    return rc < 0 ? rc : complete(out, text, err);
}

static int parse_shape(const char *parameters, struct cell_word *out, struct err *err)
{
    char words[PATH_MAX + 1];
    text_format(words, sizeof(words), ":%s", parameters);
    int rc = cut_threads(words, &out->threads, err);
    return rc < 0 || !*words ? rc : shape_parse(&out->shape, words + 1, err);
}

static int use_table(const char *parameters, struct cell_word *out, struct err *err)
{
    char text[WORKLOAD_TEXT_BYTES];
    struct shape_table table;
    out->source = CELL_SHAPE;
    int rc = shape_table_read(out->path, &table, err);
    if (rc < 0)
        return rc;
    shape_preset(&table, &out->shape);
    shape_table_release(&table);
    if (parameters)
        rc = parse_shape(parameters, out, err);
    if (rc < 0)
        err_prefix(err, "%s", out->name);
    shape_format(&out->shape, text, sizeof(text));
    if (rc == 0)
        rc = complete(out, text, err);
    if (rc == 0)
        append_threads(out);
    return rc;
}

static void use_name(const char *name, struct cell_word *out)
{
    text_format(out->name, sizeof(out->name), "%s", name);
    text_format(out->text, sizeof(out->text), "%s", name);
}

static int use_file(const char *path, const char *parameters, struct cell_word *out,
                    struct err *err)
{
    text_format(out->path, sizeof(out->path), "%s", path);
    int rc = plan_file_is_plan(path, err);
    if (rc < 0)
        return rc;
    if (!realpath(path, out->text))
        return err_set_errno(err, errno, "cannot read %s", path);
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (strlen(name) >= sizeof(out->name))
        return err_set(err, EINVAL, "a workload's name is too long: '%.*s...'", 40, name);
    text_format(out->name, sizeof(out->name), "%s", name);
    if (rc == 0)
        return has_ending(path, TABLE_ENDING) ? use_table(parameters, out, err)
                                              : use_trace(parameters, out, err);
    out->source = CELL_PLAN;
    return parameters ? err_set(err, EINVAL,
                                "%s is a plan, which takes no parameters: give them to "
                                "`arenabench plan`, which makes it",
                                path)
                      : 0;
}

/*
 * Where the parameters of a word begin, which is cut there; NULL when it has none. A file's name
 * may hold a colon.
 */
static const char *cut_parameters(char *word)
{
    char *slash = strrchr(word, '/'), *colon = strchr(slash ? slash : word, ':');
    if (!colon || access(word, F_OK) == 0)
        return NULL;
    *colon = '\0';
    return colon + 1;
}

int cell_find(const char *word, const struct places *places, const struct recorded_spec *recorded,
              struct cell_word *out, struct err *err)
{
    char name[PATH_MAX];
    *out = (struct cell_word){0};
    recorded_preset(&out->recorded);
    if (recorded)
        out->recorded = *recorded;
    if (strlen(word) >= sizeof(name))
        return err_set(err, EINVAL, "a workload's name is too long: '%.*s...'", 40, word);
    bool is_path = strchr(word, '/');
    text_format(name, sizeof(name), "%s", word);
    if (!is_path && is_synthetic(word))
        return use_synthetic(name, out, err);
    const char *parameters = cut_parameters(name);
    if (!is_path && is_recorded_name(places, name, out->path, sizeof(out->path))) {
        use_name(name, out);
        return use_trace(parameters, out, err);
    }
    if (!is_path && is_shape_name(places, name, out->path, sizeof(out->path))) {
        use_name(name, out);
        return use_table(parameters, out, err);
    }
    if (is_path || access(name, F_OK) == 0)
        return use_file(name, parameters, out, err);
    return unknown(word, places, err);
}

int cell_check_name(const struct cell_word *word, const struct places *places, struct err *err)
{
    char path[PATH_MAX + 64], name[WORKLOAD_TEXT_BYTES];
    if (!strchr(word->text, '/'))
        return 0; /* no file */
    text_format(name, sizeof(name), "%.*s", (int)strcspn(word->name, ":"), word->name);
    if (is_synthetic(name) || is_recorded_name(places, name, path, sizeof(path)) ||
        is_shape_name(places, name, path, sizeof(path)))
        return err_set(err, EINVAL,
                       "tables would show %s as '%s', which is another workload: rename the file",
                       word->path, word->name);
    return words_check_text(word->text, "the file", err);
}

/* What is told of the plan; `info` is of the trace that it was made of in copies, or NULL. */
static void note_facts(struct cell *cell, const struct trace_info *info, uint32_t copies)
{
    const struct plan_facts *facts = &cell->plan->facts;
    bool loops = cell->plan->flags & PLAN_LOOPS;
    cell->frees = loops ? facts->body_frees : facts->frees;
    cell->remote_frees = loops ? facts->body_remote_frees : facts->remote_frees;
    if (!info)
        return;
    cell->once = true;
    cell->threads = copies * (uint32_t)info->totals.most_threads;
    cell->frees = copies * info->frees;
    cell->remote_frees = copies * info->totals.remote_frees;
}

static int open_shape(struct cell *cell, const struct cell_word *word, uint32_t threads,
                      uint64_t seed, struct err *err)
{
    struct shape_table table;
    int rc = shape_table_read(word->path, &table, err);
    if (rc < 0)
        return rc;
    const struct shape_wanted wanted = {&table, &word->shape, word->name, threads, seed};
    rc = shape_plan(&wanted, &cell->fd, &cell->plan, err);
    shape_table_release(&table);
    return rc;
}

/* What theory says of the heap that an adversary makes. */
static uint64_t bound_of(const struct workload_spec *spec, uint32_t threads, uint64_t seed)
{
    const struct workload_args args = workload_args_of(spec, threads, seed);
    return spec->workload->bound ? spec->workload->bound(&args) : 0;
}

int cell_open(struct cell *cell, const struct cell_word *word, uint32_t threads, uint64_t seed,
              struct err *err)
{
    int rc;
    struct trace_info info;
    const struct trace_plan_options options = {.pace = word->recorded.pace,
                                               .scale = word->recorded.scale,
                                               .copies = word->recorded.copies};
    *cell = (struct cell){.fd = -1, .threads = threads};
    text_format(cell->name, sizeof(cell->name), "%s", word->name);
    if (word->source == CELL_SYNTHETIC)
        rc = workload_plan(&word->spec, threads, seed, &cell->fd, &cell->plan, err);
    else if (word->source == CELL_SHAPE)
        rc = open_shape(cell, word, threads, seed, err);
    else if (word->source == CELL_TRACE)
        rc = trace_plan(word->path, &options, &cell->fd, &cell->plan, &info, err);
    else
        rc = plan_file_read(word->path, &cell->fd, &cell->plan, err);
    if (rc < 0)
        return rc;
    if (word->source == CELL_TRACE)
        print_trace_cut(stderr, word->path, &info);
    if (word->source == CELL_SYNTHETIC)
        cell->bound_bytes = bound_of(&word->spec, threads, seed);
    note_facts(cell, word->source == CELL_TRACE ? &info : NULL, word->recorded.copies);
    if (word->source == CELL_PLAN)
        cell->threads = (uint32_t)cell->plan->facts.most_threads;
    if (cell->plan->facts.calls > 0)
        return 0;
    cell_close(cell);
    return err_set(err, EINVAL, "%s never calls its allocator: there is nothing to measure",
                   word->name);
}

int cell_check(const struct cell_word *word, uint32_t threads, struct err *err)
{
    struct shape_table table;
    if (word->source == CELL_SYNTHETIC)
        return workload_check(&word->spec, threads, err);
    if (word->source != CELL_SHAPE)
        return 0;
    int rc = shape_table_read(word->path, &table, err);
    if (rc < 0)
        return rc;
    rc = shape_check(&table, &word->shape, threads, err);
    shape_table_release(&table);
    if (rc < 0)
        err_prefix(err, "%s", word->name);
    return rc;
}

int cell_profile(struct cell *cell, struct err *err)
{
    int rc = plan_profile_make(cell->plan, CONTROL_PROGRESS_WORDS, &cell->profile, err);
    if (rc != -EINVAL)
        return rc;
    fprintf(stderr, "%s: what is live over time stays unknown: %s\n", program_invocation_name,
            err->text);
    return 0;
}

void cell_close(struct cell *cell)
{
    if (!cell->plan)
        return;
    close(cell->fd);
    plan_profile_release(&cell->profile);
    os_unmap((void *)cell->plan, cell->plan->n_bytes);
    *cell = (struct cell){.fd = -1};
}
