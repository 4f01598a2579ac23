/* http_policy.c - storing and freshness as in RFC 9111, sections 3 and 4.2. */
#include "core/caches/http_policy.h"

#include <ctype.h>
#include <strings.h>

/* ---- kinds of asset ---- */

static bool has_prefix(const char *type, const char *const *prefixes)
{
    for (; *prefixes; prefixes++)
        if (str_starts(type, *prefixes))
            return true;
    return false;
}

static bool is_javascript(const char *type)
{
    return str_ends(type, "/javascript") || str_ends(type, "/x-javascript") || str_ends(type, "ecmascript");
}

static bool is_json(const char *type)
{
    return str_ends(type, "/json") || str_ends(type, "+json") || str_ends(type, "/x-ndjson");
}

static enum http_asset asset_of(const char *type)
{
    static const char *const fixed[] = {"text/css",
                                        "image/",
                                        "font/",
                                        "application/font",
                                        "application/x-font",
                                        "application/vnd.ms-fontobject",
                                        "application/wasm",
                                        NULL};
    if (!type)
        return ASSET_OTHER;
    if (str_eq(type, "text/html") || str_eq(type, "application/xhtml+xml"))
        return ASSET_HTML;
    if (is_json(type))
        return ASSET_API;
    return is_javascript(type) || has_prefix(type, fixed) ? ASSET_STATIC : ASSET_OTHER;
}

bool http_type_is_text(const char *type)
{
    static const char *const others[] = {"text/", "application/xml", "application/xhtml", NULL};
    if (!type || str_eq(type, "text/event-stream"))
        return false;
    return has_prefix(type, others) || is_javascript(type) || is_json(type) || str_ends(type, "+xml");
}

/* The last part of the path, up to its extension, in words: one of 8 or more hexadecimal digits, with a
 * figure, for "defaced" is a word. */
bool http_path_is_hashed(const char *path)
{
    const char *name = path ? strrchr(path, '/') : NULL;
    name = name ? name + 1 : path ? path : "";
    const char *end = strrchr(name, '.');
    for (const char *p = name; end && p < end;) {
        const char *word = p;
        bool hex = true, figure = false;
        for (; p < end && isalnum((unsigned char)*p); p++) {
            hex = hex && isxdigit((unsigned char)*p);
            figure = figure || isdigit((unsigned char)*p);
        }
        if (hex && figure && p - word >= 8 && end[1])
            return true;
        p += p < end;
    }
    return false;
}

bool http_field_is_wide(const char *name)
{
    static const char *const whole[] = {"user-agent",
                                        "cookie",
                                        "authorization",
                                        "proxy-authorization",
                                        "referer",
                                        "x-real-ip",
                                        "forwarded",
                                        "traceparent",
                                        "tracestate",
                                        "baggage",
                                        "if-none-match",
                                        "x-client-ip",
                                        "x-api-key",
                                        "x-amzn-trace-id",
                                        "cf-ray",
                                        "true-client-ip",
                                        "from",
                                        "date",
                                        "if-modified-since",
                                        "x-forwarded-for",
                                        "cf-connecting-ip",
                                        "fastly-client-ip",
                                        "remote-addr",
                                        NULL};
    static const char *const parts[] = {"session",   "token",     "user-id",    "userid",
                                        "client-id", "device-id", "request-id", "correlation-id",
                                        "trace-id",  "visitor",   NULL};
    for (const char *const *p = whole; *p; p++)
        if (strcasecmp(name, *p) == 0)
            return true;
    for (const char *const *p = parts; *p; p++)
        if (strcasestr(name, *p))
            return true;
    return false;
}

/* ---- storing ---- */

/* Statuses that may be stored without a word about it: RFC 9110, section 15.1. */
static bool is_cacheable(int status)
{
    static const int statuses[] = {200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501};
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
        if (statuses[i] == status)
            return true;
    return false;
}

static bool may_store(const struct http_facts *f, bool shared)
{
    bool understood = f->must_understand && is_cacheable(f->status);
    if (f->status < 200 || (f->no_store && !understood) || (shared && f->is_private))
        return false;
    if (f->must_understand && !understood)
        return false;
    return f->is_public || (f->is_private && !shared) || f->expires.given || f->max_age.given ||
           (shared && f->s_maxage.given) || is_cacheable(f->status);
}

/* ---- freshness ---- */

static int64_t bounded(int64_t s)
{
    return s < 0 ? 0 : MIN(s, HTTP_LIFETIME_MAX);
}

static int64_t date_of(const struct http_facts *f)
{
    return f->date.valid ? f->date.s : f->received / SD_S;
}

/* SD_UNKNOWN: no heuristic can be used. */
static int64_t heuristic(const struct http_facts *f)
{
    bool may = f->last_modified.valid && (is_cacheable(f->status) || f->is_public);
    int64_t age = may ? date_of(f) - f->last_modified.s : -1;
    return age < 0 ? SD_UNKNOWN : bounded(age / 10);
}

static int64_t lifetime(const struct http_facts *f, bool shared, bool *said, bool *guessed)
{
    *said = true;
    if (f->no_cache)
        return 0;
    if (shared && f->s_maxage.given)
        return bounded(f->s_maxage.s);
    if (f->max_age.given)
        return bounded(f->max_age.s);
    if (f->expires.given)
        return f->expires.valid ? bounded(f->expires.s - date_of(f)) : 0;
    *said = false;
    int64_t s = heuristic(f);
    *guessed = sd_known(s);
    return *guessed ? s : 0;
}

double http_hit_probability(int64_t fresh_s)
{
    static const double hours[] = {0, 0.2, 1, 3, 8, 12, 24, 48, 72, 168, 8760};
    if (!sd_known(fresh_s))
        return (double)NAN;
    double h = (double)fresh_s / 3600;
    size_t i = 0;
    while (i < ARRAY_LEN(hours) && hours[i] < h)
        i++;
    if (i == 0 || i == ARRAY_LEN(hours))
        return i ? 1 : 0;
    return ((double)(i - 1) + (h - hours[i - 1]) / (hours[i] - hours[i - 1])) / 10;
}

void http_policy_of(const struct http_facts *f, struct http_policy *out)
{
    *out = (struct http_policy){.asset = asset_of(f->type),
                                .text = http_type_is_text(f->type),
                                .storable_shared = may_store(f, true),
                                .storable_private = may_store(f, false),
                                .fresh_shared_s = SD_UNKNOWN,
                                .fresh_private_s = SD_UNKNOWN};
    out->hashed = out->asset != ASSET_HTML && http_path_is_hashed(f->path);
    if (out->storable_shared)
        out->fresh_shared_s = lifetime(f, true, &out->explicit_shared, &out->heuristic_shared);
    if (out->storable_private)
        out->fresh_private_s = lifetime(f, false, &out->explicit_private, &out->heuristic_private);
    out->hit_probability = http_hit_probability(out->fresh_private_s);
}
