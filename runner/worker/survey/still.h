/*
 * Standing still. One lane at a time may halt all others: it takes the halt flag, and each other lane stops before
 * its next word. A lane that waits for another counts as still, and stops when it has waited. So
 * while the halt lasts no lane but the one that asked for it is in the allocator.
 *
 * The one that halts is a lane itself and no thread beside them: a process of one thread stays one, in which
 * glibc's malloc takes other ways than in a process of two.
 *
 * A lane tells in `stand` where it is, then looks at the flag; who halts sets the flag, then looks at `stand`.
 * Both in one total order, so at least one of them sees the other.
 */
#pragma once

#include "observe.h"

/* Stops here while there is a halt. */
void still_stand(struct lane *lane);

/* Before each word. */
static ALWAYS_INLINE void still_poll(struct lane *lane, const struct observer *o)
{
    if (UNLIKELY(atomic_load_explicit(&o->halt, memory_order_relaxed)))
        still_stand(lane);
}

/* Around waiting for another lane. In between the lane changes nothing that others read. */
void still_leave(struct lane *lane);
void still_return(struct lane *lane);

/* The lane is about to be born; its thread executes its first word by still_return(). */
void still_birth(struct lane *child);
/* Its words are done. `lives_on`: its thread does not end with them. */
void still_end(struct lane *lane, bool lives_on);
/* Waits until the words of `child` are done. The caller has left. */
void still_await_end(struct lane *child);
/* Its thread was joined. */
void still_gone(struct lane *child);

/*
 * Halts all others. False when another lane was halting: the caller has stood still and may try
 * again. After true it calls still_resume().
 */
bool still_halt(struct lane *lane);
void still_resume(struct lane *lane);
