/* documents.h - what the commands of capacity print, as core/result.h has it: one document for each kind of
 * answer. The caller frees it. */
#ifndef CORE_CAPACITY_DOCUMENTS_H
#define CORE_CAPACITY_DOCUMENTS_H

#include "core/capacity/hop_latency.h"
#include "core/capacity/capacity_plan.h"
#include "core/capacity/queue.h"
#include "core/capacity/scale.h"
#include "core/capacity/usl.h"
#include "core/result.h"

cJSON *queue_document(const struct queue_figures *f);
cJSON *usl_document(const struct usl_fit *f, const struct usl_point *points); /* f->points of them */
cJSON *capacity_plan_document(const struct capacity_plan *p);
cJSON *hop_times_document(const struct hop_times *t);
cJSON *scale_document(const struct scale *s, const struct scale_trace *t, const struct scale_policy *p);

/* The rate that the server held, of the document of a search for the breaking point. NAN: it is none, or held
 * none. */
double search_held_rate(const char *text, size_t len);

#endif
