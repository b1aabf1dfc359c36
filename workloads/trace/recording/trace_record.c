#include "trace_record.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "convert.h"
#include "os.h"
#include "record_spool.h"
#include "replace.h"
#include "stamp.h"
#include "text.h"

struct recording {
    const struct record_options *options;
    char *const *argv; /* NULL: what the spool says */
    char recorder[PATH_MAX];
    struct record_spool spool;
    char preload[2 * PATH_MAX], variable[PATH_MAX + sizeof(SPOOL_ENV) + 1];
    char **environment;
    uint64_t start_s;
    struct record_end end;
    uint64_t stop_stamp, stop_ns;
};

static int find_recorder(struct recording *rec, struct err *err)
{
    const char *path = rec->options->recorder;
    if (!realpath(path, rec->recorder) || access(rec->recorder, R_OK) < 0)
        return err_set_errno(err, errno, "cannot use the recorder %s", path);
    if (strpbrk(rec->recorder, " :"))
        return err_set(err, EINVAL,
                       "the recorder cannot be preloaded from %s: blank or colon in its path",
                       rec->recorder);
    return 0;
}

/* Whether the output can be written, before the program runs for an hour. */
static int check_output(const struct record_options *o, struct err *err)
{
    char folder[PATH_MAX];
    int rc = output_replaceable(o->output, err);
    if (rc == 0)
        rc = record_spool_folder(NULL, o->output, folder, err);
    if (rc == 0 && access(folder, W_OK) < 0)
        rc = err_set_errno(err, errno, "cannot write to folder %s", folder);
    return rc;
}

/* The caller's environment with the recorder in front of its LD_PRELOAD, and the spool's path. */
static int make_environment(struct recording *rec, struct err *err)
{
    size_t n = 0, used = 0;
    while (environ[n])
        n++;
    rec->environment = calloc(n + 3, sizeof(char *));
    if (!rec->environment)
        return err_set(err, ENOMEM, "no memory to start %s", rec->argv[0]);
    const char *others = getenv("LD_PRELOAD");
    size_t length =
        text_format(rec->preload, sizeof(rec->preload), "LD_PRELOAD=%s%s%s", rec->recorder,
                    others && others[0] ? ":" : "", others ? others : "");
    if (length + 1 >= sizeof(rec->preload))
        return err_set(err, EINVAL, "LD_PRELOAD is too long to put the recorder in front");
    text_format(rec->variable, sizeof(rec->variable), SPOOL_ENV "=%s", rec->spool.path);
    rec->environment[used++] = rec->preload;
    rec->environment[used++] = rec->variable;
    for (size_t i = 0; i < n; i++) {
        if (strncmp(environ[i], "LD_PRELOAD=", 11) != 0)
            rec->environment[used++] = environ[i];
    }
    return 0;
}

/* Program and arguments, each with its 0 byte, as many as fit. */
static uint32_t join_arguments(char *const argv[], char text[TRACE_TEXT_MAX])
{
    size_t used = 0;
    for (; *argv && used + strlen(*argv) + 1 <= TRACE_TEXT_MAX; argv++) {
        memcpy(text + used, *argv, strlen(*argv) + 1);
        used += strlen(*argv) + 1;
    }
    if (used == 0)
        text[used++] = '\0';
    return (uint32_t)used;
}

/* Without arguments, and without the folders of the program. */
static uint32_t strip_arguments(char text[TRACE_TEXT_MAX])
{
    const char *slash = strrchr(text, '/');
    if (slash)
        memmove(text, slash + 1, strlen(slash + 1) + 1);
    return (uint32_t)strlen(text) + 1;
}

static uint32_t describe(const struct recording *rec, const struct spool_header *h, bool first,
                         char text[TRACE_TEXT_MAX])
{
    uint32_t n = h->program_bytes;
    if (first && rec->argv) {
        n = join_arguments(rec->argv, text);
    } else {
        if (n == 0 || n > sizeof(h->program))
            n = 1;
        memcpy(text, h->program, n);
        text[n - 1] = '\0';
    }
    return rec->options->anonymous ? strip_arguments(text) : n;
}

