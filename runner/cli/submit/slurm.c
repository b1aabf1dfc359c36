#include "slurm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "text.h"

#define SEPARATOR '|'

#define TEXT_OF(x) #x
#define TEXT(x)    TEXT_OF(x)

static int call(const char *const *argv, struct captured *c, struct err *err)
{
    int rc = capture(argv, c, err);
    if (rc == -ENOENT)
        return err_set(err, ENOENT,
                       "there is no %s here: `submit` needs the commands of Slurm (Debian: "
                       "slurm-client), on a machine that may submit",
                       argv[0]);
    return rc;
}

static int refused(const char *what, const struct captured *c, int code, struct err *err)
{
    return err_set(err, code, "%s: %s", what, c->said[0] ? c->said : "it failed without a word");
}

/* "MaxArraySize            = 1001" */
static int read_array_max(const char *text, uint32_t *out, struct err *err)
{
    const char *at = strstr(text, "MaxArraySize");
    at = at ? strchr(at, '=') : NULL;
    unsigned long n = at ? strtoul(at + 1, NULL, 10) : 0;
    if (n < 2 || n > UINT32_MAX)
        return err_set(err, EIO, "Slurm does not say how long an array may be (MaxArraySize)");
    *out = (uint32_t)n; /* indices go from 0, and lie below it */
    return 0;
}

/*
 * "32|257000" for each group of nodes: CPUs, and memory in MiB; both may have a '+' behind. 1 MiB is what Slurm says where
 * nobody told it.
 */
static void read_nodes(char *text, struct slurm_site *site)
{
    char *rest;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *bar = strchr(line, SEPARATOR);
        unsigned long cpus = strtoul(line, NULL, 10);
        uint64_t mib = bar ? strtoull(bar + 1, NULL, 10) : 0;
        if (cpus <= UINT32_MAX && cpus > site->most_node_cpus)
            site->most_node_cpus = (uint32_t)cpus;
        if (cpus > 0 && (cpus < site->least_node_cpus || site->least_node_cpus == 0))
            site->least_node_cpus = (uint32_t)cpus;
        if (mib > 1 && mib < UINT64_MAX >> 20 && mib << 20 > site->most_node_bytes)
            site->most_node_bytes = mib << 20;
    }
}

int slurm_look(const char *partition, struct slurm_site *out, struct err *err)
{
    static const char *const config[] = {"scontrol", "show", "config", NULL};
    const char *nodes[] = {"sinfo", "-h", "-o", "%c|%m", partition ? "-p" : NULL, partition, NULL};
    struct captured c;
    *out = (struct slurm_site){0};
    int rc = call(config, &c, err);
    if (rc < 0)
        return rc;
    rc = c.status == 0 ? read_array_max(c.out, &out->array_max, err)
                       : refused("Slurm does not answer", &c, EIO, err);
    free(c.out);
    if (rc < 0 || (rc = call(nodes, &c, err)) < 0)
        return rc;
    if (c.status == 0)
        read_nodes(c.out, out);
    free(c.out);
    return 0;
}

/* "1234", or "1234;cluster" */
static int read_id(char *text, char id[SLURM_ID_BYTES], struct err *err)
{
    size_t n = strspn(text, "0123456789");
    if (n == 0 || n >= SLURM_ID_BYTES)
        return err_set(err, EIO, "sbatch told no job number but '%.*s'", 40, text);
    text_format(id, SLURM_ID_BYTES, "%.*s", (int)n, text);
    return 0;
}

int slurm_submit(const char *script, const char *const *words, char id[SLURM_ID_BYTES],
                 struct err *err)
{
    const char *argv[16] = {"sbatch", "--parsable"};
    size_t n = 2;
    for (; *words && n < ARRAY_SIZE(argv) - 2; words++)
        argv[n++] = *words;
    argv[n] = script;
    struct captured c;
    int rc = call(argv, &c, err);
    if (rc < 0)
        return rc;
    rc = c.status == 0 ? read_id(c.out, id, err) : refused("Slurm refuses", &c, EINVAL, err);
    free(c.out);
    return rc;
}

#define CANNOT_READ 77 /* a status of the job's own, which srun hands on */

/* As slurm_can_read(). */
static int look_by(const char *const *argv, struct err *err)
{
    struct captured c;
    int rc = call(argv, &c, err);
    if (rc < 0)
        return rc;
    c.out[strcspn(c.out, "\n")] = '\0';
    if (c.status == CANNOT_READ)
        rc =
            err_set(err, ENOENT, "node %s: put it where all nodes see it, by the same path", c.out);
    else if (c.status != 0)
        err_set(err, EAGAIN, "%s", c.said);
    free(c.out);
    return rc < 0 ? rc : c.status == 0;
}

static size_t put(const char **argv, size_t n, const char *const *words, size_t n_words)
{
    memcpy(argv + n, words, n_words * sizeof(words[0]));
    return n + n_words;
}

