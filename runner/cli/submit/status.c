#include "status.h"

#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "stats.h"
#include "text.h"

const char *shard_state_name(enum shard_state state)
{
    static const char *const names[] = {
        [SHARD_DONE] = "done",
        [SHARD_RUNNING] = "running",
        [SHARD_WAITING] = "waiting",
        [SHARD_LOST] = "lost",
    };
    static_assert(ARRAY_SIZE(names) == SHARD_STATES, "every state has a name");
    return names[state];
}

/* A later array knows more of a shard than an earlier one. */
static void take_task(void *context, const struct slurm_task *task)
{
    struct status *st = context;
    if (task->index >= st->n_shards)
        return;
    struct shard_status *shard = &st->shards[task->index];
    shard->n_told += task->n_restarts;
    if (shard->n_told > shard->n_restarts)
        shard->n_restarts = shard->n_told;
    if (shard->state == SHARD_DONE)
        return;
    text_format(shard->node, sizeof(shard->node), "%s", task->node);
    bool waits = strcmp(task->state, "PENDING") == 0;
    shard->state = !task->is_alive ? SHARD_LOST : waits ? SHARD_WAITING : SHARD_RUNNING;
    shard->left_s = task->left_s;
    text_format(shard->reason, sizeof(shard->reason), "%s",
                task->is_alive && strcmp(task->reason, "None") != 0 ? task->reason : "");
    if (!task->is_alive)
        text_format(shard->reason, sizeof(shard->reason), "%s", task->state);
}

static void ask_slurm(const struct submission *s, struct status *st)
{
    struct err err;
    for (size_t i = 0; i < s->n_jobs && !st->slurm_is_silent; i++) {
        if (slurm_tasks(s->jobs[i], take_task, st, &err) < 0) {
            st->slurm_is_silent = true;
            text_format(st->silence, sizeof(st->silence), "%s", err.text);
        }
    }
}

/* Seconds of the files that are whole. */
static int take_files(const struct submission *s, struct status *st, struct err *err)
{
    char folder[PATH_MAX];
    struct shard_found *files = calloc(s->n_shards, sizeof(files[0]));
    double *seconds = calloc(s->n_shards, sizeof(seconds[0]));
    size_t n = 0;
    submission_path(s, "shards", folder);
    int rc = files && seconds ? shards_look(folder, s->n_shards, files, err)
                              : err_set(err, ENOMEM, "no memory for %u shards", s->n_shards);
    for (uint32_t i = 0; rc == 0 && i < s->n_shards; i++) {
        st->shards[i] = (struct shard_status){.state = SHARD_LOST, .left_s = -1};
        if (!files[i].is_whole)
            continue;
        st->shards[i].state = SHARD_DONE;
        st->shards[i].n_restarts = files[i].n_restarts;
        text_format(st->shards[i].node, sizeof(st->shards[i].node), "%s", files[i].host);
        seconds[n++] = files[i].seconds;
    }
    if (rc == 0 && n > 0)
        st->shard_s = stats_median(seconds, n);
    free(files);
    free(seconds);
    return rc;
}

/* As many shards as run now go on being run at a time. */
static void estimate(struct status *st)
{
    uint32_t left = st->n[SHARD_RUNNING] + st->n[SHARD_WAITING];
    st->left_s = left == 0 ? 0 : -1;
    if (left > 0 && st->n[SHARD_RUNNING] > 0 && st->shard_s > 0) {
        uint32_t rounds = (left + st->n[SHARD_RUNNING] - 1) / st->n[SHARD_RUNNING];
        st->left_s = rounds * st->shard_s;
    }
}

static void look_at_merged(const struct submission *s, struct status *st)
{
    char merged[PATH_MAX];
    submission_path(s, "merged.db", merged);
    st->merged = shards_look_merged(merged, s->n_shards);
    st->is_merged = st->n[SHARD_DONE] > 0 && st->merged.n_shards >= st->n[SHARD_DONE];
}

int status_look(const struct submission *s, struct status *st, struct err *err)
{
    *st = (struct status){.n_shards = s->n_shards};
    st->shards = calloc(s->n_shards, sizeof(st->shards[0]));
    int rc = st->shards ? take_files(s, st, err) : err_set(err, ENOMEM, "out of memory");
    if (rc < 0) {
        status_release(st);
        return rc;
    }
    ask_slurm(s, st);
    for (uint32_t i = 0; i < st->n_shards; i++) {
        st->n[st->shards[i].state]++;
        st->n_retried += st->shards[i].n_restarts > 0;
    }
    look_at_merged(s, st);
    estimate(st);
    return 0;
}

void status_release(struct status *st)
{
    free(st->shards);
    *st = (struct status){.shards = NULL};
}

