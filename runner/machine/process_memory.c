#include "process_memory.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os.h"

#define PATH_BYTES 64
#define FILE_BYTES 8192 /* smaps_rollup has 0.8 KiB, status 1.5 */

static void proc_path(char path[PATH_BYTES], pid_t pid, const char *file)
{
    snprintf(path, PATH_BYTES, "/proc/%d/%s", (int)pid, file);
}

/* The whole file, ended by a 0; longer ones are cut. */
static int read_proc(pid_t pid, const char *file, char text[FILE_BYTES], struct err *err)
{
    char path[PATH_BYTES];
    proc_path(path, pid, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set_errno(err, errno, "cannot open %s", path);
    size_t used = 0;
    ssize_t got;
    while ((got = read(fd, text + used, FILE_BYTES - 1 - used)) > 0)
        used += (size_t)got;
    int code = errno;
    close(fd);
    text[used] = '\0';
    return got < 0 ? err_set_errno(err, code, "cannot read %s", path) : 0;
}

/* The line "Key:    N kB" of a file's text, in bytes. */
static int find_kib(const char *text, const char *key, uint64_t *bytes)
{
    size_t n = strlen(key);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        unsigned long long kib = 0;
        if (strncmp(line, key, n) == 0 && line[n] == ':' &&
            sscanf(line + n + 1, "%llu kB", &kib) == 1) {
            *bytes = kib * KIB;
            return 0;
        }
    }
    return -ENODATA;
}

int process_memory_read(pid_t pid, struct process_memory *out, struct err *err)
{
    *out = (struct process_memory){0};
    const struct {
        const char *key;
        uint64_t *bytes;
    } wanted[] = {
        {"Rss", &out->rss_bytes},
        {"Anonymous", &out->anonymous_bytes},
        {"LazyFree", &out->lazy_free_bytes},
        {"AnonHugePages", &out->huge_bytes},
        {"Swap", &out->swap_bytes},
    };
    char text[FILE_BYTES];
    int r = read_proc(pid, "smaps_rollup", text, err);
    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(wanted); i++)
        if (find_kib(text, wanted[i].key, wanted[i].bytes) < 0)
            r = err_set(err, ENODATA, "/proc/%d/smaps_rollup has no line %s", (int)pid,
                        wanted[i].key);
    return r;
}

int process_peak_bytes(pid_t pid, uint64_t *bytes, struct err *err)
{
    char text[FILE_BYTES];
    int r = read_proc(pid, "status", text, err);
    if (r < 0)
        return r;
    if (find_kib(text, "VmHWM", bytes) < 0)
        return err_set(err, ENODATA, "/proc/%d/status has no line VmHWM; the process has ended",
                       (int)pid);
    return 0;
}

int process_reset_peak(pid_t pid, struct err *err)
{
    static const char peak[] = "5"; /* proc(5), clear_refs */
    char path[PATH_BYTES];
    proc_path(path, pid, "clear_refs");
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set_errno(err, errno, "cannot open %s", path);
    ssize_t put = write(fd, peak, sizeof(peak) - 1);
    int code = errno;
    close(fd);
    return put < 0 ? err_set_errno(err, code, "cannot reset the peak by %s", path) : 0;
}

int process_statm_open(struct process_statm *s, pid_t pid, struct err *err)
{
    char path[PATH_BYTES];
    proc_path(path, pid, "statm");
    *s = (struct process_statm){.fd = open(path, O_RDONLY | O_CLOEXEC),
                                .page_bytes = os_page_bytes()};
    return s->fd < 0 ? err_set_errno(err, errno, "cannot open %s", path) : 0;
}

/* The number at *p, behind blanks; *p ends behind it. */
static uint64_t next_number(const char **p)
{
    uint64_t n = 0;
    while (**p == ' ')
        (*p)++;
    for (; isdigit((unsigned char)**p); (*p)++)
        n = n * 10 + (uint64_t)(**p - '0');
    return n;
}

int process_statm_read(const struct process_statm *s, struct statm *out, struct err *err)
{
    char text[160]; /* seven numbers */
    ssize_t got = pread(s->fd, text, sizeof(text) - 1, 0);
    if (got <= 0)
        return err_set_errno(err, got < 0 ? errno : ESRCH, "cannot read the statm of a process");
    text[got] = '\0';
    const char *p = text;
    out->size_bytes = next_number(&p) * s->page_bytes;
    out->rss_bytes = next_number(&p) * s->page_bytes;
    return 0;
}

void process_statm_close(struct process_statm *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

int process_status_open(struct process_status *s, pid_t pid, struct err *err)
{
    char path[PATH_BYTES];
    proc_path(path, pid, "status");
    s->fd = open(path, O_RDONLY | O_CLOEXEC);
    return s->fd < 0 ? err_set_errno(err, errno, "cannot open %s", path) : 0;
}

int process_status_read(const struct process_status *s, struct process_resident *out,
                        struct err *err)
{
    char text[FILE_BYTES];
    *out = (struct process_resident){0};
    ssize_t got = pread(s->fd, text, sizeof(text) - 1, 0);
    if (got <= 0)
        return err_set_errno(err, got < 0 ? errno : ESRCH, "cannot read the status of a process");
    text[got] = '\0';
    if (find_kib(text, "VmHWM", &out->peak_bytes) < 0 ||
        find_kib(text, "RssAnon", &out->anonymous_bytes) < 0 ||
        find_kib(text, "RssFile", &out->file_bytes) < 0 ||
        find_kib(text, "RssShmem", &out->shared_bytes) < 0)
        return err_set(err, ENODATA, "a process tells no memory in its status: it has ended");
    return 0;
}

void process_status_close(struct process_status *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

/* The first line of a mapping begins with its addresses, in small letters; the others with a name. */
static bool begins_mapping(const char *line)
{
    return isdigit((unsigned char)line[0]) || (line[0] >= 'a' && line[0] <= 'f');
}

int process_heap_read(pid_t pid, uint64_t *anonymous_bytes, uint64_t *heap_bytes, struct err *err)
{
    char path[PATH_BYTES];
    *anonymous_bytes = *heap_bytes = 0;
    proc_path(path, pid, "smaps");
    FILE *smaps = fopen(path, "re");
    if (!smaps)
        return err_set_errno(err, errno, "cannot open %s", path);
    char *line = NULL;
    size_t room = 0;
    bool in_heap = false;
    while (getline(&line, &room, smaps) > 0) {
        uint64_t bytes;
        if (begins_mapping(line)) {
            in_heap = strstr(line, " [heap]\n") != NULL;
        } else if (find_kib(line, "Anonymous", &bytes) == 0) {
            *anonymous_bytes += bytes;
            *heap_bytes += in_heap ? bytes : 0;
        }
    }
    bool broken = ferror(smaps);
    int code = errno;
    free(line);
    fclose(smaps);
    return broken ? err_set_errno(err, code, "cannot read %s", path) : 0;
}