int slurm_can_read(char *const *words, size_t n_words, char *const *files, size_t n_files,
                   struct err *err)
{
    static const char *const begin[] = {"srun", "--quiet", "--immediate=10", "--nodes=1",
                                        "--ntasks=1"};
    static const char *const look[] = {
        "/bin/sh", "-c",
        "for file; do [ -r \"$file\" ] || { echo \"$SLURMD_NODENAME cannot read $file\"; exit " TEXT(
            CANNOT_READ) "; }; done",
        "sh"};
    const char **argv =
        calloc(ARRAY_SIZE(begin) + n_words + ARRAY_SIZE(look) + n_files + 1, sizeof(argv[0]));
    if (!argv)
        return err_set(err, ENOMEM, "out of memory");
    size_t n = put(argv, 0, begin, ARRAY_SIZE(begin));
    n = put(argv, n, (const char *const *)words, n_words);
    n = put(argv, n, look, ARRAY_SIZE(look));
    put(argv, n, (const char *const *)files, n_files);
    int rc = look_by(argv, err);
    free(argv);
    return rc;
}

int slurm_script_of(const char *id, char *out, size_t n, struct err *err)
{
    const char *const argv[] = {"squeue", "-h", "-t", "all", "-j", id, "-o", "%o", NULL};
    struct captured c;
    int rc = call(argv, &c, err);
    if (rc < 0)
        return rc;
    text_format(out, n, "%.*s", (int)strcspn(c.out, "\n"), c.out);
    if (c.status != 0 || out[0] != '/')
        rc = refused("no such job", &c, ENOENT, err);
    free(c.out);
    return rc;
}

void slurm_cancel(const char *id)
{
    const char *const argv[] = {"scancel", id, NULL};
    struct captured c;
    struct err ignored;
    if (capture(argv, &c, &ignored) == 0)
        free(c.out);
}

static bool is_alive(const char *state)
{
    static const char *const ended[] = {"BOOT_FAIL", "CANCELLED", "COMPLETED",     "DEADLINE",
                                        "FAILED",    "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED",
                                        "REVOKED",   "TIMEOUT"};
    for (size_t i = 0; i < ARRAY_SIZE(ended); i++)
        if (strcmp(state, ended[i]) == 0)
            return false;
    return true;
}

/* "[DAYS-][HOURS:]MINUTES:SECONDS"; -1 for words (UNLIMITED, NOT_SET, INVALID). */
static int64_t read_time(const char *text)
{
    unsigned long days = 0;
    const char *dash = strchr(text, '-');
    if (*text < '0' || *text > '9')
        return -1;
    if (dash) {
        days = strtoul(text, NULL, 10);
        text = dash + 1;
    }
    int64_t s = 0;
    for (const char *p = text; *p; p++) {
        char *end;
        s = s * 60 + (int64_t)(strtoul(p, &end, 10) % 10000);
        p = *end == ':' ? end : end - 1;
        if (*end != ':')
            break;
    }
    return (int64_t)(days % 10000) * 86400 + s;
}

/* Cuts the first field off a line; what is left when there is none is "". */
static char *field(char **line)
{
    char *begin = *line, *bar = strchr(begin, SEPARATOR);
    if (bar)
        *bar = '\0';
    *line = bar ? bar + 1 : begin + strlen(begin);
    return begin;
}

/* A job without a limit is to end in a year, as Slurm says. */
#define NO_LIMIT_S (364 * 86400l)

/* False for a line that is not of a task. */
static bool read_task(char *line, struct slurm_task *task)
{
    char *end;
    const char *index = field(&line);
    unsigned long i = strtoul(index, &end, 10);
    if (end == index || *end || i > UINT32_MAX)
        return false;
    *task = (struct slurm_task){.index = (uint32_t)i, .state = field(&line)};
    task->n_restarts = (uint32_t)strtoul(field(&line), NULL, 10);
    task->left_s = read_time(field(&line));
    if (task->left_s > NO_LIMIT_S)
        task->left_s = -1;
    task->node = field(&line);
    task->reason = field(&line);
    task->is_alive = is_alive(task->state);
    return true;
}

int slurm_tasks(const char *id, slurm_task_fn *each, void *context, struct err *err)
{
    const char *const argv[] = {
        "squeue", "-h",  "-r",
        "-t",     "all", "-j",
        id,       "-O",  "ArrayTaskID:|,State:|,RestartCnt:|,TimeLeft:|,NodeList:|,Reason:|",
        NULL};
    struct captured c;
    int rc = call(argv, &c, err);
    if (rc < 0)
        return rc;
    if (c.status != 0 && !strstr(c.said, "Invalid job id"))
        rc = refused("Slurm does not answer", &c, EIO, err);
    char *rest;
    char *line = rc == 0 && c.status == 0 ? strtok_r(c.out, "\n", &rest) : NULL;
    for (; line; line = strtok_r(NULL, "\n", &rest)) {
        struct slurm_task task;
        if (read_task(line, &task))
            each(context, &task);
    }
    free(c.out);
    return rc;
}
