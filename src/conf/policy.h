/* policy.h - the policy file (YAML): what is good enough, who is told when it is not. What it may say is in
 * slowdive-policy(5); what was read is a struct goal_policy. Only names of secrets are read here, never the
 * files that hold them. */
#ifndef CONF_POLICY_H
#define CONF_POLICY_H

#include "core/goals/policy.h"

/* Where a policy comes from when the command line names none. */
enum policy_place {
    POLICY_USUAL,    /* policy.yaml beside the configuration, else the compiled-in one */
    POLICY_OF_FOLDER /* before these ./slowdive-policy.yaml: whoever wrote that may not send, so its receivers
                        have nothing but name and type */
};

/* `given`: the file of --policy; NULL: none was named. False and one sentence, "FILE:LINE:COLUMN: ...": then
 * *p is empty, because a policy half read is no policy. Free with policy_free, also then. */
bool policy_find(struct goal_policy *p, const char *given, enum policy_place place, struct sd_error *err);
/* The same of a text; "" gives the compiled-in policy. `name` is for sentences. */
bool policy_read_text(struct goal_policy *p, const char *name, const char *text, size_t len,
                      struct sd_error *err);
void policy_free(struct goal_policy *p);

/* The compiled-in policy with its comments: what --print-policy prints. */
const char *policy_default_text(void);

#endif
