/* promql.c - Prometheus, and engines with its query API: Thanos, Mimir, VictoriaMetrics. A fleet is watched
 * this way: the engine adds up, by endpoint, and what comes over is as much as the rows that are shown. */
#include "source/promql/promql.h"

#include <math.h>
#include <stdlib.h>

#include "base/units.h"
#include "source/shared/examine.h"
#include "source/shared/fetch.h"
#include "source/shared/latency_file.h"

#define EVERY      (15 * SD_S)
#define LOOK_AGAIN (600 * SD_S)

#define OPTION(name_) .name = #name_, .offset = offsetof(struct promql_options, name_)
static const struct sd_option OPTIONS[] = {
    {OPTION(match), .type = SD_OPTION_TEXT, .fallback = "",
     .help = "series that count, as matchers of PromQL: {job=\"api\"}"},
    {OPTION(by), .type = SD_OPTION_TEXT, .fallback = "",
     .help = "labels to keep apart, such as instance,job; otherwise a fleet is one"},
    {OPTION(names), .type = SD_OPTION_TEXT, .fallback = "",
     .help = "file (YAML) of metrics that are not known by name"},
    {OPTION(every), .type = SD_OPTION_DURATION, .fallback = "0s", .min = 0, .max = 86400e9,
     .help = "length of an interval; 0 is 15 s, or a third of --for"},
    {OPTION(range), .type = SD_OPTION_DURATION, .fallback = "5m", .min = 1e9, .max = 86400e9,
     .help = "how far back a view that is printed once goes"},
    {OPTION(back), .type = SD_OPTION_DURATION, .fallback = "15m", .min = 0, .max = 86400e9,
     .help = "how far back the console goes when it begins"},
    {OPTION(timeout), .type = SD_OPTION_DURATION, .fallback = "15s", .min = 0.1e9, .max = 3600e9,
     .help = "how long an answer may take"},
    {OPTION(series), .type = SD_OPTION_INT, .fallback = "20000", .min = 1, .max = 1e6, .unit = "",
     .help = "how many series of an answer are taken"},
    {OPTION(user), .type = SD_OPTION_TEXT, .fallback = "", .help = "name for basic authentication"},
    {OPTION(password), .type = SD_OPTION_TEXT, .fallback = "", .flags = SD_OPTION_SECRET,
     .help = "password for basic authentication"},
    {OPTION(token), .type = SD_OPTION_TEXT, .fallback = "", .flags = SD_OPTION_SECRET,
     .help = "bearer token, sent in the header Authorization"},
    {OPTION(tenant), .type = SD_OPTION_TEXT, .fallback = "",
     .help = "tenant, sent in the header X-Scope-OrgID"},
    {OPTION(ca), .type = SD_OPTION_TEXT, .fallback = "",
     .help = "file of certificates (PEM) that are trusted"},
    {OPTION(cert), .type = SD_OPTION_TEXT, .fallback = "", .help = "file of the client's certificate (PEM)"},
    {OPTION(key), .type = SD_OPTION_TEXT, .fallback = "", .help = "file of its key (PEM)"},
    {OPTION(insecure), .type = SD_OPTION_BOOL, .fallback = "no",
     .help = "accept any certificate of the server"},
    {.name = NULL},
};

static int promql_recognise(const char *target, const void *head, size_t len)
{
    (void)head;
    (void)len;
    return str_starts(target, "prom+http://") || str_starts(target, "prom+https://") ? 100 : 0;
}

/* ---- opening ---- */

/* What stands before /api/v1: pages of the engine are not the API. */
static char *base_of(const char *url)
{
    static const char *const PAGES[] = {"/api/v1", "/graph", "/query", "/vmui"};
    size_t n = strcspn(url, "?#");
    bool cut = true;
    while (cut) {
        cut = false;
        while (n && url[n - 1] == '/') {
            n--;
            cut = true;
        }
        for (size_t i = 0; i < ARRAY_LEN(PAGES); i++) {
            size_t len = strlen(PAGES[i]);
            if (n > len && !strncmp(url + n - len, PAGES[i], len)) {
                n -= len;
                cut = true;
            }
        }
    }
    return mem_strndup(url, n);
}

