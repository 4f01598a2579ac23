/* http_findings.c - one row for each finding: when it holds, and what to send instead. */
#include "core/caches/http_findings.h"

#include "base/units.h"

#define HASHED_HEADER "Cache-Control: public, max-age=31536000, immutable"
#define API_HEADER    "Cache-Control: private, max-age=0, must-revalidate, with an ETag"
#define HTML_HEADER   "Cache-Control: public, s-maxage=60, stale-while-revalidate=300"
#define LONG_HEADER   "Cache-Control: public, max-age=31536000"

/* Thresholds. */
#define HIT_PROBABILITY_FINE 0.925 /* Lighthouse skips what is above */
enum { COMPRESS_FROM = 1400 /* bytes: fits into one packet */, ERROR_FRESH_MAX = 60 /* s */, CHAIN_FROM = 2 };

struct said {
    const struct http_facts *f;
    const struct http_policy *p;
};

/* Writes the sentence, when the finding holds. */
typedef bool finding_rule(const struct said *x, struct strbuf *out);

/* A lifetime for people: "60 s", "7 days". */
static char *duration(int64_t s, char buf[UNIT_TEXT_MAX])
{
    static const struct {
        int64_t s;
        const char *name;
    } units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    size_t i = 0;
    while (i + 1 < ARRAY_LEN(units) && (s < units[i].s || s % units[i].s != 0))
        i++;
    long long n = (long long)(s / units[i].s);
    snprintf(buf, UNIT_TEXT_MAX, "%lld %s%s", n, units[i].name, n == 1 ? "" : "s");
    return buf;
}

/* Answers that a policy of their kind is for: redirects and errors have none. */
static bool is_success(const struct said *x)
{
    return x->f->status >= 200 && x->f->status < 300;
}

static bool is_hashed(const struct said *x)
{
    return is_success(x) && x->p->hashed;
}

static bool is_plain_static(const struct said *x)
{
    return is_success(x) && x->p->asset == ASSET_STATIC && !x->p->hashed;
}

static int64_t fresh(const struct said *x)
{
    return sd_known(x->p->fresh_private_s) ? x->p->fresh_private_s : 0;
}

/* ---- assets with a hash in their name ---- */

static bool hashed_asset_short_ttl(const struct said *x, struct strbuf *out)
{
    char buf[UNIT_TEXT_MAX];
    if (!is_hashed(x) || fresh(x) >= HTTP_YEAR)
        return false;
    if (!x->p->storable_private)
        strbuf_printf(out, "Its name changes with its content, but no-store forbids every copy; send %s.",
                      HASHED_HEADER);
    else
        strbuf_printf(out, "Its name changes with its content, but a copy is fresh for %s only; send %s.",
                      duration(fresh(x), buf), HASHED_HEADER);
    return true;
}

static bool hashed_asset_not_immutable(const struct said *x, struct strbuf *out)
{
    if (!is_hashed(x) || fresh(x) < HTTP_YEAR || x->f->is_immutable)
        return false;
    strbuf_printf(out, "Its name changes with its content, so no reload needs to ask for it again; send %s.",
                  HASHED_HEADER);
    return true;
}

static bool hashed_asset_not_shared(const struct said *x, struct strbuf *out)
{
    if (!is_hashed(x) || !x->f->is_private)
        return false;
    strbuf_printf(out, "It is the same for all, but private keeps CDNs and proxies from storing it; send %s.",
                  HASHED_HEADER);
    return true;
}

/* ---- lifetimes ---- */

static bool unhashed_immutable(const struct said *x, struct strbuf *out)
{
    if (!is_plain_static(x) || !x->f->is_immutable)
        return false;
    strbuf_str(out,
               "A browser that has it never asks for a new one, but its name stays when it changes; put a "
               "hash of the content into the name, or send Cache-Control: public, max-age=3600, "
               "stale-while-revalidate=86400.");
    return true;
}

/* What browsers go by; for what only shared caches were told, those. */
static bool said_lifetime(const struct said *x, int64_t *s)
{
    const struct http_policy *p = x->p;
    bool own = p->explicit_private && !x->f->no_cache, shared = p->explicit_shared && !x->f->no_cache;
    *s = own ? p->fresh_private_s : p->fresh_shared_s;
    return own || shared;
}

static bool short_ttl(const struct said *x, struct strbuf *out)
{
    char buf[UNIT_TEXT_MAX], again[UNIT_TEXT_MAX], all[UNIT_TEXT_MAX];
    int64_t s;
    if (!is_plain_static(x) || !said_lifetime(x, &s) || http_hit_probability(s) > HIT_PROBABILITY_FINE)
        return false;
    double p = http_hit_probability(s);
    strbuf_printf(out, "A copy is fresh for %s, so it is still fresh in %.1f %% of returns (Lighthouse)",
                  duration(s, buf), 100 * p);
    if (sd_known(x->f->size_bytes))
        strbuf_printf(out, ", and on average %s of %s are fetched again",
                      unit_format(UNIT_BYTES, (1 - p) * (double)x->f->size_bytes, again),
                      unit_format_int(UNIT_BYTES, x->f->size_bytes, all));
    strbuf_printf(out, "; put a hash of the content into the name and send %s, or without one %s.",
                  HASHED_HEADER, LONG_HEADER);
    return true;
}

