#include "own.h"

static const struct setting settings[] = {
    OWN_COMMON_SETTINGS("buddy"),
    {0},
};

const struct allocator allocator_buddy = {
    OWN_ALLOCATOR("buddy"),
    .summary = "the project's own: a kernel's page allocator, blocks of 2^n pages and slabs",
    .settings = settings,
};