static enum sd_result promql_open(struct sd_source *s, struct sd_error *err)
{
    struct promql_source *x = s->priv;
    const struct promql_options *o = s->opts;
    struct sd_error why = {""};
    const char *at = str_starts(s->target, "prom+") ? s->target + 5 : s->target;
    memset(x, 0, sizeof *x);
    if (str_starts(at, "http://") || str_starts(at, "https://"))
        x->address = fetch_address(at);
    if (!x->address)
        return sd_fail(err, SD_CONFIG, "it needs a URL, as in prom+http://HOST:9090");
    x->base = base_of(at);
    x->own = latency_metrics_new();
    if (*o->names && !(x->names = latency_file(o->names, x->own, &why)))
        return sd_fail(err, SD_CONFIG, "%.400s", why.text);
    return SD_OK;
}

static void promql_close(struct sd_source *s)
{
    struct promql_source *x = s->priv;
    promql_forget(x);
    latency_metrics_free(x->own);
    for (size_t i = 0; i < x->n_grown; i++)
        free(x->grown[i].key);
    free(x->grown);
    free(x->base);
    free(x->address);
    free(x->names);
    strbuf_free(&x->note);
    memset(x, 0, sizeof *x);
}

/* ---- rounds ---- */

static enum sd_result nothing_there(const struct sd_source *s, struct sd_error *err)
{
    const struct promql_source *x = s->priv;
    const struct promql_options *o = s->opts;
    return sd_fail(
        err, x->looked && s->follow ? SD_RETRY : SD_CONFIG,
        "%.200s has no metric of durations of requests that is known by name%s%.100s; name them with "
        "names=FILE",
        x->address, *o->match ? " and fits " : "", o->match);
}

/* A view that is printed once: one interval, which ends now. */
static enum sd_result once(struct sd_source *s, struct sd_error *err)
{
    struct promql_source *x = s->priv;
    const struct promql_options *o = s->opts;
    char length[UNIT_TEXT_MAX];
    sd_time now = s->host->now(s) / SD_MS * SD_MS;
    struct promql_round r = {.first = now, .step = o->range, .window = o->range, .n = 1};
    promql_note(x, "Figures are of the last %s.", unit_format_int(UNIT_NS, o->range, length));
    enum sd_result result = promql_round(s, &r, err);
    return result == SD_OK ? SD_GONE : result;
}

static int64_t step_of(const struct sd_source *s)
{
    const struct promql_options *o = s->opts;
    int64_t step = o->every > 0 ? o->every : s->watch_ns ? MAX(MIN(EVERY, s->watch_ns / 3), SD_S) : EVERY;
    return MAX(step, SD_S) / SD_S * SD_S;
}

/* A rate needs two readings of each target at least; four are what Prometheus' manual advises. */
static int64_t window_of(const struct promql_source *x, int64_t step)
{
    return MAX(step, 4 * x->scraped);
}

static enum sd_result back(struct sd_source *s, sd_time now, struct sd_error *err)
{
    const struct promql_options *o = s->opts;
    int64_t step = MAX(step_of(s), o->back / PROMQL_STEPS / SD_S * SD_S);
    size_t n = (size_t)MIN(o->back / step, (int64_t)PROMQL_STEPS);
    if (s->watch_ns || !n)
        return SD_OK;
    struct promql_round r = {
        .first = now - (int64_t)(n - 1) * step, .step = step, .window = window_of(s->priv, step), .n = n};
    return promql_round(s, &r, err);
}

