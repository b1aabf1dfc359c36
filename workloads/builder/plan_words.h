/* The words of an allocation: the call's own, with the prefixes that it needs in front. Pure. */
#pragma once

#include "plan.h"

#define PLAN_WORDS_MAX 3 /* of one allocation: WIDE, EXTENT, the call */
#define PLAN_TOUCH_ALL UINT32_MAX

struct plan_request {
    enum plan_kind kind;
    uint32_t slot;
    uint64_t bytes;     /* at most PTRDIFF_MAX */
    uint64_t alignment; /* ALIGNED: a power of two */
    uint64_t from;      /* the first byte to be touched */
    uint32_t pages;     /* of 4 KiB, to be touched from there; PLAN_TOUCH_ALL: to the end */
};

/* Whether the request is a word without prefixes. */
bool plan_words_is_plain(const struct plan_request *r);

/* Writes the words; returns how many. */
unsigned plan_words_make(const struct plan_request *r, struct plan_op out[PLAN_WORDS_MAX]);