static void fill_header(struct trace_header *h, const struct recording *rec,
                        const struct spool_header *spool)
{
    bool tsc = spool->clock == TRACE_CLOCK_TSC;
    struct utsname u;
    uname(&u);
    *h = (struct trace_header){
        .magic = TRACE_MAGIC,
        .version = TRACE_VERSION,
        .page_bytes = (uint32_t)os_page_bytes(),
        .n_cpus = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN),
        .flags = rec->options->anonymous ? TRACE_ANONYMOUS : 0,
        .clock = (uint8_t)(tsc ? TRACE_CLOCK_TSC : TRACE_CLOCK_MONOTONIC),
        .source = TRACE_RECORDED,
        .start_s = rec->start_s,
    };
    text_format(h->cpu, sizeof(h->cpu), "%s", rec->options->cpu ? rec->options->cpu : "");
    text_format(h->allocator, sizeof(h->allocator), "%.*s", (int)sizeof(spool->allocator) - 1,
                spool->allocator);
    text_format(h->system, sizeof(h->system), "%s %s %s", u.sysname, u.release, u.machine);
}

static int convert(const struct recording *rec, const struct spool_reader *spool, bool first,
                   const char *path, struct err *err)
{
    char *text = malloc(TRACE_TEXT_MAX);
    if (!text)
        return err_set(err, ENOMEM, "no memory to convert the recording");
    struct convert_options options = {
        .path = path,
        .level = rec->options->level ? rec->options->level : RECORD_LEVEL,
        .text = text,
        .text_bytes = describe(rec, spool->header, first, text),
        .stop_stamp = rec->stop_stamp,
        .stop_ns = rec->stop_ns,
        .progress = rec->options->progress,
        .context = rec->options->context,
    };
    fill_header(&options.header, rec, spool->header);
    if (first && rec->end.exit_status >= 0) {
        options.exit_how = rec->end.signal ? TRACE_EXIT_SIGNAL : TRACE_EXIT_STATUS;
        options.exit_value = (uint32_t)(rec->end.signal ? rec->end.signal : rec->end.exit_status);
    }
    int rc = convert_spool(spool, &options, err);
    free(text);
    return rc;
}

/* "x.3.trace" for the third process beside "x.trace". */
static void path_of(const struct record_options *o, uint32_t number, char *out, size_t n)
{
    size_t length = strlen(o->output);
    bool ends = length > 6 && strcmp(o->output + length - 6, ".trace") == 0;
    if (number == 0)
        text_format(out, n, "%s", o->output);
    else
        text_format(out, n, "%.*s.%u%s", (int)(ends ? length - 6 : length), o->output, number,
                    ends ? ".trace" : "");
}

/* The first such path from `number` on that nobody has, unless what is there may be replaced. */
static void free_path_of(const struct record_options *o, uint32_t number, char *out, size_t n)
{
    path_of(o, number, out, n);
    while (number != 0 && !o->replace && access(out, F_OK) == 0)
        path_of(o, ++number, out, n);
}

/* Spool `number` of the tree (0: the program's own) as a trace. */
static int write_trace(const struct recording *rec, int fd, uint32_t number,
                       struct record_result *result, struct err *err)
{
    struct spool_reader spool;
    struct trace_info info;
    char path[PATH_MAX];
    int rc = spool_reader_open(&spool, fd, err);
    if (rc < 0)
        return rc;
    if (!spool.header->loaded && number == 0)
        rc = err_set(
            err, ENOEXEC,
            "%s did not load the recorder: it is linked statically, set-user-ID, or of another "
            "architecture",
            rec->argv ? rec->argv[0] : "the program");
    free_path_of(rec->options, number, path, sizeof(path));
    if (rc == 0 && spool.header->loaded)
        rc = convert(rec, &spool, number == 0, path, err);
    if (rc == 0 && spool.header->loaded)
        rc = trace_info_read(path, &info, err);
    if (rc == 0 && spool.header->loaded) {
        result->n_traces++;
        result->raw_bytes += atomic_load(&spool.header->claimed_bytes);
        result->inner_calls += atomic_load(&spool.header->inner_calls);
        if (number == 0)
            result->info = info;
        if (rec->options->wrote)
            rec->options->wrote(rec->options->context, path, &info);
    }
    spool_reader_release(&spool);
    return rc;
}

