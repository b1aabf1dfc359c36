#include "ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

enum mark { MARK_OPEN, MARK_DONE, MARK_GIVEN_UP, MARK_ELSEWHERE /* of another shard */ };

struct ledger_identity {
    bool known;
    char malloc_path[512], build_id[65], version[64];
};

int ledger_init(struct ledger *l, const struct ledger_size *size, struct err *err)
{
    size_t n_pairs = (size_t)size->n_cells * size->n_subjects;
    *l = (struct ledger){.size = *size};
    l->marks = calloc(n_pairs * size->n_blocks, sizeof(*l->marks));
    l->hangs = calloc(n_pairs, sizeof(*l->hangs));
    l->spent_ns = calloc(n_pairs, sizeof(*l->spent_ns));
    l->identities = calloc(size->n_subjects, sizeof(*l->identities));
    if (!l->marks || !l->hangs || !l->spent_ns || !l->identities)
        return err_set(err, ENOMEM, "out of memory for %lu trials", n_pairs * size->n_blocks);
    for (uint32_t b = 0; b < size->n_blocks; b++) {
        if (shard_has(&size->shard, b))
            l->n_trials += n_pairs;
        else
            memset(l->marks + b * n_pairs, MARK_ELSEWHERE, n_pairs);
    }
    return 0;
}

void ledger_release(struct ledger *l)
{
    free(l->marks);
    free(l->hangs);
    free(l->spent_ns);
    free(l->identities);
    *l = (struct ledger){0};
}

static size_t pair_of(const struct ledger *l, const struct store_place *place)
{
    return (size_t)place->cell * l->size.n_subjects + place->subject;
}

static uint8_t *mark_of(const struct ledger *l, const struct store_place *place, uint32_t block)
{
    return &l->marks[(size_t)block * l->size.n_cells * l->size.n_subjects + pair_of(l, place)];
}

bool ledger_knows(const struct ledger *l, const struct store_place *place)
{
    return place->block < l->size.n_blocks && place->cell < l->size.n_cells &&
           place->subject < l->size.n_subjects && shard_has(&l->size.shard, place->block);
}

bool ledger_is_open(const struct ledger *l, const struct store_place *place)
{
    return *mark_of(l, place, place->block) == MARK_OPEN;
}

/* The first text of the two that differ, with its name; false when they are the same. */
static bool find_difference(const struct ledger_identity *then, const struct trial_result *now,
                            const char **what, const char **was, const char **is)
{
    const struct {
        const char *what, *was, *is;
    } texts[] = {
        {"malloc", then->malloc_path, now->malloc_path},
        {"build id", then->build_id, now->build_id},
        {"version", then->version, now->version},
    };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        if (strcmp(texts[i].was, texts[i].is) == 0)
            continue;
        *what = texts[i].what;
        *was = texts[i].was;
        *is = texts[i].is;
        return true;
    }
    return false;
}

void ledger_prove(const struct ledger *l, uint32_t subject, struct trial_result *result)
{
    const struct ledger_identity *then = &l->identities[subject];
    const char *what, *was, *is;
    if (result->status != TRIAL_OK || !then->known ||
        !find_difference(then, result, &what, &was, &is))
        return;
    result->status = TRIAL_NOT_SUBJECT;
    text_format(
        result->message, sizeof(result->message),
        "%s is another than when the run began: %s was '%s' and is '%s' now; begin a new run",
        result->malloc_path, what, was, is);
}

static void identify(struct ledger *l, uint32_t subject, const struct trial_result *result)
{
    struct ledger_identity *own = &l->identities[subject];
    if (own->known || result->status != TRIAL_OK)
        return;
    own->known = true;
    text_format(own->malloc_path, sizeof(own->malloc_path), "%s", result->malloc_path);
    text_format(own->build_id, sizeof(own->build_id), "%s", result->build_id);
    text_format(own->version, sizeof(own->version), "%s", result->version);
}

uint64_t ledger_mean_ns(const struct ledger *l, uint32_t cell, uint32_t subject)
{
    const struct store_place place = {.cell = cell, .subject = subject};
    uint64_t n = 0;
    for (uint32_t b = 0; b < l->size.n_blocks; b++)
        n += *mark_of(l, &place, b) == MARK_DONE;
    return n > 0 ? l->spent_ns[pair_of(l, &place)] / n : 0;
}

bool ledger_has_hung(const struct ledger *l, uint32_t cell, uint32_t subject)
{
    return l->hangs[(size_t)cell * l->size.n_subjects + subject] >= LEDGER_HANGS;
}

static bool is_hopeless(struct ledger *l, const struct store_place *place, enum trial_status status)
{
    uint8_t *hangs = &l->hangs[pair_of(l, place)];
    if (status == TRIAL_HUNG && *hangs < LEDGER_HANGS)
        ++*hangs;
    return status == TRIAL_NOT_SUBJECT || *hangs >= LEDGER_HANGS;
}

static bool is_too_slow(struct ledger *l, const struct store_place *place, uint64_t ns)
{
    uint64_t *spent_ns = &l->spent_ns[pair_of(l, place)];
    *spent_ns += ns;
    return l->size.budget_ns > 0 && *spent_ns >= l->size.budget_ns &&
           place->subject != l->size.baseline;
}

void ledger_note(struct ledger *l, const struct store_place *place,
                 const struct trial_result *result)
{
    uint8_t *mark = mark_of(l, place, place->block);
    if (*mark == MARK_DONE)
        return;
    l->n_given_up -= *mark == MARK_GIVEN_UP;
    l->n_done++;
    *mark = MARK_DONE;
    identify(l, place->subject, result);
    bool too_slow = is_too_slow(l, place, result->wall_ns);
    if (!is_hopeless(l, place, result->status) && !too_slow)
        return;
    for (uint32_t b = 0; b < l->size.n_blocks; b++) {
        mark = mark_of(l, place, b);
        if (*mark != MARK_OPEN)
            continue;
        *mark = MARK_GIVEN_UP;
        l->n_given_up++;
    }
}
