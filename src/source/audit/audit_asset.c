#include "source/audit/audit_asset.h"

#include <curl/curl.h>
#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "base/redact.h"
#include "core/caches/http_findings.h"
#include "core/schema.h"
#include "format/caches/http_body.h"
#include "format/caches/http_head.h"
#include "format/caches/sitemap.h"
#include "source/audit/audit_fetch.h"

enum {
    DECODED_MAX = 50 << 20, /* bytes of a body, and of a sitemap: sitemaps.org's limit */
    COMPRESS_MAX = 4 << 20, /* bytes that are compressed to see what they would take */
    NOTES_MAX = 8,
};

/* ---- URLs ---- */

/* The URL as it is asked: without fragment, with its blanks encoded; NULL: it is none of http or https.
 * Relative ones are of `base`. The caller frees with curl_free. */
static char *url_of(const char *text, const char *base)
{
    CURLU *u = curl_url();
    char *url = NULL, *scheme = NULL;
    bool parsed = u && (!base || curl_url_set(u, CURLUPART_URL, base, CURLU_URLENCODE) == CURLUE_OK) &&
                  curl_url_set(u, CURLUPART_URL, text, CURLU_URLENCODE) == CURLUE_OK &&
                  curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                  (str_eq(scheme, "http") || str_eq(scheme, "https")) &&
                  curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK;
    if (parsed)
        curl_url_get(u, CURLUPART_URL, &url, 0);
    curl_free(scheme);
    curl_url_cleanup(u);
    return url;
}

static char *part_of(const char *url, CURLUPart part)
{
    CURLU *u = curl_url();
    char *text = NULL;
    if (u && curl_url_set(u, CURLUPART_URL, url, CURLU_URLENCODE) == CURLUE_OK)
        curl_url_get(u, part, &text, 0);
    curl_url_cleanup(u);
    return text;
}

bool audit_hosts_has(const struct audit_hosts *h, const char *url)
{
    char *host = part_of(url, CURLUPART_HOST);
    bool has = false;
    for (size_t i = 0; host && i < h->n && !has; i++)
        has = !strcasecmp(h->items[i], host);
    curl_free(host);
    return has;
}

bool audit_hosts_add(struct audit_hosts *h, const char *url)
{
    char *whole = url_of(url, NULL), *host = whole ? part_of(whole, CURLUPART_HOST) : NULL;
    if (host && !audit_hosts_has(h, whole)) {
        h->items = mem_grow(h->items, h->n, &h->cap, sizeof *h->items);
        h->items[h->n++] = mem_strdup(host);
    }
    bool added = host != NULL;
    curl_free(whole);
    curl_free(host);
    return added;
}

void audit_hosts_free(struct audit_hosts *h)
{
    for (size_t i = 0; i < h->n; i++)
        free(h->items[i]);
    free(h->items);
    *h = (struct audit_hosts){.items = NULL};
}

/* ---- one URL ---- */

struct asking {
    struct audit_run *run;
    struct audit_line *line;
    char *url; /* asked now; curl's */
    size_t requests, redirects;
    struct audit_answer answer; /* the last one */
    struct http_head head;
    struct arena *scratch;
    const char *notes[NOTES_MAX];
    size_t n_notes;
};

static void note(struct asking *x, const char *sentence)
{
    if (x->n_notes < NOTES_MAX)
        x->notes[x->n_notes++] = sentence;
}

static bool stop(void *ctx)
{
    struct sd_source *s = ctx;
    return s->host->should_stop(s);
}

/* Not more often than is allowed. */
static enum sd_result ask(struct asking *x, const struct audit_ask *what, struct audit_answer *out,
                          struct sd_error *err)
{
    struct audit_run *run = x->run;
    struct sd_source *s = run->source;
    while (s->host->now(s) < run->next_at && !s->host->should_stop(s))
        s->host->wait(s, -1, 0, run->next_at);
    if (s->host->should_stop(s))
        return SD_NODATA;
    run->next_at = s->host->now(s) + run->gap_ns;
    x->requests++;
    return audit_fetch(s, x->line, what, out, err);
}

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* Where it leads; NULL: it is not followed. */
static char *redirect_of(struct asking *x)
{
    const char *location = http_head_get(&x->head, "Location");
    if (!is_redirect(x->head.status) || !location)
        return NULL;
    x->redirects++;
    char *next = url_of(location, x->url), *shown = redact(location);
    if (!next) {
        note(x,
             arena_printf(x->run->arena, "It redirects to %.200s, which is no URL of http or https.", shown));
    } else if (!audit_hosts_has(x->run->hosts, next)) {
        note(x, arena_printf(x->run->arena,
                             "It redirects to %.200s, a host that was not named and is not asked.", shown));
    } else if (x->requests >= AUDIT_REQUESTS_MAX) {
        note(x, arena_printf(x->run->arena, "It still redirects after %d requests; the rest is not followed.",
                             AUDIT_REQUESTS_MAX));
    } else {
        free(shown);
        return next;
    }
    free(shown);
    curl_free(next);
    return NULL;
}

