#include "effect.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control.h"
#include "os.h"
#include "statistics_block.h"
#include "text.h"

/* glibc and tcmalloc are told apart by what is linked. */
extern const char *tc_version(int *, int *, const char **) __attribute__((weak));

uint64_t effect_given(const struct effect_list *all, const char *name, uint64_t otherwise)
{
    for (size_t i = 0; i < all->n; i++)
        if (strcmp(all->settings[i].name, name) == 0)
            return all->settings[i].value;
    return otherwise;
}

bool effect_is_given(const struct effect_list *all, const char *name)
{
    return effect_given(all, name, 0) == effect_given(all, name, 1);
}

void effect_other(struct effect *out, uint64_t value)
{
    out->verdict = EFFECT_OTHER;
    out->value = value;
}

void effect_say(struct effect *out, enum effect_verdict verdict, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    text_vformat(out->why, sizeof(out->why), format, args);
    va_end(args);
    out->verdict = verdict;
}

static volatile uint64_t *scratch; /* shared with the children */

uint64_t effect_measure(uint64_t (*measure)(uint64_t x), uint64_t x)
{
    int status;
    *scratch = EFFECT_LOST;
    pid_t child = fork();
    if (child == 0) {
        *scratch = measure(x);
        _exit(0);
    }
    return child > 0 && waitpid(child, &status, 0) == child ? *scratch : EFFECT_LOST;
}

uint64_t effect_least(uint64_t (*measure)(uint64_t x), uint64_t low, uint64_t high)
{
    if (effect_measure(measure, high) != 1)
        return EFFECT_NONE;
    while (low < high) {
        uint64_t middle = low + (high - low) / 32 * 16;
        if (effect_measure(measure, middle) == 1)
            high = middle;
        else
            low = middle + 16;
    }
    return high;
}

/* Behind the rows that are there. */
static void add_row(struct statistics_block *block, const char *name, uint32_t kind, uint64_t value)
{
    if (block->n >= STATISTICS_ROOM)
        return;
    struct statistic *row = &block->rows[block->n++];
    *row = (struct statistic){.kind = kind, .value = value};
    text_format(row->name, sizeof(row->name), "%s", name);
}

/* To stderr, which the runner shows where a trial fails. */
static void complain(const char *name, const char *why)
{
    char line[256];
    size_t n = text_format(line, sizeof(line), "%s: %s\n", name, why);
    ssize_t written = write(STDERR_FILENO, line, n);
    (void)written;
}

static void probe(struct statistics_block *block, const struct effect_list *all,
                  const struct effect_setting *s)
{
    struct effect effect = {.verdict = EFFECT_SHOWN, .value = s->value};
    effect_probe *find = tc_version ? effect_find_tcmalloc(s->name) : effect_find_glibc(s->name);
    if (!find)
        return;
    find(all, s->value, &effect);
    if (effect.verdict == EFFECT_SHOWN || effect.verdict == EFFECT_OTHER)
        add_row(block, s->name, STATISTIC_SETTING, effect.value);
    else if (effect.verdict == EFFECT_UNPROVED)
        add_row(block, s->name, STATISTIC_UNPROVED, s->value);
    else
        complain(s->name, effect.why);
}

/* "NAME=VALUE"s, by the worker itself. */
static size_t read_words(char **argv, int n, struct effect_setting *out)
{
    size_t n_settings = 0;
    for (int i = 0; i < n && n_settings < STATISTICS_WANTED_MAX; i++) {
        const char *value = strchr(argv[i], '=');
        if (!value)
            continue;
        struct effect_setting *s = &out[n_settings++];
        text_format(s->name, sizeof(s->name), "%.*s", (int)(value - argv[i]), argv[i]);
        s->value = strtoull(value + 1, NULL, 10);
    }
    return n_settings;
}

void effect_main(int argc, char **argv)
{
    static struct effect_setting settings[STATISTICS_WANTED_MAX];
    struct statistics_block *block =
        os_map_file(CONTROL_FD_STATISTICS, sizeof(*block), OS_READ_WRITE, OS_PLAIN);
    if (!block || block->magic != STATISTICS_MAGIC || block->version != STATISTICS_VERSION)
        _exit(WORKER_EXIT_FAILED);
    scratch = &block->scratch;
    const struct effect_list all = {settings, read_words(argv + 2, argc - 2, settings)};
    for (size_t i = 0; i < all.n; i++)
        probe(block, &all, &settings[i]);
    atomic_store_explicit(&block->state, STATISTICS_TOLD, memory_order_release);
    _exit(0);
}
