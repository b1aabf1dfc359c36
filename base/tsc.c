#include "tsc.h"

#if HAS_TSC
#include <cpuid.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static bool is_invariant(void)
{
    unsigned a, b, c, d;
    return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d >> 8 & 1);
}

static bool is_clock_source(void)
{
    char text[256] = "";
    int fd = open("/sys/devices/system/clocksource/clocksource0/available_clocksource",
                  O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    if (fd >= 0)
        close(fd);
    return n > 0 && strstr(text, "tsc") != NULL;
}

bool tsc_is_sound(void)
{
    return is_invariant() && is_clock_source();
}
#else
bool tsc_is_sound(void)
{
    return false;
}
#endif
