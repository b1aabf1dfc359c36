#include "places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

/* The folder of this program's file, without a slash at its end. */
static int own_folder(char *out, size_t n, struct err *err)
{
    ssize_t got = readlink("/proc/self/exe", out, n - 1);
    if (got <= 0)
        return err_set_errno(err, errno, "cannot find out where the program lies");
    out[got] = '\0';
    *strrchr(out, '/') = '\0';
    return 0;
}

static bool exists(const char *path)
{
    return access(path, R_OK) == 0;
}

/* Runs are kept in the checkout that the program was called through, else with the user's data. */
static void find_store(struct places *p)
{
    const char *checkout = getenv("ARENABENCH_HOME"), *data = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    if (checkout && *checkout)
        text_format(p->store, sizeof(p->store), "%s/results/runs/bench.db", checkout);
    else if (data && *data)
        text_format(p->store, sizeof(p->store), "%s/arenabench/bench.db", data);
    else
        text_format(p->store, sizeof(p->store), "%s/.local/share/arenabench/bench.db",
                    home && *home ? home : ".");
}

int places_find(struct places *p, struct err *err)
{
    char own[PATH_MAX], worker[PATH_MAX];
    int rc = own_folder(own, sizeof(own), err);
    if (rc < 0)
        return rc;
    find_store(p);
    text_format(worker, sizeof(worker), "%s/../worker/worker-glibc", own);
    if (exists(worker)) { /* a build folder: runner/cli/arenabench */
        text_format(p->workers, sizeof(p->workers), "%s/../worker", own);
        text_format(p->contract, sizeof(p->contract), "%s/../../tests/contract", own);
        text_format(p->recorder, sizeof(p->recorder),
                    "%s/../../workloads/trace/recorder/libarenabench-record.so", own);
        text_format(p->traces, sizeof(p->traces), "%s", ARENABENCH_SOURCE_TRACES);
        text_format(p->shapes, sizeof(p->shapes), "%s", ARENABENCH_SOURCE_SHAPES);
        text_format(p->suites, sizeof(p->suites), "%s", ARENABENCH_SOURCE_SUITES);
        return 0;
    }
    text_format(p->workers, sizeof(p->workers), "%s/" ARENABENCH_LIBEXEC_FROM_BIN, own);
    text_format(p->contract, sizeof(p->contract), "%s/contract", p->workers);
    text_format(p->recorder, sizeof(p->recorder), "%s/libarenabench-record.so", p->workers);
    text_format(p->traces, sizeof(p->traces), "%s/" ARENABENCH_TRACES_FROM_BIN, own);
    text_format(p->shapes, sizeof(p->shapes), "%s/" ARENABENCH_SHAPES_FROM_BIN, own);
    text_format(p->suites, sizeof(p->suites), "%s/" ARENABENCH_SUITES_FROM_BIN, own);
    text_format(worker, sizeof(worker), "%s/worker-glibc", p->workers);
    if (!exists(worker))
        return err_set(err, ENOENT, "incomplete installation: %s is missing", worker);
    return 0;
}
