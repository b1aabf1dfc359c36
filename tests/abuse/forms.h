/* The forms of abuse: one row each. */
#pragma once

#include "driver.h"

struct form {
    const char *name;
    bool (*commit)(struct driver *d); /* false: there is nothing to work on now */
    /*
     * Whether the process must end with the fault named. The others cannot be told from what a program may do, as
     * long as what was damaged is not used, or when what stands there now is a value that it could have: the
     * size of another object, the pointer to another block, the free of what was given out anew, the free inside
     * an object whose content looks like a header. Two live objects may overlap then; neither lies outside
     * the heap.
     */
    bool is_always_named;
};

extern const struct form forms[];
extern const unsigned n_forms;
