#include "own.h"

#include <link.h>
#include <sys/mman.h>

#include "os.h"

enum { ROOM = 1 << 16, THREAD_BYTES = 4096 }; /* of glibc's struct pthread: less */

static struct range *ranges; /* address space for ROOM; a page or two are used as a rule */
static size_t n_ranges;

/* As the kernel gives them, one below the other: the slots of a plan's threads, of which there may be many. */
static bool extends_last(uint64_t from, uint64_t to)
{
    struct range *last = n_ranges > 0 ? &ranges[n_ranges - 1] : NULL;
    if (!last || (to != last->from && from != last->to))
        return false;
    if (to == last->from)
        last->from = from;
    else
        last->to = to;
    return true;
}

bool own_note(const void *p, size_t bytes)
{
    uint64_t page = os_page_bytes();
    uint64_t from = (uint64_t)p & ~(page - 1), to = round_up((uint64_t)p + bytes, page);
    if (extends_last(from, to))
        return true;
    if (!ranges)
        ranges = os_map(ROOM * sizeof(*ranges), OS_RESERVE);
    if (!ranges || n_ranges == ROOM)
        return false;
    ranges[n_ranges++] = (struct range){from, to};
    return true;
}

void *own_map(size_t bytes, bool populate)
{
    char *p = os_map(bytes, OS_RESERVE);
    if (!p || !own_note(p, bytes))
        return NULL;
    madvise(p, bytes, MADV_NOHUGEPAGE);
    for (size_t at = 0; populate && at < bytes; at += os_page_bytes())
        *(volatile char *)(p + at) = 0;
    return p;
}

/* Data of a file is anonymous memory where the file has none: .bss. */
static int note_image(struct dl_phdr_info *image, size_t size, void *ok)
{
    bool *is_noted = ok;
    (void)size;
    for (unsigned i = 0; i < image->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &image->dlpi_phdr[i];
        const void *at = (const void *)(image->dlpi_addr + segment->p_vaddr);
        if (segment->p_type == PT_LOAD)
            *is_noted &= own_note(at, segment->p_memsz);
        else if (segment->p_type == PT_TLS && image->dlpi_tls_data)
            *is_noted &= own_note(image->dlpi_tls_data, segment->p_memsz);
    }
    return 0;
}

/* There are few: neighbours were joined as they came. */
static void sort(void)
{
    for (size_t i = 1; i < n_ranges; i++) {
        struct range moved = ranges[i];
        size_t at = i;
        for (; at > 0 && ranges[at - 1].from > moved.from; at--)
            ranges[at] = ranges[at - 1];
        ranges[at] = moved;
    }
}

static void join(void)
{
    size_t n = 0;
    for (size_t i = 0; i < n_ranges; i++) {
        if (n > 0 && ranges[i].from <= ranges[n - 1].to) {
            if (ranges[n - 1].to < ranges[i].to)
                ranges[n - 1].to = ranges[i].to;
        } else {
            ranges[n++] = ranges[i];
        }
    }
    n_ranges = n;
}

bool own_close(void)
{
    bool is_noted = ranges && own_note(ranges, ROOM * sizeof(*ranges)) &&
                    own_note(__builtin_thread_pointer(), THREAD_BYTES);
    dl_iterate_phdr(note_image, &is_noted);
    sort();
    join();
    return is_noted;
}

const struct range *own_ranges(size_t *n)
{
    *n = n_ranges;
    return ranges;
}
