/* accesslog_parts.h - what the requests to an endpoint have in common, over windows of ten seconds of
 * the log, and the slowest of each minute. A line costs an append of 16 bytes; the parts are made when a
 * window is over. Memory is bounded by a number of lines, not by the input. One thread. */
#ifndef FORMAT_ENDPOINTS_ACCESSLOG_PARTS_H
#define FORMAT_ENDPOINTS_ACCESSLOG_PARTS_H

#include "core/hist.h"
#include "format/endpoints/accesslog.h"

#define PARTS_WINDOW ((int64_t)10) /* seconds */
#define PARTS_MINUTE ((int64_t)6)  /* windows of which the slowest are kept */
enum {
    PARTS_LINES = 1 << 16, /* of a window; more hand it out in two */
    PARTS_KEYS = 16,       /* of a kind and an endpoint; others: "(other)" */
    PARTS_NAMES = 4096,    /* different servers, and hosts, of a log */
    PARTS_SLOWEST = 4,     /* exemplars of an endpoint and a minute */
    PARTS_EXEMPLARS = 2048,
    PARTS_SEARCHES = 20000, /* so many lines of a minute are searched for a trace id */
};

struct parts_name {
    const char *method, *route;
};

struct accesslog_parts_to {
    void (*before)(void *ctx); /* records of the endpoints themselves go first */
    struct parts_name (*name)(void *ctx, uint32_t endpoint);
    /* `at` is the second of the window's first line; pointers live during the call. No records: that was all
     * of the window. NULL: nobody takes them, nor exemplars; `before` is called as if they were.
     */
    void (*parts)(void *ctx, sd_time at, const struct sd_http_part *records, size_t n);
    void (*exemplars)(void *ctx, sd_time at, const struct sd_exemplar *records, size_t n);
    void *ctx;
};

struct accesslog_parts;
struct accesslog_parts *accesslog_parts_new(const struct accesslog_parts_to *to);
void accesslog_parts_free(struct accesslog_parts *p); /* NULL is fine */
/* `bucket` is that of the duration, SD_HIST_BUCKETS when it is no latency. `line` is what `l` was read from.
 */
void accesslog_parts_count(struct accesslog_parts *p, uint32_t endpoint, sd_time at, uint32_t bucket,
                           const struct accesslog_line *l, const char *line, size_t len);
void accesslog_parts_flush(struct accesslog_parts *p);
bool accesslog_parts_pending(const struct accesslog_parts *p);

#endif
