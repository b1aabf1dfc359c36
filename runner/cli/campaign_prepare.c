/* From the lists of a configuration to subjects, cells and placements. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "campaign.h"
#include "words.h"

enum { THREADS_MAX = 4096 };

struct preparation {
    struct campaign *campaign;
    uint32_t *threads; /* the counts asked for, without doubles */
    uint32_t n_threads;
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

static int add_threads(void *context, const char *word, struct err *err)
{
    struct preparation *p = context;
    uint64_t n;
    int rc = words_number(word, "a thread count", 1, THREADS_MAX, &n, err);
    for (uint32_t i = 0; rc == 0 && i < p->n_threads; i++)
        if (p->threads[i] == n)
            return 0;
    if (rc == 0)
        rc = grow(&p->threads, p->n_threads, sizeof(*p->threads), err);
    if (rc == 0)
        p->threads[p->n_threads++] = (uint32_t)n;
    return rc;
}

static int add_subject(void *context, const char *word, struct err *err)
{
    struct campaign *c = ((struct preparation *)context)->campaign;
    int rc = grow(&c->subjects, c->n_subjects, sizeof(*c->subjects), err);
    struct subject *added = c->subjects + c->n_subjects;
    if (rc == 0)
        rc = subject_parse(added, word, err);
    for (uint32_t i = 0; rc == 0 && i < c->n_subjects; i++) {
        if (strcmp(c->subjects[i].name, added->name) != 0)
            continue;
        rc = err_set(err, EINVAL, "allocator '%s' is named twice", added->name);
        subject_release(added);
    }
    if (rc == 0)
        c->n_subjects++;
    return rc;
}

static int add_cell(struct campaign *c, const struct cell_word *word, uint32_t threads,
                    struct err *err)
{
    int rc = grow(&c->cells, c->n_cells, sizeof(*c->cells), err);
    if (rc == 0)
        rc = grow(&c->placements, c->n_cells, sizeof(*c->placements), err);
    if (rc < 0)
        return rc;
    struct cell *cell = &c->cells[c->n_cells];
    rc = cell_open(cell, word, threads, c->config->seed, err);
    if (rc == 0) {
        rc = topology_place(c->topology, c->config->pin, cell->plan->n_threads,
                            &c->placements[c->n_cells], err);
        if (rc < 0)
            cell_close(cell);
    }
    if (rc == 0)
        c->n_cells++;
    return rc;
}

static int add_workload(void *context, const char *text, struct err *err)
{
    struct preparation *p = context;
    struct cell_word word;
    int rc = cell_find(text, p->campaign->places, &word, err);
    if (rc < 0)
        return rc;
    for (uint32_t i = 0; i < p->campaign->n_cells; i++)
        if (strcmp(p->campaign->cells[i].name, word.name) == 0)
            return err_set(err, EINVAL, "workload '%s' is named twice", word.name);
    if (word.source != CELL_SYNTHETIC)
        return add_cell(p->campaign, &word, 0, err);
    for (uint32_t i = 0; rc == 0 && i < p->n_threads; i++) {
        if (p->threads[i] >= word.spec.workload->threads_min)
            rc = add_cell(p->campaign, &word, p->threads[i], err);
        else
            fprintf(stderr, "%s: %s needs %u threads: left out at %u\n", program_invocation_name,
                    word.name, word.spec.workload->threads_min, p->threads[i]);
    }
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

int campaign_prepare(struct campaign *c, struct run_config *config, const struct places *places,
                     struct err *err)
{
    struct preparation p = {.campaign = c};
    c->config = config;
    c->places = places;
    int rc = topology_load(&c->topology, err);
    if (rc == 0 && config->cores[0])
        rc = topology_restrict(c->topology, config->cores, err);
    if (rc == 0)
        rc = words_each(config->threads, "thread counts", add_threads, &p, err);
    if (rc == 0)
        rc = words_each(config->allocators, "allocators", add_subject, &p, err);
    if (rc == 0)
        rc = choose_baseline(c, config, err);
    if (rc == 0)
        rc = words_each(config->workloads, "workloads", add_workload, &p, err);
    if (rc == 0 && c->n_cells == 0)
        rc = err_set(err, EINVAL, "nothing to measure: no workload has these thread counts");
    free(p.threads);
    c->n_trials = (uint64_t)config->blocks * c->n_cells * c->n_subjects;
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
    free(c->done);
    topology_free(c->topology);
    *c = (struct campaign){0};
}
