/* accesslog_json.c - one JSON object a line: nginx with escape=json under any of the usual key names, Caddy,
 * Traefik, Envoy, Cloudflare and alike, told by their keys, or by the keys that the user names. Values are
 * read where they stand (accesslog_scan.h). */
#include <stdlib.h>

#include "base/find.h"
#include "format/endpoints/accesslog_internal.h"
#include "format/endpoints/accesslog_scan.h"

#define ROW(r, ...)                                                                                          \
    {                                                                                                        \
        .role = r, .paths = { __VA_ARGS__ }                                                                  \
    }
/* First present wins. "request.method" is "method" in the object under "request", or that key itself. The
 * path as requested comes first: $uri is what the server made of it. */
static const struct {
    enum json_role role;
    const char *paths[24];
} TABLE[] = {
    ROW(J_TIME, "msec", "time_iso8601", "StartUTC", "start_time", "time", "@timestamp", "ts", "timestamp",
        "time_local", "datetime", "date", "EdgeStartTimestamp", "t"),
    ROW(J_METHOD, "request_method", "RequestMethod", "method", "http_method", "request.method", "req.method",
        "verb", "ClientRequestMethod", "http.request.method", "http.method", "httpRequest.requestMethod"),
    ROW(J_URI, "request_uri", "RequestPath", "request.uri", "uri", "url", "request.path", "request.url",
        "req.url", "ClientRequestURI", "ClientRequestPath", "url.original", "url.path", "http.target",
        "http.url", "httpRequest.requestUrl", "http.request.uri", "http.request.url", "http.request.path"),
    ROW(J_PATH, "path"),
    ROW(J_REQUEST, "request", "request_line", "req"),
    ROW(J_STATUS, "status", "DownstreamStatus", "status_code", "response_status", "response_code",
        "http_status", "statusCode", "response.status", "res.statusCode", "response.statusCode",
        "EdgeResponseStatus", "http.response.status_code", "http.status_code", "httpRequest.status", "code"),
    ROW(J_BYTES, "body_bytes_sent", "DownstreamContentSize", "bytes_sent", "size", "bytes", "bytes_out",
        "response_size", "response.size", "EdgeResponseBytes", "response_body_size",
        "http.response.body.bytes", "httpRequest.responseSize", "response_bytes", "response.bytes",
        "response.length", "http.response.bytes", "http.response.size", "response.body.bytes"),
    ROW(J_UPSTREAM_TIME, "upstream_response_time", "upstream_service_time", "OriginDuration", "ups_time",
        "OriginResponseDurationMs", "OriginResponseTime", "upstream_time", "urt"),
    ROW(J_UPSTREAM, "upstream_addr", "upstream_host", "ServiceAddr", "upstream", "fastly_server", "OriginIP"),
    ROW(J_HOST, "host", "authority", "RequestHost", "RequestAddr", "request.host", "http_host", "server_name",
        "vhost", "ClientRequestHost", "url.domain"),
    ROW(J_END, "EdgeEndTimestamp"),
    ROW(J_CLIENT, "remote_addr", "ClientHost", "request.remote_ip", "request.client_ip", "client_ip",
        "ClientIP", "ClientAddr", "remote_ip", "clientIp", "clientIP", "downstream_remote_address",
        "request.remote_addr", "req.remoteAddress", "httpRequest.remoteIp", "client.ip", "source.ip",
        "client.address", "remoteAddress", "client_addr", "ip", "client"),
    ROW(J_USER, "remote_user", "ClientUsername", "user.name", "username", "user_id", "enduser.id", "user"),
    ROW(J_AGENT, "http_user_agent", "user_agent", "request_User-Agent", "ClientRequestUserAgent",
        "user_agent.original", "httpRequest.userAgent", "userAgent", "req.headers.user-agent",
        "http.user_agent", "http_agent", "agent", "ua"),
};

bool accesslog_json_role(const char *path, size_t n, struct json_is *is)
{
    for (size_t i = 0; i < ARRAY_LEN(TABLE); i++)
        for (uint8_t k = 0; k < ARRAY_LEN(TABLE->paths) && TABLE[i].paths[k]; k++)
            if (TABLE[i].paths[k][0] == *path && strlen(TABLE[i].paths[k]) == n &&
                !memcmp(TABLE[i].paths[k], path, n)) {
                *is = (struct json_is){.role = TABLE[i].role, .rank = k};
                return true;
            }
    return false;
}

