/*
 * What the library under test has besides the malloc family: how much it holds, and a call to give back. Only
 * functions of the very file that supplies malloc are asked: every process has libc's mallinfo2.
 * Found by weak symbols, which allocates nothing.
 */
#pragma once

#include "bits.h"
#include "statistics.h"

struct facility {
    char held_source[64], purge[64]; /* names, as survey.h has them; "" where there is none */
    bool has_usable_size;
    /* Private. */
    bool (*held)(uint64_t *bytes);
    void (*give_back)(void);
};

/* Whether malloc_usable_size is the allocator's own: another's may crash on what it did not allocate. */
bool facility_has_usable_size(void);

/* `rows` is room for the project's allocators' statistics; it stays in use. */
void facility_find(struct facility *f, struct statistic *rows, size_t room);

/*
 * Bytes taken from the system and not returned; SURVEY_UNKNOWN when there is nobody to ask. The other threads stand
 * still outside the allocator.
 */
uint64_t facility_held_bytes(const struct facility *f);

/* Has the allocator give back what it can. The calling thread should be one that used it. */
void facility_give_back(const struct facility *f);