static enum sd_result watch(struct sd_source *s, struct sd_error *err)
{
    struct promql_source *x = s->priv;
    int64_t step = step_of(s);
    sd_time next = s->host->now(s) / SD_S * SD_S;
    enum sd_result r = back(s, next, err);
    while (r == SD_OK && !s->host->should_stop(s)) {
        next += step;
        while (s->host->now(s) < next && !s->host->should_stop(s))
            s->host->wait(s, -1, 0, next);
        if (s->host->should_stop(s))
            break;
        sd_time late = s->host->now(s) - next;
        if (late > 10 * step) /* it slept */
            next += late / step * step;
        if (next - x->looked > LOOK_AGAIN)
            r = promql_find(s, err);
        struct promql_round round = {.first = next, .step = step, .window = window_of(x, step), .n = 1};
        strbuf_clear(&x->note);
        if (r == SD_OK)
            r = promql_round(s, &round, err);
    }
    return r;
}

static enum sd_result promql_run(struct sd_source *s, struct sd_error *err)
{
    struct promql_source *x = s->priv;
    enum sd_result r = promql_find(s, err);
    if (r == SD_OK && !x->n_families && !x->n_runtime)
        r = nothing_there(s, err);
    if (r == SD_OK)
        r = s->follow ? watch(s, err) : once(s, err);
    return r == SD_NODATA ? SD_OK : r;
}

/* ---- for tests and fuzzing ---- */

struct decoding {
    const struct sd_host *host;
    struct sd_batch *b;
};

static void decode_point(void *ctx, const struct promql_point *p)
{
    struct decoding *d = ctx;
    struct sd_metric r = {.name = *p->name ? p->name : "value",
                          .labels = *p->labels ? p->labels : NULL,
                          .value = p->h ? p->h->count : p->value};
    d->host->add(d->b, SD_METRIC, &r);
}

static enum sd_result promql_decode(const struct sd_host *host, const void *bytes, size_t len,
                                    struct sd_batch *b, struct sd_error *err)
{
    struct decoding d = {.host = host, .b = b};
    struct promql_said said = {.points = 0};
    struct sd_error why = {""};
    bool good = promql_answer(
        bytes, len, &(struct promql_sink){.point = decode_point, .ctx = &d, .most = 10000}, &said, &why);
    enum sd_result r = good ? SD_OK : sd_fail(err, SD_CONFIG, "%.200s", why.text);
    if (good && said.error.len)
        r = sd_fail(err, SD_CONFIG, "%.200s", strbuf_text(&said.error));
    promql_said_free(&said);
    return r;
}

/* The smallest question: how many metrics there are would be a long one. */
static void promql_examine(struct sd_source *s, sd_check_tell *tell, void *ctx)
{
    struct decoding d = {.host = s->host, .b = s->host->batch(s, s->host->now(s))};
    const struct examine e = {tell, ctx};
    struct sd_error err = {""};
    if (!s->target)
        return;
    enum sd_result r = promql_open(s, &err);
    if (r == SD_OK)
        r = promql_ask(s, "vector(1)", NULL,
                       &(struct promql_sink){.point = decode_point, .ctx = &d, .most = 1}, &err);
    examine_answer(&e, "server", r, "it answers questions of Prometheus' API", &err,
                   strstr(err.text, "status 401") || strstr(err.text, "status 403")
                       ? "say who you are, by the options token, or user and password, or tenant: slowdive "
                         "sources promql"
                       : "start it, or correct the URL: the address below which /api/v1/query is");
    s->host->discard(d.b);
    promql_close(s);
}

extern const struct sd_source_ops promql_source_ops;
const struct sd_source_ops promql_source_ops = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_source_ops),
    .name = "promql",
    .summary = "an engine with Prometheus' query API: durations of requests by endpoint, and runtimes",
    .targets = "prom+http://HOST:9090, prom+https://HOST/PREFIX (Prometheus, Thanos, Mimir, VictoriaMetrics)",
    .provides =
        SD_KIND_BIT(SD_LATENCY) | SD_KIND_BIT(SD_EXEMPLAR) | SD_KIND_BIT(SD_METRIC) | SD_KIND_BIT(SD_INTAKE),
    .opts_size = sizeof(struct promql_options),
    .options = OPTIONS,
    .priv_size = sizeof(struct promql_source),
    .interval_ns = EVERY,
    .recognise = promql_recognise,
    .open = promql_open,
    .run = promql_run,
    .close = promql_close,
    .decode = promql_decode,
    .examine = promql_examine,
};
