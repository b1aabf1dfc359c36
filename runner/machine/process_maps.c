#include "process_maps.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int open_maps(pid_t pid, FILE **out, struct err *err)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
    *out = fopen(path, "re");
    return *out ? 0 : err_set_errno(err, errno, "cannot open %s", path);
}

/* Ends the reading of a file; -errno if it broke off. */
static int close_maps(FILE *maps, pid_t pid, struct err *err)
{
    bool broken = ferror(maps);
    int code = errno;
    fclose(maps);
    return broken ? err_set_errno(err, code, "cannot read /proc/%d/maps", (int)pid) : 0;
}

/* The kernel writes a newline in a name as "\012", and nothing else in that manner. */
static void undo_escapes(char *name)
{
    static const char escaped[] = "\\012";
    char *to = name;
    for (const char *from = name; *from; to++) {
        bool is_newline = strncmp(from, escaped, sizeof(escaped) - 1) == 0;
        *to = *from;
        if (is_newline)
            *to = '\n';
        from += is_newline ? sizeof(escaped) - 1 : 1;
    }
    *to = '\0';
}

/* Whether the kernel marked the name of a file as deleted; takes the mark off. */
static bool take_off_deleted(char *name)
{
    static const char mark[] = " (deleted)";
    size_t n = strlen(name);
    size_t m = sizeof(mark) - 1;
    if (n < m || strcmp(name + n - m, mark) != 0)
        return false;
    name[n - m] = '\0';
    return true;
}

/* Copies the name of the mapping at `address` to path[n]. */
static int name_to_path(char *name, uint64_t address, char *path, size_t n, struct err *err)
{
    name[strcspn(name, "\n")] = '\0';
    if (name[0] != '/')
        return err_set(err, ENOENT, "the memory at 0x%llx is %s, not a file's",
                       (unsigned long long)address, name[0] ? name : "anonymous");
    bool deleted = take_off_deleted(name);
    undo_escapes(name);
    size_t length = strlen(name);
    if (length >= n)
        return err_set(err, ENAMETOOLONG, "the path of the file at 0x%llx is too long: %s",
                       (unsigned long long)address, name);
    memcpy(path, name, length + 1);
    if (deleted)
        return err_set(err, ESTALE, "%s was deleted or replaced after the process had loaded it",
                       name);
    return 0;
}

int process_file_of(pid_t pid, uint64_t address, char *path, size_t n, struct err *err)
{
    FILE *maps;
    int r = open_maps(pid, &maps, err);
    if (r < 0)
        return r;
    char *line = NULL;
    size_t room = 0;
    bool found = false;
    while (!found && getline(&line, &room, maps) > 0) {
        unsigned long long begin;
        unsigned long long end;
        int name = 0; /* begin-end rights offset device inode name */
        if (sscanf(line, "%llx-%llx %*s %*s %*s %*s %n", &begin, &end, &name) < 2)
            continue;
        found = begin <= address && address < end;
        if (found)
            r = name_to_path(line + name, address, path, n, err);
    }
    int closed = close_maps(maps, pid, err);
    free(line);
    if (found)
        return r;
    if (closed < 0)
        return closed;
    return err_set(err, ENOENT, "nothing is mapped at 0x%llx in process %d",
                   (unsigned long long)address, (int)pid);
}

int process_n_mappings(pid_t pid, uint64_t *n_mappings, struct err *err)
{
    FILE *maps;
    int r = open_maps(pid, &maps, err);
    if (r < 0)
        return r;
    char part[4096];
    uint64_t n = 0;
    for (size_t got; (got = fread(part, 1, sizeof(part), maps)) > 0;)
        for (size_t i = 0; i < got; i++)
            n += part[i] == '\n';
    *n_mappings = n;
    return close_maps(maps, pid, err);
}

int process_maps_file(pid_t pid, const char *file, struct err *err)
{
    FILE *maps;
    int r = open_maps(pid, &maps, err);
    if (r < 0)
        return r;
    char *line = NULL;
    size_t room = 0;
    while (r == 0 && getline(&line, &room, maps) > 0) {
        int name = 0; /* begin-end rights offset device inode name */
        sscanf(line, "%*s %*s %*s %*s %*s %n", &name);
        line[strcspn(line, "\n")] = '\0';
        undo_escapes(line + name);
        r = name > 0 && strcmp(line + name, file) == 0;
    }
    int closed = close_maps(maps, pid, err);
    free(line);
    return r == 0 && closed < 0 ? closed : r;
}
