/* Numbers and words out of a line. Pure. */
#pragma once

#include "bits.h"

/* The next word, which blanks and tabs end, cut out of *line; NULL when there is none. */
char *fields_word(char **line);

/* All of `word` as a number, without a sign. False when it is none or over 64 bits. */
bool fields_decimal(const char *word, uint64_t *number);
bool fields_hex(const char *word, uint64_t *number); /* with or without "0x" in front */

/* A pointer as printf's %p writes it: hexadecimal, or "(nil)". */
bool fields_pointer(const char *word, uint64_t *number);

/* An alignment as its base-2 logarithm, rounded up as memalign(3) does. */
unsigned fields_log2(uint64_t alignment);
