#include <string.h>
#include <sys/types.h>

#include "bits.h"
#include "read.h"
#include "text.h"

extern int mallctl(const char *, void *, size_t *, void *, size_t) __attribute__((weak));

/* Options that are words, in the order in which allocators/rows has them. */
static const struct {
    const char *name, *words[4];
} choices[] = {
    {"percpu_arena", {"disabled", "percpu", "phycpu"}},
    {"dss", {"disabled", "primary", "secondary"}},
    {"thp", {"always", "never", "default"}},
    {"metadata_thp", {"disabled", "auto", "always"}},
};

bool read_has_jemalloc(void)
{
    return mallctl != NULL;
}

static bool read_word(const char *option, const char *const words[4], uint64_t *value)
{
    const char *word = NULL;
    size_t n = sizeof(word);
    if (mallctl(option, &word, &n, NULL, 0) != 0 || !word)
        return false;
    for (unsigned i = 0; i < 4 && words[i]; i++)
        if (strcmp(words[i], word) == 0) {
            *value = i;
            return true;
        }
    return false;
}

/* Its options are of three widths, and mallctl refuses a wrong one. */
static bool read_number(const char *option, uint64_t *value)
{
    int64_t wide = 0;
    unsigned number = 0;
    bool on = false;
    size_t n = sizeof(wide);
    if (mallctl(option, &wide, &n, NULL, 0) == 0) {
        *value = (uint64_t)wide;
        return true;
    }
    n = sizeof(number);
    if (mallctl(option, &number, &n, NULL, 0) == 0) {
        *value = number;
        return true;
    }
    n = sizeof(on);
    if (mallctl(option, &on, &n, NULL, 0) != 0)
        return false;
    *value = on;
    return true;
}

bool read_jemalloc(const char *name, uint64_t *value)
{
    char option[64];
    text_format(option, sizeof(option), "opt.%s", name);
    for (size_t i = 0; i < ARRAY_SIZE(choices); i++)
        if (strcmp(choices[i].name, name) == 0)
            return read_word(option, choices[i].words, value);
    return read_number(option, value);
}
