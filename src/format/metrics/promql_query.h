/* promql_query.h - what is asked of a query API: which metrics there are, and their growth added up by the
 * labels that tell endpoints apart. The engine adds up; no series of its own comes over. Pure. */
#ifndef FORMAT_METRICS_PROMQL_QUERY_H
#define FORMAT_METRICS_PROMQL_QUERY_H

#include "format/metrics/latency_metrics.h"

/* What the user gives: matchers as in PromQL, with or without braces, and labels to keep. */
struct promql_scope {
    const char *match; /* {job="api"}; "": all */
    const char *by;    /* instance,job; "": the whole fleet as one */
    int64_t window_ns; /* of a rate */
};

/* The names of metrics of durations and runtimes that have samples now, each with how many series. */
void promql_names(struct strbuf *out, const struct promql_scope *p, const struct latency_metrics *own);

/* A metric of durations that is there. */
struct promql_family {
    char *name; /* without suffix */
    const struct latency_name *row;
    bool buckets, bare, counted, summed; /* X_bucket, X, X_count, X_sum are there */
    bool native;                         /* X is a native histogram, not a summary */
    bool failed; /* its counter by status is there: row->failed behind the same prefix */
};
enum promql_ask {
    ASK_BUCKETS,
    ASK_NATIVE,
    ASK_COUNT,
    ASK_SUM,
    ASK_FAILED,
    ASK_TOLD,      /* percentiles of a summary, where one program alone tells them */
    ASK_IS_NATIVE, /* is there anything? */
    ASK_SERIES     /* the series themselves, for exemplars */
};
void promql_family_query(struct strbuf *out, const struct promql_scope *p, const struct promql_family *f,
                         enum promql_ask ask);
/* The name of the series that the answer is about, as an exposition would have it. */
void promql_family_series(struct strbuf *out, const struct promql_family *f, enum promql_ask ask);

/* All metrics of runtimes in one question; their names come in the label slowdive_name. */
void promql_runtime_query(struct strbuf *out, const struct promql_scope *p, const char *const *names,
                          size_t n);
#define PROMQL_NAME_LABEL "slowdive_name"

/* A value in a form: percent-encoded. */
void promql_form(struct strbuf *out, const char *key, const char *value);

#endif
