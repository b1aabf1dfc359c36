/* Whether an allocator of the table can be used here, found out by a trial of next to nothing. */
#pragma once

#include "places.h"
#include "table.h"
#include "trial.h"

struct probe {
    bool usable;
    char version[64];                 /* as it reports itself; "" when it does not */
    char file[512];                   /* that supplies malloc */
    char reason[TRIAL_MESSAGE_BYTES]; /* when it is not usable */
};

void probe_allocator(const struct allocator *allocator, const struct places *places,
                     struct probe *out);
