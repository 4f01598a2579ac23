/* Audit: what caches may do with each URL, and the header to send instead. */
#include "view/caches/http_audit.h"

#include <stdlib.h>

#include "core/caches/http_findings.h"
#include "core/model/caches.h"
#include "core/table.h"
#include "view/shared/common.h"
#include "view/shared/figures.h"
#include "view/shared/worst.h"

enum { URLS_MAX = 100000, FIGURES_MAX = 500 };

/* For people: the header's own words stand in `about`. */
#define COLUMNS_OF(X)                                                                                        \
    X(shown, "URL", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW | COLUMN_NO_JSON, 0,                                \
      "the URL; without its host where all have the same", cell_text(doc_text(d, url_shown(x->url, host))))  \
    X(url, "Whole URL", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "as it was asked",                        \
      cell_text(doc_text(d, x->url)))                                                                        \
    X(browser, "Browser", UNIT_NONE, COLUMN_LEFT | COLUMN_NO_JSON, 0, "how long a browser's copy is fresh",  \
      cell_text(fresh_shown(d, x->storable_private, x->fresh_private_s)))                                    \
    X(shared, "CDN", UNIT_NONE, COLUMN_LEFT | COLUMN_NO_JSON, 0,                                             \
      "how long the copy of a shared cache, such as a CDN, is fresh",                                        \
      cell_text(fresh_shown(d, x->storable_shared, x->fresh_shared_s)))                                      \
    X(findings, "What to change", UNIT_NONE, COLUMN_LEFT, 1,                                                 \
      "what is wrong with its policy: kind, severity (info, warn or bad) and text, a sentence with the "     \
      "header to send instead",                                                                              \
      cell_list(findings_of(d, x)))                                                                          \
    X(status, "Status", UNIT_NONE, 0, 3, "of the last answer", cell_int(x->status))                          \
    X(hit_probability, "Hits", UNIT_SHARE, 0, 4,                                                             \
      "how likely a browser's copy is still fresh when it is wanted again (Lighthouse's table); null when "  \
      "it may keep none",                                                                                    \
      cell_real(x->hit_probability))                                                                         \
    X(size_bytes, "Size", UNIT_BYTES, 0, 2, "of the body as sent", cell_int(x->size_bytes))                  \
    X(gzip_bytes, "gzip", UNIT_BYTES, 0, 5,                                                                  \
      "what the body would take by gzip -9; null when its type is not worth compressing, or it is too "      \
      "long",                                                                                                \
      cell_int(x->gzip_bytes))                                                                               \
    X(brotli_bytes, "brotli", UNIT_BYTES, 0, 5, "the same by brotli 11", cell_int(x->brotli_bytes))          \
    X(first, "First byte", UNIT_NS, COLUMN_NO_JSON, 4, "from the request to the first byte of the answer",   \
      cell_int(x->first_byte_ns))                                                                            \
    X(timing, "Timing", UNIT_NONE, COLUMN_HIDDEN, 9,                                                         \
      "of the last answer: dns_ns, tcp_ns, tls_ns (null without TLS), first_byte_ns from the request to "    \
      "the first byte, transfer_ns from there to the last (null when the body was not read to its end)",     \
      cell_list(timing_of(d, x)))                                                                            \
    X(redirects, "Redirects", UNIT_COUNT, COLUMN_HIDDEN, 9, "redirects that were answered",                  \
      cell_int(x->redirects))                                                                                \
    X(final_url, "Answered by", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "the URL behind redirects",       \
      cell_text(doc_text(d, x->final_url)))                                                                  \
    X(asset, "Asset", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9,                                             \
      "hashed (the content's hash is in its name), static, api (JSON), html or other",                       \
      cell_text(doc_text(d, x->asset)))                                                                      \
    X(content_type, "Type", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "media type",                         \
      cell_text(doc_text(d, x->type)))                                                                       \
    X(cache_control, "Cache-Control", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "the header",               \
      cell_text(doc_text(d, x->cache_control)))                                                              \
    X(http_version, "HTTP", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9, "1.0, 1.1 or 2",                      \
      cell_text(doc_text(d, x->http_version)))                                                               \
    X(storable_shared, "CDN stores", UNIT_NONE, COLUMN_HIDDEN, 9, "may a shared cache store it (RFC 9111)?", \
      flag(x->storable_shared))                                                                              \
    X(storable_private, "Browser stores", UNIT_NONE, COLUMN_HIDDEN, 9, "may a browser store it?",            \
      flag(x->storable_private))                                                                             \
    X(fresh_shared_s, "CDN seconds", UNIT_NONE, COLUMN_HIDDEN, 9,                                            \
      "its lifetime in a shared cache in seconds, at most 2^31; null when not storable there",               \
      cell_int(x->fresh_shared_s))                                                                           \
    X(fresh_private_s, "Browser seconds", UNIT_NONE, COLUMN_HIDDEN, 9, "the same in a browser",              \
      cell_int(x->fresh_private_s))                                                                          \
    X(revalidation_status, "Revalidation", UNIT_NONE, COLUMN_HIDDEN, 9,                                      \
      "status of the conditional request: 304 is right; null when it has no ETag and no Last-Modified",      \
      cell_int(x->revalidation_status))                                                                      \
    X(cache_hit, "From a cache", UNIT_NONE, COLUMN_HIDDEN, 9,                                                \
      "did the cache nearest to us answer, by its own headers? null when nothing says so",                   \
      flag(x->cache_hit))                                                                                    \
    X(cache_layers, "Caches", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9,                                     \
      "what caches on the way report, the nearest last: \"cloudfront: Hit\"",                                \
      cell_list(texts_of(d, x->cache_layers)))                                                               \
    X(age_s, "Age", UNIT_NONE, COLUMN_HIDDEN, 9, "of the copy in seconds, by the header Age",                \
      cell_int(x->age_s))                                                                                    \
    X(decoded_bytes, "Decoded", UNIT_BYTES, COLUMN_HIDDEN, 9, "of the body without its Content-Encoding",    \
      cell_int(x->decoded_bytes))                                                                            \
    X(notes, "Notes", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 9,                                             \
      "what could not be found out, in sentences", cell_list(texts_of(d, x->notes)))

