#include "thresholds.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "os.h"
#include "plan_builder.h"
#include "unit.h"

/* A plan of one thread in the making, and what it said. */
struct made {
    struct plan_builder *builder;
    const struct plan *plan; /* once it was analysed; a process of its own ends with it */
    struct thresholds said;
};

static void begin(struct made *m)
{
    *m = (struct made){.builder = plan_builder_new("hand-made", 1)};
    ck_assert_ptr_nonnull(m->builder);
    plan_builder_root(m->builder, 0);
}

static void make(struct made *m, uint32_t slot, uint64_t bytes)
{
    plan_builder_malloc(m->builder, 0, slot, bytes);
}

static void end(struct made *m, uint32_t slot)
{
    plan_builder_free_slot(m->builder, 0, slot);
}

static const struct thresholds *analyse(struct made *m)
{
    struct err err = {""};
    int fd, rc = plan_builder_finish(m->builder, &fd, &m->plan, &err);
    ck_assert_msg(rc == 0, "%s", err.text);
    rc = thresholds_read(m->plan, &thresholds_usual, &m->said, &err);
    ck_assert_msg(rc == 0, "%s", err.text);
    close(fd);
    plan_builder_free(m->builder);
    return &m->said;
}

static void why_of(const struct made *m, uint64_t mmap, uint64_t trim,
                   char out[THRESHOLDS_SENTENCES][THRESHOLDS_SENTENCE_BYTES])
{
    const struct thresholds_pair pair = {mmap, trim};
    struct err err = {""};
    ck_assert_msg(thresholds_why(m->plan, &pair, out, &err) == 0, "%s", err.text);
}

/* Ten of 1000 bytes that stay, and one of 1 MiB that lives for three calls. */
START_TEST(shares_and_lives_are_those_of_the_plan)
{
    struct made m;
    begin(&m);
    make(&m, 0, MIB);
    make(&m, 1, 1000);
    make(&m, 2, 1000);
    end(&m, 0);
    for (uint32_t i = 3; i < 11; i++)
        make(&m, i, 1000);
    const struct thresholds *t = analyse(&m);
    ck_assert_uint_eq(t->n_objects, 11);
    ck_assert_uint_eq(t->bytes, MIB + 10000);
    for (unsigned k = 0; k < THRESHOLDS_MMAP; k++) {
        bool is_mapping = t->at.mmap[k] <= MIB;
        ck_assert_uint_eq(t->objects[k].n, is_mapping);
        ck_assert_uint_eq(t->objects[k].bytes, is_mapping ? MIB : 0);
        ck_assert_uint_eq(t->objects[k].freed, is_mapping);
        ck_assert_uint_eq(t->objects[k].most_live, is_mapping);
        ck_assert_uint_eq(t->objects[k].life_calls, is_mapping ? 2 : THRESHOLDS_UNKNOWN);
        ck_assert_uint_eq(t->objects[k].life_ns, THRESHOLDS_UNKNOWN);
    }
}
END_TEST

/* The header counts: a chunk of 8 bytes more, in steps of 16. */
START_TEST(a_chunk_of_the_threshold_is_a_mapping)
{
    struct made m;
    begin(&m);
    make(&m, 0, 128 * KIB - 8);
    make(&m, 1, 128 * KIB - 24);
    const struct thresholds *t = analyse(&m);
    ck_assert_uint_eq(t->objects[0].n, 2);
    ck_assert_uint_eq(t->objects[1].n, 1);
    ck_assert_uint_eq(t->objects[1].life_calls, THRESHOLDS_UNKNOWN);
}
END_TEST

START_TEST(the_dynamic_threshold_follows_what_is_freed)
{
    struct made m;
    begin(&m);
    make(&m, 0, MIB);
    make(&m, 1, 600 * KIB); /* a mapping: it was made before the threshold moved */
    end(&m, 0);             /* 1M and a page */
    end(&m, 1);             /* less than that: nothing moves */
    make(&m, 0, MIB);       /* in the heap now */
    end(&m, 0);
    make(&m, 0, 3 * MIB);
    end(&m, 0); /* 3M and a page */
    make(&m, 0, 32 * MIB);
    end(&m, 0); /* with its page it is more than 32M */
    const struct thresholds *t = analyse(&m);
    ck_assert_uint_eq(t->dynamic_moves, 2);
    ck_assert_uint_eq(t->dynamic_mmap, 3 * MIB + 4 * KIB);
    ck_assert_uint_eq(t->dynamic_trim, 6 * MIB + 8 * KIB);
}
END_TEST

