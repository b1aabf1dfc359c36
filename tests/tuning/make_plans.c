/*
 * "make_plans FOLDER": plans in which settings of glibc show what is known of them. All may be repeated, and none
 * has anything live behind its body.
 *
 *   cycle.plan     six threads in turn, each with one buffer at a time, of 1, 4 and nearly 32 MiB: no more than one
 *                  buffer lives at once
 *   repeat.plan    one thread, one buffer at a time, of 1, 2, 3 and 4 MiB
 *   rounds.plan    one thread, eight buffers of 1 to 4 MiB, made and then all freed, the last first
 *   sawtooth.plan  one thread, 600 objects of 4 to 60 KiB, made and then all freed, the last first
 *   crowd.plan     sixteen threads, each with 200 objects of 2 to 16 KiB, replaced in turn
 *   bursts.plan    sixteen threads: in turn each makes and frees 4 MiB below an object that stays, and then replaces 20
 *                  objects of 2 to 16 KiB, beside the others
 */
#include <stdio.h>
#include <stdlib.h>

#include "plan_builder.h"
#include "plan_file.h"

static const char *folder;

static struct plan_builder *begin(const char *name, uint32_t n_threads)
{
    struct plan_builder *b = plan_builder_new(name, n_threads);
    if (!b)
        abort();
    for (uint32_t t = 0; t < n_threads; t++)
        plan_builder_root(b, t);
    return b;
}

static void write_out(struct plan_builder *b, const char *name)
{
    char path[4096];
    const struct plan *plan;
    struct err err;
    int fd, rc = plan_builder_finish(b, &fd, &plan, &err);
    snprintf(path, sizeof(path), "%s/%s.plan", folder, name);
    if (rc == 0)
        rc = plan_file_write(path, plan, &err);
    if (rc < 0) {
        fprintf(stderr, "make_plans: %s: %s\n", name, err.text);
        exit(1);
    }
    plan_builder_free(b);
}

/* One buffer at a time: each size in its turn, so often. */
static void take_turns(struct plan_builder *b, uint32_t t, const uint64_t *sizes, unsigned n,
                       unsigned times)
{
    for (unsigned i = 0; i < n * times; i++) {
        plan_builder_malloc(b, t, 0, sizes[i % n]);
        plan_builder_free_slot(b, t, 0);
        plan_builder_malloc(b, t, 1, 100); /* so that the two before stay two words */
        plan_builder_free_slot(b, t, 1);
    }
}

/*
 * Turns in a ring: whose turn it is holds an object that the thread before handed over; the first gets it back from the
 * last.
 */
enum { THREADS_MOST = 16 };

struct turns {
    struct plan_builder *b;
    uint32_t n_threads, slot;
    uint32_t cells[THREADS_MOST]; /* to the thread of that number */
};

static struct turns turns_of(struct plan_builder *b, uint32_t n_threads, uint32_t slot)
{
    struct turns turns = {b, n_threads, slot, {0}};
    for (uint32_t t = 0; t < n_threads; t++)
        turns.cells[t] = plan_builder_cell(b);
    return turns;
}

static void turn_begin(const struct turns *turns, uint32_t t)
{
    if (t == 0)
        plan_builder_malloc(turns->b, t, turns->slot, 100);
    else
        plan_builder_take(turns->b, t, turns->slot, turns->cells[t]);
}

static void turn_end(const struct turns *turns, uint32_t t)
{
    plan_builder_give(turns->b, t, turns->slot, turns->cells[(t + 1) % turns->n_threads]);
}

/* When the last has had its turn. */
static void turns_end(const struct turns *turns, uint32_t t)
{
    if (t > 0)
        return;
    plan_builder_take(turns->b, t, turns->slot, turns->cells[0]);
    plan_builder_free_slot(turns->b, t, turns->slot);
}

