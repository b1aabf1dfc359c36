/* What a user may ask for and what is refused: words, values, sizes of plans; the table itself. */
#include "workload.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

static struct err err;
static struct workload_spec spec;

static int parse(const char *word)
{
    err.text[0] = '\0';
    return workload_parse(word, strlen(word), &spec, &err);
}

START_TEST(the_table_is_sound)
{
    size_t n;
    const struct workload *const *table = workload_table(&n);
    ck_assert_uint_gt(n, 0);
    for (size_t i = 0; i < n; i++) {
        const struct workload *w = table[i];
        ck_assert_uint_eq(strcspn(w->name, ",:=/ "), strlen(w->name));
        ck_assert(w->summary[0] && w->source[0] && w->threads_min >= 1 && w->extent && w->plan);
        ck_assert_msg(w->surprise && w->surprise[0], "%s: no result would surprise", w->name);
        ck_assert_msg(w->claims && w->share_below, "%s says nothing of its plans", w->name);
        ck_assert_msg(!w->bound == !w->bound_source, "%s: a bound without a source", w->name);
        ck_assert_uint_le(params_count(w->params), PARAMS_MAX);
        for (size_t j = 0; j < i; j++)
            ck_assert_str_ne(table[j]->name, w->name);
    }
}
END_TEST

START_TEST(every_row_is_sound)
{
    size_t n;
    const struct workload *const *table = workload_table(&n);
    for (size_t i = 0; i < n; i++) {
        for (const struct param *p = table[i]->params; p->name; p++) {
            ck_assert_msg(p->min <= p->preset && p->preset <= p->max, "%s:%s", table[i]->name,
                          p->name);
            ck_assert_uint_eq(strcspn(p->name, ",:= |"), strlen(p->name));
            ck_assert_msg(p->help && p->help[0] && !strchr(p->help, '|'), "%s:%s", table[i]->name,
                          p->name);
            int first = params_find(table[i]->params, p->name, strlen(p->name));
            ck_assert_int_eq(first, p - table[i]->params);
        }
    }
}
END_TEST

START_TEST(a_bare_name_has_the_defaults_and_is_its_own_canonical_text)
{
    size_t n;
    const struct workload *const *table = workload_table(&n);
    for (size_t i = 0; i < n; i++) {
        char text[WORKLOAD_TEXT_BYTES];
        ck_assert_int_eq(parse(table[i]->name), 0);
        ck_assert_ptr_eq(spec.workload, table[i]);
        ck_assert_uint_eq(workload_format(&spec, text, sizeof(text)), strlen(table[i]->name));
        ck_assert_str_eq(text, table[i]->name);
        ck_assert_int_eq(workload_check(&spec, table[i]->threads_min, &err), 0);
    }
}
END_TEST

START_TEST(canonical_text_holds_what_differs_in_the_order_of_the_rows)
{
    char text[WORKLOAD_TEXT_BYTES];
    ck_assert_int_eq(parse("larson:main=no:remote=5%:live=5000:max=2048"), 0);
    workload_format(&spec, text, sizeof(text));
    ck_assert_str_eq(text, "larson:max=2K:remote=0.05:main=no");
    struct workload_spec first = spec;
    ck_assert_int_eq(parse(text), 0);
    ck_assert_mem_eq(first.values, spec.values, 7 * sizeof(uint64_t));
}
END_TEST

/* Even with each value at its greatest; it is what results are stored under. */
START_TEST(canonical_text_is_never_cut_off)
{
    size_t n;
    const struct workload *const *table = workload_table(&n);
    for (size_t i = 0; i < n; i++) {
        spec.workload = table[i];
        for (size_t j = 0; j < params_count(table[i]->params); j++)
            spec.values[j] = table[i]->params[j].max - (table[i]->params[j].unit != PARAM_YES_NO);
        char text[WORKLOAD_TEXT_BYTES];
        ck_assert_uint_lt(workload_format(&spec, text, sizeof(text)), sizeof(text) - 1);
    }
}
END_TEST

