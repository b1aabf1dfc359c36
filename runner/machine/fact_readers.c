#include "fact_readers.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "os.h"
#include "text.h"

#define CPU_DIR    "sys/devices/system/cpu/"
#define WORD_BYTES 64

FILE *fact_open(int root, const char *path, struct err *why)
{
    /* Without O_NONBLOCK a FIFO in place of a file would hold us up for ever. */
    int fd = root < 0 ? -1 : openat(root, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int code = root < 0 ? ENOENT : errno;
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
    if (file)
        return file;
    if (fd >= 0)
        close(fd);
    if (code == ENOENT)
        err_set(why, code, "/%s does not exist", path);
    else
        err_set_errno(why, code, "cannot open /%s", path);
    return NULL;
}

/* Takes blanks off both ends and makes one plain line of what is left. */
static char *tidy(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    size_t n = strcspn(text, "\n");
    while (n > 0 && isspace((unsigned char)text[n - 1]))
        n--;
    text[n] = '\0';
    for (char *c = text; *c; c++)
        if (iscntrl((unsigned char)*c))
            *c = '?';
    return text;
}

/* Closes a stream whose reading ended early; says why. */
static int end_reading(FILE *file, const char *path, const char *missing, struct err *why)
{
    int code = errno;
    bool broken = ferror(file);
    fclose(file);
    return broken ? err_set_errno(why, code, "cannot read /%s", path)
                  : err_set(why, ENODATA, "/%s %s", path, missing);
}

int fact_read_file(int root, const char *path, char *value, size_t n, struct err *why)
{
    FILE *file = fact_open(root, path, why);
    if (!file)
        return -ENOENT;
    char line[1024];
    errno = 0;
    if (!fgets(line, sizeof(line), file))
        return end_reading(file, path, "is empty", why);
    fclose(file);
    const char *text = tidy(line);
    if (*text == '\0')
        return err_set(why, ENODATA, "/%s is empty", path);
    text_format(value, n, "%s", text);
    return 0;
}

/* Where the value of the line begins if it is one of `name`; else NULL. */
static char *value_in(char *line, const char *name, char separator)
{
    size_t n = strlen(name);
    if (strncmp(line, name, n) != 0)
        return NULL;
    line += n;
    line += strspn(line, " \t");
    return *line == separator ? line + 1 : NULL;
}

int fact_find_field(int root, const struct fact_field *field, char *value, size_t n,
                    struct err *why)
{
    FILE *file = fact_open(root, field->path, why);
    if (!file)
        return -ENOENT;
    char *line = NULL;
    char *found = NULL;
    size_t room = 0;
    errno = 0;
    while (!found && getline(&line, &room, file) > 0)
        found = value_in(line, field->name, field->separator);
    int r = 0;
    if (found) {
        text_format(value, n, "%s", tidy(found));
        fclose(file);
    } else {
        char missing[WORD_BYTES];
        text_format(missing, sizeof(missing), "has no line \"%s\"", field->name);
        r = end_reading(file, field->path, missing, why);
    }
    free(line);
    return r;
}

FACT_READER(fact_line)
{
    return fact_read_file(root, row->path, value, n, why);
}

FACT_READER(fact_line_or_none)
{
    int r = fact_read_file(root, row->path, value, n, why);
    if (r != -ENODATA)
        return r;
    text_format(value, n, "none");
    return 0;
}

/* How many numbers are in "0-3,8"; 0 for a text that is no such list. */
static unsigned long count_list(const char *list)
{
    unsigned long n = 0;
    for (const char *p = list;; p++) {
        char *end;
        if (!isdigit((unsigned char)*p))
            return 0;
        unsigned long first = strtoul(p, &end, 10);
        unsigned long last = first;
        if (*end == '-' && isdigit((unsigned char)end[1]))
            last = strtoul(end + 1, &end, 10);
        if (last < first || last > UINT32_MAX)
            return 0;
        n += last - first + 1;
        p = end;
        if (*p == '\0')
            return n;
        if (*p != ',')
            return 0;
    }
}

FACT_READER(fact_count)
{
    char list[1024] = "";
    int r = fact_read_file(root, row->path, list, sizeof(list), why);
    if (r < 0)
        return r;
    unsigned long count = count_list(list);
    if (count == 0)
        return err_set(why, EINVAL, "/%s holds \"%.*s\"", row->path, 60, list);
    text_format(value, n, "%lu", count);
    return 0;
}

/* Reads a file that holds 1 or 0. */
static int read_bit(int root, const char *path, bool *bit, struct err *why)
{
    char text[WORD_BYTES];
    int r = fact_read_file(root, path, text, sizeof(text), why);
    if (r < 0)
        return r;
    *bit = strcmp(text, "1") == 0;
    if (!*bit && strcmp(text, "0") != 0)
        return err_set(why, EINVAL, "/%s holds \"%s\"", path, text);
    return 0;
}

FACT_READER(fact_yes_no)
{
    bool bit = false;
    int r = read_bit(root, row->path, &bit, why);
    if (r == 0)
        text_format(value, n, bit ? "yes" : "no");
    return r;
}

FACT_READER(fact_turbo)
{
    (void)row;
    bool is_on = false, is_off = false;
    int r = read_bit(root, CPU_DIR "intel_pstate/no_turbo", &is_off, why);
    if (r == 0)
        is_on = !is_off;
    else if (r == -ENOENT)
        r = read_bit(root, CPU_DIR "cpufreq/boost", &is_on, why);
    if (r == 0)
        text_format(value, n, is_on ? "on" : "off");
    else if (r == -ENOENT)
        err_set(why, ENOENT, "the kernel has no switch for it here (%s, %s)",
                "intel_pstate/no_turbo", "cpufreq/boost");
    return r;
}

FACT_READER(fact_choice)
{
    char line[256];
    int r = fact_read_file(root, row->path, line, sizeof(line), why);
    if (r < 0)
        return r;
    const char *begin = strchr(line, '[');
    const char *end = begin ? strchr(begin, ']') : NULL;
    if (!end)
        return err_set(why, EINVAL, "/%s holds \"%.*s\"", row->path, 60, line);
    text_format(value, n, "%.*s", (int)(end - begin - 1), begin + 1);
    return 0;
}

FACT_READER(fact_field)
{
    const struct fact_field field = {row->path, row->field, ':'};
    return fact_find_field(root, &field, value, n, why);
}

static int read_kib(int root, const char *path, const char *name, uint64_t *bytes, struct err *why)
{
    char text[WORD_BYTES] = "";
    const struct fact_field field = {path, name, ':'};
    int r = fact_find_field(root, &field, text, sizeof(text), why);
    if (r < 0)
        return r;
    char *end;
    errno = 0;
    uint64_t kib = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || errno || strcmp(end, " kB") != 0 ||
        kib > UINT64_MAX / KIB)
        return err_set(why, EINVAL, "/%s says %s: %s", path, name, text);
    *bytes = kib * KIB;
    return 0;
}