static bool is_silent(const struct said *x)
{
    return !x->f->directives && !x->f->expires.given && !x->p->heuristic_private;
}

static const char *header_for(const struct said *x)
{
    return x->p->hashed                  ? HASHED_HEADER
           : x->p->asset == ASSET_HTML   ? HTML_HEADER
           : x->p->asset == ASSET_API    ? API_HEADER
           : x->p->asset == ASSET_STATIC ? "Cache-Control: public, max-age=31536000 with a hash in the name"
                                         : "a Cache-Control with max-age, or no-cache";
}

static bool no_cache_policy(const struct said *x, struct strbuf *out)
{
    if (!is_silent(x) || x->f->pragma || (x->f->status >= 300 && x->f->status < 400))
        return false;
    strbuf_printf(out, "Nothing says how long it is fresh, so that each cache decides by itself; send %s.",
                  header_for(x));
    return true;
}

static bool heuristic_freshness(const struct said *x, struct strbuf *out)
{
    char buf[UNIT_TEXT_MAX];
    const struct http_policy *p = x->p;
    if (!(p->storable_shared ? p->heuristic_shared : p->heuristic_private))
        return false;
    int64_t s = p->storable_shared ? p->fresh_shared_s : p->fresh_private_s;
    strbuf_printf(
        out,
        "No lifetime is said, so caches may guess one: %s, a tenth of the time since Last-Modified; "
        "send %s.",
        duration(s, buf), header_for(x));
    return true;
}

static bool error_cached_long(const struct said *x, struct strbuf *out)
{
    char buf[UNIT_TEXT_MAX];
    int64_t s = MAX(x->p->fresh_shared_s, x->p->fresh_private_s); /* unknown is the smallest */
    if (x->f->status < 400 || s <= ERROR_FRESH_MAX)
        return false;
    strbuf_printf(
        out,
        "Caches repeat this error, status %d, for %s after it has been repaired; send Cache-Control: "
        "max-age=10, or no-store.",
        x->f->status, duration(s, buf));
    return true;
}

/* ---- validators ---- */

static bool has_validator(const struct said *x)
{
    return x->f->etag || x->f->last_modified.given;
}

static bool missing_validator(const struct said *x, struct strbuf *out)
{
    if (x->f->status != 200 || has_validator(x) || !(x->p->storable_private || x->p->storable_shared))
        return false;
    strbuf_str(out,
               "It has neither ETag nor Last-Modified, so that a stale copy is fetched as a whole though "
               "nothing changed; send an ETag.");
    return true;
}

static bool validator_ignored(const struct said *x, struct strbuf *out)
{
    if (!has_validator(x) || x->f->revalidation_status != 200)
        return false;
    strbuf_printf(
        out,
        "It has %s, but a request with %s gets all of it again, status 200; answer 304 Not Modified when "
        "it has not changed.",
        x->f->etag ? "an ETag" : "Last-Modified", x->f->etag ? "If-None-Match" : "If-Modified-Since");
    return true;
}

/* ---- headers that are wrong ---- */

static bool bad(const struct http_seconds *s)
{
    return s->given && !s->valid;
}

static bool invalid_directive(const struct said *x, struct strbuf *out)
{
    const struct http_facts *f = x->f;
    const char *name = bad(&f->max_age)            ? "max-age"
                       : bad(&f->s_maxage)         ? "s-maxage"
                       : bad(&f->while_revalidate) ? "stale-while-revalidate"
                       : bad(&f->if_error)         ? "stale-if-error"
                                                   : NULL;
    if (name)
        strbuf_printf(
            out,
            "%s is no number of seconds, so that caches take the answer as stale; send a number, as in "
            "Cache-Control: %s=3600.",
            name, name);
    else if (f->expires.given && !f->expires.valid)
        strbuf_str(out,
                   "Expires is not a date, which means: already expired; send Cache-Control: no-cache when "
                   "that is meant, otherwise max-age.");
    else if (f->age_given && !sd_known(f->age_s))
        strbuf_str(out,
                   "Age is no number of seconds, so that caches cannot tell how old the copy is; the cache "
                   "that adds it must send Age: SECONDS.");
    else
        return false;
    return true;
}

