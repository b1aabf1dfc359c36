#include "progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clock.h"

#define COLUMNS 80 /* of a terminal that does not tell */

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

void progress_cut(char *line, unsigned columns)
{
    unsigned n = 0;
    for (; *line; line++) {
        bool continues = ((unsigned char)*line & 0xc0) == 0x80; /* a character that has begun */
        if (!continues && n++ == columns)
            break;
    }
    *line = '\0';
}

/* A line that wrapped could not be wiped: only the part on the last row would be. */
static void put(char *line)
{
    struct winsize size = {0};
    unsigned columns = COLUMNS;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
        columns = size.ws_col;
    progress_cut(line, columns - 1); /* the cursor stands on the last one */
    fprintf(stderr, "\r\033[K%s", line);
    fflush(stderr);
}

void progress_show(const struct progress *p, const char *format, ...)
{
    if (!p->shown)
        return;
    char line[512], what[384];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    unsigned left = (unsigned)seconds_left(p);
    snprintf(line, sizeof(line), "[%lu/%lu] %u:%02u left, %s", p->done + 1, p->total, left / 60,
             left % 60, what);
    put(line);
}

void progress_note(const struct progress *p, const char *format, ...)
{
    if (!p->shown)
        return;
    char line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    put(line);
}

void progress_clear(const struct progress *p)
{
    if (p->shown)
        fputs("\r\033[K", stderr);
}
