/*
 * Knobs: the settings of an allocator that are searched when a program is tuned, and the levels that are
 * tried. All is read off the rows of table.h. For the runner; any thread may call.
 *
 * A subject is made of levels as of anything a person writes: "glibc" followed by ":name=level" for each
 * knob that is given; the level "unset" of each is to leave it out.
 */
#pragma once

#include "setting.h"

/*
 * The knobs of `a` in the order in which they are tried; at most `room` of them are written to `out`.
 * Returns how many there are; 0 where none is known.
 */
size_t knob_list(const struct allocator *a, const struct setting **out, size_t room);

static inline bool knob_is(const struct setting *s)
{
    return s->knob.rank > 0;
}

/* How many levels there are besides "unset". */
size_t knob_n_levels(const struct setting *s);

/*
 * Level `i`, which is less than knob_n_levels(), as setting_value() takes it: "512K", "0.1", "on". For a
 * number the greatest of K, M, G and T of which it is a multiple is used where the setting takes them.
 */
void knob_level(const struct setting *s, size_t i, char out[SETTING_VALUE_BYTES]);

/*
 * Where a value lies, which is one that setting_value() takes: a number in the setting's own unit, -1 that
 * means never being INFINITY; 0 and 1 for off and on; the index of a word. Levels ascend by it, but for words, whose
 * order means nothing. NAN for what the setting does not take.
 */
double knob_position(const struct setting *s, const char *value);
