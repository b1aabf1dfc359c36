#include "run_command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell_word.h"

/* Lists that go by newlines go by commas again, unless a word holds one. */
static int put_list(FILE *out, const char *option, const char *list)
{
    char *copy = strdup(list);
    if (!copy)
        return -ENOMEM;
    size_t n = strlen(copy);
    if (n > 0 && copy[n - 1] == '\n' && !strchr(copy, ',')) {
        copy[n - 1] = '\0';
        for (char *p = copy; *p; p++)
            if (*p == '\n')
                *p = ',';
    }
    fprintf(out, " %s ", option);
    shell_put_word(out, copy);
    free(copy);
    return 0;
}

static int put_all(FILE *out, const struct run_config *c)
{
    fputs("arenabench run", out);
    int rc = put_list(out, "-a", c->allocators);
    if (rc == 0)
        rc = put_list(out, "-w", c->workloads);
    if (rc == 0 && *c->threads)
        rc = put_list(out, "-t", c->threads);
    if (rc == 0 && *c->cores)
        rc = put_list(out, "--cores", c->cores);
    if (rc == 0 && *c->baseline)
        rc = put_list(out, "--baseline", c->baseline);
    fprintf(out, " -b %u -s %g --budget %g", c->blocks, c->seconds, c->budget_s);
    if (c->limit_s > 0)
        fprintf(out, " --limit %g", c->limit_s);
    fprintf(out, " --warm-up %u --seed %lu --touch %s --pin %s", c->warm_up, (unsigned long)c->seed,
            touch_name(c->touch), pin_policy_name(c->pin));
    return rc;
}

char *run_command(const struct run_config *c)
{
    char *text = NULL;
    size_t n_bytes;
    FILE *out = open_memstream(&text, &n_bytes);
    if (!out)
        return NULL;
    int rc = put_all(out, c);
    if (fclose(out) != 0 || rc < 0) {
        free(text);
        return NULL;
    }
    return text;
}
