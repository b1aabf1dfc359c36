/*
 * What an allocator keeps in memory about one object, for a test that damages it. Implemented once for each
 * allocator, which alone knows where that is. One thread.
 */
#pragma once

#include "arena.h"

enum word_kind {
    WORD_SIZE,     /* the size of the object, with its flags */
    WORD_NEXT,     /* the same of what lies behind it */
    WORD_PREVIOUS, /* what repeats the size of the one before */
    WORD_LINK,     /* of a list of free ones */
    WORD_TOP,      /* the size of the end of the heap */
    WORD_FACTS,    /* small numbers and bits beside each other */
};

struct heap_word {
    enum word_kind kind;
    uint64_t *at;
};
#define HEAP_WORDS_MAX 8u

/*
 * The words about p, an object of an arena that is held now, in use or freed last; how many. The heap is whole
 * so far.
 */
size_t heap_words(void *p, bool is_free, struct heap_word out[HEAP_WORDS_MAX]);