/* The answer at the end of the redirects. */
static enum sd_result ask_to_the_end(struct asking *x, struct sd_error *err)
{
    for (;;) {
        enum sd_result r =
            ask(x, &(struct audit_ask){.url = x->url, .wait_ns = x->run->wait_ns}, &x->answer, err);
        if (r != SD_OK)
            return r;
        http_head_read(&x->head, x->answer.head, x->answer.head_len, x->scratch);
        if (x->head.status < 200 || x->head.status > 599)
            return sd_fail(err, SD_RETRY, "its answer has no status that is known");
        char *next = redirect_of(x);
        if (!next)
            return SD_OK;
        audit_answer_free(&x->answer);
        curl_free(x->url);
        x->url = next;
    }
}

/* ---- the conditional request ---- */

static enum sd_result revalidate(struct asking *x, int64_t *status)
{
    const char *etag = http_head_get(&x->head, "ETag"), *modified = http_head_get(&x->head, "Last-Modified");
    struct audit_answer a;
    struct sd_error ignored;
    bool any = (etag && *etag) || (modified && *modified);
    *status = SD_UNKNOWN;
    if (!any || x->requests >= AUDIT_REQUESTS_MAX) {
        if (any)
            note(x, "The redirects left no request to revalidate with.");
        return SD_OK;
    }
    enum sd_result r = ask(x,
                           &(struct audit_ask){.url = x->url,
                                               .etag = etag && *etag ? etag : NULL,
                                               .last_modified = modified && *modified ? modified : NULL,
                                               .no_body = true,
                                               .wait_ns = x->run->wait_ns},
                           &a, &ignored);
    if (r == SD_NODATA)
        return r;
    if (r != SD_OK) {
        note(x, arena_printf(x->run->arena, "The conditional request failed: %.250s.", ignored.text));
        return SD_OK;
    }
    struct http_head *h = arena_alloc(x->scratch, sizeof *h);
    http_head_read(h, a.head, a.head_len, x->scratch);
    *status = h->status;
    audit_answer_free(&a);
    return SD_OK;
}

/* ---- the body ---- */

static char *decoded(struct asking *x, size_t *n)
{
    const char *encoding = http_head_list(&x->head, "Content-Encoding", x->scratch);
    return http_body_decode(encoding, x->answer.body ? x->answer.body : "", x->answer.len, DECODED_MAX, n);
}

static bool take_list(struct asking *x, struct audit_list *list)
{
    size_t n, inner;
    char *body = x->answer.end == AUDIT_WHOLE && x->head.status == 200 ? decoded(x, &n) : NULL;
    if (body && http_body_is_gzip(body, n)) { /* sitemap.xml.gz */
        char *out = http_body_decode("gzip", body, n, DECODED_MAX, &inner);
        free(body);
        body = out;
        n = out ? inner : 0;
    }
    if (body && sitemap_recognise(body, n)) {
        *list = (struct audit_list){body, n};
        return true;
    }
    free(body);
    return false;
}

static void measure(struct asking *x, struct http_facts *f, struct sd_asset_policy *out)
{
    static const char *const ends[] = {
        [AUDIT_TOO_LONG] = "Its body is longer than 8 MiB and was not read to its end.",
        [AUDIT_TOO_LATE] = "Its body did not come in time.",
        [AUDIT_BROKEN] = "Its body broke off.",
    };
    size_t n;
    bool whole = x->answer.end == AUDIT_WHOLE;
    if (!whole)
        note(x, ends[x->answer.end]);
    f->size_bytes = whole ? (int64_t)x->answer.len : x->answer.length;
    out->size_bytes = f->size_bytes;
    char *body = whole ? decoded(x, &n) : NULL;
    if (whole && !body)
        note(x, "Its Content-Encoding could not be undone.");
    if (!body)
        return;
    out->decoded_bytes = (int64_t)n;
    bool worth = http_type_is_text(f->type) || str_eq(f->type, "application/wasm");
    if (worth && n > COMPRESS_MAX)
        note(x, "What it would take compressed is not computed of more than 4 MiB.");
    if (worth && n && n <= COMPRESS_MAX) {
        out->gzip_bytes = f->gzip_bytes = http_body_gzip(body, n);
        out->brotli_bytes = http_body_brotli(body, n, stop, x->run->source);
    }
    free(body);
}

/* ---- the record ---- */

static const struct sd_texts *texts(struct arena *a, const char *const *items, size_t n)
{
    struct sd_texts *list = arena_alloc(a, sizeof *list);
    *list = (struct sd_texts){.n = (uint32_t)n, .items = arena_copy(a, items, n * sizeof *items)};
    return list;
}

