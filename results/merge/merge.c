#include "merge.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "findings.h"
#include "merge_internal.h"
#include "store_copy.h"

struct merge {
    char *out, *draft;
    struct store *store; /* the draft */
    struct stat was;     /* OUT, as it was read; all zero where it was not there */
    const volatile sig_atomic_t *stop;
    struct merge_run **runs;
    uint32_t n_runs;
    unsigned n_groups;
};

/* A run of a file on its way. */
struct arrival {
    struct merge *m;
    struct store *from;
    struct merge_run *run;
    struct merge_added *added;
    struct err *err;
};

static int stopped(const struct merge *m, struct err *err)
{
    return m->stop && *m->stop ? err_set(err, ECANCELED, "interrupted") : 0;
}

static void leave_out(struct merge_added *added, const struct err *why)
{
    added->is_left_out = true;
    memcpy(added->why, why->text, sizeof(added->why));
}

/* The run of OUT that it is a part of, or NULL. Sets the group of *b; *why: what differs from the latest other. */
static struct merge_run *find_run(struct merge *m, struct merge_run *b, struct err *why)
{
    bool has_group = false;
    for (uint32_t i = m->n_runs; i-- > 0;) {
        struct err reason;
        enum merge_match match = MATCH_NONE;
        if (!m->runs[i]->held == !b->held)
            match = merge_match(m->runs[i], b, &reason);
        else
            continue;
        if (match == MATCH_RUN)
            return m->runs[i];
        if (match == MATCH_GROUP && !has_group) {
            has_group = true;
            b->group = m->runs[i]->group;
        }
        if (!why->text[0])
            *why = reason;
    }
    if (!has_group)
        b->group = m->n_groups++;
    else
        why->text[0] = '\0';
    return NULL;
}

static bool has_news(const struct merge_run *a, const struct merge_run *b)
{
    if (!b->held)
        return true; /* the copy says it */
    for (uint32_t i = 0; i < b->run.n_shards; i++)
        if (b->held[i] && !a->held[i])
            return true;
    return false;
}

static int put_mhz(struct arrival *a, struct merge_run *to, const char *key)
{
    const struct store_fact fact = {.key = key, .value = store_run_fact(&a->run->run, key)};
    return store_add_fact(a->m->store, to->id, &fact, a->err);
}

/* The least of all machines and the greatest. */
static int widen_mhz(struct arrival *a, struct merge_run *to)
{
    const struct merge_run *from = a->run;
    int rc = 0;
    if (from->least_mhz && (!to->least_mhz || from->least_mhz < to->least_mhz)) {
        to->least_mhz = from->least_mhz;
        rc = put_mhz(a, to, FACT_CPU_MHZ_LEAST);
    }
    if (rc == 0 && from->most_mhz > to->most_mhz) {
        to->most_mhz = from->most_mhz;
        rc = put_mhz(a, to, FACT_CPU_MHZ_MOST);
    }
    return rc;
}

/* OUT's own notes of what it has, after `from` was copied into it. */
static void note_joined(struct merge_run *to, const struct merge_run *from,
                        struct merge_added *added, uint64_t n_trials)
{
    to->n_trials += n_trials;
    for (uint32_t i = 0; i < to->run.n_subjects; i++)
        if (!to->builds[i].is_known)
            to->builds[i] = from->builds[i];
    for (uint32_t i = 0; to->held && i < to->run.n_shards; i++) {
        if (!from->held[i])
            continue;
        added->n_known += to->held[i];
        added->n_new += !to->held[i];
        to->n_held += !to->held[i];
        to->held[i] = 1;
    }
    if (!to->held)
        *(n_trials ? &added->n_new : &added->n_known) += 1;
    added->n_trials += n_trials;
}

static int keep_run(struct merge *m, struct merge_run *run, struct err *err)
{
    struct merge_run *kept = malloc(sizeof(*kept));
    struct merge_run **more = reallocarray(m->runs, m->n_runs + 1, sizeof(struct merge_run *));
    if (more)
        m->runs = more;
    if (!kept || !more) {
        free(kept);
        return err_set(err, ENOMEM, "no memory for another run");
    }
    *kept = *run;
    *run = (struct merge_run){0};
    m->runs[m->n_runs++] = kept;
    return 0;
}