START_TEST(a_realloc_of_a_mapping_moves_nothing)
{
    struct made m;
    begin(&m);
    make(&m, 0, MIB);
    plan_builder_realloc(m.builder, 0, 0, MIB, 2 * MIB);
    const struct thresholds *t = analyse(&m);
    ck_assert_uint_eq(t->dynamic_moves, 0);
    ck_assert_uint_eq(t->dynamic_mmap, 128 * KIB);
    ck_assert_uint_eq(t->dynamic_trim, 128 * KIB);
}
END_TEST

enum { SAW_ROUNDS = 5, SAW_TEETH = 64 };

/* Five times 64 objects of 64K less their headers are made, and all freed. */
static void saw(struct made *m)
{
    begin(m);
    for (unsigned round = 0; round < SAW_ROUNDS; round++) {
        for (uint32_t i = 0; i < SAW_TEETH; i++)
            make(m, i, 64 * KIB - 8);
        for (uint32_t i = 0; i < SAW_TEETH; i++)
            end(m, i);
    }
}

START_TEST(a_sawtooth_is_cut_and_grown_again)
{
    struct made m;
    saw(&m);
    const struct thresholds *t = analyse(&m);
    const struct thresholds_heap *small = &t->heaps[1][0], *large = &t->heaps[1][3];
    /* A top of 8M never comes to be: the heap holds 4M and its pad. */
    ck_assert_uint_eq(large->trims, 0);
    ck_assert_uint_eq(large->regrown_bytes, 0);
    ck_assert_uint_eq(large->end_bytes, large->peak_bytes);
    ck_assert_uint_ge(large->peak_bytes, 4 * MIB);
    ck_assert_uint_le(large->peak_bytes, 4 * MIB + THRESHOLDS_PAD);
    /*
     * Under 128K every free cuts 64K off, down to the pad. The first round grows at its 1st, 4th, .. 64th
     * object, to 4M and the pad; the others, which begin with the pad, at the 3rd, 6th, .. 63rd, and their first
     * free leaves no more than the pad.
     */
    ck_assert_uint_eq(small->peak_bytes, 4 * MIB + THRESHOLDS_PAD);
    ck_assert_uint_eq(small->trims, 64 + (SAW_ROUNDS - 1) * 63);
    ck_assert_uint_eq(small->trimmed_bytes, (64 + (SAW_ROUNDS - 1) * 63) * 64 * KIB);
    ck_assert_uint_eq(small->regrown_bytes, (SAW_ROUNDS - 1) * 63 * 64 * KIB);
    ck_assert_uint_eq(small->end_bytes, THRESHOLDS_PAD);
    /* Under 32K all are mappings, and there is no heap. */
    ck_assert_uint_eq(t->heaps[0][0].peak_bytes, 0);
    ck_assert_uint_eq(t->objects[0].most_live, SAW_TEETH);
}
END_TEST

START_TEST(objects_of_all_threads_count)
{
    struct made m = {.builder = plan_builder_new("two threads", 2)};
    plan_builder_root(m.builder, 0);
    plan_builder_root(m.builder, 1);
    uint32_t cell = plan_builder_cell(m.builder);
    plan_builder_malloc(m.builder, 0, 0, MIB);
    plan_builder_give(m.builder, 0, 0, cell);
    plan_builder_take(m.builder, 1, 0, cell);
    plan_builder_free_slot(m.builder, 1, 0);
    const struct thresholds *t = analyse(&m);
    ck_assert_uint_eq(t->objects[1].freed, 1);
    ck_assert_uint_eq(t->dynamic_moves, 1);
}
END_TEST

START_TEST(lives_are_told_in_time_where_there_is_one)
{
    struct made m;
    begin(&m);
    plan_builder_pace_by_time(m.builder);
    for (uint32_t i = 0; i < 100; i++) {
        plan_builder_pace(m.builder, 0, i * UINT64_C(4000000));
        make(&m, 0, MIB);
        plan_builder_pace(m.builder, 0, i * UINT64_C(4000000) + 1500000);
        end(&m, 0);
    }
    const struct thresholds *t = analyse(&m);
    ck_assert_uint_eq(t->objects[1].life_ns, 1 << 20); /* 1.5 ms lie between 2^20 and 2^21 ns */
    ck_assert_uint_eq(t->objects[1].life_calls, 1);
}
END_TEST

