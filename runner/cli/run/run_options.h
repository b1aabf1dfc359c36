/*
 * What a run is to do, put together: the set `standard`, over it the sets that the user named, in
 * their order, and over these the command line. A later one replaces what an earlier one said, lists
 * as a whole; `allocator` adds to a list.
 */
#pragma once

#include <argp.h>

#include "places.h"
#include "run_config.h"

#define RUN_OPTIONS_STANDARD "standard"
#define RUN_OPTIONS_QUICK    "quick"

struct run_option {
    const struct argp_option *row;
    const char *value; /* NULL of a row without one */
};

struct run_options {
    struct run_config config;
    struct run_option *given; /* on the command line, in order; owned */
    size_t n_given;
    char *suites; /* the words of --suite, a newline behind each; owned; NULL when there are none */
    char *added;  /* allocators given one by one, likewise */
    bool survey, no_survey;
    /* of the layer under way: */
    uint64_t seen;      /* its rows, by their index */
    size_t added_below; /* bytes of `added` that came of earlier ones */
    bool from_file;
    const struct places *checks; /* not NULL: names in lists are looked up at once */
};

/*
 * The options as argp's rows; its input is a struct run_options, all zero at first. Only collects;
 * what it points to must live on.
 */
extern const struct argp run_options_argp;

/* As --suite WORD. 0 or -ENOMEM. */
int run_options_name(struct run_options *o, const char *word, struct err *err) MUST_CHECK;

/*
 * Fills the configuration. 0 or a negative errno; a mistake in a file is told with its line.
 */
int run_options_resolve(struct run_options *o, const struct places *places,
                        struct err *err) MUST_CHECK;

void run_options_release(struct run_options *o);
