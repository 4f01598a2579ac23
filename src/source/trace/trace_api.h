/* trace_api.h - shared by the sources that ask Jaeger and Tempo for traces. */
#ifndef SOURCE_TRACE_TRACE_API_H
#define SOURCE_TRACE_TRACE_API_H

#include "format/traces/span_seen.h"
#include "source/shared/fetch.h"
#include "source/trace/trace_source.h"

struct trace_api_options {
    const char *user, *password, *token, *ca, *cert, *key, *org, *service, *trace;
    int64_t every, timeout, lookback, limit;
    bool insecure;
};

/* Which traces are wanted. Texts NULL: any. */
struct trace_query {
    const char *trace, *service, *operation, *method, *route;
    sd_time from, to;
    int64_t longer_than_ns; /* SD_UNKNOWN: any */
    int64_t limit;
};

struct trace_api {
    char *base;    /* "http://host:16686/prefix", without a slash at its end */
    char *address; /* "host:16686" */
    struct span_outlet outlet;
    struct span_draft *draft;
    struct span_seen *seen;
    struct trace_intake intake;
    sd_time asked_to; /* up to here all was asked for; 0: nothing yet. Kept over a new open */
    sd_time next;     /* poll */
    int64_t found;    /* traces that the query at hand has found */
    bool more;        /* than its limit */
};

/* One query of a product; what it finds goes into the draft. */
typedef enum sd_result trace_search(struct sd_source *s, const struct trace_query *q, struct sd_error *err);

/* GET of base + path. SD_OK: the answer has status 200, for fetch_free; 404 too if `missing` is given, which
 * is then true. Otherwise a sentence; SD_NODATA: it is to end. */
enum sd_result trace_api_get(struct sd_source *s, const char *path, const char *accept,
                             struct fetch_answer *out, bool *missing, struct sd_error *err);
/* Spans of an answer into the draft; `product`: for the sentence. */
enum sd_result trace_api_take(struct sd_source *s, const struct fetch_answer *a, const char *product,
                              struct sd_error *err);
/* "&name=value", escaped. */
void trace_api_parameter(struct strbuf *url, const char *name, const char *value);

/* What both sources do alike. `usual`: an address for sentences; `prefix`: "jaeger+". */
int trace_api_recognise(const char *target, const char *prefix);
enum sd_result trace_api_open(struct sd_source *s, const char *prefix, const char *usual,
                              struct sd_error *err);
enum sd_result trace_api_run(struct sd_source *s, trace_search *search, struct sd_error *err);
enum sd_result trace_api_request(struct sd_source *s, trace_search *search, const struct sd_request *req,
                                 struct sd_batch *reply, const char *product, struct sd_error *err);
void trace_api_close(struct sd_source *s);
/* sd_source_ops.examine: `ask` is one short question to the opened source. */
void trace_api_examine(struct sd_source *s, sd_check_tell *check, void *ctx, const char *prefix,
                       const char *usual, enum sd_result (*ask)(struct sd_source *s, struct sd_error *err));
extern const struct sd_option TRACE_API_OPTIONS[];

#define TRACE_API_PROVIDES                                                                                   \
    (SD_KIND_BIT(SD_SPANS) | SD_KIND_BIT(SD_HTTP) | SD_KIND_BIT(SD_HTTP_PART) | SD_KIND_BIT(SD_STATEMENT) |  \
     SD_KIND_BIT(SD_INTAKE) | SD_KIND_BIT(SD_EVENT))

#endif
