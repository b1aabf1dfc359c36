#include "tell.h"

#include <unistd.h>

#include "classes.h"
#include "effect.h"
#include "read.h"
#include "text.h"

extern statistics_function arenabench_statistics __attribute__((weak));

/* What the runner asked for; taken out of the block before the allocator writes there. */
struct wishes {
    struct statistic rows[STATISTICS_WANTED_MAX];
    size_t n;
    uint64_t classes_up_to; /* 0: no classes */
};

static void set_state(struct statistics_block *block, enum statistics_state state)
{
    atomic_store_explicit(&block->state, state, memory_order_release);
}

static void take_wishes(struct statistics_block *block, struct wishes *wishes)
{
    for (size_t i = 0; i < block->n && i <= STATISTICS_WANTED_MAX; i++)
        if (block->rows[i].kind == STATISTIC_CLASS)
            wishes->classes_up_to = block->rows[i].value;
        else if (wishes->n < STATISTICS_WANTED_MAX)
            wishes->rows[wishes->n++] = block->rows[i];
    block->n = 0;
}

/* A setting that nothing tells is left out, and the runner misses it. */
static void tell_setting(struct statistics_block *block, const struct statistic *wish)
{
    struct statistic row = *wish;
    read_setting *read = read_find();
    row.arena = 0;
    row.kind = STATISTIC_SETTING;
    if (wish->arena == STATISTIC_BY_NOTHING)
        row.kind = STATISTIC_UNPROVED;
    else if (wish->arena != STATISTIC_TOLD || !read || !read(row.name, &row.value))
        return;
    if (block->n < STATISTICS_ROOM)
        block->rows[block->n++] = row;
}

/* Does not return, but when it cannot be done. */
static void show_effects(const struct wishes *wishes)
{
    static char words[STATISTICS_WANTED_MAX][STATISTIC_NAME_BYTES + 24];
    static char *argv[STATISTICS_WANTED_MAX + 3] = {(char *)"worker", (char *)EFFECT_WORD};
    size_t n = 2;
    for (size_t i = 0; i < wishes->n; i++) {
        const struct statistic *wish = &wishes->rows[i];
        if (wish->arena != STATISTIC_BY_EFFECT)
            continue;
        text_format(words[i], sizeof(words[i]), "%.*s=%lu", STATISTIC_NAME_BYTES - 1, wish->name,
                    wish->value);
        argv[n++] = words[i];
    }
    if (n > 2)
        execve("/proc/self/exe", argv, environ);
}

void tell_statistics(struct statistics_block *block)
{
    static struct wishes wishes;
    take_wishes(block, &wishes);
    if (!arenabench_statistics && wishes.n == 0 && wishes.classes_up_to == 0) {
        set_state(block, STATISTICS_NONE);
        return;
    }
    set_state(block, STATISTICS_ASKED); /* should it not return, the runner knows where it is */
    if (arenabench_statistics)
        block->n = arenabench_statistics(block->rows, STATISTICS_ROOM);
    else
        for (size_t i = 0; i < wishes.n; i++)
            tell_setting(block, &wishes.rows[i]);
    if (wishes.classes_up_to > 0)
        classes_tell(block, wishes.classes_up_to);
    show_effects(&wishes);
    set_state(block, STATISTICS_TOLD);
}
