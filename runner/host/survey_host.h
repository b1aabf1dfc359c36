/*
 * Executes one survey: as a trial, but observed from inside; see survey.h. Behind its plan a worker is left
 * idle for some seconds, and meanwhile the next survey can be begun: so there are two steps.
 */
#pragma once

#include "survey.h"
#include "trial_host.h"

struct survey_flight;

/*
 * Starts a worker and waits until its plan is done, or has failed. Of the request the plan, the settings, the
 * topology, the placement and the flag of interruption are looked at until the flight ends. NULL when out of memory.
 */
struct survey_flight *host_survey_begin(const struct trial_request *request);

/* Whether nothing more will come: the tail is over, or the survey has failed or was interrupted. */
bool host_survey_is_over(struct survey_flight *flight);

/* Bytes that the worker has resident now; 0 when it is gone. */
uint64_t host_survey_resident_bytes(const struct survey_flight *flight);

/*
 * Waits until it is over and frees the flight. Fills in *result, which the caller releases with
 * trial_result_release(), and *survey, released with survey_release(). A survey that failed has the marks
 * that were taken before. Numbers of the result that are of speed or of memory have been disturbed.
 */
void host_survey_end(struct survey_flight *flight, struct trial_result *result,
                     struct survey *survey);

/* Both in one, for one survey. */
void host_survey(const struct trial_request *request, struct trial_result *result,
                 struct survey *survey);
