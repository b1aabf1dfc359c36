#include "probe.h"

#include <unistd.h>

#include "nop_trial.h"
#include "text.h"

void probe_allocator(const struct allocator *allocator, const struct places *places,
                     struct probe *out)
{
    static const char *const environment[] = {NULL};
    char worker[PATH_MAX + 64];
    struct nop_trial trial;
    struct trial_result result = {0};
    struct err err;
    text_format(worker, sizeof(worker), "%s/%s", places->workers, allocator->worker);
    *out = (struct probe){0};
    int rc = nop_trial_open(&trial, &err);
    trial.request.worker = worker;
    trial.request.environment = environment;
    trial.request.supplier = allocator->malloc_file;
    if (access(worker, X_OK) < 0)
        text_format(out->reason, sizeof(out->reason), "%s was not built", allocator->worker);
    else if (rc < 0)
        text_format(out->reason, sizeof(out->reason), "%s", err.text);
    else
        host_trial(&trial.request, &result);
    out->usable = out->reason[0] == '\0' && result.status == TRIAL_OK;
    if (out->reason[0] == '\0')
        text_format(out->reason, sizeof(out->reason), "%s", result.message);
    text_format(out->version, sizeof(out->version), "%s", result.version);
    text_format(out->file, sizeof(out->file), "%s", result.malloc_path);
    trial_result_release(&result);
    nop_trial_close(&trial);
}
