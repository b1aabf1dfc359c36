/*
 * What the measured loop costs beside a bare loop of the same calls: nanoseconds per call of both,
 * in turn, on one thread, and their ratio. Linked with the null allocator, so that the calls
 * themselves cost next to nothing.
 */
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "lane.h"
#include "os.h"

enum { WORDS = 1 << 15, PASSES = 64, ROUNDS = 21, BYTES = 64 };

static struct plan_op ops[WORDS];

_Noreturn void worker_fail(struct lane *lane, enum control_failure failure,
                           const struct plan_op *op, const char *format, ...)
{
    (void)lane, (void)failure, (void)op;
    puts(format);
    exit(1);
}

static double bare_ns(void **slots)
{
    uint64_t begin = clock_ns();
    for (unsigned pass = 0; pass < PASSES; pass++) {
        for (unsigned i = 0; i < WORDS; i++) {
            slots[0] = malloc(BYTES);
            free(slots[0]);
        }
    }
    return (double)(clock_ns() - begin) / (2.0 * PASSES * WORDS);
}

/* Nanoseconds per word. */
static double loop_ns(struct lane *lane)
{
    uint64_t begin = clock_ns();
    for (unsigned pass = 0; pass < PASSES; pass++)
        lane_run(lane, 0, WORDS);
    return (double)(clock_ns() - begin) / ((double)PASSES * WORDS);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report(const char *what, double *values)
{
    qsort(values, ROUNDS, sizeof(*values), ascending);
    printf("%-28s %6.2f   %6.2f .. %6.2f\n", what, values[ROUNDS / 2], values[0],
           values[ROUNDS - 1]);
}

static void fill(const struct plan_op *pair)
{
    for (unsigned i = 0; i < WORDS; i++)
        ops[i] = pair[i % 2];
}

/* The calls of one word pair against the bare loop, in turn. */
static void compare(struct lane *lane, const char *what, const struct plan_op *pair, double calls)
{
    static double bare[ROUNDS], loop[ROUNDS], ratio[ROUNDS];
    fill(pair);
    for (unsigned round = 0; round < ROUNDS; round++) {
        bare[round] = bare_ns(lane->slots);
        loop[round] = loop_ns(lane) / calls;
        ratio[round] = loop[round] / bare[round];
    }
    printf("%s\n", what);
    report("  bare loop, ns per call", bare);
    report("  measured loop, ns per call", loop);
    report("  ratio", ratio);
}

int main(void)
{
    static const struct plan_op replace[] = {{PLAN_REPLACE, BYTES}, {PLAN_REPLACE, BYTES}};
    static const struct plan_op apart[] = {{PLAN_MALLOC, BYTES}, {PLAN_FREE, 0}};
    static struct control_thread progress;
    struct control *control = os_map(control_bytes(1), OS_POPULATE);
    void **slots = os_map(os_page_bytes(), OS_POPULATE);
    struct worker worker = {.control = control};
    struct lane lane = {.worker = &worker, .ops = ops, .slots = slots, .control = &progress};
    control->touch = TOUCH_NONE;
    keep(0);
    printf("null, one thread, nothing touched; median, least and greatest of %d\n", ROUNDS);
    compare(&lane, "free and malloc of a slot (one word, as workload nop has them)", replace, 2);
    compare(&lane, "malloc and free in words of their own", apart, 1);
    return 0;
}
