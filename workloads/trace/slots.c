#include "slots.h"

#include <stdlib.h>
#include <string.h>

#define FULL UINT64_MAX

static uint64_t word_at(const struct slots *s, unsigned level, uint32_t i)
{
    return i < s->n_words[level] ? s->level[level][i] : 0;
}

static bool make_word(struct slots *s, unsigned level, uint32_t i)
{
    uint32_t old = s->n_words[level];
    if (i < old)
        return true;
    uint32_t n = i + 1 > 2 * old ? i + 1 : 2 * old;
    uint64_t *words = realloc(s->level[level], n * sizeof(*words));
    if (!words)
        return false;
    memset(words + old, 0, (n - old) * sizeof(*words));
    s->level[level] = words;
    s->n_words[level] = n;
    return true;
}

uint32_t slots_enter(struct slots *s)
{
    uint32_t found = 0;
    for (unsigned level = SLOTS_LEVELS; level-- > 0;) {
        uint64_t word = word_at(s, level, found);
        if (word == FULL || !make_word(s, level, found))
            return SLOTS_NONE;
        found = found * 64 + (uint32_t)__builtin_ctzll(~word);
    }
    uint32_t bit = found;
    for (unsigned level = 0; level < SLOTS_LEVELS; level++) {
        uint64_t *word = &s->level[level][bit / 64];
        *word |= (uint64_t)1 << bit % 64;
        if (*word != FULL)
            break;
        bit /= 64;
    }
    return found;
}

void slots_leave(struct slots *s, uint32_t slot)
{
    for (unsigned level = 0; level < SLOTS_LEVELS; level++) {
        uint64_t *word = &s->level[level][slot / 64];
        bool was_full = *word == FULL;
        *word &= ~((uint64_t)1 << slot % 64);
        if (!was_full)
            return;
        slot /= 64;
    }
}

bool slots_used(const struct slots *s, uint64_t slot)
{
    return slot / 64 < s->n_words[0] && (s->level[0][slot / 64] >> slot % 64 & 1);
}

uint32_t slots_next(const struct slots *s, uint32_t from)
{
    for (uint32_t i = from / 64; i < s->n_words[0]; i++) {
        uint64_t word = s->level[0][i];
        if (i == from / 64)
            word &= FULL << from % 64;
        if (word)
            return i * 64 + (uint32_t)__builtin_ctzll(word);
    }
    return SLOTS_NONE;
}

void slots_release(struct slots *s)
{
    for (unsigned level = 0; level < SLOTS_LEVELS; level++)
        free(s->level[level]);
    *s = (struct slots){0};
}
