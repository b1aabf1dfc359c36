#include "heap_words.h"

#include "implicit.h"

size_t heap_words(void *p, bool is_free, struct heap_word out[HEAP_WORDS_MAX])
{
    struct implicit_arena *m = (struct implicit_arena *)arena_for_ptr(p);
    struct block *b = object_block(p), *next = block_next(b);
    struct block *end = span_epilogue(m->newest);
    size_t n = 0;
    (void)is_free; /* its lists are implicit */
    out[n++] = (struct heap_word){WORD_SIZE, &b->tag};
    out[n++] = (struct heap_word){WORD_PREVIOUS, &b[-1].tag};
    if (arena_holds(&m->arena, next))
        out[n++] = (struct heap_word){WORD_NEXT, &next->tag};
    out[n++] = (struct heap_word){WORD_TOP, &end->tag};
    if (block_previous_free(end))
        out[n++] = (struct heap_word){WORD_TOP, &block_at(end, -block_previous_bytes(end))->tag};
    return n;
}