#define AUDIT_ENUM(key, title, unit, flags, priority, help, cell) V_##key,
enum { COLUMNS_OF(AUDIT_ENUM) V_COLUMNS };
#define AUDIT_COLUMN(key_, title_, unit_, flags_, priority_, help_, cell)                                    \
    {.key = #key_,                                                                                           \
     .title = title_,                                                                                        \
     .unit = unit_,                                                                                          \
     .flags = flags_,                                                                                        \
     .priority = priority_,                                                                                  \
     .help = help_,                                                                                          \
     .width = ((flags_)&COLUMN_GROW) ? 24 : 0},
static const struct column COLUMNS[V_COLUMNS] = {COLUMNS_OF(AUDIT_COLUMN)};

/* ---- cells ---- */

static struct cell flag(int64_t v)
{
    return sd_known(v) ? cell_bool(v != 0) : cell_unknown();
}

static const char *fresh_shown(struct doc *d, int64_t storable, int64_t s)
{
    char buf[UNIT_TEXT_MAX];
    if (storable == 0)
        return "never";
    if (!sd_known(s))
        return NULL;
    return s == 0 ? "0" : doc_text(d, unit_format_int(UNIT_SINCE, mul_sat(s, SD_S), buf));
}

static const struct table *texts_of(struct doc *d, const struct sd_texts *list)
{
    static const struct column one[] = {{.key = "text", .title = "Text", .help = "the text"}};
    struct table *t = doc_list(d, one, ARRAY_LEN(one));
    for (uint32_t i = 0; list && i < list->n; i++)
        doc_row(d, t)->cells[0] = cell_text(doc_text(d, list->items[i]));
    return t;
}

static const struct column FINDING[] = {
    {.key = "kind", .title = "Kind", .flags = COLUMN_LEFT, .help = "short_ttl, ..."},
    {.key = "severity",
     .title = "Severity",
     .flags = COLUMN_LEFT | COLUMN_HIDDEN,
     .help = "info, warn or bad"},
    {.key = "text", .title = "What to do", .flags = COLUMN_LEFT | COLUMN_HIDDEN, .help = "a sentence"},
};

static const char *item(const struct sd_texts *list, uint32_t i)
{
    return list && i < list->n ? list->items[i] : NULL;
}

