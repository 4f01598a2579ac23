/* http_findings.h - what to change about the cache policy of an answer. Pure; any thread. */
#ifndef CORE_CACHES_HTTP_FINDINGS_H
#define CORE_CACHES_HTTP_FINDINGS_H

#include "core/caches/http_policy.h"
#include "core/doc.h"

struct http_finding {
    const char *kind; /* static: "short_ttl" */
    enum severity severity;
    char *text; /* a sentence, with the header to send instead; the caller's */
};

enum { HTTP_FINDINGS_MAX = 32 };

/* All that holds, in the order of the table; how many. Free each text. */
size_t http_findings(const struct http_facts *f, const struct http_policy *p,
                     struct http_finding out[HTTP_FINDINGS_MAX]);
/* The table itself, for the manual and the console: NULL past its end. */
const char *http_finding_kind(size_t i, enum severity *severity, const char **about);

#endif
