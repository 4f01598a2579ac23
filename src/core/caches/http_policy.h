/* http_policy.h - what an answer of HTTP says of its storing, and what RFC 9111 makes of it: who may store it
 * and how long it is fresh. Pure; any thread. Texts are the caller's. */
#ifndef CORE_CACHES_HTTP_POLICY_H
#define CORE_CACHES_HTTP_POLICY_H

#include "base/base.h"

#define HTTP_LIFETIME_MAX ((int64_t)1 << 31) /* RFC 9111, section 1.2.2 */
#define HTTP_YEAR         ((int64_t)365 * 86400)

/* A directive whose value is a number of seconds: its first value. */
struct http_seconds {
    bool given, valid;
    bool differs; /* another value was given as well */
    int64_t s;    /* 0 when it is no number: then the answer is stale */
};

/* A header that holds a moment. */
struct http_moment {
    bool given, valid;
    int64_t s; /* since 1970 */
};

enum http_edge { EDGE_UNKNOWN, EDGE_HIT, EDGE_MISS, EDGE_PASSED }; /* PASSED: DYNAMIC, BYPASS */

/* One answer, and what was learned around it. */
struct http_facts {
    int status;
    const char *path; /* of the URL, without query; NULL: "/" */
    const char *type; /* of Content-Type, lower case, without parameters; NULL: none */

    size_t directives; /* of Cache-Control */
    struct http_seconds max_age, s_maxage, while_revalidate, if_error;
    bool is_public, is_private, no_store, no_cache; /* the last three without field names */
    bool is_immutable, must_understand;
    bool other_differs; /* another directive has two values */

    struct http_moment date, expires, last_modified;
    bool pragma, etag, set_cookie, vary_star;
    const char *vary_wide; /* a field of Vary with as many values as clients; NULL: none */
    bool vary_user;        /* Vary by Cookie or Authorization */
    bool encoded;          /* has a Content-Encoding */
    bool age_given;
    int64_t age_s;       /* SD_UNKNOWN: none, negative or unreadable */
    enum http_edge edge; /* of the cache nearest to us */

    sd_time received;            /* when there is no Date */
    int64_t size_bytes;          /* of the body as sent; SD_UNKNOWN */
    int64_t gzip_bytes;          /* what gzip would take; SD_UNKNOWN */
    int64_t redirects;           /* hops before it */
    int64_t revalidation_status; /* of the conditional request; SD_UNKNOWN: there was none */
};

enum http_asset { ASSET_OTHER, ASSET_HTML, ASSET_API, ASSET_STATIC };

/* What follows from it. */
struct http_policy {
    enum http_asset asset;
    bool hashed; /* the name changes with the content */
    bool text;   /* of a type that is worth compressing */
    bool storable_shared, storable_private;
    int64_t fresh_shared_s, fresh_private_s;  /* SD_UNKNOWN when not storable there */
    bool explicit_shared, explicit_private;   /* the lifetime was said */
    bool heuristic_shared, heuristic_private; /* it is the heuristic's */
    double hit_probability;                   /* of a browser's copy; NAN when it keeps none */
};

void http_policy_of(const struct http_facts *f, struct http_policy *out);

/* Is that the name of a file whose content is in its name: app.3f2a9c1b.js? */
bool http_path_is_hashed(const char *path);
bool http_type_is_text(const char *type); /* NULL: no */
/* How likely a copy that is fresh for so long is still fresh when it is wanted again: Lighthouse's deciles of
 * the age of resources at a cache hit (audit uses-long-cache-ttl). */
double http_hit_probability(int64_t fresh_s);
/* Has that request header nearly as many values as there are clients? */
bool http_field_is_wide(const char *name);

#endif
