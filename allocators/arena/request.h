/*
 * The way of a request through the arenas: the thread's own, a mapping where that is better, the other
 * arenas. Written once for the three allocators; none of it looks into a block. Any thread may call.
 */
#pragma once

#include "arena.h"
#include "family.h"

struct request {
    size_t alignment; /* a power of two, at least FAMILY_ALIGNMENT */
    size_t bytes;     /* of the object */
    size_t held;      /* with what the allocator adds; compared with the mmap threshold */
    char *fresh;      /* out: from here on the object reads as zero; NULL: nowhere */
};

/* An object; NULL with errno ENOMEM, otherwise errno stays as it was. r->held cannot overflow. */
void *request_alloc(struct request *r);

/* Makes the object p of r, which may be NULL, read as zero; returns p. */
void *request_zero(const struct request *r, char *p);

/* Fill an object where M_PERTURB asks for it. */
void request_perturb_made(void *p, size_t bytes);
void request_perturb_freed(void *p, size_t bytes);

/* Gives the whole pages between the two back to the system; whether there were any. */
bool request_discard(const void *from, const void *to);
