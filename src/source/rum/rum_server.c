#include "source/rum/rum_server.h"

#include <stdlib.h>

#include "format/pages/beacon.h"
#include "source/shared/http_server.h"

struct rum_server {
    struct http_server *http;
    struct field_tally *tally;
    int64_t rate, in_second;
    sd_time second, now;
};

#define ALLOW_ORIGIN "Access-Control-Allow-Origin: *\r\n"

static void plain(struct http_answer *a, int status)
{
    *a = (struct http_answer){.status = status, .headers = ALLOW_ORIGIN};
    if (status == 405)
        a->headers = ALLOW_ORIGIN "Allow: POST, OPTIONS\r\n";
    else if (status == 429)
        a->headers = ALLOW_ORIGIN "Retry-After: 1\r\n";
}

static void take_beacon(void *ctx, const struct field_beacon *b)
{
    struct rum_server *x = ctx;
    struct field_beacon now = *b;
    now.at = x->now; /* not what a client says of the time */
    field_tally_add(x->tally, &now);
    x->in_second++;
}

static int take_body(struct rum_server *x, const char *body, size_t n, const struct http_request *r)
{
    struct field_counts *counts = field_tally_counts(x->tally);
    char referer[HTTP_REFERER_MAX + 1];
    if (x->now - x->second >= SD_S || x->now < x->second) {
        x->second = x->now;
        x->in_second = 0;
    }
    if (x->in_second >= x->rate) {
        counts->rejected++;
        return 429;
    }
    memcpy(referer, r->referer.n ? r->referer.at : "", r->referer.n);
    referer[r->referer.n] = 0;
    struct beacon_found found = beacon_read(body, n, referer, take_beacon, x);
    counts->rejected += found.rejected;
    counts->ignored += found.ignored;
    return found.taken || found.ignored ? 204 : 400;
}

static enum http_taken take(void *ctx, const struct http_request *r, const char *body, size_t n,
                            struct http_answer *a)
{
    plain(a, r->method == HTTP_POST ? take_body(ctx, body, n, r) : r->method == HTTP_OPTIONS ? 204 : 405);
    if (r->method == HTTP_OPTIONS)
        a->headers = ALLOW_ORIGIN "Access-Control-Allow-Methods: POST, OPTIONS\r\n"
                                  "Access-Control-Allow-Headers: content-type\r\n"
                                  "Access-Control-Max-Age: 86400\r\n";
    return HTTP_ANSWERED;
}

static void refuse(void *ctx, const struct http_request *r, enum http_refusal why, struct http_answer *a)
{
    struct rum_server *x = ctx;
    if (r && r->method != HTTP_POST) {
        plain(a, 405);
    } else if (why == HTTP_TOO_LARGE) {
        field_tally_counts(x->tally)->too_large++;
        plain(a, 413);
    } else {
        plain(a, why == HTTP_NO_LENGTH ? 411 : 400);
    }
}

static struct http_rules rules_of(struct rum_server *x)
{
    return (struct http_rules){
        .scheme = "rum",
        .what = "beacons",
        .elsewhere = ", and let the site's own server pass them on",
        .body_max = BEACON_BODY_MAX,
        .unfinished_max = (size_t)64 << 20,
        .ctx = x,
        .take = take,
        .refuse = refuse,
    };
}

struct rum_server *rum_server_open(const char *target, int64_t rate, struct field_tally *tally,
                                   struct sd_error *err)
{
    struct rum_server *x = mem_alloc(sizeof *x);
    const struct http_rules rules = rules_of(x);
    *x = (struct rum_server){.tally = tally, .rate = rate};
    x->http = http_server_open(target, &rules, err);
    if (x->http)
        return x;
    free(x);
    return NULL;
}

bool rum_server_may_open(const char *target, struct sd_error *err)
{
    const struct http_rules rules = rules_of(NULL);
    return http_server_may_open(target, &rules, err);
}

void rum_server_close(struct rum_server *x)
{
    if (!x)
        return;
    http_server_close(x->http);
    free(x);
}

int rum_server_fd(const struct rum_server *x)
{
    return http_server_fd(x->http);
}

bool rum_server_turn(struct rum_server *x, sd_time now)
{
    x->now = now;
    return http_server_turn(x->http, now);
}

void rum_server_sweep(struct rum_server *x, sd_time now)
{
    http_server_sweep(x->http, now);
}