FACT_READER(fact_kib_field)
{
    uint64_t bytes = 0;
    int r = read_kib(root, row->path, row->field, &bytes, why);
    if (r == 0)
        text_format(value, n, "%lu", bytes);
    return r;
}

FACT_READER(fact_swap_used)
{
    uint64_t all = 0;
    uint64_t unused = 0;
    int r = read_kib(root, row->path, "SwapTotal", &all, why);
    if (r == 0)
        r = read_kib(root, row->path, "SwapFree", &unused, why);
    if (r < 0)
        return r;
    if (unused > all)
        return err_set(why, EINVAL, "/%s has more swap free than there is", row->path);
    text_format(value, n, "%lu", all - unused);
    return 0;
}

FACT_READER(fact_os_release)
{
    char quoted[256];
    const struct fact_field field = {row->path, row->field, '='};
    int r = fact_find_field(root, &field, quoted, sizeof(quoted), why);
    if (r < 0)
        return r;
    size_t length = strlen(quoted);
    bool in_quotes = length >= 2 && strchr("\"'", quoted[0]) && quoted[length - 1] == quoted[0];
    text_format(value, n, "%.*s", (int)(in_quotes ? length - 2 : length), quoted + in_quotes);
    return 0;
}

FACT_READER(fact_architecture)
{
    (void)root, (void)row;
    struct utsname name;
    if (uname(&name) < 0)
        return err_set_errno(why, errno, "uname failed");
    text_format(value, n, "%s", name.machine);
    return 0;
}

