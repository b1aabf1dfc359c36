#include "probe.h"

#include <unistd.h>

#include "cell.h"
#include "clock.h"
#include "text.h"
#include "trial_host.h"

static int make_request(struct trial_request *request, struct topology **topology,
                        struct placement *placement, struct cell *cell, struct err *err)
{
    struct cell_word word = {.source = CELL_SYNTHETIC, .name = "nop"};
    int rc = workload_parse("nop", 3, &word.spec, err);
    if (rc == 0)
        rc = topology_load(topology, err);
    if (rc == 0)
        rc = topology_place(*topology, PIN_NONE, 1, placement, err);
    if (rc == 0)
        rc = cell_open(cell, &word, 1, 1, err);
    request->plan = cell->plan;
    request->plan_fd = cell->fd;
    request->topology = *topology;
    request->placement = placement;
    return rc;
}

void probe_allocator(const struct allocator *allocator, const struct places *places,
                     struct probe *out)
{
    static const char *const environment[] = {NULL};
    static const volatile sig_atomic_t never;
    char worker[PATH_MAX + 64];
    struct topology *topology = NULL;
    struct placement placement = {0};
    struct cell cell = {.fd = -1};
    struct trial_result result = {0};
    struct err err;
    text_format(worker, sizeof(worker), "%s/%s", places->workers, allocator->worker);
    struct trial_request request = {.worker = worker,
                                    .environment = environment,
                                    .supplier = allocator->malloc_file,
                                    .touch = TOUCH_NONE,
                                    .time_limit_ns = 10 * NS_PER_S,
                                    .interrupted = &never};
    *out = (struct probe){0};
    if (access(worker, X_OK) < 0)
        text_format(out->reason, sizeof(out->reason), "%s was not built", allocator->worker);
    else if (make_request(&request, &topology, &placement, &cell, &err) < 0)
        text_format(out->reason, sizeof(out->reason), "%s", err.text);
    else
        host_trial(&request, &result);
    out->usable = out->reason[0] == '\0' && result.status == TRIAL_OK;
    if (out->reason[0] == '\0')
        text_format(out->reason, sizeof(out->reason), "%s", result.message);
    text_format(out->version, sizeof(out->version), "%s", result.version);
    text_format(out->file, sizeof(out->file), "%s", result.malloc_path);
    trial_result_release(&result);
    cell_close(&cell);
    placement_release(&placement);
    topology_free(topology);
}
