#include "heat.h"

#include <errno.h>
#include <string.h>

/* Stretches of one size, by their number from address 0, ascending, each once. */
struct units {
    uint64_t *numbers;
    size_t n;
    uint64_t bytes; /* of one */
};

static int by_number(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static const struct survey_mark *mark_of(const struct heat_source *from, uint32_t m)
{
    return &from->survey->marks[from->marks[m]];
}

static const struct survey_region *region_of(const struct heat_source *from, uint32_t m, uint32_t i)
{
    return &from->survey->regions[mark_of(from, m)->first_region + i];
}

/* Marks may tell of stretches of different sizes: the coarsest holds all others. */
static uint64_t coarsest(const struct heat_source *from)
{
    uint64_t pages = 1;
    for (uint32_t m = 0; m < from->n; m++)
        for (uint32_t i = 0; i < mark_of(from, m)->n_regions; i++)
            if (region_of(from, m, i)->n_pages > pages)
                pages = region_of(from, m, i)->n_pages;
    return pages;
}

static int find_units(const struct heat_source *from, struct units *units, struct err *err)
{
    size_t room = 0;
    for (uint32_t m = 0; m < from->n; m++)
        room += mark_of(from, m)->n_regions;
    units->n = 0;
    units->numbers = calloc(room + 1, sizeof(*units->numbers));
    if (!units->numbers)
        return err_set(err, ENOMEM, "no memory for a map of the heap");
    for (uint32_t m = 0; m < from->n; m++)
        for (uint32_t i = 0; i < mark_of(from, m)->n_regions; i++)
            units->numbers[units->n++] = region_of(from, m, i)->address / units->bytes;
    qsort(units->numbers, units->n, sizeof(*units->numbers), by_number);
    size_t n_once = 0;
    for (size_t i = 0; i < units->n; i++)
        if (n_once == 0 || units->numbers[n_once - 1] != units->numbers[i])
            units->numbers[n_once++] = units->numbers[i];
    units->n = n_once;
    return 0;
}

static size_t index_of(const struct units *units, uint64_t number)
{
    const uint64_t *at =
        bsearch(&number, units->numbers, units->n, sizeof(*units->numbers), by_number);
    return at ? (size_t)(at - units->numbers) : 0;
}

struct row {
    uint64_t resident_bytes, live_bytes;
};

static char share_of(const struct row *row)
{
    if (row->resident_bytes == 0)
        return HEAT_NONE;
    double share = (double)row->live_bytes / (double)row->resident_bytes;
    if (share >= 1) /* what is live need not be resident */
        return HEAT_EMPTY + 16;
    unsigned whole = (unsigned)(share * 16);
    return (char)(HEAT_EMPTY + whole + (share * 16 > whole));
}

static void fill_column(const struct heat_source *from, uint32_t m, const struct units *units,
                        struct heat *h)
{
    struct row rows[HEAT_ROWS] = {0};
    for (uint32_t i = 0; i < mark_of(from, m)->n_regions; i++) {
        const struct survey_region *r = region_of(from, m, i);
        size_t unit = index_of(units, r->address / units->bytes);
        struct row *row = &rows[unit * h->n_rows / units->n];
        row->resident_bytes += r->resident_pages * from->page_bytes;
        row->live_bytes += r->live_bytes;
    }
    for (uint32_t i = 0; i < h->n_rows; i++)
        h->cells[(size_t)m * h->n_rows + i] = share_of(&rows[i]);
}

int heat_make(const struct heat_source *from, struct heat *out, struct err *err)
{
    *out = (struct heat){0};
    struct units units = {.bytes = coarsest(from) * from->page_bytes};
    int rc = find_units(from, &units, err);
    if (rc < 0 || units.n == 0) {
        free(units.numbers);
        return rc;
    }
    out->n_columns = from->n;
    out->n_rows = units.n < HEAT_ROWS ? (uint32_t)units.n : HEAT_ROWS;
    out->row_bytes = (units.n + out->n_rows - 1) / out->n_rows * units.bytes;
    out->cells = malloc((size_t)from->n * out->n_rows + 1);
    if (!out->cells)
        rc = err_set(err, ENOMEM, "no memory for a map of the heap");
    for (uint32_t m = 0; m < from->n && out->cells; m++)
        fill_column(from, m, &units, out);
    free(units.numbers);
    return rc;
}
