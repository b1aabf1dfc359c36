#include <gnu/libc-version.h>
#include <string.h>

#include "lane.h"
#include "statistics.h"
#include "text.h"

extern int mallctl(const char *, void *, size_t *, void *, size_t) __attribute__((weak));
extern int mi_version(void) __attribute__((weak));
extern statistics_function arenabench_statistics __attribute__((weak));
extern const char *tc_version(int *, int *, const char **) __attribute__((weak));

void allocator_version(char *out, size_t n)
{
    const char *jemalloc = NULL;
    size_t size = sizeof(jemalloc);
    if (mallctl && mallctl("version", &jemalloc, &size, NULL, 0) == 0)
        text_format(out, n, "jemalloc %.*s", (int)strcspn(jemalloc, "-"), jemalloc); /* no commit */
    else if (mi_version)
        text_format(out, n, "mimalloc %d.%d.%d", mi_version() / 100, mi_version() / 10 % 10,
                    mi_version() % 10);
    else if (tc_version)
        text_format(out, n, "%s", tc_version(NULL, NULL, NULL)); /* "gperftools 2.10" */
    else if (arenabench_statistics)
        text_format(out, n, "arenabench %s", ARENABENCH_VERSION);
    else
        text_format(out, n, "glibc %s", gnu_get_libc_version());
}