/* Copies it; a source that cannot be read is left out, and no error. 1 when it was copied. */
static int copy(struct arrival *a, const struct merge_run *to, int64_t *to_id, uint64_t *n_trials)
{
    struct store_copy c = {.from = a->from,
                           .to = a->m->store,
                           .run = &a->run->run,
                           .stop = a->m->stop,
                           .held = to ? to->held : NULL};
    int rc = store_copy_run(&c, to_id, a->err);
    *n_trials = c.n_trials;
    if (rc == 0)
        return 1;
    if (!c.is_source_bad)
        return rc;
    leave_out(a->added, a->err);
    return 0;
}

static int join(struct arrival *a, struct merge_run *to)
{
    uint64_t n_trials = 0;
    int rc = has_news(to, a->run) ? copy(a, to, &to->id, &n_trials) : 1;
    if (rc <= 0)
        return rc;
    rc = widen_mhz(a, to);
    note_joined(to, a->run, a->added, n_trials);
    return rc;
}

static int begin_run(struct arrival *a, const struct err *why)
{
    struct merge *m = a->m;
    uint64_t n_trials;
    int rc = copy(a, NULL, &a->run->id, &n_trials);
    if (rc <= 0)
        return rc;
    a->added->n_new += a->run->held ? a->run->n_held : 1;
    a->added->n_trials += n_trials;
    if (a->run->held && why->text[0]) {
        a->added->is_apart = true;
        memcpy(a->added->why, why->text, sizeof(a->added->why));
    }
    return keep_run(m, a->run, a->err);
}

static int add_run(struct arrival *a, int64_t run_id)
{
    struct err why = {""};
    int rc = merge_read(a->from, run_id, a->m->stop, a->run, &why);
    if (rc == -ECANCELED || rc == -ENOMEM) {
        *a->err = why;
        return rc;
    }
    if (rc < 0) {
        leave_out(a->added, &why);
        return 0;
    }
    struct merge_run *to = find_run(a->m, a->run, &why);
    return to ? join(a, to) : begin_run(a, &why);
}

struct ids {
    int64_t *of;
    size_t n;
};

static int note_id(void *context, const struct store_run_line *line, struct err *err)
{
    struct ids *ids = context;
    int64_t *more = reallocarray(ids->of, ids->n + 1, sizeof(*more));
    if (!more)
        return err_set(err, ENOMEM, "no memory for another run");
    ids->of = more;
    ids->of[ids->n++] = line->id;
    return 0;
}

/* Oldest first. */
static int add_runs(struct merge *m, struct store *from, struct merge_added *added, struct err *err)
{
    struct ids ids = {0};
    struct err why;
    int rc = store_list_runs(from, note_id, &ids, &why);
    if (rc < 0)
        leave_out(added, &why);
    rc = 0;
    for (size_t i = ids.n; rc == 0 && i-- > 0;) {
        struct merge_run run = {0};
        struct arrival a = {m, from, &run, added, err};
        rc = stopped(m, err);
        if (rc == 0)
            rc = add_run(&a, ids.of[i]);
        merge_run_release(&run);
    }
    free(ids.of);
    return rc;
}

int merge_add(struct merge *m, const char *path, struct merge_added *added, struct err *err)
{
    struct store *from;
    struct err why;
    *added = (struct merge_added){0};
    int rc = stopped(m, err);
    if (rc < 0)
        return rc;
    if (store_open(path, STORE_READ, &from, &why) < 0) {
        leave_out(added, &why);
        return 0;
    }
    rc = add_runs(m, from, added, err);
    store_close(from);
    return rc;
}

/* shard-0of3.db: the first of the words was forgotten. */
static bool is_shard_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    unsigned i, n;
    int end = 0;
    return sscanf(slash ? slash + 1 : path, "shard-%uof%u.db%n", &i, &n, &end) == 2 && end > 0;
}

static int find_out(struct merge *m, const char *out, struct err *err)
{
    if (is_shard_name(out))
        return err_set(err, EINVAL, "the file that is made comes first: %s is a shard", out);
    char *real = realpath(out, NULL);
    m->out = real ? real : strdup(out);
    if (!m->out || asprintf(&m->draft, "%s.%d-%lu.part", m->out, (int)getpid(), clock_ns()) < 0) {
        m->draft = NULL;
        return err_set(err, ENOMEM, "no memory to merge into %s", out);
    }
    if (stat(m->out, &m->was) == 0 && !S_ISREG(m->was.st_mode))
        return err_set(err, EINVAL, "%s is no file of runs: name another", out);
    return 0;
}

