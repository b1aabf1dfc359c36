/* How single facts are read; only for this folder. Every path is relative to a root directory. */
#pragma once

#include <stdio.h>

#include "err.h"

/* One row of the table of facts. */
struct fact_row {
    const char *key;
    /* Writes the value, cut at `n` bytes; or returns a negative errno with the reason in `why`. */
    int (*read)(int root, const struct fact_row *row, char *value, size_t n, struct err *why);
    const char *path;  /* of the file it reads, if it reads one */
    const char *field; /* in that file */
};

/* The first line of a file, without blanks around it and without control characters. */
int fact_read_file(int root, const char *path, char *value, size_t n, struct err *why) MUST_CHECK;
struct fact_field {
    const char *path, *name;
    char separator;
};
/* The value in the first line that reads "name", `separator`, value; blanks may stand between. */
int fact_find_field(int root, const struct fact_field *field, char *value, size_t n,
                    struct err *why) MUST_CHECK;
/* A stream on the file, the caller's to close; NULL with the reason in `why`. */
FILE *fact_open(int root, const char *path, struct err *why);

#define FACT_READER(name) \
    int name(int root, const struct fact_row *row, char *value, size_t n, struct err *why)
FACT_READER(fact_line);         /* the first line */
FACT_READER(fact_line_or_none); /* likewise; "none" when it is empty */
FACT_READER(fact_count);        /* how many numbers are in a list like 0-3,8 */
FACT_READER(fact_yes_no);       /* 1 or 0 */
FACT_READER(fact_choice);       /* the [word] in brackets */
FACT_READER(fact_field);        /* "name : value" */
FACT_READER(fact_kib_field);    /* "name: n kB", in bytes */
FACT_READER(fact_os_release);
FACT_READER(fact_architecture);
FACT_READER(fact_libc);
FACT_READER(fact_page_bytes);
FACT_READER(fact_cpu_model);
FACT_READER(fact_policies); /* `field` of every frequency policy */
FACT_READER(fact_turbo);
FACT_READER(fact_swap_used);
FACT_READER(fact_load);
FACT_READER(fact_hypervisor);
FACT_READER(fact_cgroup_cpu);
FACT_READER(fact_cgroup_memory);
