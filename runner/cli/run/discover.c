#include "discover.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "nop_trial.h"
#include "text.h"
#include "words.h"

/* Adds what the allocator told, which may be anything. Nothing is added when a row cannot be. */
static int take(const struct trial_result *result, struct size_classes *out, struct err *err)
{
    uint32_t n = 0;
    for (size_t i = 0; i < result->n_statistics; i++) {
        const struct statistic *s = &result->statistics[i];
        if (s->kind != STATISTIC_CLASS)
            continue;
        if (s->value < 1 || s->value > SIZE_CLASS_BYTES_MAX)
            return err_set(err, EINVAL,
                           "it told a size class of %lu bytes, where 1 to %lu were asked for",
                           s->value, SIZE_CLASS_BYTES_MAX);
        n++;
    }
    if (n == 0)
        return err_set(err, EINVAL, "it has no malloc_usable_size of its own that tells them");
    for (size_t i = 0; i < result->n_statistics; i++)
        if (result->statistics[i].kind == STATISTIC_CLASS)
            size_classes_add(out, result->statistics[i].value);
    return 0;
}

/* What the subject's process tells. -EINVAL with the reason when that is nothing to go by. */
static int ask(struct nop_trial *trial, const struct subject *subject, const struct places *places,
               struct size_classes *out, struct err *err)
{
    const char *environment[64] = {NULL};
    char worker[PATH_MAX + 64];
    struct trial_result result = {0};
    for (size_t i = 0; i < subject->n_environment && i + 1 < ARRAY_SIZE(environment); i++)
        environment[i] = subject->environment[i];
    text_format(worker, sizeof(worker), "%s/%s", places->workers, subject->allocator->worker);
    trial->request.worker = worker;
    trial->request.environment = environment;
    trial->request.supplier = subject_supplier(subject);
    trial->request.classes_up_to = SIZE_CLASS_BYTES_MAX;
    host_trial(&trial->request, &result);
    int rc = result.status == TRIAL_OK
                 ? take(&result, out, err)
                 : err_set(err, EINVAL, "%s%s%s", trial_status_name(result.status),
                           result.message[0] ? ": " : "", result.message);
    trial_result_release(&result);
    return rc;
}

int discover_classes(const struct subject *subjects, uint32_t n, const struct places *places,
                     struct size_classes *out, struct err *err)
{
    struct nop_trial trial;
    *out = (struct size_classes){0};
    int rc = nop_trial_open(&trial, err);
    for (uint32_t i = 0; rc == 0 && i < n; i++) {
        struct err reason;
        if (subjects[i].allocator == &allocator_null ||
            ask(&trial, &subjects[i], places, out, &reason) == 0)
            continue;
        fprintf(stderr, "%s: the size classes of %s stay unknown: %s\n", program_invocation_name,
                subjects[i].name, reason.text);
    }
    nop_trial_close(&trial);
    return rc;
}

/* Subjects of a list. */
struct list {
    struct subject *subjects;
    uint32_t n;
};

static int add_subject(void *context, const char *word, struct err *err)
{
    struct list *list = context;
    struct subject *more = reallocarray(list->subjects, list->n + 1, sizeof(*more));
    if (!more)
        return err_set(err, ENOMEM, "out of memory");
    list->subjects = more;
    more[list->n] = (struct subject){0};
    int rc = subject_parse(&more[list->n], word, err);
    if (rc == 0)
        list->n++;
    return rc;
}

int discover_classes_of_list(const char *text, const struct places *places,
                             struct size_classes *out, struct err *err)
{
    struct list list = {0};
    int rc = words_each(text, "allocators", add_subject, &list, err);
    if (rc == 0)
        rc = discover_classes(list.subjects, list.n, places, out, err);
    for (uint32_t i = 0; i < list.n; i++)
        subject_release(&list.subjects[i]);
    free(list.subjects);
    return rc;
}
