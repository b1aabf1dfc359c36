/*
 * Results files of tunings for the tests of page, plots and show, made without measuring: stored_tuning FILE KIND, where KIND is
 *   whole    two thresholds and a knob whose name tries to be HTML; 8 blocks of search, in which the winner has luck, and 10
 *            of confirmation, in which it has none; poor points in few blocks; a point that fails always, one that fails once
 *   leave    the same, but what was measured again is not recommended
 *   line     a single knob
 *   cut      left by Ctrl-C: an answer that is not confirmed, no confirmation
 *   killed   no answer at all
 *   damaged  an answer that is none, and facts that name what is not there
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

#define HOSTILE  "</script><img src=x onerror=alert(1)>"
#define KNOB     "<b>knob</b>"
#define SEARCHED 8u
#define IN_ALL   18u

static const char *const mmap_levels[] = {"", "128K", "1M", "32M"};
static const char *const trim_levels[] = {"", "64M", "128K"}; /* not in their order */

/* Of the grid: 1M and 64M; 32M and 64M. Behind it: levels of the knob alone. */
enum { BEST = 7, FAILS_IN_GRID = 10, GRID = 12, ALONE = GRID, FAILS, FAILS_ONCE, POINTS };

static struct store_subject subjects[POINTS];
static char names[POINTS][160];

static void fail(const char *what)
{
    fprintf(stderr, "stored_tuning: %s\n", what);
    exit(1);
}

static void name_point(uint32_t i)
{
    const char *mmap = mmap_levels[i / 3 % 4], *trim = trim_levels[i % 3];
    if (i < GRID)
        snprintf(names[i], sizeof(names[i]), "glibc%s%s%s%s", *mmap ? ":mmap_threshold=" : "", mmap,
                 *trim ? ":trim_threshold=" : "", trim);
    else
        snprintf(names[i], sizeof(names[i]), "glibc:" KNOB "=%s",
                 i == ALONE   ? "\"on\"&"
                 : i == FAILS ? "<i>"
                              : "7");
    subjects[i] =
        (struct store_subject){.name = names[i],
                               .allocator = "glibc",
                               .setting = strchr(names[i], ':') ? strchr(names[i], ':') + 1 : ""};
}

/* By the default's: slower on less memory the lower the thresholds; the best is lucky in the search. */
static struct trial_result make(uint32_t i, uint32_t block, uint32_t of_best)
{
    double speed = i == 0 ? 1 : 0.6 + 0.02 * i, size = i == 0 ? 1 : 0.5 + 0.03 * i;
    double wobble = 1 + 0.004 * ((block * 3 + i * 5) % 7 - 3.0);
    struct trial_result r = {.status = TRIAL_OK, .calls = 10000000, .passes = 3};
    if (i == of_best) {
        speed = block < SEARCHED ? 1.5 : 1.1;
        size = block < SEARCHED ? 0.5 : 0.8;
    }
    if (i == FAILS || i == FAILS_IN_GRID || (i == FAILS_ONCE && block == 1)) {
        r = (struct trial_result){.status = TRIAL_CRASHED, .signal = 6, .wall_ns = 5, .calls = 1};
        strcpy(r.message, "arena \xff is gone " HOSTILE);
        return r;
    }
    r.wall_ns = (uint64_t)(1e9 / (speed * wobble));
    r.user_ns = r.thread_ns = r.wall_ns;
    r.peak_bytes = (uint64_t)(size * wobble * (64 << 20));
    strcpy(r.malloc_path, "/lib/libc.so.6");
    strcpy(r.version, "2.36");
    return r;
}

static bool is_in_block(uint32_t i, uint32_t block, uint32_t of_best)
{
    if (block >= SEARCHED)
        return i == 0 || i == of_best;
    if (i == FAILS || i == FAILS_IN_GRID || i == 1)
        return block == 0; /* it left at once; one block tells next to nothing */
    return i == 0 || i == of_best || i % 2 == 0 || block < 3;
}

#define NUMBERS(x) \
    "{\"throughput_calls_per_s\":" x ",\"peak_rss_bytes\":" x ",\"mean_rss_bytes\":" x "}"

