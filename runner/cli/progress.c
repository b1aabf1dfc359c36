#include "progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"

void progress_init(struct progress *p, uint64_t total, uint64_t done, double guess_s)
{
    *p = (struct progress){
        .shown = isatty(STDERR_FILENO),
        .total = total,
        .done = done,
        .begun_ns = clock_ns(),
        .begun_done = done,
        .guess_s = guess_s,
    };
}

static double seconds_left(const struct progress *p)
{
    uint64_t steps = p->done - p->begun_done;
    double each = p->guess_s;
    if (steps > 0)
        each = (double)(clock_ns() - p->begun_ns) / 1e9 / (double)steps;
    return each * (double)(p->total - p->done);
}

void progress_show(struct progress *p, const char *format, ...)
{
    if (!p->shown)
        return;
    char what[128];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    unsigned left = (unsigned)seconds_left(p);
    fprintf(stderr, "\r\033[K[%lu/%lu] %s, %u:%02u left", p->done + 1, p->total, what, left / 60,
            left % 60);
    fflush(stderr);
}

void progress_step(struct progress *p)
{
    p->done++;
}

void progress_clear(const struct progress *p)
{
    if (p->shown)
        fputs("\r\033[K", stderr);
}
