/* accesslog_agg.h - bytes of an access log become per-second, per-endpoint deltas.
 *
 * Holds several seconds open, because lines are written out of order (nginx buffers per
 * worker, Apache logs a request under its start): a line for a second that was already
 * handed out makes one more delta for it. Memory is bounded by max_routes and by the
 * longest line, not by the input. One thread. */
#ifndef FORMAT_ENDPOINTS_ACCESSLOG_AGG_H
#define FORMAT_ENDPOINTS_ACCESSLOG_AGG_H

#include "core/endpoints/route.h"
#include "format/endpoints/accesslog.h"
#include "format/endpoints/accesslog_cache.h"
#include "format/endpoints/accesslog_endpoints.h"
#include "format/endpoints/accesslog_spot.h"

#define ACCESSLOG_LINE_MAX ((size_t)1 << 20) /* longer lines are cut and unparsed */

struct accesslog_agg;
struct accesslog_agg_options {
    struct accesslog_format
        *format; /* NULL: detected, and changed when lines change; owned by the aggregator */
    const struct route_rules *rules; /* outlives the aggregator; may be NULL */
    /* Distinct METHOD route pairs, 1..60000; others: "(other)". Those first seen refused or not found get a
     * quarter of the places, so that a scanner does not take them all; others of these: "(not found)". */
    size_t max_routes;
    int64_t unit; /* of durations, as in accesslog_format_unit; 0: not given */
    bool totals;  /* nobody asks when: what would be deltas of many seconds may be one */
    /* Hands out the deltas of one second, or, with `totals`, of the seconds of some hours: `at` is the start
     * of the first. Pointers live during the call. */
    void (*emit)(void *ctx, sd_time at, const struct sd_http *records, size_t n);
    /* What the cache in front did in that second; without a name. Not called before a line tells of a lookup.
     * May be NULL. */
    void (*emit_cache)(void *ctx, sd_time at, struct sd_cache *record);
    /* Parts of the requests to an endpoint, and its slowest ones, of ten seconds each
     * (format/endpoints/accesslog_parts.h), then no parts: the ten seconds are over. Both or none may be
     * NULL. */
    void (*emit_parts)(void *ctx, sd_time at, const struct sd_http_part *records, size_t n);
    bool parts_unread; /* nobody takes parts and exemplars: all else comes as if they were made, and with
                        * `totals` without regard to them */
    void (*emit_exemplars)(void *ctx, sd_time at, const struct sd_exemplar *records, size_t n);
    /* Every line that is a request, instead of all the above, which may then be NULL: nothing is added up.
     * Endpoints count from 0. */
    void (*each)(void *ctx, uint32_t endpoint, sd_time at, const struct accesslog_line *l);
    void *ctx;
};

struct accesslog_intake {
    int64_t lines, unparsed, bytes;
    sd_time first, last; /* of the lines' times; SD_UNKNOWN */
    sd_time newest;      /* of the line read last that has one */
    const char *format;  /* its name; NULL: not found yet */
    const char *wrapped; /* what stands around the lines, a sentence; NULL: nothing */
    const char *said;    /* what was assumed of the durations, a sentence; "": nothing */
    char misfit[240]; /* of a format that is given: what the first line that does not fit has instead; "" */
    int64_t holes;    /* of `bytes`: NUL bytes where lines should be, as copytruncate leaves them */
    size_t n_samples; /* a line for each different reason, at most 8 */
    struct {
        char text[257];
        const char *reason;
    } samples[8];
};

/* A partial line between two feeds; one for each file. {0} is empty. */
struct accesslog_carry {
    struct strbuf text;
    bool skipping; /* the rest of a line that was too long */
};

struct accesslog_agg *accesslog_agg_new(const struct accesslog_agg_options *o);
void accesslog_agg_free(struct accesslog_agg *a);

/* `now` stands in for the time when the format has none. */
void accesslog_agg_feed(struct accesslog_agg *a, struct accesslog_carry *c, const char *bytes, size_t len,
                        sd_time now);
/* Lines that are not to be counted, before any other: the format is learned from them. `all`: no others come.
 */
void accesslog_agg_prime(struct accesslog_agg *a, const char *bytes, size_t len, bool all);
/* The input ended: what is in the carry is a line. */
void accesslog_agg_end(struct accesslog_agg *a, struct accesslog_carry *c, sd_time now);
void accesslog_carry_free(struct accesslog_carry *c);
/* Hands out all open seconds, and reads the first lines, which are held back until there are enough of them
 * to tell the format. */
void accesslog_agg_flush(struct accesslog_agg *a);
/* The same while the log goes on: parts are handed out less often. */
void accesslog_agg_tick(struct accesslog_agg *a);
bool accesslog_agg_pending(const struct accesslog_agg *a); /* is there anything to hand out? */
const struct accesslog_intake *accesslog_agg_intake(const struct accesslog_agg *a);
/* One that was handed out; both texts live as long as the aggregator. */
struct accesslog_endpoint accesslog_agg_endpoint(const struct accesslog_agg *a, uint32_t endpoint);
/* Routes whose requests looked into the cache, since the beginning; texts are the call's. How many. */
size_t accesslog_agg_cached(const struct accesslog_agg *a,
                            void (*each)(void *ctx, const char *route, const struct cache_route *r),
                            void *ctx);
/* Whose cache it is: "nginx". */
const char *accesslog_agg_cache(const struct accesslog_agg *a);

#endif
