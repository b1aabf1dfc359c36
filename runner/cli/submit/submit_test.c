/* What a submission writes down: its scripts, and the file by which it is found again. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "script.h"
#include "submission.h"
#include "unit.h"

static struct err err;
static char root[] = "/tmp/submit-test-XXXXXX";

static const char *indices(const char *marks)
{
    static char *text;
    bool wanted[16] = {false};
    for (size_t i = 0; marks[i]; i++)
        wanted[i] = marks[i] == 'x';
    free(text);
    text = script_indices(wanted, (uint32_t)strlen(marks));
    return text;
}

START_TEST(shards_are_listed_as_sbatch_takes_them)
{
    ck_assert_str_eq(indices(""), "");
    ck_assert_str_eq(indices("...."), "");
    ck_assert_str_eq(indices("x"), "0");
    ck_assert_str_eq(indices("xxxx"), "0-3");
    ck_assert_str_eq(indices("..x..xx"), "2,5-6");
    ck_assert_str_eq(indices("x.x.x"), "0,2,4");
}
END_TEST

/* One in a folder of its own, with words that a shell would take apart. */
static void fill(struct submission *s)
{
    *s = (struct submission){.n_shards = 5, .at_most = 2, .cpus = 8, .memory_bytes = 1 << 30};
    snprintf(s->folder, sizeof(s->folder), "%s", root);
    snprintf(s->directory, sizeof(s->directory), "/some/where");
    snprintf(s->program, sizeof(s->program), "/opt/arena bench/arenabench");
    s->constraint = strdup("epyc&ib");
    const char *const words[] = {"-a", "mine=/a b/it's.so:X=$HOME", "", "-w", "larson"};
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        ck_assert_int_eq(submission_add(&s->words, &s->n_words, words[i], &err), 0);
    ck_assert_int_eq(submission_add(&s->options, &s->n_options, "--qos=long", &err), 0);
    ck_assert_int_eq(submission_add(&s->files, &s->n_files, "/a b/it's.so", &err), 0);
    strcpy(s->jobs[0], "4711");
    strcpy(s->merges[0], "4712");
    s->n_jobs = 1;
}

START_TEST(a_submission_is_read_as_it_was_written)
{
    struct submission s, back;
    fill(&s);
    ck_assert_int_eq(submission_write(&s, &err), 0);
    ck_assert_msg(submission_read(root, "/nowhere", &back, &err) == 0, "%s", err.text);
    ck_assert_uint_eq(back.n_shards, 5);
    ck_assert_uint_eq(back.at_most, 2);
    ck_assert_uint_eq(back.cpus, 8);
    ck_assert_uint_eq(back.memory_bytes, 1 << 30);
    ck_assert_str_eq(back.program, s.program);
    ck_assert_str_eq(back.directory, s.directory);
    ck_assert_str_eq(back.constraint, s.constraint);
    ck_assert_ptr_null(back.partition);
    ck_assert_uint_eq(back.n_words, s.n_words);
    for (size_t i = 0; i < s.n_words; i++)
        ck_assert_str_eq(back.words[i], s.words[i]);
    ck_assert_str_eq(back.options[0], "--qos=long");
    ck_assert_str_eq(back.jobs[0], "4711");
    ck_assert_str_eq(back.merges[0], "4712");
    submission_release(&s);
    submission_release(&back);
}
END_TEST

START_TEST(it_is_found_by_the_number_of_either_job)
{
    struct submission s, back;
    char folder[128];
    snprintf(folder, sizeof(folder), "%s/inner", root);
    mkdir(folder, 0755);
    fill(&s);
    snprintf(s.folder, sizeof(s.folder), "%s", folder);
    ck_assert_int_eq(submission_write(&s, &err), 0);
    const char *const ids[] = {"4711", "4712"};
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(submission_read(ids[i], root, &back, &err), 0);
        ck_assert_str_eq(back.folder, folder);
        submission_release(&back);
    }
    ck_assert_int_eq(submission_read("4713", root, &back, &err), -ENOENT);
    ck_assert_ptr_nonnull(strstr(err.text, "has job 4713"));
    submission_release(&s);
}
END_TEST

