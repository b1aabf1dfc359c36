/* Proof of subject: which file supplies the malloc family in a worker, read from outside. */
#pragma once

#include "trial_host.h"
#include "worker_process.h"

/*
 * Fills in malloc_path and build_id of *result. 0 when all of the family comes from one file and
 * that file is the request's supplier; else -EINVAL with what was found and what was wanted.
 */
int proof_of_subject(const struct worker_process *w, const struct trial_request *request,
                     struct trial_result *result, struct err *err) MUST_CHECK;