static void make_cycle(void)
{
    /* The largest is, with its page, one that still moves the threshold. */
    static const uint64_t sizes[] = {MIB, 4 * MIB, 32 * MIB - 64 * KIB};
    enum { THREADS = 6, TURN = 2, OWN = 3 /* slots behind those of take_turns() */ };
    struct plan_builder *b = begin("cycle", THREADS);
    struct turns turns = turns_of(b, THREADS, TURN);
    for (uint32_t t = 0; t < THREADS; t++) {
        plan_builder_loop_begin(b, t);
        plan_builder_malloc(b, t, OWN,
                            100); /* in an arena of its own, not in one that is left over */
        turn_begin(&turns, t);
        take_turns(b, t, sizes, ARRAY_SIZE(sizes), 1);
        turn_end(&turns, t);
        turns_end(&turns, t);
        plan_builder_free_slot(b, t, OWN);
        plan_builder_loop_end(b, t);
    }
    write_out(b, "cycle");
}

static void make_repeat(void)
{
    static const uint64_t sizes[] = {MIB, 2 * MIB, 3 * MIB, 4 * MIB};
    struct plan_builder *b = begin("repeat", 1);
    plan_builder_loop_begin(b, 0);
    take_turns(b, 0, sizes, ARRAY_SIZE(sizes), 8);
    plan_builder_loop_end(b, 0);
    write_out(b, "repeat");
}

static void make_rounds(void)
{
    enum { BUFFERS = 8 };
    struct plan_builder *b = begin("rounds", 1);
    plan_builder_loop_begin(b, 0);
    for (uint32_t i = 0; i < BUFFERS; i++)
        plan_builder_malloc(b, 0, i, (1 + i % 4) * MIB);
    for (uint32_t i = BUFFERS; i-- > 0;)
        plan_builder_free_slot(b, 0, i);
    plan_builder_loop_end(b, 0);
    write_out(b, "rounds");
}

static void make_sawtooth(void)
{
    enum { OBJECTS = 600 };
    struct plan_builder *b = begin("sawtooth", 1);
    plan_builder_loop_begin(b, 0);
    for (uint32_t i = 0; i < OBJECTS; i++)
        plan_builder_malloc(b, 0, i, (4 + 4 * (i * 7 % 15)) * KIB);
    for (uint32_t i = OBJECTS; i-- > 0;)
        plan_builder_free_slot(b, 0, i);
    plan_builder_loop_end(b, 0);
    write_out(b, "sawtooth");
}

/* So many objects in slots from 0 on, made, each replaced so often less one, and freed. */
static void replace(struct plan_builder *b, uint32_t t, uint32_t n, unsigned rounds)
{
    for (unsigned round = 0; round < rounds; round++)
        for (uint32_t i = 0; i < n; i++) {
            if (round > 0)
                plan_builder_free_slot(b, t, i);
            plan_builder_malloc(b, t, i, (2 + (i * 5 + round * 3 + t) % 15) * KIB);
        }
    for (uint32_t i = 0; i < n; i++)
        plan_builder_free_slot(b, t, i);
}

static void make_crowd(void)
{
    enum { THREADS = 16 };
    struct plan_builder *b = begin("crowd", THREADS);
    for (uint32_t t = 0; t < THREADS; t++) {
        plan_builder_loop_begin(b, t);
        replace(b, t, 200, 4);
        plan_builder_loop_end(b, t);
    }
    write_out(b, "crowd");
}

static void make_bursts(void)
{
    enum { THREADS = 16, BURST = 400, TURN = BURST, OWN, STAYS };
    struct plan_builder *b = begin("bursts", THREADS);
    struct turns turns = turns_of(b, THREADS, TURN);
    for (uint32_t t = 0; t < THREADS; t++) {
        plan_builder_loop_begin(b, t);
        plan_builder_malloc(b, t, OWN, 100);
        turn_begin(&turns, t);
        for (uint32_t i = 0; i < BURST; i++)
            plan_builder_malloc(b, t, i, 10 * KIB);
        plan_builder_malloc(b, t, STAYS, 3000);
        for (uint32_t i = 0; i < BURST; i++)
            plan_builder_free_slot(b, t, i);
        turn_end(&turns, t);
        replace(b, t, 20, 100);
        turns_end(&turns, t);
        plan_builder_free_slot(b, t, STAYS);
        plan_builder_free_slot(b, t, OWN);
        plan_builder_loop_end(b, t);
    }
    write_out(b, "bursts");
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: make_plans FOLDER\n", stderr);
        return 2;
    }
    folder = argv[1];
    make_cycle();
    make_repeat();
    make_rounds();
    make_sawtooth();
    make_crowd();
    make_bursts();
    return 0;
}
