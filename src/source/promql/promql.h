/* promql.h - shared by the files of this folder: an engine with Prometheus' query API. */
#ifndef SOURCE_PROMQL_PROMQL_H
#define SOURCE_PROMQL_PROMQL_H

#include "format/metrics/promql_answer.h"
#include "format/metrics/promql_query.h"

enum { PROMQL_FAMILIES = 48, PROMQL_RUNTIME = 48, PROMQL_STEPS = 30 };

struct promql_options {
    const char *match, *by, *names, *user, *password, *token, *tenant, *ca, *cert, *key;
    int64_t every, range, back, timeout, series;
    bool insecure;
};

/* A counter of a runtime: the engine tells its rate, here it grows. */
struct promql_grown {
    char *key;
    double value;
};

struct promql_source {
    char *base;                  /* http://HOST:9090/prefix */
    char *address;               /* for people */
    char *names;                 /* the user's metrics, as JSON; NULL: none */
    struct latency_metrics *own; /* holds their rows */
    struct promql_family families[PROMQL_FAMILIES];
    size_t n_families;
    char *runtime[PROMQL_RUNTIME];
    size_t n_runtime;
    struct promql_grown *grown;
    size_t n_grown, cap_grown;
    sd_time looked;  /* when it was last asked which metrics there are */
    int64_t scraped; /* how often it reads its targets, as far as that can be told */
    bool known;      /* it answered once */
    struct strbuf note;
    int64_t asked, bytes, broken;
};

/* The moments of one asking: what came from at - step to each. */
struct promql_round {
    sd_time first; /* the end of the first step */
    int64_t step, window;
    size_t n;
    struct latency_metrics *m[PROMQL_STEPS];
};

/* One question over `round` (NULL: of now). SD_OK: it was answered; what the engine complains of is in `said`
 * (NULL: nobody asks). SD_NODATA: the source is to stop. */
enum sd_result promql_ask(struct sd_source *s, const char *query, const struct promql_round *round,
                          const struct promql_sink *sink, struct sd_error *err);
enum sd_result promql_ask_exemplars(struct sd_source *s, const char *query, sd_time from, sd_time to,
                                    const struct promql_sink *sink, struct sd_error *err);
void promql_note(struct promql_source *x, const char *fmt, ...) SD_PRINTF(2, 3);

/* Which metrics there are. */
enum sd_result promql_find(struct sd_source *s, struct sd_error *err);
void promql_forget(struct promql_source *x);
struct promql_scope promql_scope_of(const struct sd_source *s, int64_t window);
/* Asks for all of them, and publishes. */
enum sd_result promql_round(struct sd_source *s, struct promql_round *r, struct sd_error *err);

#endif
