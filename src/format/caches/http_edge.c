/* http_edge.c - what caches on the way report in headers of their own. */
#include "format/caches/http_head.h"

#include <ctype.h>
#include <strings.h>

void http_layers_add(struct http_layers *l, const char *text, enum http_edge edge)
{
    if (l->n < HTTP_LAYERS_MAX)
        l->items[l->n++] = text;
    if (edge != EDGE_UNKNOWN)
        l->nearest = edge;
}

/* The words of CloudFront, Fastly, Akamai, Cloudflare, Vercel, Varnish, Squid and nginx. */
static enum http_edge edge_of(const char *word)
{
    static const struct {
        const char *word;
        enum http_edge edge;
    } words[] = {{"STALE", EDGE_HIT},
                 {"REVALIDATED", EDGE_HIT},
                 {"UPDATING", EDGE_HIT},
                 {"PRERENDER", EDGE_HIT},
                 {"CACHED", EDGE_HIT},
                 {"EXPIRED", EDGE_MISS},
                 {"NONE", EDGE_MISS},
                 {"ERROR", EDGE_MISS},
                 {"REDIRECT", EDGE_MISS},
                 {"LIMITEXCEEDED", EDGE_MISS},
                 {"CAPACITYEXCEEDED", EDGE_MISS},
                 {"LAMBDAGENERATEDRESPONSE", EDGE_MISS},
                 {"FUNCTIONGENERATEDRESPONSE", EDGE_MISS},
                 {"TCP_DENIED", EDGE_MISS},
                 {"TCP_COOKIE_DENY", EDGE_MISS},
                 {"BYPASS", EDGE_PASSED},
                 {"DYNAMIC", EDGE_PASSED},
                 {"PASS", EDGE_PASSED},
                 {"UNCACHEABLE", EDGE_PASSED}};
    size_t n = strlen(word);
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (!strcasecmp(word, words[i].word))
            return words[i].edge;
    if (n >= 3 && (!strcasecmp(word + n - 3, "HIT") || !strncasecmp(word, "HIT-", 4)))
        return EDGE_HIT;
    return n >= 4 && (!strcasecmp(word + n - 4, "MISS") || !strncasecmp(word, "MISS-", 5)) ? EDGE_MISS
                                                                                           : EDGE_UNKNOWN;
}

/* Who says X-Cache. */
static const char *product_of(const struct http_head *h, const char *member)
{
    const char *by = http_head_get(h, "X-Served-By");
    if (strcasestr(member, "cloudfront"))
        return "cloudfront";
    if (strcasestr(member, "akamai") || !strncasecmp(member, "TCP_", 4))
        return "akamai";
    return by && str_starts(by, "cache-") ? "fastly" : NULL;
}

/* A list of "Hit from cloudfront", "MISS, HIT", "TCP_HIT from a1.deploy.akamaitechnologies.com (...)": the
 * last is the nearest. */
static void read_list(const struct http_head *h, const char *name, const char *product, struct arena *a,
                      struct http_layers *out)
{
    const char *list = http_head_list(h, name, a);
    for (const char *p = list ? list : ""; *p; p += strcspn(p, ","), p += *p == ',') {
        p += strspn(p, " \t");
        size_t n = strcspn(p, ", \t;(/");
        const char *word = arena_strndup(a, p, n), *member = arena_strndup(a, p, strcspn(p, ","));
        enum http_edge edge = edge_of(word);
        const char *who = product ? product : product_of(h, member);
        if (n && (edge != EDGE_UNKNOWN || product))
            http_layers_add(out, arena_printf(a, "%.60s: %.60s", who ? who : name, word), edge);
    }
}

void http_edge_layers(const struct http_head *h, struct arena *a, struct http_layers *out)
{
    /* From the origin to us. */
    static const struct {
        const char *name, *product;
    } fields[] = {{"X-Proxy-Cache", NULL}, {"X-Cache-Status", NULL},     {"X-Cache-Remote", NULL},
                  {"X-Cache", NULL},       {"X-Vercel-Cache", "vercel"}, {"CF-Cache-Status", "cloudflare"}};
    *out = (struct http_layers){.n = 0};
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        read_list(h, fields[i].name, fields[i].product, a, out);
    const char *standard = http_head_list(h, "Cache-Status", a);
    if (standard)
        http_cache_status(standard, a, out);
}
