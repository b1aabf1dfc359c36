/* What is said of an allocator whose work is over. */
#include "tail.h"

#include <math.h>

#include "unit.h"

#define MB (1024.0 * 1024)

static const struct tail_readings keeps_all = {
    .peak = 100 * MB,
    .drained = 50 * MB,
    .idle = {50 * MB, 50 * MB, 50 * MB},
    .purged = 1 * MB,
    .call = "malloc_trim(0)",
};

static void expect(const struct tail_readings *r, enum tail_verdict verdict, const char *words)
{
    char text[TAIL_WORDS_BYTES];
    struct tail t = tail_judge(r);
    ck_assert_int_eq(t.verdict, verdict);
    ck_assert_str_eq(tail_words(&t, r->call, text), words);
}

START_TEST(nothing_left_at_the_end)
{
    struct tail_readings r = keeps_all;
    r.drained = 5 * MB; /* the twentieth part of the peak */
    expect(&r, TAIL_AT_ONCE, "gives back at once");
    r = (struct tail_readings){.peak = MB, .drained = MB / 2}; /* half a MiB is nothing */
    expect(&r, TAIL_AT_ONCE, "gives back at once");
}
END_TEST

START_TEST(given_back_in_time)
{
    struct tail_readings r = keeps_all;
    r.idle[2] = 4 * MB;
    expect(&r, TAIL_BY_ITSELF, "gives back by itself within 5 s");
    r.idle[1] = 4 * MB;
    expect(&r, TAIL_BY_ITSELF, "gives back by itself within 1 s");
    r.idle[0] = 4 * MB;
    expect(&r, TAIL_BY_ITSELF, "gives back by itself within 0.1 s");
}
END_TEST

START_TEST(given_back_when_asked)
{
    expect(&keeps_all, TAIL_ASKED, "keeps 50 MiB until asked: malloc_trim(0) returns all of it");
}
END_TEST

START_TEST(some_of_it_given_back_by_itself)
{
    struct tail_readings r = keeps_all;
    r.idle[2] = 31 * MB;
    expect(
        &r, TAIL_ASKED,
        "gives back 19 MiB by itself, keeps 31 MiB until asked: malloc_trim(0) returns all of it");
}
END_TEST

START_TEST(some_of_it_given_back_when_asked)
{
    struct tail_readings r = keeps_all;
    r.purged = 12 * MB;
    expect(&r, TAIL_PARTLY,
           "keeps 50 MiB until asked: malloc_trim(0) returns 38 MiB, and 12 MiB stay even then: "
           "fragmentation or its own use");
}
END_TEST

START_TEST(nothing_given_back_when_asked)
{
    struct tail_readings r = keeps_all;
    r.purged = 46 * MB;
    expect(&r, TAIL_STAYS,
           "keeps 46 MiB even when asked (malloc_trim(0)): fragmentation or its own use");
    r.purged = 60 * MB; /* the call itself took some */
    expect(&r, TAIL_STAYS,
           "keeps 60 MiB even when asked (malloc_trim(0)): fragmentation or its own use");
}
END_TEST

START_TEST(no_call_to_be_asked_by)
{
    struct tail_readings r = keeps_all;
    r.call = "";
    expect(&r, TAIL_NO_CALL, "keeps 50 MiB for 5 s and more, and has no call to be asked by");
    r = keeps_all;
    r.purged = NAN;
    expect(&r, TAIL_NO_CALL, "keeps 50 MiB for 5 s and more, and has no call to be asked by");
}
END_TEST

START_TEST(what_is_still_live_is_not_held_against_it)
{
    struct tail_readings r = keeps_all;
    r.live = 48 * MB;
    expect(&r, TAIL_AT_ONCE, "gives back at once");
    r.live = 20 * MB;
    r.purged = 20 * MB;
    expect(&r, TAIL_ASKED, "keeps 30 MiB until asked: malloc_trim(0) returns all of it");
}
END_TEST

START_TEST(what_is_not_known_is_not_judged)
{
    struct tail_readings r = keeps_all;
    r.idle[1] = NAN;
    expect(&r, TAIL_UNKNOWN, "not known");
    r = keeps_all;
    r.live = NAN;
    expect(&r, TAIL_UNKNOWN, "not known");
}
END_TEST

START_TEST(sizes_have_the_digits_that_matter)
{
    struct tail_readings r = keeps_all;
    r.peak = 8 * MB;
    r.drained = r.idle[0] = r.idle[1] = r.idle[2] = 800 * 1024;
    r.purged = 0;
    expect(&r, TAIL_ASKED, "keeps 800 KiB until asked: malloc_trim(0) returns all of it");
    r.drained = r.idle[0] = r.idle[1] = r.idle[2] = 2.5 * MB;
    expect(&r, TAIL_ASKED, "keeps 2.5 MiB until asked: malloc_trim(0) returns all of it");
    r.peak = r.drained = r.idle[0] = r.idle[1] = r.idle[2] = 3.25 * 1024 * MB;
    expect(&r, TAIL_ASKED, "keeps 3.2 GiB until asked: malloc_trim(0) returns all of it");
}
END_TEST

UNIT_MAIN("tail", nothing_left_at_the_end, given_back_in_time, given_back_when_asked,
          some_of_it_given_back_by_itself, some_of_it_given_back_when_asked,
          nothing_given_back_when_asked, no_call_to_be_asked_by,
          what_is_still_live_is_not_held_against_it, what_is_not_known_is_not_judged,
          sizes_have_the_digits_that_matter)
