#include "source/otlp/otlp_server.h"

#include <strings.h>

#include "format/http_unpack.h"
#include "format/json_check.h"
#include "format/traces/otlp_answer.h"
#include "format/traces/otlp_read.h"

/* A request that comes while there is no room waits so long, then it is to come again. */
#define PUT_OFF_MOST (300 * SD_MS)
enum { UNPACKED_KEPT = 1 << 20 };

static const char JSON[] = "application/json", PROTOBUF[] = "application/x-protobuf";

static bool is_json(const struct http_request *r)
{
    return http_is_word(r->type, JSON);
}

static bool is_protobuf(const struct http_request *r)
{
    return http_is_word(r->type, PROTOBUF) || http_is_word(r->type, "application/protobuf");
}

/* In the encoding of the request; where that is not known, in JSON, which people can read. */
static void failed(struct otlp_server *x, const struct http_request *r, int status, const char *message,
                   struct http_answer *a)
{
    bool json = !r || !is_protobuf(r);
    otlp_answer_failed(&x->body, json, status, message);
    *a =
        (struct http_answer){.status = status,
                             .headers = status == 405   ? "Allow: POST\r\n"
                                        : status == 429 ? "Retry-After: 1\r\n"
                                        : status == 401 ? "WWW-Authenticate: Bearer\r\n"
                                        : status == 415 ? "Accept-Encoding: gzip, zstd, deflate, identity\r\n"
                                                        : NULL,
                             .type = json ? JSON : PROTOBUF,
                             .body = strbuf_text(&x->body),
                             .n = x->body.len};
}

static bool signal_of(struct http_text path, enum otlp_signal *signal)
{
    static const char *const PATHS[] = {
        [OTLP_TRACES] = "/v1/traces", [OTLP_METRICS] = "/v1/metrics", [OTLP_LOGS] = "/v1/logs"};
    size_t n = path.n;
    while (n > 1 && path.at[n - 1] == '/')
        n--;
    for (size_t i = 0; i < ARRAY_LEN(PATHS); i++)
        if (strlen(PATHS[i]) == n && !memcmp(PATHS[i], path.at, n)) {
            *signal = (enum otlp_signal)i;
            return true;
        }
    return false;
}

/* How long it takes does not tell how much of it is right. */
static bool is_token(const char *token, struct http_text given)
{
    size_t n = strlen(token);
    const char *p = given.at;
    if (!p || given.n < 7 || strncasecmp(p, "Bearer ", 7) != 0)
        return false;
    unsigned char differs = given.n - 7 != n;
    for (size_t i = 0; i < given.n - 7; i++)
        differs |= (unsigned char)(p[7 + i] ^ token[n ? i % n : 0]);
    return !differs;
}

static bool head(void *ctx, const struct http_request *r, struct http_answer *a)
{
    struct otlp_server *x = ctx;
    enum otlp_signal signal;
    if (*x->token && !is_token(x->token, r->authorization))
        failed(x, r, 401, "A bearer token is needed that is the one of this receiver.", a);
    else if (!signal_of(r->path, &signal))
        failed(x, r, 404, "OTLP is received at /v1/traces, /v1/metrics and /v1/logs.", a);
    else if (r->method != HTTP_POST)
        failed(x, r, 405, "OTLP is sent with POST.", a);
    else if (!is_json(r) && !is_protobuf(r))
        failed(x, r, 415, "The Content-Type is to be application/x-protobuf or application/json.", a);
    else
        return false;
    return true;
}

static void refuse(void *ctx, const struct http_request *r, enum http_refusal why, struct http_answer *a)
{
    struct otlp_server *x = ctx;
    switch (why) {
    case HTTP_TOO_LARGE:
        failed(x, r, 413, "The body is larger than 20 MiB.", a);
        return;
    case HTTP_NO_LENGTH:
        failed(x, r, 411, "The request has no Content-Length and is not in chunks.", a);
        return;
    case HTTP_HEAD_TOO_LONG:
        failed(x, r, 431, "The header is longer than 16 KiB.", a);
        return;
    case HTTP_CODED:
        failed(x, r, 501, "The only Transfer-Encoding that is known is chunked.", a);
        return;
    default:
        failed(x, r, 400, "This is no request of HTTP/1.1.", a);
        return;
    }
}

static void not_understood(struct otlp_server *x, const struct http_request *r, const char *why,
                           struct http_answer *a)
{
    x->intake->bad++;
    snprintf(x->intake->why, sizeof x->intake->why, "%s", why);
    failed(x, r, 400, why, a);
}

static void taken(struct otlp_server *x, const struct http_request *r, enum otlp_signal signal,
                  int64_t refused, const char *message, struct http_answer *a)
{
    bool json = is_json(r);
    otlp_answer_taken(&x->body, json, signal, refused, message);
    *a = (struct http_answer){
        .status = 200, .type = json ? JSON : PROTOBUF, .body = strbuf_text(&x->body), .n = x->body.len};
}

