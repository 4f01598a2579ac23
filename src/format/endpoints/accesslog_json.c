/* accesslog_json.c - one JSON object a line: nginx with escape=json under any of the
 * usual key names, Caddy, Traefik and alike, told by their keys. */
#include <cjson/cJSON.h>
#include <stdlib.h>

#include "format/endpoints/accesslog_internal.h"

/* First present wins. "request.method" looks into the object under "request". */
static const char *const TIME[] = {"msec", "time_iso8601", "StartUTC",   "start_time", "time", "@timestamp",
                                   "ts",   "timestamp",    "time_local", "datetime",   "date", NULL};
static const char *const METHOD[] = {"request_method", "RequestMethod", "method", "http_method",
                                     "request.method", "req.method",    "verb",   NULL};
/* The path as requested comes first: $uri is what the server made of it. */
static const char *const URI[] = {"request_uri",  "RequestPath", "request.uri", "uri", "url",
                                  "request.path", "request.url", "req.url",     NULL};
static const char *const PATH[] = {"path", NULL};
static const char *const REQUEST[] = {"request", "request_line", "req", NULL};
static const char *const STATUS[] = {
    "status",     "DownstreamStatus", "status_code",    "response_status",     "response_code", "http_status",
    "statusCode", "response.status",  "res.statusCode", "response.statusCode", "code",          NULL};
static const char *const BYTES[] = {
    "body_bytes_sent", "DownstreamContentSize", "bytes_sent",    "size", "bytes",
    "bytes_out",       "response_size",         "response.size", NULL};

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

/* A number, or a text that is one; SD_UNKNOWN. */
static int64_t number(const cJSON *v)
{
    if (cJSON_IsString(v))
        return accesslog_sum(v->valuestring, strlen(v->valuestring), 1);
    if (!cJSON_IsNumber(v) || !(v->valuedouble >= 0))
        return SD_UNKNOWN;
    return real_to_int(v->valuedouble);
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

/* ---- the duration ---- */

/* What other keys tell of the unit of a duration; 0: nothing. */
static int64_t unit_by_writer(const cJSON *o, const char *key)
{
    static const struct {
        const char *key, *beside;
        int64_t unit;
    } WRITERS[] = {
        {.key = "Duration", .beside = "DownstreamStatus", .unit = 1}, /* Traefik */
        {.key = "OriginDuration", .beside = "DownstreamStatus", .unit = 1},
        {.key = "duration", .beside = "controller", .unit = SD_MS},         /* lograge */
        {.key = "duration", .beside = "response_flags", .unit = SD_MS},     /* Envoy, Istio */
        {.key = "duration", .beside = "request.uri", .unit = SD_S},         /* Caddy */
        {.key = "responseTime", .beside = "res.statusCode", .unit = SD_MS}, /* pino */
    };
    for (size_t i = 0; i < ARRAY_LEN(WRITERS); i++)
        if (!strcmp(key, WRITERS[i].key) && get(o, WRITERS[i].beside))
            return WRITERS[i].unit;
    return 0;
}

static bool number_of(const cJSON *v, struct spot_number *out)
{
    if (cJSON_IsString(v))
        return accesslog_number(v->valuestring, strlen(v->valuestring), out);
    out->value = v->valuedouble;
    out->decimals = -1;
    return cJSON_IsNumber(v);
}

static void learn(struct accesslog_format *f, const cJSON *o, int64_t bytes)
{
    const cJSON *v;
    cJSON_ArrayForEach(v, o)
    {
        struct spot_number n = {.key = v->string};
        size_t len = n.key_len = strlen(v->string);
        if (!cJSON_IsNumber(v) && !cJSON_IsString(v))
            continue;
        int64_t unit = unit_by_writer(o, v->string);
        n.unit = unit ? unit : spot_key_unit(v->string, &len);
        n.rank = str_starts(v->string, "Origin") ? SPOT_UPSTREAM : spot_key_rank(v->string, len, &n.seconds);
        if (n.rank && (n.unit || n.rank != SPOT_UPSTREAM || n.seconds) && number_of(v, &n))
            spots_see(&f->spots, &n);
    }
    spots_line(&f->spots, bytes);
}

static int64_t duration_of(struct accesslog_format *f, const cJSON *o, int64_t bytes)
{
    struct spots *p = &f->spots;
    if (!p->settled)
        learn(f, o, bytes);
    for (size_t i = 0; i < p->n_chosen; i++) {
        const struct spot *s = &p->spot[p->chosen[i].spot];
        char key[SPOT_KEY + 1];
        memcpy(key, s->key, s->key_len);
        key[s->key_len] = 0;
        const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);
        int64_t ns = SD_UNKNOWN;
        if (cJSON_IsString(v))
            ns = accesslog_number_ns(v->valuestring, strlen(v->valuestring), p->chosen[i].scale);
        else if (cJSON_IsNumber(v) && v->valuedouble >= 0 && p->chosen[i].scale > 0)
            ns = real_to_int(v->valuedouble * (double)p->chosen[i].scale);
        if (sd_known(ns))
            return ns;
    }
    return SD_UNKNOWN;
}

