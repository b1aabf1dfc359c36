/*
 * Tests that break the laws of a heap: each breaks one on purpose in the arena of a thread of its own, where
 * nothing else allocates, and returns what the check then says.
 */
#pragma once

#include <pthread.h>

#include "unit.h"

struct law {
    const char *name; /* of the law; NULL: all must hold */
    const char *(*broken)(void);
};

static inline void *law_thread(void *law)
{
    return (void *)((const struct law *)law)->broken();
}

/* In a loop test over the array: `law_breaks(&laws[_i])`. */
static inline void law_breaks(const struct law *law)
{
    pthread_t thread;
    void *said;
    ck_assert_int_eq(pthread_create(&thread, NULL, law_thread, (void *)law), 0);
    ck_assert_int_eq(pthread_join(thread, &said), 0);
    if (law->name)
        ck_assert_pstr_eq((const char *)said, law->name);
    else
        ck_assert_pstr_eq((const char *)said, NULL);
}

/* Runs the tests, and law_breaks() for each law. */
#define LAWS_MAIN(NAME, laws, ...) \
    START_TEST(a_broken_law_is_named) \
    { \
        law_breaks(&(laws)[_i]); \
    } \
    END_TEST \
    int main(void) \
    { \
        const TTest *const tests[] = {__VA_ARGS__}; \
        return unit_run_with(NAME, tests, ARRAY_SIZE(tests), a_broken_law_is_named, \
                             ARRAY_SIZE(laws)); \
    }
