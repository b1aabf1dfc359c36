/* What every unit test program needs besides Check: a suite from a list of tests, and a main. */
#pragma once

#include <check.h>
#include <stdlib.h>

/*
 * Runs the tests, each in a process of its own, and one test n_loop times with _i counting; the exit status
 * of main.
 */
static inline int unit_run_with(const char *name, const TTest *const *tests, size_t n,
                                const TTest *loop, size_t n_loop)
{
    Suite *suite = suite_create(name);
    TCase *all = tcase_create(name);
    for (size_t i = 0; i < n; i++)
        tcase_add_test(all, tests[i]);
    if (n_loop > 0)
        tcase_add_loop_test(all, loop, 0, (int)n_loop);
    tcase_set_timeout(all, 60);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static inline int unit_run(const char *name, const TTest *const *tests, size_t n)
{
    return unit_run_with(name, tests, n, NULL, 0);
}

/* UNIT_MAIN("text", test_a, test_b): one program, its tests in the order given. */
#define UNIT_MAIN(name, ...) \
    int main(void) \
    { \
        const TTest *const tests[] = {__VA_ARGS__}; \
        return unit_run(name, tests, sizeof(tests) / sizeof(tests[0])); \
    }
