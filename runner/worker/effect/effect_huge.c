/* glibc's hugetlb: the flags of the mapping that holds an object, as the kernel has them. */
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bits.h"
#include "effect_probes.h"

enum { FLAG_NONE, FLAG_THP, FLAG_HUGE };

/* "VmFlags: rd wr hg": which of ours there is, in a line that was ended by 0. */
static uint64_t flags_of(const char *line)
{
    return strstr(line, " ht") ? FLAG_HUGE : strstr(line, " hg") ? FLAG_THP : FLAG_NONE;
}

static bool is_range_with(const char *line, uintptr_t address)
{
    char *end;
    uintptr_t first = strtoul(line, &end, 16);
    return end != line && *end == '-' && first <= address && address < strtoul(end + 1, NULL, 16);
}

/* Goes through what smaps has; a mapping begins with its range and ends with its flags. */
static uint64_t search(char *text, uintptr_t address)
{
    bool inside = false;
    char *rest;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(line, "VmFlags:", 8) == 0 && inside)
            return flags_of(line);
        inside |= is_range_with(line, address);
    }
    return EFFECT_LOST;
}

static uint64_t flags_of_object(uint64_t bytes)
{
    static char text[256 * 1024];
    const char *p = malloc(bytes);
    int fd = open("/proc/self/smaps", O_RDONLY | O_CLOEXEC);
    ssize_t got = 0;
    for (size_t n = 0; fd >= 0 && n + 1 < sizeof(text); n += (size_t)got) {
        got = read(fd, text + n, sizeof(text) - 1 - n);
        if (got <= 0)
            break;
    }
    return p && got == 0 ? search(text, (uintptr_t)p + bytes / 2) : EFFECT_LOST;
}

void effect_hugetlb(const struct effect_list *all, uint64_t wanted, struct effect *out)
{
    (void)all;
    uint64_t flag = effect_measure(flags_of_object, 8 * MIB);
    uint64_t expected = wanted == 0 ? FLAG_NONE : wanted == 1 ? FLAG_THP : FLAG_HUGE;
    if (flag == expected)
        return;
    if (wanted == 1)
        effect_say(
            out, EFFECT_DISABLED,
            "disabled on this machine: it counts where transparent huge pages are [madvise]");
    else if (wanted > 1 && flag == FLAG_NONE)
        effect_say(
            out, EFFECT_DISABLED,
            "disabled on this machine: no huge pages of that size are free (vm.nr_hugepages)");
    else
        effect_other(out, flag);
}