static bool is_text(const struct json_value *v)
{
    return v && v->type == JSON_STRING;
}

/* A number, or a text that is one; SD_UNKNOWN. */
static int64_t number(const struct json_value *v, int64_t scale)
{
    double real;
    int64_t n;
    if (is_text(v))
        return accesslog_sum(v->text, v->n, scale);
    if (!v || v->type != JSON_NUMBER)
        return SD_UNKNOWN;
    if (accesslog_decimal(v->text, v->n, scale, &n))
        return n;
    return accesslog_json_real(v, &real) && real >= 0 ? real_to_int(real * (double)scale) : SD_UNKNOWN;
}

/* Seconds, or ms, us, ns since 1970, told by size: 1e11 seconds are past the year 5000. */
static bool epoch(double v, sd_time *t)
{
    if (!(v >= 0 && v < 1e20)) /* an infinity as well, of 1e999 */
        return false;
    while (v >= 1e11)
        v /= 1000;
    int64_t us = real_to_int(v * 1e6); /* a double holds microseconds of our age */
    return accesslog_time_make(us / 1000000, us % 1000000 * 1000, t);
}

static bool time_of(struct accesslog_format *f, const struct json_value *v, sd_time *t)
{
    double real;
    if (v->n == f->time_len && v->n && !memcmp(v->text, f->time_text, v->n)) {
        *t = f->time_value;
        return true;
    }
    if (!accesslog_time_any(v->text, v->n, t) && !(accesslog_json_real(v, &real) && epoch(real, t)))
        return false;
    if (v->n <= sizeof f->time_text) {
        memcpy(f->time_text, v->text, v->n);
        f->time_len = v->n;
        f->time_value = *t;
    }
    return true;
}

/* ---- the duration ---- */

/* What other keys tell of the unit of a duration; 0: nothing. */
static int64_t unit_by_writer(const struct json_scan *j, const char *key, size_t n)
{
    static const struct {
        const char *key, *beside;
        int64_t unit;
    } WRITERS[] = {
        {.key = "Duration", .beside = "DownstreamStatus", .unit = 1}, /* Traefik */
        {.key = "OriginDuration", .beside = "DownstreamStatus", .unit = 1},
        {.key = "duration", .beside = "controller", .unit = SD_MS},               /* lograge */
        {.key = "duration", .beside = "response_flags", .unit = SD_MS},           /* Envoy, Istio */
        {.key = "duration", .beside = "request.uri", .unit = SD_S},               /* Caddy */
        {.key = "responseTime", .beside = "res.statusCode", .unit = SD_MS},       /* pino */
        {.key = "OriginResponseTime", .beside = "EdgeResponseStatus", .unit = 1}, /* Cloudflare */
        {.key = "upstream_service_time", .beside = "response_flags", .unit = SD_MS},
        {.key = "time_elapsed", .beside = "fastly_server", .unit = SD_US},
        {.key = "time_elapsed", .beside = "response_state", .unit = SD_US},
        {.key = "event.duration", .beside = "http.response.status_code", .unit = 1}, /* ECS */
    };
    for (size_t i = 0; i < ARRAY_LEN(WRITERS); i++)
        if (strlen(WRITERS[i].key) == n && !memcmp(key, WRITERS[i].key, n) &&
            accesslog_json_find(j, WRITERS[i].beside, strlen(WRITERS[i].beside)))
            return WRITERS[i].unit;
    return 0;
}

/* "52.013\u00b5s" */
static void plain(struct accesslog_format *f, const struct json_value *v, const char **s, size_t *n)
{
    *s = v->text;
    *n = v->n;
    if (!memchr(v->text, '\\', v->n))
        return;
    accesslog_unescape(v->text, v->n, &f->scratch);
    *s = strbuf_text(&f->scratch);
    *n = f->scratch.len;
}

static bool number_of(struct accesslog_format *f, const struct json_value *v, struct spot_number *out)
{
    const char *s;
    size_t n;
    if (is_text(v)) {
        plain(f, v, &s, &n);
        return accesslog_number(s, n, out);
    }
    out->decimals = -1;
    return v->type == JSON_NUMBER && accesslog_json_real(v, &out->value);
}

