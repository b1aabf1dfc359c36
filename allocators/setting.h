/*
 * The value of one setting: what a person wrote, checked, as the allocator wants to read it. Any
 * thread.
 */
#pragma once

#include "err.h"
#include "table.h"

#define SETTING_VALUE_BYTES 32

/*
 * `text` for setting `s` of allocator `a`, written into `out`: sizes and other numbers in decimal,
 * switches and words as the allocator spells them. 0, or -EINVAL with what the setting takes.
 */
int setting_value(const struct allocator *a, const struct setting *s, const char *text,
                  char out[SETTING_VALUE_BYTES], struct err *err) MUST_CHECK;

/* Which of the words of a SETTING_CHOICE `text` is: from 0 on; their number when it is none. */
uint64_t setting_choice(const struct setting *s, const char *text);