/* ---- the cache ---- */

static enum accesslog_cache cache_of(struct accesslog_format *f, const cJSON *o)
{
    const cJSON *v = *f->cache.key ? cJSON_GetObjectItemCaseSensitive(o, f->cache.key) : NULL;
    if (!*f->cache.key && !f->spots.settled)
        cJSON_ArrayForEach(v, o) if (accesslog_cache_name(v->string, strlen(v->string)) &&
                                     cJSON_IsString(v) &&
                                     accesslog_cache_word(v->valuestring, strlen(v->valuestring)))
        {
            snprintf(f->cache.key, sizeof f->cache.key, "%s", v->string);
            break;
        }
    if (cJSON_IsNull(v))
        return ACCESSLOG_NO_LOOKUP;
    return cJSON_IsString(v) ? accesslog_cache_word(v->valuestring, strlen(v->valuestring))
                             : ACCESSLOG_NO_CACHE;
}

/* ---- the request ---- */

/* The request line; without one the method and the path, or the path and a status of HTTP. NULL: it is read.
 * A message of a job may have a status and the path of a file as well. */
static const char *read_request(const cJSON *o, bool status, struct accesslog_line *parts)
{
    static const char NONE[] =
        "The JSON object is not a request: it has no request line, and no method with a path.";
    const cJSON *request = first(o, REQUEST, true), *method = first(o, METHOD, true),
                *uri = first(o, URI, true);
    if (request) {
        const char *text = request->valuestring;
        accesslog_request(text, strlen(text), parts);
        if (parts->method_len || (!method && *text != '/') || (!uri && !*text))
            return NULL;
    }
    if (!uri && (method || status))
        uri = first(o, PATH, true);
    if (!uri && request && *request->valuestring == '/')
        uri = request;
    if (!uri || (!method && !status))
        return request ? NULL : NONE;
    parts->target = uri->valuestring;
    parts->target_len = strlen(uri->valuestring);
    parts->method = method ? method->valuestring : "";
    parts->method_len = strlen(parts->method);
    if (!accesslog_method(parts->method, parts->method_len))
        parts->method_len = 0;
    return NULL;
}

/* All of it may stand one level down: {"nginx":{...}}. */
static const cJSON *object_with_status(const cJSON *o)
{
    const cJSON *v;
    if (first(o, STATUS, false))
        return o;
    cJSON_ArrayForEach(v, o) if (cJSON_IsObject(v) && first(v, STATUS, false)) return v;
    return NULL;
}

static const char *read_object(struct accesslog_format *f, const cJSON *all, struct accesslog_line *out)
{
    const cJSON *o = object_with_status(all), *v;
    if (!o)
        return "The JSON object is not a request: it has no status.";
    const cJSON *status = first(o, STATUS, false);
    int64_t code = number(status);
    bool dash = cJSON_IsString(status) && (!*status->valuestring || !strcmp(status->valuestring, "-"));
    if (!sd_known(code) && !dash)
        return "The JSON object is not a request: its status is not a number.";
    if (sd_known(code) && code > 999)
        return "The status is not a number of three digits.";
    out->status = sd_known(code) ? (int)code : 0;
    struct accesslog_line parts = {.target = "-", .target_len = 1};
    const char *why = read_request(o, out->status >= 100 && out->status < 600, &parts);
    if (why)
        return why;
    v = first(o, TIME, false);
    if (!v)
        v = first(all, TIME, false);
    if (v && !time_of(v, &out->at))
        return "The time cannot be read, or is out of range.";
    out->bytes = number(first(o, BYTES, false));
    out->cache = cache_of(f, o);
    out->duration_ns = duration_of(f, o, out->bytes);

    /* The tree goes away: both texts are kept in the format. */
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

/* nginx writes what is no JSON: a bare - or nothing for a value it does not have, and \xHH. */
static cJSON *parse_mended(const char *s, const char *end)
{
    struct strbuf b = {0};
    bool quoted = false;
    for (; s < end; s++) {
        if (*s == '\\' && s + 1 < end) {
            bool hex = s[1] == 'x';
            strbuf_add(&b, hex ? "\\u00" : s, hex ? 4 : 2);
            s++;
            continue;
        }
        quoted ^= *s == '"';
        strbuf_char(&b, *s);
        if (quoted || *s != ':')
            continue;
        const char *v = s + 1;
        while (v < end && *v == ' ')
            v++;
        bool dash = v < end && *v == '-' && v + 1 < end && (v[1] == ',' || v[1] == '}' || v[1] == ' ');
        if (dash || (v < end && (*v == ',' || *v == '}'))) {
            strbuf_str(&b, "null");
            s = v - !dash;
        }
    }
    cJSON *o = cJSON_ParseWithLength(strbuf_text(&b), b.len);
    strbuf_free(&b);
    return o;
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
    if (!o)
        o = parse_mended(s, end);
    *reason = o ? read_object(f, o, out) : "The line is not valid JSON.";
    cJSON_Delete(o);
    return !*reason;
}
