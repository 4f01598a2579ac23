/* latency_labels.c - labels to endpoints. */
#include "format/metrics/latency_labels.h"

#include <ctype.h>
#include <stdlib.h>

#include "core/endpoints/route.h"

/* ---- labels ---- */

static bool same_key(const char *p, const char *key, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((p[i] == '.' ? '_' : p[i]) != key[i])
            return false;
    return p[n] == '=';
}

static void unescape(const char *from, const char *end, char *out, size_t size)
{
    size_t n = 0;
    for (const char *p = from; p < end && n + 1 < size; p++) {
        if (*p == '\\' && p + 1 < end)
            p++;
        out[n++] = *p;
    }
    out[n] = 0;
}

bool latency_label(const char *labels, const char *key, size_t key_len, char *out, size_t size)
{
    *out = 0;
    for (const char *p = labels; p && *p;) {
        const char *end = p;
        while (*end && *end != ',')
            end += end[0] == '\\' && end[1] ? 2 : 1;
        if ((size_t)(end - p) > key_len && same_key(p, key, key_len)) {
            unescape(p + key_len + 1, end, out, size);
            return true;
        }
        p = end + (*end == ',');
    }
    return false;
}

/* "{a}/{b}": all of its labels must be there. */
static bool filled(const char *labels, const char *pattern, size_t n, char *out, size_t size)
{
    struct strbuf b = {0};
    bool all = true;
    char value[LATENCY_TEXT];
    for (size_t i = 0; i < n && all; i++) {
        const char *close = pattern[i] == '{' ? memchr(pattern + i, '}', n - i) : NULL;
        if (!close) {
            strbuf_char(&b, pattern[i]);
            continue;
        }
        all = latency_label(labels, pattern + i + 1, (size_t)(close - pattern) - i - 1, value, sizeof value);
        strbuf_str(&b, value);
        i = (size_t)(close - pattern);
    }
    snprintf(out, size, "%s", all ? strbuf_text(&b) : "");
    strbuf_free(&b);
    return all;
}

/* The first of the alternatives that is there and says something. */
static bool first_of(const char *labels, const char *names, char *out, size_t size)
{
    *out = 0;
    for (const char *p = names; p && *p;) {
        size_t n = strcspn(p, " ");
        bool is =
            memchr(p, '{', n) ? filled(labels, p, n, out, size) : latency_label(labels, p, n, out, size);
        if (is && *out)
            return true;
        p += n + strspn(p + n, " ");
    }
    return false;
}

/* ---- who ---- */

static bool is_pattern(const char *route)
{
    return strpbrk(route, "{<[*") || strstr(route, "/:");
}

static void fold(char route[LATENCY_TEXT])
{
    char out[ROUTE_MAX];
    if (is_pattern(route) && route_fold_tag(route, out))
        snprintf(route, LATENCY_TEXT, "%s", out);
    else if (*route == '/' && route_fold(NULL, route, strlen(route), out))
        snprintf(route, LATENCY_TEXT, "%s", out);
}

static enum latency_outcome outcome_of(const char *status, bool grpc)
{
    static const char *const BAD[] = {"Unknown",
                                      "DeadlineExceeded",
                                      "Unimplemented",
                                      "Internal",
                                      "DataLoss",
                                      "Unavailable",
                                      "2",
                                      "4",
                                      "12",
                                      "13",
                                      "14",
                                      "15",
                                      NULL};
    if (!*status)
        return OUTCOME_UNKNOWN;
    if (grpc)
        return str_find(BAD, status) >= 0 ? OUTCOME_FAILED : OUTCOME_FINE;
    if (!strcasecmp(status, "SERVER_ERROR"))
        return OUTCOME_FAILED;
    bool class = strlen(status) == 1 || !strcasecmp(status + 1, "xx");
    if (isdigit((unsigned char)*status))
        return (class ? (*status - '0') * 100 : strtol(status, NULL, 10)) >= 500 ? OUTCOME_FAILED
                                                                                 : OUTCOME_FINE;
    return OUTCOME_FINE;
}

static const char *or_usual(const char *own, const char *usual)
{
    return !own ? usual : *own == '-' ? NULL : own;
}

static bool is_of(const struct latency_name *n, const char *labels)
{
    const char *eq = n->only ? strchr(n->only, '=') : NULL;
    char value[LATENCY_TEXT];
    return !eq || (latency_label(labels, n->only, (size_t)(eq - n->only), value, sizeof value) &&
                   !strcmp(value, eq + 1));
}

bool latency_who_is(const struct latency_name *n, const char *labels, struct latency_who *out,
                    enum latency_outcome *outcome)
{
    char status[32];
    bool grpc = n->status && strstr(n->status, "grpc");
    if (!is_of(n, labels))
        return false;
    first_of(labels, or_usual(n->method, LATENCY_USUAL.method), out->method, sizeof out->method);
    first_of(labels, or_usual(n->service, LATENCY_USUAL.service), out->service, sizeof out->service);
    first_of(labels, or_usual(n->host, LATENCY_USUAL.host), out->host, sizeof out->host);
    for (char *p = out->method; *p; p++)
        *p = (char)toupper((unsigned char)*p);
    if (first_of(labels, or_usual(n->route, LATENCY_USUAL.route), out->route, sizeof out->route))
        fold(out->route);
    else if (*out->service)
        snprintf(out->route, sizeof out->route, "%.250s/*", out->service);
    else
        snprintf(out->route, sizeof out->route, "*");
    if (!first_of(labels, or_usual(n->status, LATENCY_USUAL.status), status, sizeof status))
        first_of(labels, "envoy_response_code_class", status, sizeof status);
    *outcome = outcome_of(status, grpc);
    return true;
}

static void names_in(const char *alternatives, void (*add)(void *ctx, const char *name, size_t len),
                     void *ctx)
{
    for (const char *p = alternatives; p && *p;) {
        size_t n = strcspn(p, " {}/#");
        if (n)
            add(ctx, p, n);
        p += n + (p[n] != 0);
    }
}

void latency_label_names(const struct latency_name *n, void (*add)(void *ctx, const char *name, size_t len),
                         void *ctx)
{
    names_in(or_usual(n->route, LATENCY_USUAL.route), add, ctx);
    names_in(or_usual(n->method, LATENCY_USUAL.method), add, ctx);
    names_in(or_usual(n->status, LATENCY_USUAL.status), add, ctx);
    names_in(or_usual(n->service, LATENCY_USUAL.service), add, ctx);
    names_in(or_usual(n->host, LATENCY_USUAL.host), add, ctx);
}