static void learn(struct accesslog_format *f, const struct json_scan *j, int64_t bytes)
{
    for (size_t i = 0; i < j->n; i++) {
        char path[JSON_PATH];
        const struct json_value *v = &j->values[i];
        size_t n = v->type == JSON_OBJECT ? 0 : accesslog_json_path(j, i, path), len = v->key_len;
        if (!n || n > SPOT_KEY)
            continue;
        struct spot_number x = {.key = path, .key_len = n};
        int64_t unit = unit_by_writer(j, path, n);
        x.unit = unit ? unit : spot_key_unit(v->key, &len);
        x.rank = str_starts(path, "Origin") ? SPOT_UPSTREAM : spot_key_rank(v->key, len, &x.seconds);
        if (*f->map_key)
            x.rank = strlen(f->map_key) == n && !memcmp(f->map_key, path, n) ? SPOT_REQUEST : SPOT_UNNAMED;
        if (x.rank && (x.unit || x.rank != SPOT_UPSTREAM || x.seconds) && number_of(f, v, &x))
            spots_see(&f->spots, &x);
    }
    spots_line(&f->spots, bytes);
}

static int64_t duration_of(struct accesslog_format *f, const struct json_scan *j, int64_t bytes)
{
    struct spots *p = &f->spots;
    const char *text;
    size_t len;
    if (f->map_duration) {
        const struct json_value *v = j->best[J_DURATION];
        if (is_text(v))
            plain(f, v, &text, &len);
        return !v           ? SD_UNKNOWN
               : is_text(v) ? accesslog_number_ns(text, len, f->map_duration)
                            : number(v, f->map_duration);
    }
    if (!p->settled)
        learn(f, j, bytes);
    for (size_t i = 0; i < p->n_chosen; i++) {
        const struct spot *s = &p->spot[p->chosen[i].spot];
        const struct json_value *v = accesslog_json_find(j, s->key, s->key_len);
        int64_t ns = SD_UNKNOWN;
        if (is_text(v)) {
            plain(f, v, &text, &len);
            ns = accesslog_number_ns(text, len, p->chosen[i].scale);
        } else if (p->chosen[i].scale > 0)
            ns = number(v, p->chosen[i].scale);
        if (sd_known(ns))
            return ns;
    }
    return SD_UNKNOWN;
}

/* Cloudflare gives two moments: seconds, unless it was told to give ns. */
static int64_t between(const struct json_value *end, sd_time at)
{
    sd_time t;
    bool fine = end && (memchr(end->text, '.', end->n) || (end->type == JSON_NUMBER && end->n > 12));
    return fine && sd_known(at) && accesslog_time_any(end->text, end->n, &t) && t >= at ? t - at : SD_UNKNOWN;
}

static int64_t upstream_time(const struct json_scan *j, const struct json_value *v)
{
    int64_t unit = unit_by_writer(j, v->key, v->key_len);
    size_t n = v->key_len;
    if (!unit)
        unit = spot_key_unit(v->key, &n);
    return number(v, unit ? unit : SD_S);
}

/* ---- the cache ---- */

static enum accesslog_cache cache_of(struct accesslog_format *f, const struct json_scan *j)
{
    const struct json_value *v = NULL;
    if (*f->cache.key)
        v = accesslog_json_find(j, f->cache.key, strlen(f->cache.key));
    for (size_t i = 0; !*f->cache.key && !f->spots.settled && i < j->n; i++) {
        char path[JSON_PATH];
        v = &j->values[i];
        size_t n = is_text(v) ? accesslog_json_path(j, i, path) : 0;
        if (n && n < sizeof f->cache.key &&
            (accesslog_cache_name(path, n) || accesslog_cache_name(v->key, v->key_len)) &&
            accesslog_cache_word(v->text, v->n)) {
            snprintf(f->cache.key, sizeof f->cache.key, "%.*s", (int)n, path);
            if (accesslog_json_find(j, "EdgeResponseStatus", 18))
                f->cache.product = "cloudflare";
            else if (str_starts(path, "fastly") || accesslog_json_find(j, "fastly_server", 13) ||
                     accesslog_json_find(j, "fastly_is_edge", 14))
                f->cache.product = "fastly";
            break;
        }
        v = NULL;
    }
    if (v && v->type == JSON_OTHER)
        return ACCESSLOG_NO_LOOKUP;
    return is_text(v) ? accesslog_cache_word(v->text, v->n) : ACCESSLOG_NO_CACHE;
}

