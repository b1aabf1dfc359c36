/*
 * The contract: what any allocator owes a program, clause by clause. Each clause is a program of its
 * own (tests/contract), started with the allocator preloaded.
 */
#pragma once

#include <signal.h>

#include "err.h"

struct clause {
    const char *name; /* of the program's file, too */
    const char *says; /* one sentence, in short */
};

/* All, in the order in which they are tried and shown. */
const struct clause *clause_table(size_t *n);

/* NULL when there is none of that name. */
const struct clause *clause_find(const char *name);

enum clause_verdict {
    CLAUSE_OPEN,    /* not tried */
    CLAUSE_PASS,    /* holds */
    CLAUSE_DIFFERS, /* within the standards, but not as on glibc */
    CLAUSE_FAIL,    /* does not hold: as the program says, or a crash, or a hang */
    CLAUSE_SKIP,    /* could not be tried here */
};

/* "pass", "differs", "FAIL", "skip", "-" for open. */
const char *clause_verdict_name(enum clause_verdict verdict);

struct clause_result {
    enum clause_verdict verdict;
    uint64_t took_ns;
    char seen[400]; /* one line, unless it passed: what was expected, and what was seen */
};

struct clause_request {
    const char *folder;                       /* of the programs */
    const char *library;                      /* that must supply malloc; "" for glibc */
    char *const *environment;                 /* whole, with what preloads the library */
    uint64_t limit_ns;                        /* longer is a hang */
    const volatile sig_atomic_t *interrupted; /* set by a signal handler: end and leave it open */
};

/*
 * Tries one clause in a fresh process, which is gone with all its children afterwards. 0 with the
 * result filled in whatever the process did, or a negative errno when none could be started.
 */
int clause_try(const struct clause *clause, const struct clause_request *request,
               struct clause_result *result, struct err *err) MUST_CHECK;
