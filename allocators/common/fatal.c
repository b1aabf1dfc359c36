#include "fatal.h"

#include <stdlib.h>
#include <unistd.h>

#include "text.h"

#define LINE_BYTES 256

void heap_fatal(const char *fault)
{
    char line[LINE_BYTES];
    size_t length = text_format(line, sizeof(line), "%s: %s\n", heap_name, fault);
    if (write(STDERR_FILENO, line, length) < 0) {
        /* Nobody can be told; the process ends all the same. */
    }
    abort();
}
