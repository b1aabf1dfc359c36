#include "child.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t written = write(fd, text, strlen(text));
    (void)written;
    close(fd);
}

void child_drop_inheritance(int last_fd, int status)
{
    static const struct rlimit no_core;
    setpgid(0, 0);
    setrlimit(RLIMIT_CORE, &no_core);
    for (int signal_number = 1; signal_number < NSIG; signal_number++)
        signal(signal_number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    close_range((unsigned)last_fd + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    if (chdir("/") < 0)
        _exit(status);
    write_file("/proc/self/oom_score_adj", "1000");
}