/* What is there stays there: where it cannot be read, nothing is merged. */
static int take_old(struct merge *m, struct err *err)
{
    struct merge_added added;
    if (!m->was.st_ino)
        return 0;
    int rc = merge_add(m, m->out, &added, err);
    if (rc == 0 && added.is_left_out)
        rc = err_set(err, EINVAL, "%s; nothing was merged", added.why);
    if (rc == 0 && stat(m->out, &m->was) < 0)
        rc = err_set_errno(err, errno, "cannot look at %s", m->out);
    return rc;
}

int merge_open(const char *out, const volatile sig_atomic_t *stop, struct merge **m,
               struct err *err)
{
    struct merge *made = *m = calloc(1, sizeof(**m));
    if (!made)
        return err_set(err, ENOMEM, "no memory to merge into %s", out);
    made->stop = stop;
    int rc = find_out(made, out, err);
    if (rc == 0)
        rc = store_open(made->draft, STORE_NEW, &made->store, err);
    if (rc == 0)
        rc = store_hurry(made->store, err);
    return rc == 0 ? take_old(made, err) : rc;
}

static int tell_line(struct merge *m, uint32_t i, merge_line_fn *each, void *context,
                     struct err *err)
{
    const struct merge_run *r = m->runs[i];
    const struct merge_line line = {.run = &r->run,
                                    .held = r->held,
                                    .n_held = r->n_held,
                                    .n_trials = r->n_trials,
                                    .group = r->group};
    return each(context, &line, err);
}

int merge_each(struct merge *m, merge_line_fn *each, void *context, struct err *err)
{
    int rc = 0;
    for (unsigned group = 0; group < m->n_groups; group++)
        for (uint32_t i = 0; i < m->n_runs && rc == 0; i++)
            if (m->runs[i]->held && m->runs[i]->group == group)
                rc = tell_line(m, i, each, context, err);
    return rc;
}

static bool is_there(const char *path, const char *tail)
{
    char *name;
    if (asprintf(&name, "%s%s", path, tail) < 0)
        return true;
    bool is = access(name, F_OK) == 0;
    free(name);
    return is;
}

/*
 * A log beside OUT belongs to a process that has it open: under the new file it would be read as the new one's. And what was
 * written to OUT since it was read would be lost.
 */
static int check_unused(const struct merge *m, struct err *err)
{
    struct stat is = {0};
    if (stat(m->out, &is) < 0 && errno != ENOENT)
        return err_set_errno(err, errno, "cannot look at %s", m->out);
    if (is_there(m->out, "-wal") || is_there(m->out, "-journal"))
        return err_set(err, EBUSY,
                       "%s is in use by another process: merge when that has ended, or into "
                       "another file",
                       m->out);
    if (is.st_ino != m->was.st_ino || is.st_size != m->was.st_size ||
        is.st_mtim.tv_sec != m->was.st_mtim.tv_sec || is.st_mtim.tv_nsec != m->was.st_mtim.tv_nsec)
        return err_set(err, EBUSY, "%s was changed by another process meanwhile: merge again",
                       m->out);
    return 0;
}

static int sync_draft(const struct merge *m, struct err *err)
{
    int fd = open(m->draft, O_RDONLY | O_CLOEXEC);
    int rc = fd < 0 || fsync(fd) < 0 ? err_set_errno(err, errno, "cannot write %s", m->draft) : 0;
    if (fd >= 0)
        close(fd);
    return rc;
}

int merge_publish(struct merge *m, struct err *err)
{
    store_close(m->store);
    m->store = NULL;
    int rc = sync_draft(m, err);
    if (rc == 0)
        rc = check_unused(m, err);
    if (rc == 0 && rename(m->draft, m->out) < 0)
        rc = err_set_errno(err, errno, "cannot put the merged runs at %s", m->out);
    return rc;
}

void merge_close(struct merge *m)
{
    if (!m)
        return;
    store_close(m->store);
    if (m->draft)
        unlink(m->draft);
    for (uint32_t i = 0; i < m->n_runs; i++) {
        merge_run_release(m->runs[i]);
        free(m->runs[i]);
    }
    free(m->runs);
    free(m->out);
    free(m->draft);
    free(m);
}
