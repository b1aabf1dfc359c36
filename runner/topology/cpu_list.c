#include "cpu_list.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "text.h"

struct range {
    unsigned first, last, step;
    bool open; /* no last: to the end of what is present */
};

/* Reads the number at *p and moves *p behind it; false when there is none or it is too large. */
static bool read_number(const char **p, unsigned *out)
{
    if (!isdigit((unsigned char)**p))
        return false;
    unsigned n = 0;
    for (; isdigit((unsigned char)**p); (*p)++) {
        n = n * 10 + (unsigned)(**p - '0');
        if (n > CPU_NUMBER_MAX)
            return false;
    }
    *out = n;
    return true;
}

/* "N", "N-", "N-M" or "N-M:S" at *p; moves *p behind it. */
static bool read_range(const char **p, struct range *r)
{
    *r = (struct range){.step = 1};
    if (!read_number(p, &r->first))
        return false;
    r->last = r->first;
    if (**p != '-')
        return true;
    (*p)++;
    if (**p == ',' || **p == '\0') {
        r->open = true;
        return true;
    }
    if (!read_number(p, &r->last) || r->last < r->first)
        return false;
    if (**p != ':')
        return true;
    (*p)++;
    return read_number(p, &r->step) && r->step > 0;
}

/* How many CPUs the range added; -ENOMEM. */
static int add_range(const struct range *r, hwloc_const_bitmap_t present, hwloc_bitmap_t out)
{
    int added = 0;
    if (r->open) {
        for (int i = hwloc_bitmap_next(present, (int)r->first - 1); i >= 0;
             i = hwloc_bitmap_next(present, i), added++)
            if (hwloc_bitmap_set(out, (unsigned)i) < 0)
                return -ENOMEM;
        return added;
    }
    for (unsigned i = r->first; i <= r->last; i += r->step, added++)
        if (hwloc_bitmap_set(out, i) < 0)
            return -ENOMEM;
    return added;
}

int cpu_list_parse(const char *list, hwloc_const_bitmap_t present, hwloc_bitmap_t out,
                   struct err *err)
{
    hwloc_bitmap_zero(out);
    for (const char *p = list;; p++) {
        const char *start = p;
        struct range r;
        if (!read_range(&p, &r) || (*p != ',' && *p != '\0'))
            return err_set(
                err, EINVAL,
                "CPU list \"%.*s\": cannot read \"%.*s\"; write numbers (at most %u) and "
                "ranges, as in 0-3,8,10-",
                80, list, 20, start, CPU_NUMBER_MAX);
        int added = add_range(&r, present, out);
        if (added < 0)
            return err_set(err, ENOMEM, "out of memory for a set of CPUs");
        if (added == 0) {
            char have[128];
            cpu_list_text(present, have, sizeof(have));
            return err_set(err, EINVAL,
                           "CPU list \"%.*s\": there is no CPU from %u on; there are %s", 80, list,
                           r.first, have);
        }
        if (*p == '\0')
            return 0;
    }
}

void cpu_list_text(hwloc_const_bitmap_t set, char *text, size_t n)
{
    static const char more[] = "...";
    if (hwloc_bitmap_iszero(set)) {
        text_format(text, n, "none");
        return;
    }
    int length = hwloc_bitmap_list_snprintf(text, n, set);
    if (length < 0 || (size_t)length < n || n < sizeof(more))
        return;
    text[n - sizeof(more)] = '\0'; /* room for the dots, which go behind the last whole entry */
    char *comma = strrchr(text, ',');
    text_format(comma ? comma + 1 : text, sizeof(more), "%s", more);
}
