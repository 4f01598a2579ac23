/* hop_policy.h - `hops:` of a policy file (YAML): budgets of requests by the places they pass. The sections
 * of other parts are only known by name here. */
#ifndef CONF_HOP_POLICY_H
#define CONF_HOP_POLICY_H

#include "core/endpoints/hops.h"

/* False and one sentence, "FILE:LINE:COLUMN: ...": a policy half read is no policy. A file that is not there
 * is none, unless `required`. Free with hop_policy_free, also then. */
bool hop_policy_read(struct hop_plans *out, const char *path, bool required, struct sd_error *err);
bool hop_policy_read_text(struct hop_plans *out, const char *name, const char *text, size_t len,
                          struct sd_error *err);
void hop_policy_free(struct hop_plans *p);

#endif