FACT_READER(fact_libc)
{
    (void)root, (void)row, (void)why;
    text_format(value, n, "glibc %s", gnu_get_libc_version());
    return 0;
}

FACT_READER(fact_page_bytes)
{
    (void)root, (void)row, (void)why;
    text_format(value, n, "%zu", os_page_bytes());
    return 0;
}

FACT_READER(fact_cpu_model)
{
    const struct fact_field model = {row->path, "model name", ':'};
    const struct fact_field arm_implementer = {row->path, "CPU implementer", ':'};
    const struct fact_field arm_part = {row->path, "CPU part", ':'};
    int r = fact_find_field(root, &model, value, n, why);
    if (r != -ENODATA)
        return r;
    char implementer[WORD_BYTES];
    char part[WORD_BYTES];
    struct err no_arm;
    if (fact_find_field(root, &arm_implementer, implementer, sizeof(implementer), &no_arm) < 0 ||
        fact_find_field(root, &arm_part, part, sizeof(part), &no_arm) < 0)
        return r;
    text_format(value, n, "implementer %s, part %s", implementer, part);
    return 0;
}

/* The different words that files hold, in alphabetical order. */
struct words {
    char text[8][WORD_BYTES];
    unsigned n;
};

static void add_word(struct words *w, const char *word)
{
    unsigned at = 0;
    while (at < w->n && strcmp(w->text[at], word) < 0)
        at++;
    bool is_known = at < w->n && strcmp(w->text[at], word) == 0;
    if (is_known || w->n == ARRAY_SIZE(w->text))
        return;
    memmove(w->text[at + 1], w->text[at], (size_t)(w->n - at) * WORD_BYTES);
    text_format(w->text[at], WORD_BYTES, "%s", word);
    w->n++;
}

FACT_READER(fact_policies)
{
    int fd = root < 0 ? -1 : openat(root, row->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct words found = {.n = 0};
    for (const struct dirent *entry; dir && (entry = readdir(dir));) {
        char path[sizeof(entry->d_name) + WORD_BYTES];
        char word[WORD_BYTES];
        struct err unreadable; /* the policy of CPUs that are offline, for instance */
        if (strncmp(entry->d_name, "policy", 6) != 0)
            continue;
        text_format(path, sizeof(path), "%s/%s", entry->d_name, row->field);
        if (fact_read_file(dirfd(dir), path, word, sizeof(word), &unreadable) == 0)
            add_word(&found, word);
    }
    if (dir)
        closedir(dir);
    else if (fd >= 0)
        close(fd);
    if (found.n == 0)
        return err_set(why, ENOENT, "the kernel controls no CPU frequency here (/%s)", row->path);
    size_t used = 0;
    for (unsigned i = 0; i < found.n; i++)
        used += text_format(value + used, n - used, "%s%s", i > 0 ? ", " : "", found.text[i]);
    return 0;
}

FACT_READER(fact_load)
{
    char line[256];
    int r = fact_read_file(root, row->path, line, sizeof(line), why);
    if (r < 0)
        return r;
    /* Not as floating point, which would depend on the locale. */
    unsigned load[6];
    int used = 0;
    if (sscanf(line, "%u.%u %u.%u %u.%u%n", &load[0], &load[1], &load[2], &load[3], &load[4],
               &load[5], &used) != 6)
        return err_set(why, EINVAL, "/%s holds \"%.*s\"", row->path, 60, line);
    text_format(value, n, "%.*s", used, line);
    return 0;
}
