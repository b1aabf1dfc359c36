#include "cell_numbers.h"

#include <search.h>
#include <stdlib.h>

/* A pair of threads and the group that it fills. */
struct pair {
    struct cell_ends ends;
    uint32_t next, end; /* numbers of its group that are free */
};

static int compare(const void *a, const void *b)
{
    const struct cell_ends *x = &((const struct pair *)a)->ends,
                           *y = &((const struct pair *)b)->ends;
    if (x->giver != y->giver)
        return x->giver < y->giver ? -1 : 1;
    return (x->taker > y->taker) - (x->taker < y->taker);
}

/*
 * The pair's entry in the tree, made when it is seen for the first time; NULL when out of memory.
 */
static struct pair *find_pair(void **tree, struct cell_ends ends)
{
    struct pair *fresh = malloc(sizeof(*fresh));
    if (!fresh)
        return NULL;
    *fresh = (struct pair){.ends = ends};
    struct pair **found = tsearch(fresh, tree, compare);
    struct pair *pair = found ? *found : NULL;
    if (pair != fresh)
        free(fresh);
    return pair;
}

uint32_t cell_numbers(const struct cell_ends *cells, uint32_t n, uint32_t *numbers)
{
    void *tree = NULL;
    uint32_t used = 0;
    bool failed = false;
    for (uint32_t i = 0; i < n && !failed; i++) {
        struct pair *pair = find_pair(&tree, cells[i]);
        failed = !pair || used > UINT32_MAX - CELL_GROUP;
        if (failed)
            break;
        if (pair->next == pair->end) {
            pair->next = used;
            pair->end = used += CELL_GROUP;
        }
        numbers[i] = pair->next++;
    }
    tdestroy(tree, free);
    return failed ? 0 : used;
}
