#include "suite_size.h"

#include "campaign.h"
#include "run_options.h"

int suite_size(const char *name, const struct places *places, struct suite_size *out,
               struct err *err)
{
    struct run_options options = {0};
    struct campaign campaign = {0};
    int rc = run_options_name(&options, name, err);
    if (rc == 0)
        rc = run_options_resolve(&options, places, err);
    if (rc == 0)
        rc = campaign_count(&campaign, &options.config, places, &out->cells, err);
    out->allocators = campaign.n_subjects;
    out->blocks = options.config.blocks;
    campaign_release(&campaign);
    run_options_release(&options);
    return rc;
}