static void add_findings(struct arena *a, const struct http_facts *f, const struct http_policy *p,
                         struct sd_asset_policy *out)
{
    struct http_finding found[HTTP_FINDINGS_MAX];
    const char *kinds[HTTP_FINDINGS_MAX], *severities[HTTP_FINDINGS_MAX], *sentences[HTTP_FINDINGS_MAX];
    size_t n = http_findings(f, p, found);
    for (size_t i = 0; i < n; i++) {
        kinds[i] = found[i].kind;
        severities[i] = severity_name(found[i].severity);
        sentences[i] = arena_strdup(a, found[i].text);
        free(found[i].text);
    }
    out->finding_kinds = texts(a, kinds, n);
    out->finding_severities = texts(a, severities, n);
    out->finding_texts = texts(a, sentences, n);
}

static const char *asset_name(const struct http_policy *p)
{
    static const char *const names[] = {
        [ASSET_OTHER] = "other", [ASSET_HTML] = "html", [ASSET_API] = "api", [ASSET_STATIC] = "static"};
    return p->hashed ? "hashed" : names[p->asset];
}

static const char *shown(struct arena *a, const char *text)
{
    char *safe = text ? redact(text) : NULL;
    const char *copy = arena_strdup(a, safe);
    free(safe);
    return copy;
}

static void add_policy(const struct http_policy *p, struct sd_asset_policy *out)
{
    out->asset = asset_name(p);
    out->storable_shared = p->storable_shared;
    out->storable_private = p->storable_private;
    out->fresh_shared_s = p->fresh_shared_s;
    out->fresh_private_s = p->fresh_private_s;
    out->hit_probability = p->hit_probability;
}

static void add_answer(struct asking *x, const struct http_facts *f, const struct http_layers *layers,
                       struct sd_asset_policy *out)
{
    struct arena *a = x->run->arena;
    const char *copies[HTTP_LAYERS_MAX];
    out->final_url = shown(a, x->url);
    out->type = arena_strdup(a, f->type);
    out->cache_control = arena_strdup(a, http_head_list(&x->head, "Cache-Control", x->scratch));
    out->http_version = arena_strdup(a, x->head.version);
    out->status = f->status;
    out->redirects = f->redirects;
    out->revalidation_status = f->revalidation_status;
    out->cache_hit = f->edge == EDGE_UNKNOWN ? SD_UNKNOWN : f->edge == EDGE_HIT;
    out->age_s = f->age_s;
    for (size_t i = 0; i < layers->n; i++)
        copies[i] = arena_strdup(a, layers->items[i]);
    out->cache_layers = texts(a, copies, layers->n);
    out->dns_ns = x->answer.dns_ns;
    out->tcp_ns = x->answer.tcp_ns;
    out->tls_ns = x->answer.tls_ns;
    out->first_byte_ns = x->answer.first_byte_ns;
    out->transfer_ns = x->answer.transfer_ns;
}

static enum sd_result judge(struct asking *x, const char *url, struct sd_asset_policy *out)
{
    struct arena *a = x->run->arena;
    struct http_facts f = {.received = x->run->source->host->now(x->run->source), .gzip_bytes = SD_UNKNOWN};
    struct http_layers layers;
    struct http_policy p;
    char *path = part_of(x->url, CURLUPART_PATH);
    schema_clear(schema_of(SD_ASSET_POLICY), out);
    http_head_facts(&x->head, x->scratch, &f, &layers);
    f.path = path;
    f.redirects = (int64_t)x->redirects;
    if (x->head.cut)
        note(x, "It has more header fields than are read.");
    measure(x, &f, out);
    enum sd_result r = revalidate(x, &f.revalidation_status);
    http_policy_of(&f, &p);
    out->url = shown(a, url);
    add_answer(x, &f, &layers, out);
    add_policy(&p, out);
    add_findings(a, &f, &p, out);
    out->notes = texts(a, x->notes, x->n_notes);
    curl_free(path);
    return r;
}

enum sd_result audit_asset(struct audit_run *run, const char *url, bool may_be_list,
                           struct sd_asset_policy *out, struct audit_list *list, struct sd_error *err)
{
    struct asking *x = mem_alloc(sizeof *x);
    x->run = run;
    x->scratch = arena_new();
    x->line = audit_line_new();
    x->url = url_of(url, NULL);
    *list = (struct audit_list){.bytes = NULL};
    enum sd_result r =
        x->url ? ask_to_the_end(x, err) : sd_fail(err, SD_CONFIG, "it is no URL of http or https");
    if (r == SD_OK && !(may_be_list && take_list(x, list)))
        r = judge(x, url, out);
    audit_answer_free(&x->answer);
    audit_line_free(x->line);
    arena_free(x->scratch);
    curl_free(x->url);
    free(x);
    return r;
}
