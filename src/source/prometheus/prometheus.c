/* prometheus.c - metrics of Prometheus and OpenMetrics: a URL, asked again and again when it is watched, or a
 * file. I/O only; the text is read in format/metrics. */
#include "source/prometheus/prometheus.h"

#include <stdlib.h>

#include "base/num.h"
#include "base/redact.h"
#include "format/metrics/unpack_stream.h"
#include "format/profiles/profile_file.h"
#include "source/shared/examine.h"
#include "source/shared/fetch.h"
#include "source/shared/latency_file.h"

enum { HEAD = 16384, SERIES = 20000 };
#define ANSWER_MAX ((size_t)1 << 30) /* bytes, unpacked */

/* How often a URL is read: for good, and when it is watched for a while. */
#define EVERY       (10 * SD_S)
#define EVERY_WATCH (2 * SD_S)

/* OpenMetrics first: it alone names requests (exemplars). Not the protobuf form, which has native histograms:
 * those are asked of a Prometheus (source/promql/). */
static const char ACCEPT[] =
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8, "
    "application/openmetrics-text;version=1.0.0;q=0.9, text/plain;version=1.0.0;q=0.8, "
    "text/plain;version=0.0.4;q=0.7, */*;q=0.1";

#define OPTION(name_) .name = #name_, .offset = offsetof(struct prometheus_options, name_)
static const struct sd_option OPTIONS[] = {
    {OPTION(every), .type = SD_OPTION_DURATION, .fallback = "0s", .min = 0, .max = 86400e9,
     .help = "how often a URL is read; 0 is 10 s, and 2 s with --for"},
    {OPTION(timeout), .type = SD_OPTION_DURATION, .fallback = "10s", .min = 0.1e9, .max = 3600e9,
     .help = "how long an answer may take"},
    {OPTION(series), .type = SD_OPTION_INT, .fallback = "20000", .min = 1, .max = 1e6, .unit = "",
     .help = "how many series are kept; of more only those that caches are known by"},
    {OPTION(names), .type = SD_OPTION_TEXT, .fallback = "",
     .help = "file (YAML) of metrics of durations that are not known by name"},
    {OPTION(user), .type = SD_OPTION_TEXT, .fallback = "", .help = "name for basic authentication"},
    {OPTION(password), .type = SD_OPTION_TEXT, .fallback = "", .flags = SD_OPTION_SECRET,
     .help = "password for basic authentication"},
    {OPTION(token), .type = SD_OPTION_TEXT, .fallback = "", .flags = SD_OPTION_SECRET,
     .help = "bearer token, sent in the header Authorization"},
    {OPTION(ca), .type = SD_OPTION_TEXT, .fallback = "",
     .help = "file of certificates (PEM) that are trusted"},
    {OPTION(cert), .type = SD_OPTION_TEXT, .fallback = "", .help = "file of the client's certificate (PEM)"},
    {OPTION(key), .type = SD_OPTION_TEXT, .fallback = "", .help = "file of its key (PEM)"},
    {OPTION(insecure), .type = SD_OPTION_BOOL, .fallback = "no",
     .help = "accept any certificate of the server"},
    {.name = NULL},
};

struct prometheus_source {
    char *url; /* NULL: a file */
    bool forced, known;
    struct scrape scrape;
    struct unpack_stream *unpack;
    char head[HEAD];
    size_t n_head;
    bool unsound; /* the answer is packed, and broken or too large */
    struct sd_error why;
};

/* ---- whose is it? ---- */

static void keep_head(void *ctx, const char *bytes, size_t n)
{
    struct strbuf *b = ctx;
    if (b->len < HEAD)
        strbuf_add(b, bytes, MIN(n, HEAD - b->len));
}

static int file_sure(const void *head, size_t len)
{
    struct strbuf text = {0};
    struct sd_error err;
    struct unpack_stream *u = unpack_stream_new(HEAD, keep_head, &text);
    unpack_stream_feed(u, head, len, &err); /* the head of what is packed is cut */
    unpack_stream_free(u);
    int sure = exposition_sure(strbuf_text(&text), text.len);
    strbuf_free(&text);
    return sure;
}

static size_t path_start(const char *url)
{
    const char *host = strstr(url, "://");
    size_t at = host ? (size_t)(host - url) + 3 : 0;
    return at + strcspn(url + at, "/?#");
}