static const struct table *findings_of(struct doc *d, const struct sd_asset_policy *x)
{
    struct table *t = doc_list(d, FINDING, ARRAY_LEN(FINDING));
    for (uint32_t i = 0; x->finding_kinds && i < x->finding_kinds->n; i++) {
        struct row *r = doc_row(d, t);
        r->cells[0] = cell_text(doc_text(d, item(x->finding_kinds, i)));
        r->cells[1] = cell_text(doc_text(d, item(x->finding_severities, i)));
        r->cells[2] = cell_text(doc_text(d, item(x->finding_texts, i)));
    }
    return t;
}

#define TIMES_OF(X)                                                                                          \
    X(dns_ns, "DNS")                                                                                         \
    X(tcp_ns, "TCP")                                                                                         \
    X(tls_ns, "TLS")                                                                                         \
    X(first_byte_ns, "first byte")                                                                           \
    X(transfer_ns, "transfer")

static const struct table *timing_of(struct doc *d, const struct sd_asset_policy *x)
{
#define TIME_COLUMN(name, heading) {.key = #name, .title = heading, .unit = UNIT_NS, .help = heading},
    static const struct column times[] = {TIMES_OF(TIME_COLUMN)};
#define TIME_CELL(name, heading) cell_int(x->name),
    const struct cell cells[] = {TIMES_OF(TIME_CELL)};
    struct table *t = doc_list(d, times, ARRAY_LEN(times));
    memcpy(doc_row(d, t)->cells, cells, sizeof cells);
    t->is_object = true;
    return t;
}

static enum severity severity_of(const char *name)
{
    enum severity s = SEVERITY_BAD;
    while (s > SEVERITY_NONE && !str_eq(severity_name(s), name))
        s--;
    return s;
}

static enum severity gravest(const struct sd_asset_policy *x)
{
    enum severity most = SEVERITY_NONE;
    for (uint32_t i = 0; x->finding_severities && i < x->finding_severities->n; i++)
        most = MAX(most, severity_of(x->finding_severities->items[i]));
    return most;
}

/* Bytes of scheme, host and port. */
static size_t host_length(const char *url)
{
    const char *host = url ? strstr(url, "://") : NULL;
    return host ? (size_t)(host - url) + 3 + strcspn(host + 3, "/?") : 0;
}

/* What all URLs begin with; 0: they have not the same host, or one is nothing but a host. */
static size_t common_host(const struct record_entry *e, size_t n)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        const struct sd_asset_policy *x = e[i].r, *first = e[0].r;
        len = host_length(x->url);
        if (!len || !x->url[len] || len != host_length(first->url) || strncmp(x->url, first->url, len) != 0)
            return 0;
    }
    return len;
}

static const char *url_shown(const char *url, size_t host)
{
    return url ? url + host : NULL;
}

/* ---- findings of all URLs ---- */

/* One kind of finding: how many URLs have it, and the first of them. */
struct found {
    const char *kind, *text, *url;
    enum severity severity;
    int64_t n;
};

struct all {
    struct record_entry *e;
    size_t n;
    size_t host; /* bytes that all URLs begin with */
    struct found found[HTTP_FINDINGS_MAX];
    size_t n_found;
};

static void count(struct all *a, const struct sd_asset_policy *x, uint32_t i)
{
    const char *kind = item(x->finding_kinds, i);
    size_t k = 0;
    while (k < a->n_found && !str_eq(a->found[k].kind, kind))
        k++;
    if (!kind || k == HTTP_FINDINGS_MAX)
        return;
    if (k == a->n_found)
        a->found[a->n_found++] = (struct found){.kind = kind,
                                                .text = item(x->finding_texts, i),
                                                .url = x->url,
                                                .severity = severity_of(item(x->finding_severities, i))};
    a->found[k].n++;
}

/* The gravest first, then those of most URLs. */
static int by_weight(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    if (x->severity != y->severity)
        return x->severity < y->severity ? 1 : -1;
    return x->n != y->n ? (x->n < y->n ? 1 : -1) : strcmp(x->kind, y->kind);
}

static void find_all(const struct view_ctx *c, struct all *a)
{
    *a = (struct all){.e = mem_array(URLS_MAX, sizeof *a->e)};
    a->n = model_cache_records(c->model, SD_ASSET_POLICY, c->span, c->now, a->e, URLS_MAX);
    for (size_t i = 0; i < a->n; i++) {
        const struct sd_asset_policy *x = a->e[i].r;
        for (uint32_t k = 0; x->finding_kinds && k < x->finding_kinds->n; k++)
            count(a, x, k);
    }
    a->host = common_host(a->e, a->n);
    qsort(a->found, a->n_found, sizeof *a->found, by_weight);
}

