#include "spool_survey.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint32_t spool_survey_maker(const struct spool_survey *s, uint64_t token)
{
    uint32_t number = spool_token_thread(token);
    bool known = number >= s->spool->first_thread && number < s->spool->n_threads;
    return known ? number - s->spool->first_thread : SPOOL_NO_THREAD;
}

bool spool_survey_given(const struct spool_survey *s, uint64_t token)
{
    uint32_t maker = spool_survey_maker(s, token);
    uint64_t i = spool_token_sequence(token);
    return maker != SPOOL_NO_THREAD && i / 64 < s->threads[maker].given_words &&
           (s->threads[maker].given[i / 64] >> i % 64 & 1);
}

/* More objects than there is room for in the spool were not made. */
static bool grow(const struct spool_survey *s, struct spool_survey_thread *t, uint64_t words)
{
    uint64_t room = t->given_words ? 2 * t->given_words : 8;
    if (words > s->spool->bytes / 64 + 1)
        return true; /* the program wrote this number */
    while (room < words)
        room *= 2;
    uint64_t *given = realloc(t->given, room * sizeof(*given));
    if (!given)
        return false;
    memset(given + t->given_words, 0, (room - t->given_words) * sizeof(*given));
    t->given = given;
    t->given_words = room;
    return true;
}

static bool note_use(struct spool_survey *s, uint32_t user, uint64_t token)
{
    uint32_t maker = spool_survey_maker(s, token);
    if (maker == user || maker == SPOOL_NO_THREAD)
        return true;
    struct spool_survey_thread *t = &s->threads[maker];
    uint64_t i = spool_token_sequence(token);
    if (i / 64 >= t->given_words && !grow(s, t, i / 64 + 1))
        return false;
    if (i / 64 < t->given_words)
        t->given[i / 64] |= (uint64_t)1 << i % 64;
    return true;
}

static bool note_pages(struct spool_survey *s, uint64_t token, uint64_t pages)
{
    return number_map_put(&s->pages, token,
                          pages < NUMBER_MAP_NONE ? (uint32_t)pages : NUMBER_MAP_NONE - 1);
}

static void count_thread(struct spool_survey *s, uint32_t thread)
{
    struct spool_survey_thread *t = &s->threads[thread];
    s->n_counting += !t->counts && !t->revoked;
    t->counts = !t->revoked;
}

static void note_spawn(struct spool_survey *s, uint32_t thread, const struct spool_event *e)
{
    if (e->number == SPOOL_NO_THREAD)
        return;
    uint32_t child = e->number - s->spool->first_thread;
    struct spool_survey_thread *t = &s->threads[child];
    if (child == 0 || child == thread)
        return;
    if (e->kind == SPOOL_SPAWN) {
        if (t->spawner == SPOOL_NO_THREAD)
            t->spawner = thread;
        count_thread(s, child);
    } else if (!t->first || t->spawner == thread) {
        s->n_counting -= t->counts;
        t->counts = false;
        t->revoked = true;
    }
}

/* `pages`: of the object that the thread's next event ends; UINT64_MAX: not told. */
static bool note_event(struct spool_survey *s, uint32_t thread, const struct spool_event *e,
                       uint64_t *pages)
{
    bool good = true;
    switch (e->kind) {
    case SPOOL_RESIDENT:
        *pages = e->pages;
        return true;
    case SPOOL_FREE:
    case SPOOL_REALLOC:
        good = note_use(s, thread, e->token);
        if (*pages != UINT64_MAX)
            good = note_pages(s, e->token, *pages) && good;
        break;
    case SPOOL_RESIDENT_LIVE:
        good = note_pages(s, e->token, e->pages);
        break;
    case SPOOL_SPAWN:
    case SPOOL_SPAWN_VOID:
        note_spawn(s, thread, e);
        break;
    default:
        break;
    }
    *pages = UINT64_MAX;
    return good;
}

static bool note_thread(struct spool_survey *s, uint32_t thread, uint64_t step)
{
    struct spool_survey_thread *t = &s->threads[thread];
    if (!t->first)
        return true;
    struct spool_cursor c = spool_cursor_at(s->spool, t->first, step);
    struct spool_event e;
    uint64_t pages = UINT64_MAX;
    while (spool_cursor_next(&c, &e)) {
        if (e.stamp >= s->end_stamp) {
            s->lost_events++;
            continue;
        }
        count_thread(s, thread);
        if (!note_event(s, thread, &e, &pages))
            return false;
    }
    return true;
}

static bool init(struct spool_survey *s, const struct spool_reader *spool)
{
    *s = (struct spool_survey){
        .spool = spool,
        .n_threads = spool->n_threads - spool->first_thread,
        .end_stamp = atomic_load(&spool->header->lost_stamp),
        .lost_events = atomic_load(&spool->header->lost_events),
    };
    s->threads = calloc(s->n_threads, sizeof(*s->threads));
    if (!s->threads)
        return false;
    for (uint32_t t = 0; t < s->n_threads; t++)
        s->threads[t].spawner = SPOOL_NO_THREAD;
    for (size_t i = spool->n_pieces; i-- > 0;)
        s->threads[spool->pieces[i].thread - spool->first_thread].first = &spool->pieces[i];
    count_thread(s, 0);
    return true;
}

int spool_survey_make(struct spool_survey *s, const struct spool_reader *spool, uint64_t step,
                      struct err *err)
{
    bool good = init(s, spool);
    for (uint32_t t = 0; good && t < s->n_threads; t++)
        good = note_thread(s, t, step);
    return good ? 0 : err_set(err, ENOMEM, "no memory to convert the recording");
}

void spool_survey_release(struct spool_survey *s)
{
    for (uint32_t t = 0; s->threads && t < s->n_threads; t++)
        free(s->threads[t].given);
    free(s->threads);
    number_map_release(&s->pages);
    *s = (struct spool_survey){0};
}