static int write_all(const struct recording *rec, struct record_result *result, struct err *err)
{
    int rc = write_trace(rec, rec->spool.fd, 0, result, err);
    uint32_t n = record_spool_count(&rec->spool);
    for (uint32_t i = 1; i < n; i++) {
        struct err why;
        int fd = record_spool_open(&rec->spool, i);
        int code = fd >= 0 ? write_trace(rec, fd, i, result, &why) : 0;
        if (fd >= 0)
            close(fd);
        if (code < 0 && rc == 0) {
            rc = code;
            *err = why;
        }
    }
    return rc;
}

static void read_clocks(struct recording *rec, enum trace_clock clock)
{
    rec->stop_stamp = stamp_now(clock);
    rec->stop_ns = clock_ns();
}

static int run(struct recording *rec, struct record_result *result, struct err *err)
{
    const struct record_options *o = rec->options;
    struct record_process process = {
        .argv = rec->argv,
        .environment = rec->environment,
        .tick = &rec->spool.header->tick,
        .tree = o->tree,
        .waiting = o->waiting,
        .context = o->context,
    };
    rec->start_s = (uint64_t)time(NULL);
    int rc = record_process_run(&process, &result->end, err);
    rec->end = result->end;
    return rc;
}

int trace_record(const struct record_options *options, char *const argv[],
                 struct record_result *result, struct err *err)
{
    struct recording rec = {.options = options, .argv = argv, .spool.fd = -1};
    *result = (struct record_result){.end.exit_status = -1};
    int rc = find_recorder(&rec, err);
    if (rc == 0)
        rc = check_output(options, err);
    if (rc == 0)
        rc = record_spool_make(&rec.spool, options, err);
    if (rc == 0)
        rc = make_environment(&rec, err);
    if (rc == 0)
        rc = run(&rec, result, err);
    if (rc == 0) {
        read_clocks(&rec, rec.spool.clock);
        rc = write_all(&rec, result, err);
    }
    record_spool_remove(&rec.spool);
    free(rec.environment);
    return rc;
}

/* A descriptor, or a negative errno for what never was a spool. */
static int open_spool(const char *path, struct err *err)
{
    uint64_t magic;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not hold us up */
    if (fd < 0)
        return err_set_errno(err, errno, "cannot read %s", path);
    if (pread(fd, &magic, sizeof(magic), 0) == (ssize_t)sizeof(magic) && magic == SPOOL_MAGIC)
        return fd;
    close(fd);
    return err_set(err, EINVAL, "%s is no raw recording: those are named .arenabench-spool-...",
                   path);
}

int trace_record_recover(const struct record_options *options, const char *spool,
                         struct record_result *result, struct err *err)
{
    struct recording rec = {
        .options = options, .start_s = (uint64_t)time(NULL), .end.exit_status = -1};
    *result = (struct record_result){.end.exit_status = -1};
    int fd = open_spool(spool, err);
    if (fd < 0)
        return fd;
    int rc = check_output(options, err);
    /* On the machine that recorded it, and since it was started, the counter has run on. */
    read_clocks(&rec, TRACE_CLOCK_TSC);
    if (rc == 0)
        rc = write_trace(&rec, fd, 0, result, err);
    close(fd);
    return rc;
}
