/* trace_findings.c - what a trace shows to be wrong. */
#include "core/traces/trace_findings.h"

#include <stdlib.h>

size_t trace_findings(const struct trace_tree *t, struct trace_finding **out)
{
    (void)t;
    *out = NULL;
    return 0;
}

void trace_findings_free(struct trace_finding *f, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(f[i].text);
        free(f[i].advice);
    }
    free(f);
}

const char *trace_rule_name(enum trace_rule r)
{
    static const char *const NAMES[TRACE_RULES_N] = {
#define TRACE_RULE_NAME(NAME, name, what, when) [TRACE_##NAME] = #name,
        TRACE_RULES(TRACE_RULE_NAME)
#undef TRACE_RULE_NAME
    };
    return NAMES[r];
}
