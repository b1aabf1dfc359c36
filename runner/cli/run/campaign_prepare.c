/* From the lists of a configuration to subjects, cells and placements. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "campaign.h"
#include "discover.h"
#include "progress.h"
#include "words.h"

/* A cell to be made. */
struct wanted {
    struct cell_word word;
    uint32_t threads;
};

struct preparation {
    struct campaign *campaign;
    uint32_t *threads; /* the counts asked for, without doubles */
    uint32_t n_threads;
    struct wanted *wanted;
    uint32_t n_wanted;
    bool silent;                  /* about workloads left out */
    char *allocators, *workloads; /* the lists as they are kept: by newlines, with real paths */
};

static int grow(void *array, uint32_t n, size_t item_bytes, struct err *err)
{
    void **items = array;
    void *more = reallocarray(*items, n + 1, item_bytes);
    if (!more)
        return err_set(err, ENOMEM, "out of memory");
    *items = more;
    memset((char *)more + n * item_bytes, 0, item_bytes);
    return 0;
}

/* A number, or so many times the CPUs that may be used: "cpus", "2cpus". */
static int read_threads(const struct topology *topology, const char *word, uint64_t *n,
                        struct err *err)
{
    size_t digits = strspn(word, "0123456789");
    char factor[16] = "1";
    if (strcmp(word + digits, "cpus") != 0 || digits >= sizeof(factor))
        return words_number(word, "a thread count", 1, WORKLOAD_THREADS_MAX, n, err);
    if (digits > 0)
        snprintf(factor, sizeof(factor), "%.*s", (int)digits, word);
    int rc = words_number(factor, "a factor of cpus", 1, WORKLOAD_THREADS_MAX, n, err);
    if (rc < 0)
        return rc;
    *n *= topology_n_cpus(topology);
    if (*n > WORKLOAD_THREADS_MAX)
        return err_set(err, EINVAL, "%s are %lu threads here; %u are the most", word, *n,
                       WORKLOAD_THREADS_MAX);
    return 0;
}

static int add_threads(void *context, const char *word, struct err *err)
{
    struct preparation *p = context;
    uint64_t n;
    int rc = read_threads(p->campaign->topology, word, &n, err);
    p->campaign->threads_follow_cpus |= strstr(word, "cpus") != NULL;
    for (uint32_t i = 0; rc == 0 && i < p->n_threads; i++)
        if (p->threads[i] == n)
            return 0;
    if (rc == 0)
        rc = grow(&p->threads, p->n_threads, sizeof(*p->threads), err);
    if (rc < 0)
        return rc;
    p->threads[p->n_threads++] = (uint32_t)n;
    if (n > p->campaign->threads_most)
        p->campaign->threads_most = (uint32_t)n;
    return 0;
}

/* As it was written, but with the real path of a library: it holds from any folder. */
static int keep_subject(struct preparation *p, const struct subject *s, struct err *err)
{
    char *text = NULL;
    if (!s->library)
        return words_append(&p->allocators, s->name, err);
    int rc = words_check_text(s->library, "the library", err);
    if (rc < 0)
        return rc;
    if (asprintf(&text, "%s=%s%s", s->label, s->library, s->name + strlen(s->label)) < 0)
        return err_set(err, ENOMEM, "out of memory");
    rc = words_append(&p->allocators, text, err);
    free(text);
    return rc;
}

static int add_subject(void *context, const char *word, struct err *err)
{
    struct preparation *p = context;
    struct campaign *c = p->campaign;
    int rc = words_check_text(word, "the allocator", err);
    if (rc == 0)
        rc = grow(&c->subjects, c->n_subjects, sizeof(*c->subjects), err);
    if (rc < 0)
        return rc;
    struct subject *added = c->subjects + c->n_subjects;
    rc = subject_parse(added, word, err);
    for (uint32_t i = 0; rc == 0 && i < c->n_subjects; i++)
        if (strcmp(c->subjects[i].name, added->name) == 0)
            rc = err_set(err, EINVAL, "allocator '%s' is named twice", added->name);
    if (rc == 0)
        rc = keep_subject(p, added, err);
    if (rc == 0)
        c->n_subjects++;
    else
        subject_release(added);
    return rc;
}

