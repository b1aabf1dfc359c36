/*
 * A fuzz target for libFuzzer: what reads tables of shapes, and makes small plans of them. Whatever an input holds,
 * it is refused in one line or makes a plan that keeps every law.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os.h"
#include "shape.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* A large object makes a small plan all the same. */
static int make_plan(const struct shape_table *table, struct err *err)
{
    struct shape_spec spec;
    const struct plan *plan;
    int fd;
    shape_preset(table, &spec);
    int rc = shape_parse(&spec, "heap=64K:ops=200:remote=0.3:ring=7:fan=2", err);
    if (rc == 0)
        rc = shape_plan(&(struct shape_wanted){table, &spec, "fuzz", 3, 1}, &fd, &plan, err);
    if (rc < 0)
        return rc;
    os_unmap((void *)plan, plan->n_bytes);
    close(fd);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char path[64];
    struct err err = {""};
    struct shape_table table;
    int fd = memfd_create("table", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, n) != (ssize_t)n)
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    int rc = shape_table_read(path, &table, &err);
    int made = rc == 0 ? make_plan(&table, &err) : 0;
    if (made < 0 || (rc < 0 && (err.text[0] == '\0' || strchr(err.text, '\n')))) {
        fprintf(stderr, "table: %d, %d, '%s'\n", rc, made, err.text);
        abort();
    }
    shape_table_release(&table);
    close(fd);
    return 0;
}
