#include "plan_words.h"

static bool is_wide(const struct plan_request *r)
{
    return r->bytes > UINT32_MAX || r->kind == PLAN_ALIGNED;
}

static bool has_extent(const struct plan_request *r)
{
    return r->from > 0 || r->pages != PLAN_TOUCH_ALL;
}

bool plan_words_is_plain(const struct plan_request *r)
{
    return !is_wide(r) && !has_extent(r);
}

/* In a word EXTENT 0 pages mean all: nothing is an extent that begins behind the end. */
static struct plan_op extent_of(const struct plan_request *r)
{
    bool none = r->pages == 0;
    uint64_t unit = none ? r->bytes / PLAN_EXTENT_UNIT + 1 : r->from / PLAN_EXTENT_UNIT;
    uint32_t field = unit < PLAN_SLOT_MAX ? (uint32_t)unit : PLAN_SLOT_MAX;
    return plan_op_make(PLAN_EXTENT, field, none ? 1 : r->pages == PLAN_TOUCH_ALL ? 0 : r->pages);
}

unsigned plan_words_make(const struct plan_request *r, struct plan_op out[PLAN_WORDS_MAX])
{
    unsigned n = 0;
    uint64_t alignment = r->kind == PLAN_ALIGNED ? r->alignment : 1;
    if (is_wide(r))
        out[n++] = plan_op_make(PLAN_WIDE, log2_floor(alignment), (uint32_t)(r->bytes >> 32));
    if (has_extent(r))
        out[n++] = extent_of(r);
    out[n++] = plan_op_make(r->kind, r->slot, (uint32_t)r->bytes);
    return n;
}