enum { F_KIND, F_URLS, F_SHOWN, F_URL, F_TEXT, F_SEVERITY, F_COLUMNS };
static const struct column FOUND[F_COLUMNS] = {
    [F_KIND] = {.key = "kind", .title = "Finding", .flags = COLUMN_LEFT, .help = "short_ttl, ..."},
    [F_URLS] = {.key = "urls", .title = "URLs", .unit = UNIT_COUNT, .help = "how many have it"},
    [F_SHOWN] = {.key = "first",
                 .title = "First of them",
                 .flags = COLUMN_LEFT | COLUMN_GROW | COLUMN_NO_JSON,
                 .width = 20,
                 .help = "the first that has it"},
    [F_URL] = {.key = "url",
               .title = "First URL",
               .flags = COLUMN_LEFT | COLUMN_HIDDEN,
               .priority = 9,
               .help = "the first that has it"},
    [F_TEXT] = {.key = "text",
                .title = "What to do",
                .flags = COLUMN_LEFT | COLUMN_HIDDEN,
                .priority = 9,
                .help = "of the first URL, with the header to send instead"},
    [F_SEVERITY] = {.key = "severity",
                    .title = "Severity",
                    .flags = COLUMN_LEFT | COLUMN_HIDDEN,
                    .priority = 9,
                    .help = "info, warn or bad"},
};

static const char *found_about(struct doc *d, const struct section *s, const struct row *r, bool chosen)
{
    (void)d, (void)s, (void)chosen;
    return r->cells[F_TEXT].type == CELL_TEXT ? r->cells[F_TEXT].s : "";
}

static void add_found(struct doc *d, const struct all *a)
{
    if (!a->n_found)
        return;
    struct section *s = doc_table(d, "findings", "What to change", FOUND, F_COLUMNS);
    s->about = found_about;
    s->about_lines = 3;
    for (size_t i = 0; i < a->n_found; i++) {
        const struct found *x = &a->found[i];
        struct row *r = doc_row(d, &s->table);
        r->cells[F_KIND] = cell_text(doc_text(d, x->kind));
        r->cells[F_URLS] = cell_int(x->n);
        r->cells[F_SHOWN] = cell_text(doc_text(d, url_shown(x->url, a->host)));
        r->cells[F_URL] = cell_text(doc_text(d, x->url));
        r->cells[F_TEXT] = cell_text(doc_text(d, x->text));
        r->cells[F_SEVERITY] = cell_text(severity_name(x->severity));
        r->severity = x->severity;
    }
}

/* On paper, where no row can be chosen: the sentences, as long as they are. */
static void add_sentences(struct doc *d, const struct all *a)
{
    struct strbuf b = {0};
    for (size_t i = 0; i < a->n_found; i++)
        strbuf_printf(&b, "%s%s: %s", i ? "\n" : "", a->found[i].kind,
                      a->found[i].text ? a->found[i].text : "");
    if (b.len)
        doc_section(d, SECTION_TEXT, NULL, "What to send instead")->text = doc_text(d, strbuf_text(&b));
    strbuf_free(&b);
}

/* ---- the doc ---- */

/* The cells up to `last` of each row of a list, a line each. */
static void add_texts(struct strbuf *b, struct cell list, int last)
{
    for (size_t i = 0; list.type == CELL_LIST && i < list.list->n_rows; i++)
        for (int c = 0; c <= last; c++)
            if (list.list->rows[i].cells[c].type == CELL_TEXT)
                strbuf_printf(b, "%s%s", c ? "  " : "\n", list.list->rows[i].cells[c].s);
}

/* The header, and each finding with its sentence; then all figures. */
static const char *audit_about(struct doc *d, const struct section *s, const struct row *r, bool chosen)
{
    struct strbuf b = {0};
    struct cell header = r->cells[V_cache_control];
    if (header.type == CELL_TEXT)
        strbuf_printf(&b, "Cache-Control: %s", header.s);
    else
        strbuf_str(&b, "It has no Cache-Control.");
    add_texts(&b, r->cells[V_findings], 2);
    add_texts(&b, r->cells[V_notes], 0);
    strbuf_printf(&b, "\n\n%s", table_row_about(d, s, r, chosen));
    const char *text = doc_text(d, strbuf_text(&b));
    strbuf_free(&b);
    return text;
}