/* Of 400K and 800K each a few: what is between two candidates is told as it is. */
START_TEST(the_sentences_are_of_the_very_values)
{
    struct made m;
    char why[THRESHOLDS_SENTENCES][THRESHOLDS_SENTENCE_BYTES];
    begin(&m);
    for (uint32_t i = 0; i < 3; i++)
        make(&m, i, 400 * KIB);
    make(&m, 3, 800 * KIB);
    for (uint32_t i = 0; i < 4; i++)
        end(&m, i);
    analyse(&m);
    why_of(&m, 600 * KIB, 600 * KIB, why);
    ck_assert_msg(strstr(why[0], "Objects from 600K on are 25 %"), "%s", why[0]);
    ck_assert_msg(strstr(why[0], "each a mapping where the threshold is 600K"), "%s", why[0]);
    /* The heap holds three of 400K and their headers and the pad; the second free leaves 928K at its top. */
    ck_assert_msg(strstr(why[2], "smaller than 600K"), "%s", why[2]);
    ck_assert_msg(strstr(why[2], "cut 1 time under a trim_threshold of 600K: 800K given back"),
                  "%s", why[2]);
    why_of(&m, 200 * KIB, 600 * KIB, why);
    ck_assert_msg(strstr(why[0], "Objects from 200K on are 100 %"), "%s", why[0]);
    /* Where they end on their own: 804K, which nothing reaches. */
    why_of(&m, THRESHOLDS_UNKNOWN, THRESHOLDS_UNKNOWN, why);
    ck_assert_msg(strstr(why[0], "No object is as large as 804K"), "%s", why[0]);
}
END_TEST

START_TEST(three_sentences_tell_the_numbers)
{
    struct made m;
    char why[THRESHOLDS_SENTENCES][THRESHOLDS_SENTENCE_BYTES];
    saw(&m);
    analyse(&m);
    why_of(&m, 32 * KIB, 128 * KIB, why);
    ck_assert_msg(strstr(why[0], "Objects from 32K on are 1e+02 %") == NULL, "%s", why[0]);
    ck_assert_msg(strstr(why[0], "Objects from 32K on are 100 %") != NULL, "%s", why[0]);
    ck_assert_msg(strstr(why[0], "at most 64 live at once") != NULL, "%s", why[0]);
    ck_assert_msg(strstr(why[1], "they stay at 128K") != NULL, "%s", why[1]);
    why_of(&m, 128 * KIB, THRESHOLDS_UNKNOWN, why);
    ck_assert_msg(strstr(why[2], "under a trim_threshold of 128K") != NULL, "%s", why[2]);
    why_of(&m, 128 * KIB, 8 * MIB, why);
    ck_assert_msg(strstr(why[2], "would be cut 0 times under a trim_threshold of 8M") != NULL, "%s",
                  why[2]);
}
END_TEST

START_TEST(given_or_not_the_dynamic_thresholds_are_told_apart)
{
    struct made m;
    char why[THRESHOLDS_SENTENCES][THRESHOLDS_SENTENCE_BYTES];
    begin(&m);
    make(&m, 0, 3 * MIB);
    end(&m, 0);
    analyse(&m);
    why_of(&m, THRESHOLDS_UNKNOWN, THRESHOLDS_UNKNOWN, why);
    ck_assert_msg(
        strstr(why[1], "With neither threshold given, frees of mappings move them 1 time:"), "%s",
        why[1]);
    ck_assert_msg(strstr(why[0], "No object is as large as 3.0M"), "%s", why[0]);
    why_of(&m, 2 * MIB, THRESHOLDS_UNKNOWN, why);
    ck_assert_msg(strstr(why[0], "Objects from 2M on are 100 %"), "%s", why[0]);
    ck_assert_msg(strstr(why[0], "at most 1 lives at once"), "%s", why[0]);
    why_of(&m, 8 * MIB, THRESHOLDS_UNKNOWN, why);
    ck_assert_msg(strstr(why[0], "No object is as large as 8M"), "%s", why[0]);
    ck_assert_msg(strstr(why[1], "Given, neither threshold moves;"), "%s", why[1]);
    ck_assert_msg(strstr(why[1], "would end at 3.0M and trim_threshold at 6.0M"), "%s", why[1]);
    ck_assert_msg(strstr(why[2], "cut 1 time under a trim_threshold of 128K: 3"), "%s", why[2]);
}
END_TEST

UNIT_MAIN("thresholds", shares_and_lives_are_those_of_the_plan,
          a_chunk_of_the_threshold_is_a_mapping, the_dynamic_threshold_follows_what_is_freed,
          a_realloc_of_a_mapping_moves_nothing, a_sawtooth_is_cut_and_grown_again,
          objects_of_all_threads_count, lives_are_told_in_time_where_there_is_one,
          the_sentences_are_of_the_very_values, three_sentences_tell_the_numbers,
          given_or_not_the_dynamic_thresholds_are_told_apart)
