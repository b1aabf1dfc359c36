#include "facility.h"

#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "survey.h"
#include "text.h"

extern int mallctl(const char *, void *, size_t *, void *, size_t) __attribute__((weak));
extern int MallocExtension_GetNumericProperty(const char *, size_t *) __attribute__((weak));
extern void MallocExtension_ReleaseFreeMemory(void) __attribute__((weak));
extern void mi_collect(bool) __attribute__((weak));
extern statistics_function arenabench_statistics __attribute__((weak));
extern struct mallinfo2 mallinfo2(void) __attribute__((weak)); /* glibc has it from 2.33 on */

static struct {
    struct statistic *rows;
    size_t room;
} told;

/*
 * Pages that are in use, or dirty and kept: "mapped" leaves the latter out, and "retained" is address space that
 * was given back.
 */
static bool held_by_jemalloc(uint64_t *bytes)
{
    uint64_t epoch = 1;
    size_t resident, n = sizeof(resident);
    if (mallctl("epoch", NULL, NULL, &epoch, sizeof(epoch)) != 0 ||
        mallctl("stats.resident", &resident, &n, NULL, 0) != 0)
        return false;
    *bytes = resident;
    return true;
}

static bool held_by_tcmalloc(uint64_t *bytes)
{
    size_t taken, returned;
    if (!MallocExtension_GetNumericProperty("generic.heap_size", &taken) ||
        !MallocExtension_GetNumericProperty("tcmalloc.pageheap_unmapped_bytes", &returned) ||
        returned > taken)
        return false;
    *bytes = taken - returned;
    return true;
}

static bool held_by_mallinfo2(uint64_t *bytes)
{
    struct mallinfo2 m = mallinfo2();
    *bytes = m.arena + m.hblkhd;
    return true;
}

/* The project's own without mallinfo2: what arenas hold, and single mappings. */
static bool held_by_statistics(uint64_t *bytes)
{
    size_t n = arenabench_statistics(told.rows, told.room);
    *bytes = 0;
    for (size_t i = 0; i < n && i < told.room; i++)
        if (strcmp(told.rows[i].name, "bytes_held") == 0 ||
            strcmp(told.rows[i].name, "mmapped_bytes") == 0)
            *bytes += told.rows[i].value;
    return n <= told.room;
}

static void purge_jemalloc(void)
{
    mallctl("arena.4096.purge", NULL, NULL, NULL, 0); /* MALLCTL_ARENAS_ALL */
}

static void purge_tcmalloc(void)
{
    MallocExtension_ReleaseFreeMemory();
}

static void purge_mimalloc(void)
{
    mi_collect(true);
}

static void trim(void)
{
    malloc_trim(0);
}

/*
 * Who has what: of each kind the first holds whose function is the subject's own. mimalloc keeps what it
 * committed in counters of each thread, and adds those up when threads end: nobody can be asked.
 */
static const struct row {
    const void *function; /* NULL: nobody in the process has it */
    const char *name;
    bool (*held)(uint64_t *bytes); /* one of the two */
    void (*give_back)(void);
} table[] = {
    {mallctl, "mallctl stats.resident", held_by_jemalloc, NULL},
    {mallctl, "mallctl arena.4096.purge", NULL, purge_jemalloc},
    {MallocExtension_GetNumericProperty, "MallocExtension heap_size - pageheap_unmapped_bytes",
     held_by_tcmalloc, NULL},
    {MallocExtension_ReleaseFreeMemory, "MallocExtension_ReleaseFreeMemory", NULL, purge_tcmalloc},
    {mi_collect, "mi_collect(true)", NULL, purge_mimalloc},
    {mallinfo2, "mallinfo2 arena + hblkhd", held_by_mallinfo2, NULL},
    {arenabench_statistics, "arenabench_statistics bytes_held + mmapped_bytes", held_by_statistics,
     NULL},
    {malloc_trim, "malloc_trim(0)", NULL, trim},
};

/* Of the file that malloc comes from. */
static bool is_own(const void *function)
{
    Dl_info a, b;
    return function && dladdr(malloc, &a) != 0 && dladdr(function, &b) != 0 &&
           a.dli_fbase == b.dli_fbase;
}

bool facility_has_usable_size(void)
{
    return is_own(malloc_usable_size);
}

void facility_find(struct facility *f, struct statistic *rows, size_t room)
{
    *f = (struct facility){.has_usable_size = facility_has_usable_size()};
    told.rows = rows;
    told.room = room;
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        const struct row *row = &table[i];
        if (!is_own(row->function))
            continue;
        if (row->held && !f->held) {
            f->held = row->held;
            text_format(f->held_source, sizeof(f->held_source), "%s", row->name);
        }
        if (row->give_back && !f->give_back) {
            f->give_back = row->give_back;
            text_format(f->purge, sizeof(f->purge), "%s", row->name);
        }
    }
}

uint64_t facility_held_bytes(const struct facility *f)
{
    uint64_t bytes;
    return f->held && f->held(&bytes) ? bytes : SURVEY_UNKNOWN;
}

void facility_give_back(const struct facility *f)
{
    if (f->give_back)
        f->give_back();
}
