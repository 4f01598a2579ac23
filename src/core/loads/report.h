/* report.h - the results of one or several files of load tools as one report (`load report`).
 *
 * Counts of several files add up. Percentiles are computed over all their requests; where a file holds only
 * the tool's own, they are those of a single file, and unknown of several: percentiles are never averaged.
 * Pure. */
#ifndef CORE_LOADS_REPORT_H
#define CORE_LOADS_REPORT_H

#include <cjson/cJSON.h>

#include "core/loads/tool_result.h"

struct load_report {
    struct strbuf tool;   /* "wrk", of several "k6, vegeta" */
    struct load_result r; /* of all: its samples are not used, its figures are all set */
};

/* Of n results, at least one. They stay the caller's, and are not changed. */
void load_report_make(struct load_report *out, const struct load_result *const *results, size_t n);
void load_report_free(struct load_report *r); /* what is in it */
/* Adds a block under its key, as every document has it. */
void load_block_document(cJSON *o, const char *key, const struct load_block *b);
/* The document of the command; the caller deletes it. */
cJSON *load_report_document(const struct load_report *r);

#endif
