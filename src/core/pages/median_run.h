/* median_run.h - which of several runs stands for them all: LHCI's representative run. Pure; any thread.
 *
 * As computeRepresentativeRuns of @lhci/utils 0.15 does it: of the first contentful paint and of the time to
 * interactive the upper median, then the run whose squared distances to both add up to the least. */
#ifndef CORE_PAGES_MEDIAN_RUN_H
#define CORE_PAGES_MEDIAN_RUN_H

#include "base/base.h"

/* The number of that run, of equals the first. NAN: not measured, which LHCI takes for 0. Runs without a
 * result are left out by the caller. SIZE_MAX without a run. */
size_t median_run(const double *fcp, const double *tti, size_t n);

#endif
