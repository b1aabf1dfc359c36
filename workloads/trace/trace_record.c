#include "trace_record.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "convert.h"
#include "os.h"
#include "stamp.h"
#include "text.h"

struct recording {
    const struct record_options *options;
    char *const *argv;
    char recorder[PATH_MAX];
    char spool[PATH_MAX];
    int spool_fd;
    char preload[2 * PATH_MAX], variable[PATH_MAX + sizeof(SPOOL_ENV) + 1];
    char **environment;
    uint64_t start_s;
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

/* The folder of the spool, absolute: the program may change its own. */
static int spool_folder(const struct record_options *o, char out[PATH_MAX], struct err *err)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(o->output, '/');
    if (o->spool_dir)
        text_format(folder, sizeof(folder), "%s", o->spool_dir);
    else if (slash)
        text_format(folder, sizeof(folder), "%.*s", (int)(slash - o->output + 1), o->output);
    else
        text_format(folder, sizeof(folder), ".");
    if (!realpath(folder, out))
        return err_set_errno(err, errno, "cannot write to folder %s", folder);
    return 0;
}

/* Whether the output can be written, before the program runs for an hour. */
static int check_output(const struct record_options *o, struct err *err)
{
    char folder[PATH_MAX];
    struct record_options beside = {.output = o->output};
    int rc = spool_folder(&beside, folder, err);
    if (rc == 0 && access(folder, W_OK) < 0)
        rc = err_set_errno(err, errno, "cannot write to folder %s", folder);
    return rc;
}

static bool file_has_word(const char *path, const char *word)
{
    char text[256] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    if (fd >= 0)
        close(fd);
    return n > 0 && strstr(text, word) != NULL;
}

/* The kernel withdraws "tsc" from its list when the cores' counters disagree. */
static enum trace_clock choose_clock(const struct record_options *o)
{
    bool good =
        !o->monotonic && stamp_tsc_invariant() &&
        file_has_word("/sys/devices/system/clocksource/clocksource0/available_clocksource", "tsc");
    return good ? TRACE_CLOCK_TSC : TRACE_CLOCK_MONOTONIC;
}

static int make_spool(struct recording *rec, struct err *err)
{
    char folder[PATH_MAX];
    int rc = spool_folder(rec->options, folder, err);
    if (rc < 0)
        return rc;
    text_format(rec->spool, sizeof(rec->spool), "%s/.arenabench-spool-XXXXXX", folder);
    rec->spool_fd = mkostemp(rec->spool, O_CLOEXEC);
    if (rec->spool_fd < 0) {
        rc = err_set_errno(err, errno, "cannot write to folder %s", folder);
        rec->spool[0] = '\0';
        return rc;
    }
    struct spool_header header = {
        .magic = SPOOL_MAGIC,
        .limit_bytes = rec->options->spool_bytes ? rec->options->spool_bytes : RECORD_SPOOL_BYTES,
        .clock = choose_clock(rec->options),
        .claimed_bytes = SPOOL_UNIT_BYTES,
        .lost_stamp = UINT64_MAX,
        .n_threads = 1,
    };
    int code = posix_fallocate(rec->spool_fd, 0, SPOOL_UNIT_BYTES);
    if (code == 0 && pwrite(rec->spool_fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header))
        code = EIO;
    return code == 0 ? 0 : err_set_errno(err, code, "cannot write %s", rec->spool);
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
    text_format(rec->variable, sizeof(rec->variable), SPOOL_ENV "=%s", rec->spool);
    rec->environment[used++] = rec->preload;
    rec->environment[used++] = rec->variable;
    for (size_t i = 0; i < n; i++) {
        if (strncmp(environ[i], "LD_PRELOAD=", 11) != 0)
            rec->environment[used++] = environ[i];
    }
    return 0;
}

struct handlers {
    struct sigaction interrupt, quit;
};

/* Ctrl-C is for the program; what it did is still converted. */
static void ignore_interrupts(struct handlers *old)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGINT, &ignore, &old->interrupt);
    sigaction(SIGQUIT, &ignore, &old->quit);
}

static void restore_interrupts(const struct handlers *old)
{
    sigaction(SIGINT, &old->interrupt, NULL);
    sigaction(SIGQUIT, &old->quit, NULL);
}

/* In the child: becomes the program, or tells through the pipe why not. */
static void run_program(const struct recording *rec, const struct handlers *old, int pipe_fd)
{
    restore_interrupts(old);
    execvpe(rec->argv[0], rec->argv, rec->environment);
    int code = errno;
    ssize_t n = write(pipe_fd, &code, sizeof(code));
    _exit(n == (ssize_t)sizeof(code) ? 127 : 126);
}

