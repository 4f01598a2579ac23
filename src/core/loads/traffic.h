/* traffic.h - what production sends, out of the requests of an access log: routes and their paths, sessions,
 * think times, rates. Requests come one by one, about in order of their moments; memory is bounded by what is
 * said here and by the number of rows, not by the number of requests. Pure; one thread.
 *
 * A session: requests of one client, each beginning at most `gap_ns` after the end of those before. Think
 * time: from the end of those before to the beginning of a request; where it is not above 0 the requests
 * overlap, and it is no think time. A request begins its duration before its moment (unknown: at it). A
 * request that comes out of order by more than the gap begins a session of its own.
 *
 * Bounds: TRAFFIC_OPEN_MAX sessions are open at once (those idle longest are closed before their time, and
 * counted), TRAFFIC_THINK_MAX think times are kept (of more a fair sample), lengths of sessions above
 * TRAFFIC_LENGTH_MAX count as that in percentiles, paths as in traffic_paths.h. A client is known by a hash
 * of 64 bits. */
#ifndef CORE_LOADS_TRAFFIC_H
#define CORE_LOADS_TRAFFIC_H

#include "core/hist.h"
#include "core/loads/traffic_paths.h"
#include "core/result.h"

enum {
    TRAFFIC_OPEN_MAX = 1 << 20,
    TRAFFIC_THINK_MAX = 1 << 20,
    TRAFFIC_LENGTH_MAX = 1 << 16,
    TRAFFIC_METHODS_MAX = 32, /* that are left out, by name; others together */
    TRAFFIC_METHOD_BYTES = 24,
    TRAFFIC_ROUTE_PATHS = 100,    /* of a route in the scenario */
    TRAFFIC_SEQUENCES = 100,      /* sessions that stand for all */
    TRAFFIC_SEQUENCE_STEPS = 200, /* of one of them; what follows is left out */
};

struct traffic_options {
    int64_t gap_ns;
    bool sequences; /* keep some sessions as they were */
};

struct traffic_request {
    uint64_t client;
    sd_time at;
    int64_t duration_ns; /* SD_UNKNOWN */
    bool latency;        /* the duration is one: not of an upgraded connection */
    uint32_t row;        /* of a route; numbers from 0 on */
    const char *method;
    size_t method_len;
    const char *path; /* as replay_path makes it; 0 bytes: it cannot be sent again */
    size_t path_len;
};

struct traffic;
struct traffic *traffic_new(const struct traffic_options *o);
void traffic_free(struct traffic *p); /* NULL is fine */
/* Has the row a name already? It gets one before its first request: method (NULL: none of its own) and route.
 */
bool traffic_has_row(const struct traffic *p, uint32_t row);
void traffic_name_row(struct traffic *p, uint32_t row, const char *method, const char *route);
void traffic_add(struct traffic *p, const struct traffic_request *r);
void traffic_skip(struct traffic *p, const char *method, size_t len); /* a request that is left out */

/* ---- after the last request ---- */

struct traffic_row {
    const char *name;   /* "GET /items/:id" */
    const char *method; /* "" of its own */
    const char *route;
    int64_t count;
    int64_t p50_ns; /* SD_UNKNOWN: no durations */
    int64_t paths;  /* how many different ones; estimated when there are very many */
    int64_t replayable;
    uint32_t row;
};

/* A session as it was. */
struct traffic_step {
    char *path;       /* "GET /items/17" */
    int64_t think_ns; /* after it; 0: none, SD_UNKNOWN: it was the last */
};
struct traffic_sequence {
    uint64_t hash;
    struct traffic_step *steps;
    size_t n, cap;
};

struct traffic_skipped {
    char method[TRAFFIC_METHOD_BYTES]; /* "-": what is no request */
    int64_t count;
};

/* Everything is unknown where there was none of it. */
struct traffic_summary {
    int64_t lines, unparsed; /* the caller's */
    int64_t requests, sessions;
    sd_time first, last;
    double rate_mean_per_s; /* NAN */
    double rate_peak_per_s; /* of the busiest minute, from second 0 to 59; NAN */
    double users;           /* sessions under way at once, in the mean; NAN */
    struct {
        int64_t samples, overlapping, median_ns, p95_ns, mean_ns;
    } think;
    struct {
        double mean;
        int64_t p50, p95;
    } session_length;
    const struct traffic_row *rows; /* most requests first */
    size_t n_rows;
    struct traffic_skipped skipped[TRAFFIC_METHODS_MAX + 1]; /* the most first */
    size_t n_skipped;
    const struct traffic_paths *paths;
    const struct traffic_sequence *sequences;
    size_t n_sequences;
    int64_t closed_early; /* sessions */
    int64_t unreplayable; /* requests */
};
/* Closes the open sessions. The summary lives as long as `t`. */
const struct traffic_summary *traffic_finish(struct traffic *p, int64_t lines, int64_t unparsed);

cJSON *traffic_document(const struct traffic_summary *s);

/* ---- the scenario (traffic_scenario.c) ---- */

struct traffic_scenario {
    double scale;     /* of the rate, or of the users: 1 is as it was */
    bool sequences;   /* sessions in order, in the closed model */
    const char *from; /* what was read, for a comment; NULL: it says nothing */
};
/* A YAML file that `load run` takes. False and a sentence: nothing in the log can be sent again. */
bool traffic_scenario(const struct traffic_summary *s, const struct traffic_scenario *o, struct strbuf *out,
                      struct sd_error *err);

#endif
