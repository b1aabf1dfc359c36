/*
 * Where the parts of the project lie, in a build folder and when installed. All paths are made
 * once, by places_find(), and live as long as the program. Errors name the missing part.
 */
#pragma once

#include <limits.h>

#include "err.h"

struct places {
    char workers[PATH_MAX];  /* folder of worker-NAME */
    char contract[PATH_MAX]; /* folder of the contract's programs */
    char recorder[PATH_MAX]; /* the library that records */
    char traces[PATH_MAX];   /* folder of the recorded workloads that ship with the project */
    char shapes[PATH_MAX];   /* folder of the tables of shapes that ship with the project */
    char suites[PATH_MAX];   /* folder of the sets that ship */
    char store[PATH_MAX];    /* the file where runs are kept unless the user says otherwise */
};

int places_find(struct places *out, struct err *err) MUST_CHECK;
