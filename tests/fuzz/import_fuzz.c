/*
 * A fuzz target for libFuzzer: the first byte chooses a format (or the guess), the rest is a file of it. Whatever it
 * holds, an import ends with one line or with a trace that its reader finds good.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "import.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* NULL is the guess. */
static const char *format_of(uint8_t choice)
{
    const char *name = NULL, *summary;
    size_t n = 0;
    while (import_format_at(n, &name, &summary))
        n++;
    return import_format_at(choice % (n + 1), &name, &summary) ? name : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct import_result result;
    char input[64], output[64];
    struct err err = {""};
    if (n == 0)
        return 0;
    int fd = memfd_create("input", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data + 1, n - 1) != (ssize_t)(n - 1))
        abort();
    snprintf(input, sizeof(input), "/proc/self/fd/%d", fd);
    snprintf(output, sizeof(output), "/dev/shm/import-fuzz-%d.trace", (int)getpid());
    struct import_options o = {
        .format = format_of(data[0]), .input = input, .output = output, .level = 1};
    int rc = import_trace(&o, &result, &err);
    /* The reader names the output where it refuses what was written. */
    if ((rc < 0 && err.text[0] == '\0') || strstr(err.text, output)) {
        fprintf(stderr, "import: %d, '%s'\n", rc, err.text);
        abort();
    }
    unlink(output);
    close(fd);
    return 0;
}
