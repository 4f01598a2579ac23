/* loads.h - what views ask of load tests and of documents in the model. On the model's thread.
 *
 * A source runs one load test, interval after interval; its document, and those that are read from files, are
 * results: a batch holds all that its source has. */
#ifndef CORE_MODEL_LOADS_H
#define CORE_MODEL_LOADS_H

#include "core/model/model.h"

/* Load tests that have said something up to `at`: of each its last interval (struct sd_load), in the order in
 * which the sources came; count, at most max. `before` is its first. */
size_t model_loads(const struct model *m, sd_time at, struct record_entry *out, size_t max);
/* The intervals (SD_LOAD) or levels (SD_LOAD_LEVEL) of one of them in the span, by time; count, at most max:
 * then the newest. When memory is short some are left out. */
size_t model_load_steps(const struct model *m, const char *origin, enum sd_kind kind, struct span span,
                        struct record_entry *out, size_t max);
/* The documents (struct sd_document) at `at`, of all sources in their order. */
size_t model_results(const struct model *m, sd_time at, struct record_entry *out, size_t max);

#endif
