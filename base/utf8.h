/* Characters of UTF-8 in texts from outside. Pure; any thread may call. */
#pragma once

#include "bits.h"

/* Bytes of the character at `p`, which is not at the text's end; 0 where there is none (RFC 3629, section 4). */
size_t utf8_length(const char *p);

/* Whether a control character stands there: U+0001 to U+001F, U+007F to U+009F. */
bool utf8_is_control(const char *p);
