#include "script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell_word.h"
#include "words.h"

int script_check(const char *text, const char *what, struct err *err)
{
    int rc = words_check_text(text, what, err);
    if (rc == 0 && strpbrk(text, "%\\\"'"))
        rc = err_set(err, EINVAL,
                     "%s '%s' has a character in it that sbatch reads as its own: "
                     "%%, \\ or a quote",
                     what, text);
    return rc;
}

/* Plain where it can be: sbatch takes a line apart at blanks, and drops what stands behind a #. */
static void put_given(FILE *out, const char *option)
{
    fprintf(out, strpbrk(option, " #") ? "#SBATCH \"%s\"\n" : "#SBATCH %s\n", option);
}

static void put_option(FILE *out, const char *name, const char *value)
{
    if (value)
        fprintf(out, "#SBATCH --%s=\"%s\"\n", name, value);
}

/* What both scripts say of where they may run. */
static void put_place(FILE *out, const struct submission *s)
{
    put_option(out, "chdir", s->directory);
    put_option(out, "partition", s->partition);
    put_option(out, "constraint", s->constraint);
    put_option(out, "account", s->account);
    for (size_t i = 0; i < s->n_options; i++)
        put_given(out, s->options[i]);
}

/*
 * What would otherwise be found out after minutes, or never: a node that does not see the files, or has less memory than the
 * greatest live set.
 */
static void put_checks(FILE *out, const struct submission *s)
{
    fputs("\nfor file in ", out);
    shell_put_word(out, s->program);
    for (size_t i = 0; i < s->n_files; i++) {
        fputc(' ', out);
        shell_put_word(out, s->files[i]);
    }
    fputs(
        "; do\n"
        "    [ -r \"$file\" ] && continue\n"
        "    echo \"arenabench: node $SLURMD_NODENAME cannot read $file: put it where all nodes see it\" >&2\n"
        "    exit 2\n"
        "done\n",
        out);
    if (s->memory_bytes > 0)
        fprintf(
            out,
            "free=$(awk '$1 == \"MemAvailable:\" { print $2 }' /proc/meminfo)\n"
            "if [ \"$free\" -lt %lu ]; then\n"
            "    echo \"arenabench: node $SLURMD_NODENAME has $free KiB of memory free, %lu are needed\" >&2\n"
            "    exit 2\n"
            "fi\n",
            s->memory_bytes >> 10, s->memory_bytes >> 10);
}

static void put_shards(FILE *out, const struct submission *s, const char *indices)
{
    char folder[PATH_MAX];
    fprintf(
        out,
        "#!/bin/bash\n# One task for each of %u shards of a run. A shard is whole blocks, on a node of its own.\n",
        s->n_shards);
    fputs("#SBATCH --job-name=arenabench\n", out);
    fprintf(out, "#SBATCH --array=%s", indices);
    if (s->at_most > 0)
        fprintf(out, "%%%u", s->at_most);
    fputs("\n# Nobody else on the node, and all of its memory.\n"
          "#SBATCH --nodes=1\n#SBATCH --ntasks=1\n#SBATCH --exclusive\n#SBATCH --mem=0\n",
          out);
    if (s->cpus > 0)
        fprintf(out, "#SBATCH --mincpus=%u\n", s->cpus);
    fputs("# A node that is lost costs its shards in progress, which run again elsewhere.\n"
          "#SBATCH --requeue\n#SBATCH --open-mode=append\n",
          out);
    submission_path(s, "log", folder);
    fprintf(out, "#SBATCH --output=\"%s/%%A_%%a.log\"\n", folder);
    put_option(out, "time", s->time);
    put_place(out, s);
    put_checks(out, s);
    submission_path(s, "shards", folder);
    fputs("\nexec ", out);
    shell_put_word(out, s->program);
    fputs(" run", out);
    for (size_t i = 0; i < s->n_words; i++) {
        fputc(' ', out);
        shell_put_word(out, s->words[i]);
    }
    /* Last, so that they hold. */
    fprintf(out, " --shard \"$SLURM_ARRAY_TASK_ID/%u\" -o ", s->n_shards);
    shell_put_word(out, folder);
    fputc('\n', out);
}

static void put_merge(FILE *out, const struct submission *s)
{
    char folder[PATH_MAX], merged[PATH_MAX], shards[PATH_MAX];
    submission_path(s, "log", folder);
    submission_path(s, "merged.db", merged);
    submission_path(s, "shards", shards);
    fputs("#!/bin/bash\n# All shards that are there, in one results file.\n"
          "#SBATCH --job-name=arenabench-merge\n#SBATCH --ntasks=1\n#SBATCH --requeue\n"
          "#SBATCH --open-mode=append\n",
          out);
    fprintf(out, "#SBATCH --output=\"%s/%%j.log\"\n", folder);
    put_place(out, s);
    fputs("\nexec ", out);
    shell_put_word(out, s->program);
    fputs(" merge ", out);
    shell_put_word(out, merged);
    fputc(' ', out);
    shell_put_word(out, shards);
    fputc('\n', out);
}

/* Closes the stream; NULL where something did not fit. */
static char *finish(FILE *out, char **text)
{
    bool is_bad = ferror(out);
    if (fclose(out) != 0 || is_bad) {
        free(*text);
        return NULL;
    }
    return *text;
}

char *script_of_shards(const struct submission *s, const char *indices)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    if (!out)
        return NULL;
    put_shards(out, s, indices);
    return finish(out, &text);
}

char *script_of_merge(const struct submission *s)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    if (!out)
        return NULL;
    put_merge(out, s);
    return finish(out, &text);
}

char *script_indices(const bool *wanted, uint32_t n)
{
    char *text = NULL;
    size_t n_bytes;
    FILE *out = open_memstream(&text, &n_bytes);
    if (!out)
        return NULL;
    const char *comma = "";
    for (uint32_t i = 0; i < n; i++) {
        if (!wanted[i])
            continue;
        uint32_t first = i;
        while (i + 1 < n && wanted[i + 1])
            i++;
        fprintf(out, i > first ? "%s%u-%u" : "%s%u", comma, first, i);
        comma = ",";
    }
    return finish(out, &text);
}
