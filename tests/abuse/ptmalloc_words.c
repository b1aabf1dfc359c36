#include "heap_words.h"

#include "malloc_state.h"

size_t heap_words(void *p, bool is_free, struct heap_word out[HEAP_WORDS_MAX])
{
    struct malloc_state *m = (struct malloc_state *)arena_for_ptr(p);
    struct chunk *c = object_chunk(p), *next = chunk_next(c);
    size_t n = 0;
    out[n++] = (struct heap_word){WORD_SIZE, &c->size};
    out[n++] = (struct heap_word){WORD_PREVIOUS, &c->prev_size};
    if (arena_holds(&m->arena, &next->size))
        out[n++] = (struct heap_word){WORD_NEXT, &next->size};
    if (is_free) {
        out[n++] = (struct heap_word){WORD_LINK, (uint64_t *)&c->fd};
        out[n++] = (struct heap_word){WORD_LINK, (uint64_t *)&c->bk};
    }
    if (is_free && !is_small_chunk(chunk_bytes(c))) {
        out[n++] = (struct heap_word){WORD_LINK, (uint64_t *)&c->fd_nextsize};
        out[n++] = (struct heap_word){WORD_LINK, (uint64_t *)&c->bk_nextsize};
    }
    if (m->top)
        out[n++] = (struct heap_word){WORD_TOP, &m->top->size};
    return n;
}