/* "1:02:05", "12:05" */
static void put_time(FILE *out, double seconds)
{
    unsigned long s = (unsigned long)(seconds + 0.5);
    if (s >= 3600)
        fprintf(out, "%lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60);
    else
        fprintf(out, "%lu:%02lu", s / 60, s % 60);
}

static void put_shard(uint32_t i, const struct shard_status *shard, FILE *out)
{
    fprintf(out, "  shard %-5u %-8s", i, shard_state_name(shard->state));
    if (shard->node[0])
        fprintf(out, " on %s", shard->node);
    if (shard->reason[0])
        fprintf(out, " (%s)", shard->reason);
    if (shard->n_restarts > 0)
        fprintf(out, ", begun again %u time%s", shard->n_restarts,
                shard->n_restarts > 1 ? "s" : "");
    if (shard->state == SHARD_RUNNING && shard->left_s >= 0) {
        fputs(", ends at the latest in ", out);
        put_time(out, (double)shard->left_s);
    }
    fputc('\n', out);
}

static void put_summary(const struct status *st, FILE *out)
{
    fprintf(out,
            "%u shards: %u done, %u running, %u waiting, %u lost; %u begun again after a loss\n",
            st->n_shards, st->n[SHARD_DONE], st->n[SHARD_RUNNING], st->n[SHARD_WAITING],
            st->n[SHARD_LOST], st->n_retried);
    if (st->left_s > 0) {
        fputs("about ", out);
        put_time(out, st->left_s);
        fprintf(out, " left: a shard takes ");
        put_time(out, st->shard_s);
        fprintf(out, ", and %u run at a time\n", st->n[SHARD_RUNNING]);
    }
}

/* When all shards are done. */
static void put_merged(const struct submission *s, const struct status *st, FILE *out)
{
    if (!st->is_merged)
        fprintf(out,
                "merged.db has %u of them; if that stays so, this says why: "
                "arenabench merge %s/merged.db %s/shards\n",
                st->merged.n_shards, s->folder, s->folder);
    else if (st->merged.n_runs > 1)
        fprintf(out,
                "all merged, as %u runs, for machines or builds differ: "
                "arenabench show --machines -o %s/merged.db\n",
                st->merged.n_runs, s->folder);
    else
        fprintf(out, "all in one: arenabench show -o %s/merged.db\n", s->folder);
}

void status_print(const struct submission *s, const struct status *st, FILE *out)
{
    put_summary(st, out);
    for (uint32_t i = 0; i < st->n_shards; i++)
        if (st->shards[i].state != SHARD_DONE)
            put_shard(i, &st->shards[i], out);
    if (st->slurm_is_silent && st->n[SHARD_DONE] < st->n_shards)
        fprintf(out, "not known whether any of them runs: %s\n", st->silence);
    else if (st->n[SHARD_LOST] > 0)
        fprintf(
            out,
            "what was said of it is in %s/log; it runs again by: arenabench submit --again %s\n",
            s->folder, s->folder);
    if (st->n[SHARD_DONE] == st->n_shards)
        put_merged(s, st, out);
}

static json_t *json_of_shards(const struct status *st)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < st->n_shards; i++) {
        const struct shard_status *shard = &st->shards[i];
        json_t *left = shard->left_s < 0 ? json_null() : json_integer(shard->left_s);
        json_array_append_new(array, json_pack("{sI ss sI so ss ss}", "shard", (json_int_t)i,
                                               "state", shard_state_name(shard->state), "restarts",
                                               (json_int_t)shard->n_restarts, "limit_left_s", left,
                                               "node", shard->node, "reason", shard->reason));
    }
    return array;
}

int status_print_json(const struct submission *s, const struct status *st, FILE *out,
                      struct err *err)
{
    json_t *json = json_pack(
        "{ss sI sI sI sI sI sI sb sI sI sb so so}", "folder", s->folder, "n_shards",
        (json_int_t)st->n_shards, "done", (json_int_t)st->n[SHARD_DONE], "running",
        (json_int_t)st->n[SHARD_RUNNING], "waiting", (json_int_t)st->n[SHARD_WAITING], "lost",
        (json_int_t)st->n[SHARD_LOST], "retried", (json_int_t)st->n_retried, "merged",
        (int)st->is_merged, "merged_shards", (json_int_t)st->merged.n_shards, "merged_runs",
        (json_int_t)st->merged.n_runs, "slurm_answers", (int)!st->slurm_is_silent, "left_s",
        st->left_s < 0 ? json_null() : json_real(st->left_s), "shards", json_of_shards(st));
    char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
    json_decref(json);
    if (!text)
        return err_set(err, ENOMEM, "no memory for the JSON");
    fprintf(out, "%s\n", text);
    free(text);
    return 0;
}
