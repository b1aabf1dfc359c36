/*
 * "make_plans FOLDER": plans in which settings of glibc show what is known of them. All may be repeated, and none
 * has anything live behind its body.
 *
 *   cycle.plan     eight threads, each with one buffer at a time, of 1 to 32 MiB by doubling
 *   repeat.plan    one thread, one buffer at a time, of 1, 2, 3 and 4 MiB
 *   sawtooth.plan  one thread, 600 objects of 4 to 60 KiB, made and then all freed, the last first
 *   crowd.plan     sixteen threads, each with 200 objects of 2 to 16 KiB, replaced in turn
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
    plan_builder_loop_begin(b, t);
    for (unsigned i = 0; i < n * times; i++) {
        plan_builder_malloc(b, t, 0, sizes[i % n]);
        plan_builder_free_slot(b, t, 0);
        plan_builder_malloc(b, t, 1, 100); /* so that the two before stay two words */
        plan_builder_free_slot(b, t, 1);
    }
    plan_builder_loop_end(b, t);
}

static void make_cycle(void)
{
    static const uint64_t sizes[] = {MIB, 2 * MIB, 4 * MIB, 8 * MIB, 16 * MIB, 32 * MIB};
    enum { THREADS = 8 };
    struct plan_builder *b = begin("cycle", THREADS);
    for (uint32_t t = 0; t < THREADS; t++)
        take_turns(b, t, sizes, ARRAY_SIZE(sizes), 1);
    write_out(b, "cycle");
}

static void make_repeat(void)
{
    static const uint64_t sizes[] = {MIB, 2 * MIB, 3 * MIB, 4 * MIB};
    struct plan_builder *b = begin("repeat", 1);
    take_turns(b, 0, sizes, ARRAY_SIZE(sizes), 8);
    write_out(b, "repeat");
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

static void make_crowd(void)
{
    enum { THREADS = 16, OBJECTS = 200, ROUNDS = 4 };
    struct plan_builder *b = begin("crowd", THREADS);
    for (uint32_t t = 0; t < THREADS; t++) {
        plan_builder_loop_begin(b, t);
        for (unsigned round = 0; round < ROUNDS; round++)
            for (uint32_t i = 0; i < OBJECTS; i++) {
                if (round > 0)
                    plan_builder_free_slot(b, t, i);
                plan_builder_malloc(b, t, i, (2 + (i * 5 + round * 3 + t) % 15) * KIB);
            }
        for (uint32_t i = 0; i < OBJECTS; i++)
            plan_builder_free_slot(b, t, i);
        plan_builder_loop_end(b, t);
    }
    write_out(b, "crowd");
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
    make_sawtooth();
    make_crowd();
    return 0;
}