static bool conflicting_directives(const struct said *x, struct strbuf *out)
{
    const struct http_facts *f = x->f;
    const char *twice = f->max_age.differs            ? "max-age"
                        : f->s_maxage.differs         ? "s-maxage"
                        : f->while_revalidate.differs ? "stale-while-revalidate"
                        : f->if_error.differs         ? "stale-if-error"
                        : f->other_differs            ? "a directive"
                                                      : NULL;
    bool lasts = f->max_age.s > 0 || f->s_maxage.s > 0;
    if (twice)
        strbuf_printf(
            out,
            "Cache-Control says %s twice, with different values, and caches differ in which they take; "
            "send it once.",
            twice);
    else if (f->no_store && lasts && !f->must_understand)
        strbuf_str(out,
                   "Cache-Control forbids to store it and gives it a lifetime; send Cache-Control: no-store "
                   "alone, or the lifetime alone.");
    else if (f->is_public && f->is_private)
        strbuf_str(out,
                   "Cache-Control says both public and private, and caches take private; send one of them.");
    else
        return false;
    return true;
}

static bool pragma_without_cache_control(const struct said *x, struct strbuf *out)
{
    if (!x->f->pragma || x->f->directives)
        return false;
    strbuf_str(out, "Pragma means nothing in an answer; send Cache-Control: no-cache, or no-store.");
    return true;
}

/* ---- what is not for all ---- */

static bool shared_fresh(const struct said *x)
{
    return x->p->storable_shared && x->p->fresh_shared_s > 0;
}

static bool api_shared_cacheable(const struct said *x, struct strbuf *out)
{
    char buf[UNIT_TEXT_MAX];
    if (!is_success(x) || x->p->asset != ASSET_API || x->p->hashed || !shared_fresh(x))
        return false;
    strbuf_printf(
        out,
        "A CDN or proxy may give this JSON of one user to another for %s; unless it is the same for all, "
        "send %s.",
        duration(x->p->fresh_shared_s, buf), API_HEADER);
    return true;
}

static bool set_cookie_cacheable(const struct said *x, struct strbuf *out)
{
    if (!x->f->set_cookie || !shared_fresh(x))
        return false;
    strbuf_str(out,
               "A shared cache may store it with its Set-Cookie, and give one user's cookie to others; send "
               "Cache-Control: private, or no Set-Cookie.");
    return true;
}

static bool vary_star(const struct said *x, struct strbuf *out)
{
    if (!x->f->vary_star)
        return false;
    strbuf_str(out,
               "Vary: * means that no stored copy fits any request; name the request headers that matter, as "
               "in Vary: Accept-Encoding.");
    return true;
}

static bool vary_high_cardinality(const struct said *x, struct strbuf *out)
{
    if (!x->f->vary_wide || x->f->is_private || x->f->no_store)
        return false;
    strbuf_printf(
        out,
        "Vary: %s makes nearly every client's copy its own, so that a shared cache hardly ever hits; send "
        "Vary: Accept-Encoding, or Cache-Control: private when it differs by user.",
        x->f->vary_wide);
    return true;
}

/* ---- pages, assets, the edge ---- */

static bool html_without_swr(const struct said *x, struct strbuf *out)
{
    const struct http_facts *f = x->f;
    if (!is_success(x) || x->p->asset != ASSET_HTML || f->is_private || f->no_store ||
        f->while_revalidate.given)
        return false;
    strbuf_printf(
        out,
        "Visitors wait while a cache asks for a new copy of the page; where it is the same for all, "
        "send %s.",
        HTML_HEADER);
    return true;
}

static bool uncompressed(const struct said *x, struct strbuf *out)
{
    char all[UNIT_TEXT_MAX], less[UNIT_TEXT_MAX];
    const struct http_facts *f = x->f;
    if (!x->p->text || f->encoded || !sd_known(f->size_bytes) || f->size_bytes < COMPRESS_FROM)
        return false;
    strbuf_printf(out, "Its %s come as they are although gzip was accepted",
                  unit_format_int(UNIT_BYTES, f->size_bytes, all));
    if (sd_known(f->gzip_bytes))
        strbuf_printf(out, ", which would take %s", unit_format_int(UNIT_BYTES, f->gzip_bytes, less));
    strbuf_str(out, "; send it with Content-Encoding: gzip or br, and Vary: Accept-Encoding.");
    return true;
}

static bool redirect_chain(const struct said *x, struct strbuf *out)
{
    if (x->f->redirects < CHAIN_FROM)
        return false;
    strbuf_printf(
        out,
        "It takes %lld redirects, a round trip each; link to the last URL, or send its Location with the "
        "first.",
        (long long)x->f->redirects);
    return true;
}

static bool cdn_does_not_cache(const struct said *x, struct strbuf *out)
{
    if (x->f->edge != EDGE_PASSED || !x->p->storable_shared)
        return false;
    strbuf_printf(
        out,
        "A shared cache could store it, but the CDN lets every request through to the origin; add a "
        "rule that caches it there, and send %s.",
        x->p->asset == ASSET_HTML ? HTML_HEADER : "Cache-Control: public with s-maxage");
    return true;
}