static void put_answer(char *out, size_t n, const char *verdict, const char *sentence,
                       unsigned n_confirmed, uint32_t of_best)
{
    snprintf(
        out, n,
        "{\"verdict\":\"%s\",\"sentence\":\"%s " HOSTILE
        "\\n  and more\\n\",\"paste\":\"GLIBC_TUNABLES='glibc.malloc.mmap_threshold=1048576'\\n"
        "or, at the very start of main(), with <malloc.h>:\\nmallopt(M_MMAP_THRESHOLD, 1048576);\\n\","
        "\"costs\":\"%s\",\"best\":%u,\"confirmation_blocks\":%u,\"confirmation\":{"
        "\"throughput_calls_per_s\":{\"ratio\":1.1,\"low\":1.09,\"high\":1.11,\"verdict\":\"better\"},"
        "\"p99_ns\":{\"ratio\":null,\"low\":null,\"high\":null,\"verdict\":\"too few blocks\"}},"
        "\"unproved\":[\"hugetlb\",7],\"candidates\":[{\"point\":%u,\"verdict\":\"gain\",\"confirmation\":{}},"
        "{\"point\":1,\"verdict\":\"limit broken\",\"confirmation\":{\"peak_rss_bytes\":{\"ratio\":0.625,"
        "\"low\":0.5,\"high\":0.75,\"verdict\":\"better\"}}},{\"point\":999,\"verdict\":\"gain\",\"confirmation\":{}},7],"
        "\"objective\":{\"goal\":\"peak_rss_bytes\",\"limited\":\"throughput_calls_per_s\",\"limit\":0.97},"
        "\"points\":[{\"subject\":0,\"blocks\":8,\"ratios\":" NUMBERS("1.0") ",\"standard_errors\":" NUMBERS(
            "0.0") "},{\"subject\":%u,\"blocks\":8,\"ratios\":" NUMBERS("1.5") ",\"standard_errors\":" NUMBERS("null") "}]}",
        verdict, sentence, n_confirmed ? "mappings at the end 30\\n" : "", of_best, n_confirmed,
        of_best, of_best);
}

static void add_trials(struct store *s, int64_t run, uint32_t n_points, uint32_t n_blocks,
                       uint32_t of_best)
{
    struct err err;
    for (uint32_t b = 0; b < n_blocks; b++)
        for (uint32_t i = 0; i < n_points; i++) {
            struct store_place place = {.subject = i, .block = b, .position = i};
            struct trial_result r = make(i, b, of_best);
            if (is_in_block(i, b, of_best) && store_add_trial(s, run, &place, &r, &err) < 0)
                fail(err.text);
        }
}

static void put_fact(struct store *s, int64_t run, const char *key, const char *value)
{
    struct err err;
    const struct store_fact fact = {key, value};
    if (store_add_fact(s, run, &fact, &err) < 0)
        fail(err.text);
}

static void store_kind(const char *path, const char *kind)
{
    static char answer[4096];
    bool is_line = strcmp(kind, "line") == 0, is_damaged = strcmp(kind, "damaged") == 0;
    bool is_cut = strcmp(kind, "cut") == 0 || strcmp(kind, "killed") == 0;
    bool is_left = strcmp(kind, "leave") == 0;
    uint32_t n_points = POINTS, of_best = BEST;
    struct store_subject few[] = {subjects[0], subjects[3], subjects[6], subjects[9]};
    struct store_cell cell = {.workload = "larson:" HOSTILE, .threads = 2, .calls_per_pass = 1000};
    char number[16];
    struct store *s;
    struct err err;
    int64_t id;
    if (is_line) {
        n_points = 4;
        of_best = 2;
    }
    struct store_run run = {.started_s = 1795216495,
                            .program_version = "0.1.0",
                            .manifest = "{}",
                            .baseline = "glibc",
                            .seed = 7,
                            .n_blocks = 140,
                            .subjects = is_line ? few : subjects,
                            .n_subjects = n_points,
                            .cells = &cell,
                            .n_cells = 1};
    if (store_open(path, STORE_WRITE, &s, &err) < 0 || store_run_begin(s, &run, &id, &err) < 0)
        fail(err.text);
    put_fact(s, id, "machine", "Imaginary CPU, 2 cores");
    put_fact(s, id, FACT_TUNE_KNOBS,
             is_line ? "mmap_threshold" : "mmap_threshold,trim_threshold," KNOB ",never_tried");
    add_trials(s, id, n_points, is_cut ? 3 : IN_ALL, of_best);
    snprintf(number, sizeof(number), "%u", is_left ? 0 : of_best);
    if (is_cut)
        put_answer(answer, sizeof(answer), "unconfirmed", "UNCONFIRMED", 0, of_best);
    else
        put_answer(answer, sizeof(answer), is_left ? "no gain" : "gain",
                   is_left ? "leave the default:" : "recommended:", IN_ALL - SEARCHED, of_best);
    if (strcmp(kind, "killed") != 0)
        put_fact(s, id, FACT_TUNE_ANSWER,
                 is_damaged ? "{\"verdict\":7,\"points\":{\"subject\":99}}" : answer);
    if (!is_cut) {
        snprintf(answer, sizeof(answer), "%u", SEARCHED);
        put_fact(s, id, FACT_TUNE_CONFIRMED, is_damaged ? "no number" : answer);
        put_fact(s, id, FACT_TUNE_RECOMMENDED, is_damaged ? "99999999999" : number);
    }
    store_close(s);
}

int main(int argc, char **argv)
{
    static const char *const kinds[] = {"whole", "leave", "line", "cut", "killed", "damaged"};
    for (uint32_t i = 0; i < POINTS; i++)
        name_point(i);
    for (size_t i = 0; argc == 3 && i < ARRAY_SIZE(kinds); i++)
        if (strcmp(argv[2], kinds[i]) == 0) {
            store_kind(argv[1], kinds[i]);
            return 0;
        }
    fail("usage: stored_tuning FILE KIND");
}
