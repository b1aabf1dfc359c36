/*
 * How many requested bytes a plan holds at a point of its execution: known beforehand, because a
 * plan fixes every size, so that nothing is counted in the measured loop. For each thread the
 * profile has its *net*, what it allocated less what it freed, at every `stride`-th word of its
 * sequence. An object that another thread frees is counted to its maker, and taken off in the
 * thread that frees it, so that one thread's net may be negative; the sum over all threads is what
 * is live.
 *
 * Bodies are gone through until a pass leaves objects of the same sizes as the one before it: in the
 * first pass a body replaces what was made for it, in all later ones what it made itself. Any number
 * of passes, also those of a warm-up, then follows by multiplication.
 *
 * Error: none where a thread stands at a multiple of the stride (behind the whole call there) or at the
 * end of a pass. One that told its progress there and has gone on since is off by what those words, fewer than
 * the stride, allocate less what they free. The sum of all nets is off by no more than that for each thread. error_bytes
 * says how much that is: the furthest that a net comes away from what was told, on average over the strides (of
 * bodies, where there are any), times the threads that live at once. Where threads hand
 * over all that they make, it can be far more than is live at any time.
 *
 * Cost: 8 bytes per `stride` words of the plan, twice for bodies, and 136 bytes per thread, for as
 * long as the profile lives; the time and the memory of plan_check() once more, and again for each
 * further pass of the bodies.
 *
 * Made by one thread; read by any number.
 */
#pragma once

#include "plan.h"

#define PLAN_LIVE_UNKNOWN UINT64_MAX

/* A stretch of a thread's sequence: nets are relative to its beginning. */
struct plan_stretch {
    uint64_t begin, n_words;
    uint64_t net_bytes;  /* of the whole, modulo 2^64, as all nets here */
    uint64_t first_mark; /* index of the net at the first multiple of the stride behind `begin` */
};

enum plan_stretches {
    STRETCH_BEFORE, /* up to the body; nothing in a thread that is not a root */
    STRETCH_FIRST,  /* the first pass of the body; the first life of one that is not a root */
    STRETCH_LATER,  /* any other */
    STRETCH_AFTER,
    STRETCHES
};

struct plan_profile_thread {
    struct plan_stretch stretches[STRETCHES];
    bool is_root;
};

/* All zero is a profile that knows nothing. */
struct plan_profile {
    struct plan_profile_thread *threads;
    uint64_t *marks;
    uint64_t n_marks, stride;
    uint64_t error_bytes; /* the sum of all nets is off by no more, on average */
    uint32_t n_threads;
};

/*
 * The profile of a plan that passed plan_check(). 0, -ENOMEM, or -EINVAL: a plan that breaks a law
 * after all, or whose bodies do not come to a pass like the one before. On failure *out is zero.
 */
int plan_profile_make(const struct plan *plan, uint64_t stride, struct plan_profile *out,
                      struct err *err) MUST_CHECK;
void plan_profile_release(struct plan_profile *p);

/*
 * The net of thread `t` (below n_threads) when it has executed `words` over all its passes or lives
 * since the start of the process; `words_of_bodies` of a root whose last pass has ended are those
 * up to that end, else 0. Any numbers are taken: impossible ones give an impossible net.
 */
uint64_t plan_profile_net(const struct plan_profile *p, uint32_t t, uint64_t words,
                          uint64_t words_of_bodies);
