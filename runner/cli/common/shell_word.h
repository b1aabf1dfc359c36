/* Words as a POSIX shell reads them back. */
#pragma once

#include <stdio.h>

/* The word as it is where no shell would change it; else in single quotes. */
void shell_put_word(FILE *out, const char *word);
