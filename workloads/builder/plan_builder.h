/*
 * Builds a plan: operations are appended thread by thread, in any interleaving of threads, and
 * plan_builder_finish() lays them out, checks every law, and hands over a finished plan.
 *
 * Appending never fails visibly: the first failure (memory, a number out of range) is kept and told
 * by plan_builder_finish(). FREE and MALLOC of the same slot in a row become one REPLACE word;
 * sizes above 4 GiB, alignments and extents become prefixes; cells get their final numbers (see
 * cell_numbers.h): callers need not know. One thread at a time. Memory: 8 bytes per word, and once
 * more while finishing.
 */
#pragma once

#include "plan.h"

struct plan_builder;

/* A plan of `n_threads` threads with at least one root. NULL when out of memory. */
struct plan_builder *plan_builder_new(const char *name, uint32_t n_threads);
void plan_builder_free(struct plan_builder *b);

/* Thread `t` starts with the clock instead of by SPAWN. */
void plan_builder_root(struct plan_builder *b, uint32_t t);
/* Let no root run on the main thread of the worker's process. */
void plan_builder_off_main(struct plan_builder *b);

/* The settled state is meant: the live set may be filled, and bodies repeated, before the clock. */
void plan_builder_settles(struct plan_builder *b);

/* The body of root `t`, repeated while there is time, begins or ends here. */
void plan_builder_loop_begin(struct plan_builder *b, uint32_t t);
void plan_builder_loop_end(struct plan_builder *b, uint32_t t);

/* A new cell; it has one giving and one taking thread. */
uint32_t plan_builder_cell(struct plan_builder *b);

void plan_builder_malloc(struct plan_builder *b, uint32_t t, uint32_t slot, uint64_t bytes);
void plan_builder_calloc(struct plan_builder *b, uint32_t t, uint32_t slot, uint64_t bytes);
/* `alignment` is a power of two. */
void plan_builder_aligned(struct plan_builder *b, uint32_t t, uint32_t slot, uint64_t alignment,
                          uint64_t bytes);
/* `old_bytes`: what the slot holds now; only what lies beyond is touched. */
void plan_builder_realloc(struct plan_builder *b, uint32_t t, uint32_t slot, uint64_t old_bytes,
                          uint64_t bytes);
/* realloc(NULL, bytes): the slot is empty. */
void plan_builder_realloc_null(struct plan_builder *b, uint32_t t, uint32_t slot, uint64_t bytes);
/* The next allocation by thread `t` is touched in its first `pages` 4 KiB pages only. */
void plan_builder_touch_pages(struct plan_builder *b, uint32_t t, uint32_t pages);
void plan_builder_free_slot(struct plan_builder *b, uint32_t t, uint32_t slot);
/* Writes the first byte of the slot's object `times` times. */
void plan_builder_touch(struct plan_builder *b, uint32_t t, uint32_t slot, uint32_t times);
void plan_builder_give(struct plan_builder *b, uint32_t t, uint32_t slot, uint32_t cell);
void plan_builder_take(struct plan_builder *b, uint32_t t, uint32_t slot, uint32_t cell);
void plan_builder_spawn(struct plan_builder *b, uint32_t t, uint32_t child);
void plan_builder_join(struct plan_builder *b, uint32_t t, uint32_t child);
void plan_builder_phase(struct plan_builder *b, uint32_t t, uint32_t phase);

/*
 * Words PACE of thread `t` and what they mean in the plan: see enum plan_flags. A plan is paced by
 * one of the two at most.
 */
void plan_builder_pace(struct plan_builder *b, uint32_t t, uint64_t value);
void plan_builder_pace_by_order(struct plan_builder *b, uint64_t window);
void plan_builder_pace_by_time(struct plan_builder *b);

/* The plan is to lie on disk and to be streamed, however short it is. */
void plan_builder_streamed(struct plan_builder *b);

/*
 * The finished, checked plan in an anonymous file that can be mapped into a worker. On success *fd
 * is the caller's to close and *plan the caller's to os_unmap (plan->n_bytes). The builder can only
 * be freed then. 0 or a negative errno.
 */
int plan_builder_finish(struct plan_builder *b, int *fd, const struct plan **plan,
                        struct err *err) MUST_CHECK;