/* ---- the request ---- */

/* The request line; without one the method and the path, or the path and a status of HTTP. NULL: it is read.
 * A message of a job may have a status and the path of a file as well. */
static const char *read_request(const struct json_scan *j, bool status, struct accesslog_line *out)
{
    static const char NONE[] =
        "The JSON object is not a request: it has no request line, and no method with a path.";
    const struct json_value *request = j->best[J_REQUEST], *method = j->best[J_METHOD], *uri = j->best[J_URI];
    request = is_text(request) ? request : NULL;
    method = is_text(method) ? method : NULL;
    uri = is_text(uri) ? uri : NULL;
    if (request) {
        accesslog_request(request->text, request->n, out);
        if (out->method_len || (!method && (!request->n || *request->text != '/')) || (!uri && !request->n))
            return NULL;
    }
    if (!uri && (method || status))
        uri = is_text(j->best[J_PATH]) ? j->best[J_PATH] : NULL;
    if (!uri && request && request->n && *request->text == '/')
        uri = request;
    if (!uri || (!method && !status))
        return request ? NULL : NONE;
    out->target = uri->text;
    out->target_len = uri->n;
    out->method_len = 0;
    if (method && accesslog_method(method->text, method->n)) {
        out->method = method->text;
        out->method_len = method->n;
    }
    return NULL;
}

static void read_names(const struct json_scan *j, struct accesslog_line *out)
{
    const struct json_value *v = j->best[J_UPSTREAM];
    if (is_text(v) && v->n && !(v->n == 1 && *v->text == '-')) {
        out->upstream = v->text;
        out->upstream_len = v->n;
        accesslog_last(&out->upstream, &out->upstream_len);
    }
    v = j->best[J_HOST];
    if (is_text(v) && v->n && !(v->n == 1 && *v->text == '-'))
        out->host = v->text, out->host_len = v->n;
    if (is_text(v = j->best[J_CLIENT]))
        out->client = v->text, out->client_len = v->n;
    if (is_text(v = j->best[J_USER]))
        out->user = v->text, out->user_len = v->n;
    if (is_text(v = j->best[J_AGENT]))
        out->agent = v->text, out->agent_len = v->n;
    v = j->best[J_TRACE];
    if (is_text(v))
        out->trace = v->text, out->trace_len = v->n;
    v = j->best[J_REQUEST_ID];
    if (is_text(v))
        out->request_id = v->text, out->request_id_len = v->n;
}

static const char *read_object(struct accesslog_format *f, const struct json_scan *j,
                               struct accesslog_line *out)
{
    const struct json_value *status = j->best[J_STATUS], *v;
    if (!status)
        return "The JSON object is not a request: it has no status.";
    int64_t code = number(status, 1);
    bool dash = is_text(status) && (!status->n || (status->n == 1 && *status->text == '-'));
    if (!sd_known(code) && !dash)
        return "The JSON object is not a request: its status is not a number.";
    if (sd_known(code) && code > 999)
        return "The status is not a number of three digits.";
    out->status = sd_known(code) ? (int)code : 0;
    const char *why = read_request(j, out->status >= 100 && out->status < 600, out);
    if (why)
        return why;
    v = j->best[J_TIME] ? j->best[J_TIME] : j->best[J_OUTER_TIME];
    if (v && v->n && !time_of(f, v, &out->at))
        return "The time cannot be read, or is out of range.";
    out->bytes = number(j->best[J_BYTES], 1);
    out->cache = cache_of(f, j);
    out->duration_ns = duration_of(f, j, out->bytes);
    if (j->best[J_END] && !f->map_duration) {
        int64_t ns = between(j->best[J_END], out->at);
        out->duration_ns = sd_known(ns) ? ns : out->duration_ns;
    }
    if (j->best[J_UPSTREAM_TIME])
        out->upstream_ns = upstream_time(j, j->best[J_UPSTREAM_TIME]);
    read_names(j, out);
    if (find_byte(out->target, out->target + out->target_len, '\\')) {
        accesslog_unescape(out->target, out->target_len, &f->scratch);
        out->target = strbuf_text(&f->scratch);
        out->target_len = f->scratch.len;
    }
    return NULL;
}

