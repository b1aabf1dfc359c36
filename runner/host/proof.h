/*
 * Proof of subject: which file supplies the malloc family in a worker, read from outside; and which
 * values its settings really had, as the allocator told at the end.
 */
#pragma once

#include "trial_host.h"
#include "worker_process.h"

/*
 * Fills in malloc_path and build_id of *result. 0 when all of the family comes from one file and
 * that file is the request's supplier; else -EINVAL with what was found and what was wanted.
 */
int proof_of_subject(const struct worker_process *w, const struct trial_request *request,
                     struct trial_result *result, struct err *err) MUST_CHECK;

/*
 * Holds every setting that the request names against what *result has of the allocator's own telling.
 * 0, or -EINVAL with the first that is another or is not told.
 */
int proof_of_settings(const struct trial_request *request, const struct trial_result *result,
                      struct err *err) MUST_CHECK;