static int want(struct preparation *p, const struct cell_word *word, uint32_t threads,
                struct err *err)
{
    for (uint32_t i = 0; i < p->n_wanted; i++)
        if (p->wanted[i].threads == threads && strcmp(p->wanted[i].word.name, word->name) == 0)
            return err_set(err, EINVAL, "workload '%s' is named twice", word->name);
    int rc = grow(&p->wanted, p->n_wanted, sizeof(*p->wanted), err);
    if (rc == 0)
        p->wanted[p->n_wanted++] = (struct wanted){.word = *word, .threads = threads};
    return rc;
}

static int want_at(struct preparation *p, const struct cell_word *word, uint32_t threads,
                   struct err *err)
{
    int rc = cell_check(word, threads, err);
    return rc == 0 ? want(p, word, threads, err) : rc;
}

/* A generator or a shape: at its own thread count, or at each of the list that it can have. */
static int want_at_threads(struct preparation *p, const struct cell_word *word, struct err *err)
{
    int rc = 0;
    if (word->threads > 0)
        return want_at(p, word, word->threads, err);
    for (uint32_t i = 0; rc == 0 && i < p->n_threads; i++) {
        if (word->source == CELL_SYNTHETIC && p->threads[i] < word->spec.workload->threads_min) {
            if (!p->silent)
                fprintf(stderr, "%s: %s needs %u threads: left out at %u\n",
                        program_invocation_name, word->name, word->spec.workload->threads_min,
                        p->threads[i]);
            continue;
        }
        rc = want_at(p, word, p->threads[i], err);
    }
    return rc;
}

static int add_workload(void *context, const char *text, struct err *err)
{
    struct preparation *p = context;
    struct cell_word word;
    int rc = words_check_text(text, "the workload", err);
    if (rc == 0)
        rc = cell_find(text, p->campaign->places, &p->campaign->config->recorded, &word, err);
    if (rc == 0)
        rc = cell_check_name(&word, p->campaign->places, err);
    if (rc < 0)
        return rc;
    rc = words_append(&p->workloads, word.text, err);
    if (rc < 0)
        return rc;
    return cell_takes_threads(word.source) ? want_at_threads(p, &word, err)
                                           : want(p, &word, 0, err);
}

static bool wants_classes(const struct wanted *w)
{
    return w->word.source == CELL_SYNTHETIC && workload_wants_classes(&w->word.spec);
}

/* Once for all plans that want them, and not at all when the run began with a list. */
static int find_classes(struct campaign *c, struct run_config *config, struct err *err)
{
    char text[SIZE_CLASSES_TEXT_MAX];
    if (config->classes)
        return size_classes_parse(config->classes, &c->classes, err);
    int rc = discover_classes(c->subjects, c->n_subjects, c->places, &c->classes, err);
    if (rc < 0)
        return rc;
    size_classes_format(&c->classes, text);
    return run_config_set(&config->classes, text) < 0 ? err_set(err, ENOMEM, "out of memory") : 0;
}

static int give_classes(struct preparation *p, struct run_config *config, struct err *err)
{
    bool found = false;
    for (uint32_t i = 0; i < p->n_wanted; i++) {
        if (!wants_classes(&p->wanted[i]))
            continue;
        int rc = found ? 0 : find_classes(p->campaign, config, err);
        if (rc < 0)
            return rc;
        found = true;
        p->wanted[i].word.spec.classes = &p->campaign->classes;
    }
    return 0;
}

static int make_cell(struct campaign *c, const struct wanted *w, struct err *err)
{
    int rc = grow(&c->cells, c->n_cells, sizeof(*c->cells), err);
    if (rc == 0)
        rc = grow(&c->placements, c->n_cells, sizeof(*c->placements), err);
    if (rc < 0)
        return rc;
    struct cell *cell = &c->cells[c->n_cells];
    rc = cell_open(cell, &w->word, w->threads, c->config->seed, err);
    if (rc < 0)
        return rc;
    rc = cell_profile(cell, err);
    if (rc == 0)
        rc = topology_place(c->topology, c->config->pin, cell->plan->n_seats,
                            &c->placements[c->n_cells], err);
    if (rc < 0)
        cell_close(cell);
    else
        c->n_cells++;
    return rc;
}

/* Ctrl-C ends the program here at once: nothing is stored yet. */
static int make_cells(struct preparation *p, struct err *err)
{
    struct progress progress;
    int rc = 0;
    progress_init(&progress, 0, 0, 0);
    for (uint32_t i = 0; rc == 0 && i < p->n_wanted; i++) {
        const struct wanted *w = &p->wanted[i];
        if (w->threads > 0)
            progress_note(&progress, "making plan %u of %u: %s, %u thread%s", i + 1, p->n_wanted,
                          w->word.name, w->threads, w->threads == 1 ? "" : "s");
        else
            progress_note(&progress, "making plan %u of %u: %s", i + 1, p->n_wanted, w->word.name);
        rc = make_cell(p->campaign, w, err);
    }
    progress_clear(&progress);
    return rc;
}