static bool read_spans(struct otlp_intake *in, bool json, struct span_text body, struct sd_error *err)
{
    if (!json)
        return otlp_proto_spans(body.at, body.n, in->draft, &in->sink, err);
    return json_check(body.at, body.n, err) && otlp_json_spans(body.at, body.n, in->draft, &in->sink, err);
}

static void take_traces(struct otlp_server *x, const struct http_request *r, struct span_text body,
                        struct http_answer *a)
{
    const struct span_intake *counts = span_draft_intake(x->intake->draft);
    int64_t before = counts->refused;
    struct sd_error err = {""};
    if (!read_spans(x->intake, is_json(r), body, &err)) {
        not_understood(x, r, err.text, a);
        return;
    }
    int64_t refused = counts->refused - before;
    taken(x, r, OTLP_TRACES, refused, refused ? counts->reason : NULL, a);
}

static void add_record(void *ctx, sd_time at, enum sd_kind kind, const void *record)
{
    otlp_intake_add(ctx, at, kind, record);
}

static void take_metrics(struct otlp_server *x, const struct http_request *r, struct span_text body,
                         struct http_answer *a)
{
    struct otlp_metrics_result found = {0};
    struct sd_error err = {""};
    struct otlp_intake *in = x->intake;
    sd_time now = in->s->host->now(in->s);
    bool json = is_json(r);
    if ((json && !json_check(body.at, body.n, &err)) ||
        !otlp_metrics_take(in->metrics, body.at, body.n, json, now, add_record, in, &found, &err)) {
        not_understood(x, r, err.text, a);
        return;
    }
    taken(x, r, OTLP_METRICS, found.refused, found.refused ? found.reason : NULL, a);
}

static void take_logs(struct otlp_server *x, const struct http_request *r, struct span_text body,
                      struct http_answer *a)
{
    struct sd_error err = {""};
    int64_t records = 0;
    if (!otlp_count_logs(body.at, body.n, is_json(r), &records, &err)) {
        not_understood(x, r, err.text, a);
        return;
    }
    x->intake->logs += records;
    taken(x, r, OTLP_LOGS, records, records ? "slowdive keeps no logs." : NULL, a);
}

static void take_body(struct otlp_server *x, const struct http_request *r, struct span_text body,
                      struct http_answer *a)
{
    enum otlp_signal signal = OTLP_TRACES;
    signal_of(r->path, &signal);
    switch (signal) {
    case OTLP_TRACES:
        take_traces(x, r, body, a);
        break;
    case OTLP_METRICS:
        take_metrics(x, r, body, a);
        break;
    case OTLP_LOGS:
        take_logs(x, r, body, a);
        break;
    }
}

static enum http_taken take(void *ctx, const struct http_request *r, const char *body, size_t n,
                            struct http_answer *a)
{
    struct otlp_server *x = ctx;
    struct span_text plain = {.at = body, .n = n};
    if (!otlp_intake_ready(x->intake)) {
        if (r->waited < PUT_OFF_MOST)
            return HTTP_LATER;
        failed(x, r, 429, "The console cannot take more now.", a);
        return HTTP_ANSWERED;
    }
    x->intake->requests++;
    x->intake->bytes += (int64_t)n;
    switch (http_unpack(r->encoding, body, n, OTLP_BODY_MAX, &x->unpacked)) {
    case HTTP_UNPACKED:
        plain = (struct span_text){.at = strbuf_text(&x->unpacked), .n = x->unpacked.len};
        break;
    case HTTP_UNPACKED_LONG:
        failed(x, r, 413, "Unpacked, the body is larger than 20 MiB.", a);
        break;
    case HTTP_UNPACKED_BROKEN:
        not_understood(x, r, "The body cannot be unpacked.", a);
        break;
    case HTTP_UNPACKED_UNKNOWN:
        failed(x, r, 415, "The Content-Encoding is to be gzip, zstd, deflate or identity.", a);
        break;
    default:
        break;
    }
    if (!a->status)
        take_body(x, r, plain, a);
    if (x->unpacked.cap > UNPACKED_KEPT)
        strbuf_free(&x->unpacked);
    return HTTP_ANSWERED;
}

static void publish(void *ctx)
{
    struct otlp_server *x = ctx;
    otlp_intake_publish(x->intake);
}

struct http_rules otlp_server_rules(struct otlp_server *x)
{
    return (struct http_rules){
        .scheme = "otlp",
        .what = "traces",
        .port = OTLP_PORT,
        .anywhere = true,
        .chunks = true,
        .body_max = OTLP_BODY_MAX,
        .unfinished_max = (size_t)96 << 20,
        .ctx = x,
        .head = head,
        .take = take,
        .refuse = refuse,
        .publish = publish,
    };
}
