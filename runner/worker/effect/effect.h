/*
 * Settings that an allocator does not tell, shown by what they do. The worker, when everything has been
 * measured, becomes a new image of itself in the same environment, started as "worker effects NAME=VALUE ..":
 * there nothing has called malloc yet, and each measurement runs in a child of its own, so that each begins with
 * an untouched heap and none bears on another. One thread; the parent never calls malloc.
 *
 * What is found:
 *   shown      the value that was asked for is the one that has this effect, and its neighbour has not
 *   other      another value holds; the greatest number where there is no such effect at all
 *   disabled   the setting can do nothing beside another one, or on this machine
 *   unproved   its effect cannot be told from that of other values here
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The word behind the program's name that asks for it. */
#define EFFECT_WORD "effects"

enum effect_verdict { EFFECT_SHOWN, EFFECT_OTHER, EFFECT_DISABLED, EFFECT_UNPROVED };

struct effect {
    enum effect_verdict verdict;
    uint64_t value; /* that holds: shown, other */
    char why[160];  /* disabled, unproved */
};

/* A setting that was given, with the value that was asked for. */
struct effect_setting {
    char name[40];
    uint64_t value;
};

struct effect_list {
    const struct effect_setting *settings;
    size_t n;
};

/* The value that another setting was given, or `otherwise` when it was not. */
uint64_t effect_given(const struct effect_list *all, const char *name, uint64_t otherwise);
bool effect_is_given(const struct effect_list *all, const char *name);

/* Fills in *out, which is "shown" with the value asked for before. */
typedef void effect_probe(const struct effect_list *all, uint64_t wanted, struct effect *out);

/* The probe of a setting of the allocator in this process; NULL when there is none. */
effect_probe *effect_find_glibc(const char *name);
effect_probe *effect_find_tcmalloc(const char *name);

void effect_other(struct effect *out, uint64_t value);
void effect_say(struct effect *out, enum effect_verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What a measurement says that came to nothing: malloc failed, or the child died. */
#define EFFECT_LOST (UINT64_MAX - 1)
#define EFFECT_NONE UINT64_MAX

/* Runs measure(x) in a child, on a heap that nothing has touched. */
uint64_t effect_measure(uint64_t (*measure)(uint64_t x), uint64_t x);

/*
 * The least x in [low, high], a multiple of 16 from low on, for which measure() says 1; it says 1 of all greater
 * ones. EFFECT_NONE: it does of none.
 */
uint64_t effect_least(uint64_t (*measure)(uint64_t x), uint64_t low, uint64_t high);

/* Executes what argv asks for and leaves; does not return. */
_Noreturn void effect_main(int argc, char **argv);