START_TEST(bad_words_are_refused_and_say_why)
{
    static const char *const bad[][2] = {
        {"chrun", "no workload 'chrun': did you mean churn? (`arenabench list workloads` tells"},
        {"producer", "did you mean producer-consumer?"},
        {"", "no workload ''"},
        {":live=5", "no workload ''"},
        {"Nop", "no workload 'Nop': did you mean nop?"},
        {"live=20", "parameters follow a name and are joined by ':'"},
        {"larson:", "larson: '' is no parameter"},
        {"larson:liv=5", "larson: no parameter 'liv': did you mean live?"},
        {"larson:remote=1.5", "larson: remote=1.5 lies outside 0.0001..1"},
        {"nop:size=0", "nop: size=0 lies outside 1..1G"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        ck_assert_int_eq(parse(bad[i][0]), -EINVAL);
        ck_assert_msg(strstr(err.text, bad[i][1]) != NULL, "'%s' gave: %s", bad[i][0], err.text);
    }
}
END_TEST

START_TEST(a_word_ends_where_its_length_says)
{
    ck_assert_int_eq(workload_parse("nop,churn", 3, &spec, &err), 0);
    ck_assert_str_eq(spec.workload->name, "nop");
}
END_TEST

START_TEST(absurd_plans_are_refused_before_they_are_made)
{
    static const struct {
        const char *word;
        uint32_t threads;
        const char *says;
    } bad[] = {
        {"nop", 0, "nop: 0 threads: 1 to 4096 can be had"},
        {"nop", 4097, "nop: 4097 threads: 1 to 4096 can be had"},
        {"nop", UINT32_MAX, "can be had"},
        {"producer-consumer", 1, "producer-consumer needs 2 threads or more, not 1"},
        {"nop:ops=100M", 64, "nop: a plan of 3200000192 words for 64 threads; 268435456 are the"},
        {"churn:live=100M", 4, "lower a count or the threads"},
        {"churn:live=10", 1, "churn: burst=32 lies above live=10"},
        {"churn:min=1K", 1, "churn: min=1K lies above max=512"},
        {"larson:min=1M", 1, "min=1M lies above max=1K"},
        {"larson:remote=0.2", 1, "larson: a remote share of 10000 in 50000 frees needs as many"},
        {"larson:live=10M:remote=1", 4096, "lower a count"},
        {"producer-consumer:ops=100M", 2, "lower a count"},
        {"producer-consumer:max=8", 2, "min=16 lies above max=8"},
        {"thread-churn:starts=100k:objects=1", 8, "a plan that starts 800008 threads"},
        {"thread-churn:starts=100k:objects=10M", 4096, "lower a count"},
        {"thread-churn:max=8", 2, "min=16 lies above max=8"},
        {"realloc-growth:start=2K", 1, "realloc-growth: start=2048 lies above min=1024"},
        {"realloc-growth:ops=100M", 4096, "lower a count"},
        {"threshold-ratchet:max=64K", 1, "min=1M lies above max=64K"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        ck_assert_msg(parse(bad[i].word) == 0, "%s", err.text);
        int fd;
        const struct plan *plan;
        ck_assert_int_eq(workload_check(&spec, bad[i].threads, &err), -EINVAL);
        ck_assert_msg(strstr(err.text, bad[i].says) != NULL, "'%s' gave: %s", bad[i].word,
                      err.text);
        ck_assert_int_eq(workload_plan(&spec, bad[i].threads, 1, &fd, &plan, &err), -EINVAL);
    }
}
END_TEST

static FILE *document;

/* The next line of the document from the first heading of a workload on. */
static void compare_line(void *context, const char *wanted)
{
    bool *begun = context;
    char line[1024];
    do {
        ck_assert_msg(fgets(line, sizeof(line), document) != NULL,
                      "missing: %s (`meson compile -C build docs-workloads` prints it)", wanted);
        line[strcspn(line, "\n")] = '\0';
    } while (!*begun && strcmp(line, wanted) != 0);
    *begun = true;
    ck_assert_msg(strcmp(line, wanted) == 0,
                  "'%s' should be '%s' (`meson compile -C build docs-workloads` prints it)", line,
                  wanted);
}

START_TEST(the_document_says_what_the_table_says)
{
    const char *path = getenv("WORKLOADS_MD");
    document = path ? fopen(path, "r") : NULL;
    ck_assert_msg(document != NULL, "WORKLOADS_MD names no readable file: %s", path);
    bool begun = false;
    workload_describe(compare_line, &begun);
    ck_assert(begun);
    ck_assert_msg(fgetc(document) == EOF, "more stands there than the table says");
    fclose(document);
}
END_TEST

UNIT_MAIN("workload", the_table_is_sound, every_row_is_sound,
          a_bare_name_has_the_defaults_and_is_its_own_canonical_text,
          canonical_text_holds_what_differs_in_the_order_of_the_rows,
          canonical_text_is_never_cut_off, bad_words_are_refused_and_say_why,
          a_word_ends_where_its_length_says, absurd_plans_are_refused_before_they_are_made,
          the_document_says_what_the_table_says)
