#include "heap_words.h"

#include "slab.h"

size_t heap_words(void *p, bool is_free, struct heap_word out[HEAP_WORDS_MAX])
{
    struct page *page = page_for(p);
    struct page_table *t = table_of(heap_for_ptr(p));
    size_t n = 0;
    (void)is_free; /* the page of a freed object may still be a slab in use */
    out[n++] = (struct heap_word){WORD_LINK, (uint64_t *)&page->next};
    out[n++] = (struct heap_word){WORD_LINK, (uint64_t *)&page->prev};
    out[n++] = (struct heap_word){WORD_FACTS, (uint64_t *)&page->state};
    out[n++] = (struct heap_word){WORD_FACTS, &page->requested};
    out[n++] = (struct heap_word){WORD_FACTS, &page->free_bits[0]};
    out[n++] = (struct heap_word){WORD_FACTS, &t->pair_bits[page_index(page) / 128]};
    return n;
}