static void add_rows(struct doc *d, const struct view_ctx *c, const struct all *a)
{
    struct section *s = doc_table(d, "rows", "Cache policies of URLs", COLUMNS, V_COLUMNS);
    size_t host = a->host;
    for (int severity = SEVERITY_BAD; severity >= SEVERITY_NONE; severity--)
        for (size_t i = 0; i < a->n; i++) {
            const struct sd_asset_policy *x = a->e[i].r;
            if ((int)gravest(x) != severity)
                continue;
            struct row *r = doc_row(d, &s->table);
#define AUDIT_CELL(key, title, unit, flags, priority, help, cell) r->cells[V_##key] = (cell);
            COLUMNS_OF(AUDIT_CELL)
            r->severity = severity;
        }
    s->weight = 1;
    s->about = audit_about;
    s->about_lines = 6;
    s->empty = common_empty(d, c, KINDS_ASSETS);
    if (!a->n)
        return;
    const struct sd_asset_policy *first = a->e[0].r;
    s->note = doc_printf(d, "%zu URL%s%s%.*s", a->n, a->n == 1 ? "" : "s", host ? " of " : "", (int)host,
                         first->url);
}

static struct doc *build_audit(const struct view_ctx *c)
{
    struct doc *d = doc_new("audit", "Cache policies");
    struct all a;
    find_all(c, &a);
    common_envelope(d, c, common_span(c));
    add_found(d, &a);
    add_rows(d, c, &a);
    if (!c->key)
        add_sentences(d, &a);
    free(a.e);
    return d;
}

/* A line for each kind of finding, not for each URL. */
static void audit_worst(const struct view_ctx *c, struct worst_list *l)
{
    struct all a;
    find_all(c, &a);
    for (size_t i = 0; i < a.n_found; i++) {
        const struct found *x = &a.found[i];
        if (x->severity < SEVERITY_WARN)
            continue;
        const char *subject = x->n == 1 ? doc_text(l->d, x->url)
                                        : doc_printf(l->d, "%lld URLs, first %s", (long long)x->n, x->url);
        worst_add(l, (struct worst_item){.what = "cache policy",
                                         .severity = x->severity,
                                         .share = NAN,
                                         .subject = subject,
                                         .why = doc_printf(l->d, "%s: %s", x->kind, x->text ? x->text : ""),
                                         .dive = {.view = "audit"}});
    }
    free(a.e);
}

/* Between two audits: whose policy is another. */
static void audit_figures(const struct view_ctx *c, struct figures *f)
{
    struct record_entry *e = mem_array(FIGURES_MAX, sizeof *e);
    size_t n = model_cache_records(c->model, SD_ASSET_POLICY, c->span, c->now, e, FIGURES_MAX);
    for (size_t i = 0; i < n; i++) {
        const struct sd_asset_policy *x = e[i].r;
        if (x->url)
            figures_add(f,
                        &(struct figure){.kind = "cache policy",
                                         .key = doc_text(f->d, x->url),
                                         .name = "Cache-Control",
                                         .method = FIGURE_TEXT,
                                         .value = NAN,
                                         .text = x->cache_control ? doc_text(f->d, x->cache_control) : "none",
                                         .dive = {.view = "audit"}});
    }
    free(e);
}

static const struct column ALSO[] = {
    {.key = "findings",
     .title = "Findings",
     .help = "the findings of all URLs: kind, urls (how many have it), severity, and of the first of them "
             "url and "
             "text; none: absent"},
};

const struct view audit_view = {
    .name = "audit",
    .aliases = "policies",
    .place = PLACE_CACHE,
    .title = "Cache policies",
    .summary = "what caches may do with each URL, and the header to send instead",
    .verb_source = "audit",
    .needs = KINDS_ASSETS,
    .lists = "URL",
    .thing = "url",
    .build = build_audit,
    .worst = audit_worst,
    .figures = audit_figures,
    .columns = COLUMNS,
    .n_columns = V_COLUMNS,
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