START_TEST(a_file_that_somebody_changed_is_refused_and_says_what)
{
    static const char *const bad[][2] = {
        {"", "holds no submission"},
        {"[1]", "damaged"},
        {"{\"version\": 1}", "'shards'"},
        {"{\"version\": 2}", "'version'"},
        {"{\"version\": 1, \"shards\": 0}", "'shards'"},
        {"{\"version\": 1, \"shards\": 4000000000000}", "'shards'"},
        {"{\"version\": 1, \"shards\": 2, \"at_most\": -1}", "'at_most'"},
        {"{\"version\": 1, \"shards\": 2, \"at_most\": 0, \"cpus\": 0, \"memory_bytes\": 0, "
         "\"program\": \"sh\"}",
         "'program'"},
        {"{\"version\": 1, \"shards\": 2, \"at_most\": 0, \"cpus\": 0, \"memory_bytes\": 0, "
         "\"program\": \"/a\", \"directory\": \"/\", \"options\": [3]}",
         "'options'"},
        {"{\"version\": 1, \"shards\": 2, \"at_most\": 0, \"cpus\": 0, \"memory_bytes\": 0, "
         "\"program\": \"/a\", \"directory\": \"/\", \"options\": [], \"run\": [], \"files\": [], "
         "\"jobs\": [\"1; rm\"], \"merges\": []}",
         "'jobs'"},
        {"{\"version\": 1, \"shards\": 2, \"at_most\": 0, \"cpus\": 0, \"memory_bytes\": 0, "
         "\"program\": \"/a\", \"directory\": \"/\", \"options\": [], \"run\": [], \"files\": [], "
         "\"jobs\": [\"\"], \"merges\": [\"\"]}",
         "'jobs'"},
        {"{\"version\": 1, \"shards\": 2, \"at_most\": 0, \"cpus\": 0, \"memory_bytes\": 0, "
         "\"program\": \"/a\", \"directory\": \"/\", \"options\": [], \"run\": [], \"files\": [], "
         "\"jobs\": [\"1\"], \"merges\": []}",
         "1 jobs, and 0"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        char path[128];
        struct submission s;
        snprintf(path, sizeof(path), "%s/submission.json", root);
        FILE *file = fopen(path, "w");
        fputs(bad[i][0], file);
        fclose(file);
        ck_assert_int_lt(submission_read(root, "/nowhere", &s, &err), 0);
        ck_assert_msg(strstr(err.text, bad[i][1]) != NULL, "'%s' gave: %s", bad[i][0], err.text);
        submission_release(&s);
    }
}
END_TEST

/* The words behind "exec" as a shell sees them: each on a line. */
static void shell_words(const char *script, char *out, size_t n)
{
    char path[128], command[512];
    snprintf(path, sizeof(path), "%s/words.sh", root);
    FILE *file = fopen(path, "w");
    fputs("show() { printf '%s\\n' \"$@\"; }\nSLURM_ARRAY_TASK_ID=3\n", file);
    const char *exec = strstr(script, "\nexec ");
    ck_assert_ptr_nonnull(exec);
    fprintf(file, "show %s", exec + strlen("\nexec "));
    fclose(file);
    snprintf(command, sizeof(command), "bash '%s'", path);
    FILE *pipe = popen(command, "r");
    size_t got = fread(out, 1, n - 1, pipe);
    out[got] = '\0';
    ck_assert_int_eq(pclose(pipe), 0);
}

START_TEST(a_shell_takes_the_words_as_they_were_given)
{
    struct submission s;
    char out[1024], expected[1024];
    fill(&s);
    char *script = script_of_shards(&s, "0-4");
    shell_words(script, out, sizeof(out));
    snprintf(expected, sizeof(expected),
             "/opt/arena bench/arenabench\nrun\n-a\nmine=/a b/it's.so:X=$HOME\n\n-w\nlarson\n"
             "--shard\n3/5\n-o\n%s/shards\n",
             root);
    ck_assert_str_eq(out, expected);
    free(script);
    submission_release(&s);
}
END_TEST

START_TEST(what_sbatch_reads_stands_before_the_first_command)
{
    static const char *const lines[] = {"#SBATCH --array=0-4%2\n",
                                        "#SBATCH --exclusive\n",
                                        "#SBATCH --requeue\n",
                                        "#SBATCH --open-mode=append\n",
                                        "#SBATCH --mincpus=8\n",
                                        "#SBATCH --qos=long\n",
                                        "#SBATCH \"--comment=two words\"\n",
                                        "#SBATCH --time=\"1 --qos=x\"\n",
                                        "#SBATCH --constraint=\"epyc&ib\"\n",
                                        "#SBATCH --mem=0\n"};
    struct submission s;
    fill(&s);
    s.time = strdup("1 --qos=x");
    ck_assert_int_eq(submission_add(&s.options, &s.n_options, "--comment=two words", &err), 0);
    char *script = script_of_shards(&s, "0-4");
    const char *first_command = strstr(script, "\nfor ");
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        const char *at = strstr(script, lines[i]);
        ck_assert_msg(at && at < first_command, "%s", lines[i]);
    }
    ck_assert_ptr_null(strstr(script, "--partition"));
    free(script);
    submission_release(&s);
}
END_TEST

START_TEST(what_would_mean_something_to_sbatch_is_refused)
{
    static const char *const bad[] = {"/a%j", "/a\\b", "/a\"b", "a\nb", "/it's"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        ck_assert_int_eq(script_check(bad[i], "the folder", &err), -EINVAL);
    ck_assert_int_eq(script_check("/a b/c", "the folder", &err), 0);
}
END_TEST

static void remove_root(void)
{
    char command[64];
    snprintf(command, sizeof(command), "rm -rf '%s'", root);
    if (system(command) != 0)
        perror(command);
}

int main(void)
{
    const TTest *const tests[] = {shards_are_listed_as_sbatch_takes_them,
                                  a_submission_is_read_as_it_was_written,
                                  it_is_found_by_the_number_of_either_job,
                                  a_file_that_somebody_changed_is_refused_and_says_what,
                                  a_shell_takes_the_words_as_they_were_given,
                                  what_sbatch_reads_stands_before_the_first_command,
                                  what_would_mean_something_to_sbatch_is_refused};
    if (!mkdtemp(root))
        return EXIT_FAILURE;
    int status = unit_run("submit", tests, ARRAY_SIZE(tests));
    remove_root();
    return status;
}