static bool served_stale(const struct said *x, struct strbuf *out)
{
    char age[UNIT_TEXT_MAX], life[UNIT_TEXT_MAX];
    const struct http_policy *p = x->p;
    bool shared = p->storable_shared;
    bool lives =
        shared ? p->explicit_shared || p->heuristic_shared : p->explicit_private || p->heuristic_private;
    int64_t s = shared ? p->fresh_shared_s : p->fresh_private_s;
    if (!lives || !sd_known(x->f->age_s) || x->f->age_s <= s)
        return false;
    strbuf_printf(
        out,
        "The copy served is %s old but fresh for %s; let the cache revalidate it, or say how long a stale "
        "copy may be used: stale-while-revalidate=SECONDS.",
        duration(x->f->age_s, age), duration(s, life));
    return true;
}

static bool static_not_cached(const struct said *x, struct strbuf *out)
{
    const struct http_facts *f = x->f;
    bool personal = f->is_private || f->set_cookie || f->vary_user;
    bool never = (f->no_store && !x->p->storable_private) || f->no_cache;
    if (!is_plain_static(x) || !never || personal)
        return false;
    strbuf_printf(out,
                  "It is the same for all, but %s has every use of it go over the network; put a hash of the "
                  "content into the name and send %s.",
                  f->no_store ? "no-store" : "no-cache", HASHED_HEADER);
    return true;
}

#define FINDINGS(X)                                                                                          \
    X(set_cookie_cacheable, BAD, "a shared cache may store a Set-Cookie")                                    \
    X(api_shared_cacheable, BAD, "a shared cache may serve JSON fresh")                                      \
    X(unhashed_immutable, BAD, "immutable, but the name stays when the content changes")                     \
    X(hashed_asset_short_ttl, WARN, "a hash in the name, but fresh for less than a year")                    \
    X(hashed_asset_not_shared, WARN, "a hash in the name, but private")                                      \
    X(hashed_asset_not_immutable, INFO, "a hash in the name, fresh for a year, without immutable")           \
    X(static_not_cached, WARN, "a static asset with no-store or no-cache")                                   \
    X(short_ttl, WARN, "a static asset is mostly stale when it is wanted again")                             \
    X(no_cache_policy, WARN, "no Cache-Control, no Expires and no usable Last-Modified")                     \
    X(heuristic_freshness, INFO, "the lifetime is guessed from Last-Modified")                               \
    X(html_without_swr, INFO, "a page for all without stale-while-revalidate")                               \
    X(missing_validator, WARN, "neither ETag nor Last-Modified")                                             \
    X(validator_ignored, WARN, "the conditional request gets 200")                                           \
    X(invalid_directive, WARN, "a lifetime, Expires or Age that cannot be read")                             \
    X(conflicting_directives, WARN, "directives that contradict each other")                                 \
    X(pragma_without_cache_control, WARN, "Pragma alone")                                                    \
    X(vary_star, WARN, "Vary: *")                                                                            \
    X(vary_high_cardinality, WARN, "Vary by a header with as many values as clients")                        \
    X(uncompressed, WARN, "text without Content-Encoding")                                                   \
    X(error_cached_long, WARN, "an error that is fresh for more than a minute")                              \
    X(redirect_chain, WARN, "two redirects or more")                                                         \
    X(cdn_does_not_cache, WARN, "the edge passes what it could store")                                       \
    X(served_stale, WARN, "older than its lifetime")

static const struct {
    const char *kind, *about;
    finding_rule *holds;
    enum severity severity;
} TABLE[] = {
#define FINDING_ROW(name, grade, what)                                                                       \
    {.kind = #name, .about = what, .holds = name, .severity = SEVERITY_##grade},
    FINDINGS(FINDING_ROW)
#undef FINDING_ROW
};

size_t http_findings(const struct http_facts *f, const struct http_policy *p,
                     struct http_finding out[HTTP_FINDINGS_MAX])
{
    const struct said x = {.f = f, .p = p};
    struct strbuf text = {0};
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(TABLE) && n < HTTP_FINDINGS_MAX; i++)
        if (TABLE[i].holds(&x, &text))
            out[n++] = (struct http_finding){
                .kind = TABLE[i].kind, .severity = TABLE[i].severity, .text = strbuf_detach(&text)};
    strbuf_free(&text);
    return n;
}

const char *http_finding_kind(size_t i, enum severity *severity, const char **about)
{
    if (i >= ARRAY_LEN(TABLE))
        return NULL;
    *severity = TABLE[i].severity;
    *about = TABLE[i].about;
    return TABLE[i].kind;
}
