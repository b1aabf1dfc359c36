#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "output_file.h"
#include "text.h"
#include "tune_print.h"
#include "tune_words.h"
#include "tuning.h"

/* The stored run whose rest is to be done; its manifest becomes the configuration. */
static int load_begun(struct tune_words *w, const char *file, struct store_run *run,
                      struct err *err)
{
    struct store *store;
    int64_t id;
    if (w->given)
        return err_set(err, EINVAL,
                       "--resume goes on as the tuning was begun: it takes no other options but "
                       "--output and --json");
    int rc = store_open(file, STORE_READ, &store, err);
    if (rc == 0)
        rc = store_find_run(store, w->resume, &id, err);
    if (rc == 0)
        rc = store_load_run(store, id, run, err);
    if (rc == 0 && strcmp(run->program_version, ARENABENCH_VERSION) != 0)
        rc = err_set(err, EINVAL, "run %s was begun by version %s, this is " ARENABENCH_VERSION,
                     run->name, run->program_version);
    if (rc == 0)
        rc = tune_config_from_json(&w->config, run->manifest, err);
    store_close(store);
    return rc;
}

static int print(const struct tune_words *w, struct tuning *t, const struct tune_answer *a,
                 struct err *err)
{
    char *text = NULL;
    size_t n_bytes;
    FILE *out = open_memstream(&text, &n_bytes);
    if (!out)
        return err_set_errno(err, errno, "cannot make the answer");
    int rc = w->json ? tune_print_json(out, t, a, err) : tune_print_answer(out, t, a, err);
    if (fclose(out) != 0 && rc == 0)
        rc = err_set_errno(err, errno, "cannot make the answer");
    if (rc == 0)
        rc = output_file_write(NULL, text, n_bytes, err);
    free(text);
    return rc;
}

/* For those who read the run later. An answer of before, unconfirmed, is replaced. */
static int note_answer(const struct tuning *t, const struct tune_answer *a, struct err *err)
{
    const struct campaign *c = &t->campaign;
    char value[16];
    text_format(value, sizeof(value), "%u", a->recommended);
    const struct store_fact recommended = {.key = FACT_TUNE_RECOMMENDED, .value = value};
    char *text = tune_answer_to_json(t, a);
    if (!text)
        return err_set(err, ENOMEM, "no memory for the answer");
    const struct store_fact answer = {.key = FACT_TUNE_ANSWER, .value = text};
    int rc = store_add_fact(c->store, c->run_id, &answer, err);
    if (rc == 0 && a->verdict != TUNE_UNCONFIRMED)
        rc = store_add_fact(c->store, c->run_id, &recommended, err);
    free(text);
    return rc;
}

static int finish(const struct tune_words *w, struct tuning *t, const char *file, struct err *err)
{
    struct store_run run = {0};
    struct tune_answer answer;
    int rc = tune_answer(t->tune, &answer, err);
    if (rc == 0)
        rc = note_answer(t, &answer, err);
    if (rc == 0)
        rc = print(w, t, &answer, err);
    tune_answer_release(&answer);
    if (rc == 0)
        rc = store_load_run(t->campaign.store, t->campaign.run_id, &run, err);
    if (rc == 0 && t->interrupted)
        fprintf(stderr,
                "interrupted after %lu trials; go on with: arenabench tune --resume=%s%s%s\n",
                t->n_trials, run.name, w->file ? " --output " : "", w->file ? w->file : "");
    else if (rc == 0)
        fprintf(stderr, "kept as run %s in %s\n", run.name, file);
    store_run_release(&run);
    if (rc < 0)
        return rc;
    return t->interrupted ? EXIT_INTERRUPTED : EXIT_GOOD;
}

/* Everything up to the first stored trial. */
static int begin(struct tune_words *w, struct tuning *t, const struct places *places,
                 char **failure, struct err *err)
{
    int rc = tuning_prepare(t, &w->config, places, err);
    if (rc == 0 && !w->resume)
        rc = tuning_calibrate(t, failure, err);
    if (rc < 0 || *failure)
        return rc;
    rc = tuning_plan(t, err);
    if (rc == 0 && !w->json) {
        tune_print_plan(stdout, t);
        fflush(stdout);
    }
    return rc;
}

static int search(struct tune_words *w, struct tuning *t, const struct store_run *begun,
                  const char *file, struct err *err)
{
    struct store *store = NULL;
    int rc = store_open(file, STORE_WRITE, &store, err);
    if (rc == 0)
        rc = w->resume ? tuning_resume(t, store, begun, err) : tuning_begin(t, store, err);
    if (rc == 0)
        rc = tuning_execute(t, err);
    if (rc == -EIO && t->n_failed > 0) { /* a result, not a wrong word */
        fprintf(stderr, "%s: %s\n", program_invocation_name, err->text);
        rc = EXIT_FAILED;
    } else if (rc == 0) {
        rc = finish(w, t, file, err);
    }
    store_close(store);
    return rc;
}

static int execute(struct tune_words *w, const struct places *places, struct err *err)
{
    const char *file = w->file ? w->file : places->store;
    struct store_run begun = {0};
    struct tuning tuning = {0};
    char *failure = NULL;
    int rc = w->resume ? load_begun(w, file, &begun, err) : tune_words_complete(w, err);
    if (rc == 0)
        rc = begin(w, &tuning, places, &failure, err);
    if (rc == 0 && failure) {
        fprintf(stderr, "%s: the default itself fails on this workload: %s\n",
                program_invocation_name, failure);
        rc = EXIT_FAILED;
    } else if (rc == 0) {
        rc = search(w, &tuning, &begun, file, err);
    }
    free(failure);
    tuning_release(&tuning);
    store_run_release(&begun);
    return rc;
}

static int run(int argc, char **argv, struct err *err)
{
    struct tune_words w;
    struct places places;
    int rc = tune_words_parse(&w, argc, argv, err);
    if (rc == 0)
        rc = places_find(&places, err);
    if (rc == 0)
        rc = execute(&w, &places, err);
    tune_config_release(&w.config);
    return rc;
}

const struct command command_tune = {
    .name = "tune",
    .summary = "search the settings that suit a workload best",
    .run = run,
};
