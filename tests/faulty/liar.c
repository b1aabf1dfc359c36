/*
 * For tests: a library with glibc's malloc (the core of faulty.h) that tells statistics of all kinds.
 *
 *   LIE=none     four rows as they should be; LIE_VALUE is the setting top_pad's value (default 4096)
 *   LIE=name     a row whose name is none     LIE=endless     one whose name does not end
 *   LIE=kind     of no kind                   LIE=arena       of an arena that there cannot be
 *   LIE=stray    of the process and an arena  LIE=twice       the same row twice
 *   LIE=more     more rows than there is room for             LIE=all     as many as can be said
 *   LIE=class    a size class of a size that there cannot be
 *   LIE=nothing  no row at all                LIE=wild        a room full of chance
 *   LIE=crash    writes to address 0          LIE=hang        never returns
 *   LIE=exit     ends the process with status 0               LIE=slow    takes its time
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bits.h"
#include "statistics.h"

__attribute__((visibility("default"))) statistics_function arenabench_statistics;

static char *volatile nowhere;

static bool lies(const char *word)
{
    const char *lie = getenv("LIE");
    return lie && strcmp(lie, word) == 0;
}

static struct statistic row(const char *name, enum statistic_kind kind, uint32_t arena)
{
    struct statistic s = {.kind = kind, .arena = arena, .value = arena + 10};
    memcpy(s.name, name, strlen(name));
    return s;
}

/* Does what cannot be told in rows; returns only where nothing of it was asked for. */
static void misbehave(void)
{
    if (lies("exit"))
        _exit(0);
    while (lies("hang"))
        pause();
    if (lies("slow"))
        usleep(1500 * 1000);
    if (lies("crash"))
        *nowhere = 1;
}

static size_t fill(struct statistic *out, size_t room, size_t n)
{
    for (size_t i = 0; i < room; i++)
        out[i] = row("bytes_held", STATISTIC_ARENA, (uint32_t)i);
    return n;
}

static void spoil(struct statistic *last)
{
    if (lies("name"))
        last->name[0] = '\x1b';
    if (lies("endless"))
        memset(last->name, 'x', sizeof(last->name));
    if (lies("kind"))
        last->kind = STATISTIC_KINDS;
    if (lies("class"))
        *last = row("size_class", STATISTIC_CLASS, 0), last->value = UINT64_MAX;
    if (lies("arena"))
        last->arena = UINT32_MAX;
    if (lies("stray"))
        last->kind = STATISTIC_PROCESS;
    if (lies("twice"))
        last->arena = 0;
}

size_t arenabench_statistics(struct statistic *out, size_t room)
{
    const char *value = getenv("LIE_VALUE");
    misbehave();
    if (lies("nothing"))
        return 0;
    if (lies("more"))
        return fill(out, room, room + 7);
    if (lies("all"))
        return fill(out, room, SIZE_MAX);
    if (lies("wild")) {
        memset(out, 0xa5, room * sizeof(*out));
        return room;
    }
    out[0] = row("top_pad", STATISTIC_SETTING, 0);
    out[0].value = value ? strtoul(value, NULL, 10) : 4096;
    out[1] = row("arenas_created", STATISTIC_PROCESS, 0);
    out[2] = row("bytes_held", STATISTIC_ARENA, 0);
    out[3] = row("bytes_held", STATISTIC_ARENA, 1);
    spoil(&out[3]);
    return 4;
}