/* Paths at which metrics usually are: before anything is asked, and no more than a guess. */
static bool usual_path(const char *url)
{
    static const char *const PATHS[] = {
        "/metrics", "/metrics/", "/stats/prometheus", "/actuator/prometheus", "/prometheus", NULL};
    const char *path = url + path_start(url);
    char *bare = mem_strndup(path, strcspn(path, "?#"));
    bool usual =
        str_find(PATHS, bare) >= 0 || str_ends(bare, "/metrics") || str_ends(bare, "/format/prometheus");
    free(bare);
    return usual;
}

static int prometheus_recognise(const char *target, const void *head, size_t len)
{
    if (str_starts(target, "prometheus+http://") || str_starts(target, "prometheus+https://"))
        return 100;
    if (str_starts(target, "http://") || str_starts(target, "https://"))
        return usual_path(target) ? 85 : 0;
    return head && len ? file_sure(head, len) : 0;
}

/* ---- opening ---- */

/* Of a host alone, where metrics usually are. */
static char *whole_url(const char *at)
{
    size_t path = path_start(at), end = strcspn(at, "?#");
    if (end - path > 1 || path == (size_t)(strstr(at, "://") + 3 - at)) /* or there is no host */
        return mem_strndup(at, strcspn(at, "#"));
    return mem_printf("%.*s/metrics%.*s", (int)path, at, (int)strcspn(at + end, "#"), at + end);
}

static enum sd_result open_url(struct sd_source *s, const char *at, struct sd_error *err)
{
    struct prometheus_source *x = s->priv;
    const struct prometheus_options *o = s->opts;
    x->url = whole_url(at);
    char *address = fetch_address(x->url);
    if (!address)
        return sd_fail(err, SD_CONFIG,
                       "this is no URL that can be asked; metrics are at http://HOST:PORT/metrics");
    scrape_open(&x->scrape, s, address, (size_t)o->series);
    x->scrape.ours = true;
    free(address);
    return SD_OK;
}

/* All but that it has given metrics before: a page in their place, or a refusal, is then an outage that may
 * end. */
static void forget(struct prometheus_source *x)
{
    *x = (struct prometheus_source){.known = x->known};
}

static enum sd_result open_target(struct sd_source *s, struct sd_error *err)
{
    struct prometheus_source *x = s->priv;
    const struct prometheus_options *o = s->opts;
    const char *at = s->target, *slash;
    forget(x);
    x->forced = str_starts(at, "prometheus+");
    if (x->forced)
        at = strchr(at, '+') + 1;
    if (str_starts(at, "http://") || str_starts(at, "https://"))
        return open_url(s, at, err);
    if (!*at || x->forced || strstr(at, "://"))
        return sd_fail(err, SD_CONFIG, "it needs a URL or a file, as in http://HOST:PORT/metrics");
    slash = strrchr(at, '/');
    scrape_open(&x->scrape, s,
                str_eq(at, "-") ? "standard input"
                : slash         ? slash + 1
                                : at,
                (size_t)o->series);
    return SD_OK;
}

static enum sd_result prometheus_open(struct sd_source *s, struct sd_error *err)
{
    struct prometheus_source *x = s->priv;
    const struct prometheus_options *o = s->opts;
    struct sd_error why = {""};
    enum sd_result r = open_target(s, err);
    if (r != SD_OK || !*o->names)
        return r;
    char *json = latency_file(o->names, x->scrape.latency, &why);
    free(json);
    return json ? SD_OK : sd_fail(err, SD_CONFIG, "%.400s", why.text);
}

static void prometheus_close(struct sd_source *s)
{
    struct prometheus_source *x = s->priv;
    scrape_close(&x->scrape);
    unpack_stream_free(x->unpack);
    free(x->url);
    forget(x);
}

/* ---- asking ---- */

static void take_text(void *ctx, const char *bytes, size_t n)
{
    struct prometheus_source *x = ctx;
    size_t room = MIN(n, sizeof x->head - x->n_head);
    memcpy(x->head + x->n_head, bytes, room);
    x->n_head += room;
    exposition_feed(x->scrape.x, bytes, n);
}

/* A file that a server gives as it is may be packed. */
static void take_bytes(void *ctx, const char *bytes, size_t n)
{
    struct prometheus_source *x = ctx;
    if (!x->unsound)
        x->unsound = !unpack_stream_feed(x->unpack, bytes, n, &x->why);
}