/* The first that can be one, unless the user named another. */
static int choose_baseline(const struct campaign *c, struct run_config *config, struct err *err)
{
    for (uint32_t i = 0; i < c->n_subjects; i++) {
        const struct subject *s = &c->subjects[i];
        bool is_null = s->allocator == &allocator_null;
        if (!config->baseline[0] && !is_null && run_config_set(&config->baseline, s->name) < 0)
            return err_set(err, ENOMEM, "out of memory");
        if (strcmp(s->name, config->baseline) == 0)
            return is_null ? err_set(err, EINVAL, "null cannot be the baseline: it is no allocator")
                           : 0;
    }
    if (!config->baseline[0])
        return err_set(err, EINVAL, "null alone cannot be compared: name another allocator too");
    return err_set(err, EINVAL, "the baseline '%s' is none of the allocators", config->baseline);
}

/* As numbers: the same when the run goes on with other CPUs. */
static int keep_threads(const struct preparation *p, struct run_config *config, struct err *err)
{
    char *list = NULL;
    size_t n;
    FILE *out = open_memstream(&list, &n);
    for (uint32_t i = 0; out && i < p->n_threads; i++)
        fprintf(out, "%s%u", i ? "," : "", p->threads[i]);
    bool kept = out && fclose(out) == 0 && run_config_set(&config->threads, list) == 0;
    free(list);
    return kept ? 0 : err_set(err, ENOMEM, "out of memory");
}

/* All words, before the first plan is made: a mistake is told at once. */
static int read_lists(struct preparation *p, struct run_config *config, struct err *err)
{
    struct campaign *c = p->campaign;
    int rc = words_each(config->threads, "thread counts", add_threads, p, err);
    if (rc == 0)
        rc = words_each(config->allocators, "allocators", add_subject, p, err);
    if (rc == 0)
        rc = choose_baseline(c, config, err);
    if (rc == 0)
        rc = words_each(config->workloads, "workloads", add_workload, p, err);
    if (rc == 0 && p->n_wanted == 0)
        rc = err_set(err, EINVAL, "nothing to measure: no workload has these thread counts");
    if (rc == 0)
        rc = keep_threads(p, config, err);
    if (rc == 0 && (run_config_set(&config->allocators, p->allocators) < 0 ||
                    run_config_set(&config->workloads, p->workloads) < 0))
        rc = err_set(err, ENOMEM, "out of memory");
    return rc;
}

static int read_config(struct preparation *p, struct run_config *config,
                       const struct places *places, struct err *err)
{
    struct campaign *c = p->campaign;
    c->config = config;
    c->places = places;
    int rc = topology_load(&c->topology, err);
    if (rc == 0 && config->cores[0])
        rc = topology_restrict(c->topology, config->cores, err);
    return rc == 0 ? read_lists(p, config, err) : rc;
}

static void release_preparation(struct preparation *p)
{
    free(p->threads);
    free(p->wanted);
    free(p->allocators);
    free(p->workloads);
}

int campaign_prepare(struct campaign *c, struct run_config *config, const struct places *places,
                     struct err *err)
{
    struct preparation p = {.campaign = c};
    int rc = read_config(&p, config, places, err);
    if (rc == 0)
        rc = give_classes(&p, config, err);
    if (rc == 0)
        rc = make_cells(&p, err);
    release_preparation(&p);
    return rc;
}

int campaign_count(struct campaign *c, struct run_config *config, const struct places *places,
                   uint32_t *n_cells, struct err *err)
{
    struct preparation p = {.campaign = c, .silent = true};
    int rc = read_config(&p, config, places, err);
    *n_cells = p.n_wanted;
    release_preparation(&p);
    return rc;
}

void campaign_release(struct campaign *c)
{
    for (uint32_t i = 0; i < c->n_cells; i++) {
        cell_close(&c->cells[i]);
        placement_release(&c->placements[i]);
    }
    for (uint32_t i = 0; i < c->n_subjects; i++)
        subject_release(&c->subjects[i]);
    free(c->cells);
    free(c->placements);
    free(c->subjects);
    free(c->surveys);
    ledger_release(&c->ledger);
    topology_free(c->topology);
    *c = (struct campaign){0};
}
