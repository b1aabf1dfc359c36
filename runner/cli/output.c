#include "output.h"

#include "report.h"

int output_run(struct store *store, int64_t run_id, enum output_form form, struct err *err)
{
    static const struct summary_options options;
    struct summary summary;
    int rc = summary_make(store, run_id, &options, &summary, err);
    if (rc == 0 && form == OUTPUT_JSON)
        rc = report_json(stdout, store, &summary, err);
    else if (rc == 0 && form == OUTPUT_CSV)
        rc = report_csv(stdout, store, &summary, err);
    else if (rc == 0)
        rc = report_table(stdout, &summary, report_wants_colour(stdout), err);
    summary_release(&summary);
    return rc;
}