static enum sd_result ask(struct sd_source *s, struct fetch_answer *a, struct sd_error *err)
{
    struct prometheus_source *x = s->priv;
    const struct prometheus_options *o = s->opts;
    unpack_stream_free(x->unpack);
    x->unpack = unpack_stream_new(ANSWER_MAX, take_text, x);
    x->n_head = 0;
    x->unsound = false;
    scrape_begin(&x->scrape);
    enum sd_result r = fetch(s,
                             &(struct fetch_ask){.url = x->url,
                                                 .max = ANSWER_MAX,
                                                 .wait_ns = o->timeout,
                                                 .accept = ACCEPT,
                                                 .user = o->user,
                                                 .password = o->password,
                                                 .bearer = o->token,
                                                 .ca = o->ca,
                                                 .cert = o->cert,
                                                 .key = o->key,
                                                 .insecure = o->insecure,
                                                 .sink = take_bytes,
                                                 .ctx = x},
                             a, err);
    if (r == SD_OK && !x->unsound)
        x->unsound = !unpack_stream_end(x->unpack, &x->why);
    if (r == SD_OK && a->status == 200 && x->unsound) {
        fetch_free(a);
        r = sd_fail(err, SD_RETRY, "cannot read the answer of %.200s: %.200s", x->scrape.address,
                    x->why.text);
    }
    return r;
}

static enum sd_result refused(const struct prometheus_source *x, const struct fetch_answer *a,
                              struct sd_error *err)
{
    bool says = a->len && a->bytes && str_starts(a->type, "text/plain");
    char *line = mem_strndup(says ? a->bytes : "", says ? MIN(strcspn(a->bytes, "\r\n"), (size_t)160) : 0);
    char *shown = redact(line);
    bool lasts = !x->known && (a->status == 401 || a->status == 403 || a->status == 404 || a->status == 405);
    enum sd_result r = sd_fail(err, lasts ? SD_CONFIG : SD_RETRY, "%.200s answers with status %ld%s%.160s",
                               x->scrape.address, a->status, *shown ? ": " : "", shown);
    free(line);
    free(shown);
    return r;
}

/* An answer of which no line is a metric: whose is it? */
static enum sd_result not_metrics(struct prometheus_source *x, const struct fetch_answer *a,
                                  struct sd_error *err)
{
    bool html = strcasestr(a->type, "html") || (x->n_head && *x->head == '<');
    if (!x->forced && x->n_head && profile_recognise(x->head, x->n_head) != PROFILE_ANY)
        return sd_fail(err, SD_OTHER, "profile_url");
    return sd_fail(
        err, x->known ? SD_RETRY : SD_CONFIG,
        "the answer of %.200s is %s, not metrics of Prometheus or OpenMetrics; they are usually at "
        "http://HOST:PORT/metrics",
        x->scrape.address,
        !a->len ? "empty"
        : html  ? "a page"
                : "something else");
}

static enum sd_result one_scrape(struct sd_source *s, struct sd_error *err)
{
    struct prometheus_source *x = s->priv;
    struct fetch_answer a;
    enum sd_result r = ask(s, &a, err);
    if (r != SD_OK) {
        scrape_drop(&x->scrape);
        return r;
    }
    const struct exposition_counts *c = exposition_counts(x->scrape.x);
    bool has = c->samples || c->left_out || exposition_sure(x->head, x->n_head) >= 90;
    if (a.status != 200)
        r = refused(x, &a, err);
    else if (!has || (!x->known && c->unparsed > c->samples + c->left_out))
        r = not_metrics(x, &a, err);
    if (r == SD_OK)
        scrape_publish(&x->scrape, s->host->now(s), strcasestr(a.type, "openmetrics") != NULL);
    else
        scrape_drop(&x->scrape);
    x->known |= r == SD_OK;
    fetch_free(&a);
    return r;
}

/* Watched for a short time, it is read three times at least. */
static int64_t every(const struct sd_source *s)
{
    const struct prometheus_options *o = s->opts;
    if (o->every > 0)
        return o->every;
    return s->watch_ns ? MAX(MIN(EVERY_WATCH, s->watch_ns / 3), SD_S / 4) : EVERY;
}

