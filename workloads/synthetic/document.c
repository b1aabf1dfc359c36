/*
 * Prints the account of the table into a document, below the line that says so:
 *
 *   document docs/workloads.md
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workload.h"

#define MARK "<!-- printed from the table: "

static void print_line(void *context, const char *text)
{
    fprintf(context, "%s\n", text);
}

/* All that stands above, and the mark. */
static bool copy_head(FILE *from, FILE *to)
{
    char line[4096];
    while (fgets(line, sizeof(line), from)) {
        fputs(line, to);
        if (strncmp(line, MARK, strlen(MARK)) == 0)
            return true;
    }
    return false;
}

static int print_into(const char *path, const char *fresh)
{
    FILE *from = fopen(path, "r");
    FILE *to = fopen(fresh, "w");
    bool whole = from && to && copy_head(from, to);
    if (whole) {
        fputs("\n", to);
        workload_describe(print_line, to);
    }
    if (from)
        fclose(from);
    if (to && (ferror(to) | fclose(to)))
        whole = false;
    return whole ? rename(fresh, path) : -1;
}

int main(int argc, char **argv)
{
    char fresh[4096];
    if (argc != 2 || strlen(argv[1]) + sizeof(".new") > sizeof(fresh)) {
        fputs("usage: document FILE\n", stderr);
        return 2;
    }
    snprintf(fresh, sizeof(fresh), "%s.new", argv[1]);
    if (print_into(argv[1], fresh) == 0)
        return 0;
    remove(fresh);
    fprintf(stderr, "document: cannot print into %s below a line '%s...'\n", argv[1], MARK);
    return 1;
}