static void set_status(struct record_result *result, int status)
{
    result->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    result->exit_status = result->signal ? 128 + result->signal : WEXITSTATUS(status);
}

static int wait_for(pid_t child, int pipe_fd, const char *program, struct record_result *result,
                    struct err *err)
{
    int code = 0, status;
    ssize_t n;
    while ((n = read(pipe_fd, &code, sizeof(code))) < 0 && errno == EINTR)
        ;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            return err_set_errno(err, errno, "lost sight of %s", program);
    }
    if (n == (ssize_t)sizeof(code))
        return err_set_errno(err, code, "cannot start %s", program);
    set_status(result, status);
    return 0;
}

static int run(struct recording *rec, struct record_result *result, struct err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_set_errno(err, errno, "cannot start %s", rec->argv[0]);
    struct handlers old;
    ignore_interrupts(&old);
    rec->start_s = (uint64_t)time(NULL);
    pid_t child = fork();
    if (child == 0)
        run_program(rec, &old, ends[1]);
    int code = errno;
    close(ends[1]);
    int rc = child < 0 ? err_set_errno(err, code, "cannot start %s", rec->argv[0])
                       : wait_for(child, ends[0], rec->argv[0], result, err);
    close(ends[0]);
    restore_interrupts(&old);
    return rc;
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

static void fill_header(struct trace_header *h, const struct recording *rec, uint32_t clock)
{
    struct utsname u;
    uname(&u);
    *h = (struct trace_header){
        .magic = TRACE_MAGIC,
        .version = TRACE_VERSION,
        .page_bytes = (uint32_t)os_page_bytes(),
        .n_cpus = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN),
        .clock = clock,
        .start_s = rec->start_s,
    };
    text_format(h->system, sizeof(h->system), "%s %s %s", u.sysname, u.release, u.machine);
}

static int convert(const struct recording *rec, struct err *err)
{
    struct spool_reader spool;
    int rc = spool_reader_open(&spool, rec->spool_fd, err);
    if (rc < 0)
        return rc;
    if (!spool.header->loaded) {
        spool_reader_release(&spool);
        return err_set(
            err, ENOEXEC,
            "%s did not load the recorder: it is linked statically, set-user-ID, or of another "
            "architecture",
            rec->argv[0]);
    }
    static const enum trace_clock clocks[] = {TRACE_CLOCK_TSC, TRACE_CLOCK_MONOTONIC};
    enum trace_clock clock = clocks[spool.header->clock != TRACE_CLOCK_TSC];
    char *text = malloc(TRACE_TEXT_MAX);
    if (!text) {
        spool_reader_release(&spool);
        return err_set(err, ENOMEM, "no memory to convert the recording");
    }
    struct convert_options options = {
        .path = rec->options->output,
        .level = rec->options->level ? rec->options->level : RECORD_LEVEL,
        .text = text,
        .text_bytes = join_arguments(rec->argv, text),
        .stop_stamp = rec->stop_stamp,
        .stop_ns = rec->stop_ns,
    };
    fill_header(&options.header, rec, clock);
    rc = convert_spool(&spool, &options, err);
    free(text);
    spool_reader_release(&spool);
    return rc;
}

static int prepare(struct recording *rec, struct err *err)
{
    int rc = find_recorder(rec, err);
    if (rc == 0)
        rc = check_output(rec->options, err);
    if (rc == 0)
        rc = make_spool(rec, err);
    if (rc == 0)
        rc = make_environment(rec, err);
    return rc;
}

int trace_record(const struct record_options *options, char *const argv[],
                 struct record_result *result, struct err *err)
{
    struct recording rec = {.options = options, .argv = argv, .spool_fd = -1};
    *result = (struct record_result){.exit_status = -1};
    int rc = prepare(&rec, err);
    uint64_t begin = clock_ns();
    if (rc == 0)
        rc = run(&rec, result, err);
    result->lived_ns = clock_ns() - begin;
    if (rc == 0) {
        rec.stop_stamp = stamp_now(choose_clock(options));
        rec.stop_ns = clock_ns();
        rc = convert(&rec, err);
    }
    if (rc == 0)
        rc = trace_info_read(options->output, &result->info, err);
    if (rec.spool[0] != '\0')
        unlink(rec.spool);
    if (rec.spool_fd >= 0)
        close(rec.spool_fd);
    free(rec.environment);
    return rc;
}