static enum sd_result prometheus_run(struct sd_source *s, struct sd_error *err)
{
    struct prometheus_source *x = s->priv;
    if (!x->url)
        return scrape_file(&x->scrape, s->target, err);
    while (!s->host->should_stop(s)) {
        sd_time began = s->host->now(s);
        enum sd_result r = one_scrape(s, err);
        if (r != SD_OK)
            return r == SD_NODATA ? SD_OK : r;
        if (!s->follow)
            return SD_GONE;
        sd_time now = s->host->now(s),
                again = MAX(began + every(s), now); /* a slow server is asked less often */
        while (s->host->now(s) < again && !s->host->should_stop(s))
            s->host->wait(s, -1, 0, again);
    }
    return SD_OK;
}

/* ---- for tests and fuzzing ---- */

struct decoding {
    const struct sd_host *host;
    struct sd_batch *b;
    bool full;
};

static void decode_series(void *ctx, const struct exposition_series *e)
{
    struct decoding *d = ctx;
    d->full |= !d->host->add(d->b, SD_METRIC,
                             &(struct sd_metric){.name = e->name,
                                                 .labels = *e->labels ? e->labels : NULL,
                                                 .unit = e->unit,
                                                 .value = e->value,
                                                 .counter = e->counter});
}

static void decode_cache(void *ctx, const struct sd_cache *c)
{
    struct decoding *d = ctx;
    d->full |= !d->host->add(d->b, SD_CACHE, c);
}

static enum sd_result prometheus_decode(const struct sd_host *host, const void *bytes, size_t len,
                                        struct sd_batch *b, struct sd_error *err)
{
    struct decoding d = {.host = host, .b = b};
    struct exposition *x = exposition_new(SERIES);
    struct cache_metrics *m = cache_metrics_new();
    struct exposition_series e;
    exposition_begin(x, INT64_MAX, NULL, NULL);
    exposition_feed(x, bytes, len);
    exposition_end(x, false);
    for (size_t i = 0; exposition_each(x, &i, &e);)
        decode_series(&d, &e);
    cache_metrics_each(m, x, "given", 0, decode_cache, &d);
    bool any = exposition_counts(x)->samples > 0;
    cache_metrics_free(m);
    exposition_free(x);
    if (!any)
        return sd_fail(err, SD_CONFIG, "no metric of Prometheus or OpenMetrics is in it");
    return d.full ? sd_fail(err, SD_CONFIG, "the metrics are more than one batch can hold") : SD_OK;
}

/* One reading, as any other. */
static void prometheus_examine(struct sd_source *s, sd_check_tell *tell, void *ctx)
{
    const struct prometheus_source *x = s->priv;
    const struct examine e = {tell, ctx};
    struct sd_error err = {""};
    if (!s->target)
        return;
    enum sd_result r = prometheus_open(s, &err);
    if (r == SD_OK && !x->url) {
        examine_file(s, tell, ctx);
    } else {
        if (r == SD_OK)
            r = one_scrape(s, &err);
        if (r == SD_OTHER)
            examine_answer(&e, "server", SD_OK, "it answers with a profile, which is read as one", &err,
                           NULL);
        else
            examine_answer(&e, "server", r, "it answers with metrics", &err,
                           strstr(err.text, "status 401") || strstr(err.text, "status 403")
                               ? "say who you are, by the options token, or user and password: slowdive "
                                 "sources prometheus"
                               : "start it, or correct the URL: curl must show metrics there");
    }
    prometheus_close(s);
}

extern const struct sd_source_ops prometheus_source_ops;
const struct sd_source_ops prometheus_source_ops = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_source_ops),
    .name = "prometheus",
    .summary = "metrics of Prometheus or OpenMetrics by URL or in a file: series, and caches known by name",
    .targets =
        "http://HOST:PORT/metrics, prometheus+http://HOST:PORT/PATH, FILE, prometheus:- (standard input)",
    .provides = SD_KIND_BIT(SD_METRIC) | SD_KIND_BIT(SD_CACHE) | SD_KIND_BIT(SD_INTAKE) |
                SD_KIND_BIT(SD_LATENCY) | SD_KIND_BIT(SD_EXEMPLAR),
    .opts_size = sizeof(struct prometheus_options),
    .options = OPTIONS,
    .priv_size = sizeof(struct prometheus_source),
    .interval_ns = EVERY,
    .recognise = prometheus_recognise,
    .open = prometheus_open,
    .run = prometheus_run,
    .close = prometheus_close,
    .decode = prometheus_decode,
    .examine = prometheus_examine,
};
