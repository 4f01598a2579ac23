/* accesslog_json.c - one JSON object a line: nginx with escape=json under any of the
 * usual key names, Caddy, Traefik and alike, told by their keys. */
#include <cjson/cJSON.h>
#include <stdlib.h>

#include "format/endpoints/accesslog_internal.h"

/* First present wins. "request.method" looks into the object under "request". */
static const char *const TIME[] = {"msec",      "time_iso8601", "StartUTC", "time", "@timestamp", "ts",
                                   "timestamp", "time_local",   "datetime", "date", NULL};
static const char *const METHOD[] = {"request_method", "RequestMethod", "method", "http_method",
                                     "request.method", "verb",          NULL};
static const char *const URI[] = {"request_uri", "RequestPath",  "uri",         "request.uri", "path",
                                  "url",         "request.path", "request.url", NULL};
static const char *const REQUEST[] = {"request", "request_line", NULL};
static const char *const STATUS[] = {"status",      "DownstreamStatus", "status_code", "response_status",
                                     "http_status", "response.status",  "code",        NULL};
static const char *const BYTES[] = {"body_bytes_sent", "DownstreamContentSize", "bytes_sent",    "size",
                                    "bytes",           "response_size",         "response.size", NULL};
static const struct {
    const char *key;
    int64_t scale;
} DURATION[] = {
    {.key = "request_time", .scale = SD_S},
    {.key = "Duration", .scale = 1},
    {.key = "duration", .scale = SD_S},
    {.key = "duration_ms", .scale = SD_MS},
    {.key = "duration_us", .scale = SD_US},
    {.key = "duration_ns", .scale = 1},
    {.key = "response_time_ms", .scale = SD_MS},
    {.key = "latency_ms", .scale = SD_MS},
    {.key = "request_time_ms", .scale = SD_MS},
    {.key = "response_time", .scale = SD_S},
    {.key = "upstream_response_time", .scale = SD_S},
    {.key = "OriginDuration", .scale = 1},
};

static const cJSON *get(const cJSON *o, const char *key)
{
    const char *dot = strchr(key, '.');
    if (!dot)
        return cJSON_GetObjectItemCaseSensitive(o, key);
    char outer[32];
    snprintf(outer, sizeof outer, "%.*s", (int)(dot - key), key);
    const cJSON *inner = cJSON_GetObjectItemCaseSensitive(o, outer);
    return cJSON_IsObject(inner) ? cJSON_GetObjectItemCaseSensitive(inner, dot + 1) : NULL;
}

static const cJSON *first(const cJSON *o, const char *const *keys, bool text_only)
{
    for (; *keys; keys++) {
        const cJSON *v = get(o, *keys);
        if (cJSON_IsString(v) || (!text_only && cJSON_IsNumber(v)))
            return v;
    }
    return NULL;
}

/* A number, or a text that is one (a list of them is summed); SD_UNKNOWN. */
static int64_t number(const cJSON *v, int64_t scale)
{
    if (cJSON_IsString(v))
        return accesslog_sum(v->valuestring, strlen(v->valuestring), scale);
    if (!cJSON_IsNumber(v) || !(v->valuedouble >= 0))
        return SD_UNKNOWN;
    return real_to_int(v->valuedouble * (double)scale);
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

static bool time_of(const cJSON *v, sd_time *t)
{
    if (cJSON_IsNumber(v))
        return epoch(v->valuedouble, t);
    const char *s = v->valuestring;
    size_t n = strlen(s);
    if (accesslog_time_iso(s, n, t) || accesslog_time_local(s, n, t))
        return true;
    double x;
    return num_parse_real(s, &x) && epoch(x, t);
}

static const char *read_object(struct accesslog_format *f, const cJSON *o, struct accesslog_line *out)
{
    const cJSON *uri = first(o, URI, true), *request = first(o, REQUEST, true), *v;
    const cJSON *status = first(o, STATUS, false);
    if (!status || (!uri && !request))
        return "The JSON object is not a request: it has no status with a path or request.";
    int64_t code = number(status, 1);
    if (sd_known(code) && code > 999)
        return "The status is not a number of three digits.";
    out->status = sd_known(code) ? (int)code : 0;
    if ((v = first(o, TIME, false)) && !time_of(v, &out->at))
        return "The time cannot be read, or is out of range.";
    out->bytes = number(first(o, BYTES, false), 1);
    for (size_t i = 0; i < ARRAY_LEN(DURATION) && !sd_known(out->duration_ns); i++)
        out->duration_ns = number(get(o, DURATION[i].key), DURATION[i].scale);

    /* The tree goes away: both texts are kept in the format. */
    struct accesslog_line parts = {0};
    if (uri) {
        const cJSON *method = first(o, METHOD, true);
        parts.target = uri->valuestring;
        parts.target_len = strlen(uri->valuestring);
        parts.method = method ? method->valuestring : "";
        parts.method_len = strlen(parts.method);
        if (!accesslog_method(parts.method, parts.method_len))
            parts.method_len = 0;
    } else {
        accesslog_request(request->valuestring, strlen(request->valuestring), &parts);
    }
    strbuf_clear(&f->scratch);
    strbuf_add(&f->scratch, parts.target, parts.target_len);
    strbuf_clear(&f->method_scratch);
    if (parts.method_len)
        strbuf_add(&f->method_scratch, parts.method, parts.method_len);
    out->method = strbuf_text(&f->method_scratch);
    out->method_len = parts.method_len;
    out->target = strbuf_text(&f->scratch);
    out->target_len = parts.target_len;
    return NULL;
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
    cJSON *o = cJSON_ParseWithLength(s, (size_t)(end - s));
    *reason = o ? read_object(f, o, out) : "The line is not valid JSON.";
    cJSON_Delete(o);
    return !*reason;
}
