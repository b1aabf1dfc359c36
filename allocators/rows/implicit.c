#include "own.h"

static const struct setting settings[] = {
    OWN_COMMON_SETTINGS("implicit"),
    {OWN_SETTING("implicit", "fit"), .unit = SETTING_CHOICE, .initial = "first",
     .choices = "first|next|best",
     .help = "which free block serves a request: first by address, next after the last, smallest",
     .knob = {.rank = 8, .levels = "first|next|best"}},
    {0},
};

const struct allocator allocator_implicit = {
    OWN_ALLOCATOR("implicit"),
    .summary = "the project's own: the textbook's implicit free list, searched from the start",
    .settings = settings,
};
