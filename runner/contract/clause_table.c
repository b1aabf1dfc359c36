#include <string.h>

#include "clause.h"

static const struct clause clauses[] = {
    {"family", "every function that makes or takes blocks comes from the allocator"},
    {"alignment", "blocks of every size are aligned for every type"},
    {"aligned", "memalign, posix_memalign, aligned_alloc keep every alignment up to 2 MiB"},
    {"calloc-zeroes", "calloc returns zeroes, also where the memory was used before"},
    {"realloc-content", "realloc keeps the content at every growth and every shrink"},
    {"usable-size", "all of malloc_usable_size may be written"},
    {"zero", "a request of 0 bytes gives a block of its own"},
    {"huge", "PTRDIFF_MAX bytes and more are refused: NULL, errno ENOMEM"},
    {"calloc-overflow", "calloc refuses a product that overflows"},
    {"reallocarray", "so does reallocarray, and the block stays; else it is realloc"},
    {"realloc-edges", "realloc of NULL is malloc; realloc to 0 frees and returns NULL"},
    {"posix-memalign", "a bad alignment gives EINVAL and leaves the pointer as it was"},
    {"free-errno", "free leaves errno alone"},
    {"exhaustion", "without memory: NULL and ENOMEM; once some is freed, all go on"},
    {"overlap", "no overlap among a million live blocks on 8 threads"},
    {"remote-free", "blocks are freed by a thread that never allocates"},
    {"orphans", "threads end with live blocks, which others free"},
    {"short-threads", "10 000 threads that come and go leave nothing behind"},
    {"fork", "fork while threads allocate; the child allocates"},
    {"constructors", "allocation before main"},
    {"destructors", "allocation after main"},
    {"tls-destructors", "allocation in the destructors of a thread's data, in every round"},
    {"dlclose", "a library that allocated is unloaded"},
};

const struct clause *clause_table(size_t *n)
{
    *n = ARRAY_SIZE(clauses);
    return clauses;
}

const struct clause *clause_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(clauses); i++)
        if (strcmp(clauses[i].name, name) == 0)
            return &clauses[i];
    return NULL;
}

const char *clause_verdict_name(enum clause_verdict verdict)
{
    static const char *const names[] = {
        [CLAUSE_OPEN] = "-",    [CLAUSE_PASS] = "pass", [CLAUSE_DIFFERS] = "differs",
        [CLAUSE_FAIL] = "FAIL", [CLAUSE_SKIP] = "skip",
    };
    return names[verdict];
}