/* nginx writes what is no JSON: a bare - or nothing for a value it does not have, and \xHH. */
static void mend(struct strbuf *b, const char *s, const char *end)
{
    bool quoted = false;
    strbuf_clear(b);
    for (; s < end; s++) {
        if (*s == '\\' && s + 1 < end) {
            bool hex = s[1] == 'x';
            strbuf_add(b, hex ? "\\u00" : s, hex ? 4 : 2);
            s++;
            continue;
        }
        quoted ^= *s == '"';
        strbuf_char(b, *s);
        if (quoted || *s != ':')
            continue;
        const char *v = s + 1;
        while (v < end && *v == ' ')
            v++;
        bool dash = v < end && *v == '-' && v + 1 < end && (v[1] == ',' || v[1] == '}' || v[1] == ' ');
        if (dash || (v < end && (*v == ',' || *v == '}'))) {
            strbuf_str(b, "null");
            s = v - !dash;
        }
    }
}

bool accesslog_parse_json(struct accesslog_format *f, const char *line, size_t len,
                          struct accesslog_line *out, const char **reason)
{
    const char *s = line, *end = line + len;
    while (s < end && (*s == ' ' || *s == '\t'))
        s++;
    if (s == end || *s != '{') {
        *reason = "The line is not a JSON object.";
        return false;
    }
    if (!f->scan)
        f->scan = accesslog_json_new();
    if (!accesslog_json_scan(f->scan, s, end)) {
        mend(&f->mended, s, end);
        s = strbuf_text(&f->mended);
        if (!accesslog_json_scan(f->scan, s, s + f->mended.len)) {
            *reason = "The line is not valid JSON.";
            return false;
        }
    }
    return !(*reason = read_object(f, f->scan, out));
}

/* ---- the keys that the user names ---- */

bool accesslog_format_map(struct accesslog_format *f, const char *const *fields, struct sd_error *err)
{
    static const struct {
        const char *name;
        enum json_role role;
    } NAMES[] = {{.name = "time", .role = J_TIME},
                 {.name = "method", .role = J_METHOD},
                 {.name = "path", .role = J_URI},
                 {.name = "request", .role = J_REQUEST},
                 {.name = "status", .role = J_STATUS},
                 {.name = "duration", .role = J_DURATION},
                 {.name = "bytes", .role = J_BYTES},
                 {.name = "upstream", .role = J_UPSTREAM},
                 {.name = "upstream_time", .role = J_UPSTREAM_TIME},
                 {.name = "host", .role = J_HOST},
                 {.name = "trace_id", .role = J_TRACE},
                 {.name = "request_id", .role = J_REQUEST_ID},
                 {.name = "cache", .role = J_CACHE}};
    if (!f->scan)
        f->scan = accesslog_json_new();
    for (size_t i = 0; fields && fields[i]; i++) {
        const char *sep = strpbrk(fields[i], "=:"), *key = sep ? sep + 1 + strspn(sep + 1, " ") : NULL;
        size_t n = sep ? (size_t)(sep - fields[i]) : 0, k = 0;
        while (n && fields[i][n - 1] == ' ')
            n--;
        if (!sep || !*key)
            return fail(err, "The field \"%.60s\" is not of the form time=KEY.", fields[i]);
        if (n == 13 && !memcmp(fields[i], "duration_unit", n)) {
            if (!(f->map_duration = spot_unit(key, strlen(key))))
                return fail(err, "The unit \"%.20s\" is none of s, ms, us and ns.", key);
            continue;
        }
        while (k < ARRAY_LEN(NAMES) &&
               (strlen(NAMES[k].name) != n || memcmp(NAMES[k].name, fields[i], n) != 0))
            k++;
        if (k == ARRAY_LEN(NAMES))
            return fail(
                err,
                "The field \"%.60s\" is none of time, method, path, request, status, duration, "
                "duration_unit, bytes, upstream, upstream_time, host, trace_id, request_id and cache.",
                fields[i]);
        if (NAMES[k].role == J_CACHE)
            snprintf(f->cache.key, sizeof f->cache.key, "%s", key);
        else if (!accesslog_json_map(f->scan, key, NAMES[k].role))
            return fail(err, "There are more fields than can be mapped, or a key is too long.");
        if (NAMES[k].role == J_DURATION)
            snprintf(f->map_key, sizeof f->map_key, "%s", key);
    }
    return true;
}
