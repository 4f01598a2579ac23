/* worth_more.c - what other domains could save, in the unit of the view `bottlenecks`: ns that users wait,
 * each second. Where nobody knows how often it happens the impact is unknown. */
#include "view/goals/worth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/model/pages.h"
#include "core/table.h"
#include "view/shared/common.h"

enum { REPORTS_MAX = 200, EACH_MAX = 5 };
#define FUNCTION_LEAST 0.10 /* self share from which a function is listed */
#define CACHE_LEAST    0.02 /* share of the time of all statements */

static struct bottleneck of(enum bottleneck_kind kind, const char *name)
{
    const double no = (double)NAN;
    return (struct bottleneck){.kind = kind,
                               .name = name,
                               .subject = name,
                               .impact_ns_per_s = no,
                               .affected_per_s = no,
                               .current_ns = no,
                               .expected_ns = no,
                               .saving_share = no,
                               .samples = SD_UNKNOWN};
}

static double number(const struct table *t, size_t row, const char *key)
{
    int k = table_column(t, key);
    struct cell v = k >= 0 ? table_row(t, row)->cells[k] : cell_unknown();
    return v.type == CELL_REAL ? v.f : v.type == CELL_INT ? (double)v.i : (double)NAN;
}

static const char *words(const struct table *t, size_t row, const char *key)
{
    int k = table_column(t, key);
    struct cell v = k >= 0 ? table_row(t, row)->cells[k] : cell_unknown();
    return v.type == CELL_TEXT ? v.s : NULL;
}

static const struct table *table_named(const struct doc *d, const char *key)
{
    for (size_t i = 0; i < d->n_sections; i++)
        if (section_has_rows(&d->sections[i]) && str_eq(d->sections[i].key, key))
            return &d->sections[i].table;
    return NULL;
}

/* The doc of another view over the same window; NULL: there is none with such a table. */
static struct doc *doc_of(const struct view_ctx *c, struct span w, const char *view, const char *key,
                          const struct table **t)
{
    const struct view *v = view_exactly(view);
    if (!v || (v->needs && !model_has(c->model, v->needs)))
        return NULL;
    struct view_ctx of = *c;
    of.span = w;
    of.arg = NULL;
    struct doc *d = v->build(&of);
    *t = d->missing ? NULL : table_named(d, key);
    if (*t)
        return d;
    doc_free(d);
    return NULL;
}

/* Statements that could be kept: the share of the time of all that the view `caching` says they save. */
static void caches(const struct view_ctx *c, struct span w, struct bottlenecks *b)
{
    const struct table *t;
    double all = 0;
    for (size_t i = 0; i < model_queries(c->model); i++) {
        int64_t calls, ns;
        if (query_grown(model_query(c->model, i), w.from, w.to, &calls, &ns))
            all += (double)ns;
    }
    struct doc *d = all > 0 ? doc_of(c, w, "caching", "application", &t) : NULL;
    for (size_t i = 0; d && i < table_rows(t); i++) {
        const struct row *r = table_row(t, i);
        double saves = number(t, i, "saves_share");
        if (!(saves >= CACHE_LEAST) || !r->dive.arg)
            continue;
        struct bottleneck x = of(BOTTLENECK_CACHE, r->dive.arg);
        x.subject = words(t, i, "what");
        x.impact_ns_per_s = saves * all / b->seconds;
        x.technique = "cache";
        const char *ttl = words(t, i, "ttl"), *gone = words(t, i, "invalidation");
        x.approach = doc_printf(d, "keep its answer for %s under %s", ttl ? ttl : "a while",
                                words(t, i, "key_pattern"));
        x.trade_off = gone ? doc_printf(d, "answers may be old until they are removed: %s", gone) : NULL;
        x.text = words(t, i, "why");
        x.confidence = BOTTLENECK_ESTIMATED;
        x.origin = "statistics";
        x.view = "query";
        x.select = r->dive.arg;
        bottleneck_more(b, &x);
    }
    doc_free(d);
}

/* "https://shop.example/cart?x=1": "/cart" */
static char *path_of(const char *url)
{
    const char *p = strstr(url, "://");
    p = p ? strchr(p + 3, '/') : strchr(url, '/');
    size_t n = p ? strcspn(p, "?#") : 0;
    char *out = mem_printf("GET %.*s", (int)MIN(n, (size_t)2000), p ? p : "/");
    return out;
}

/* A page loads as often as its document is requested, where an access log tells. */
static double loads_per_s(const struct view_ctx *c, struct span w, const char *url)
{
    char *name = path_of(url);
    const struct endpoint *e = model_find_endpoint(c->model, name);
    free(name);
    double n = e ? endpoint_requests(e, w) : (double)NAN;
    return n > 0 ? n / common_seconds(w) : (double)NAN;
}

static void pages(const struct view_ctx *c, struct span w, struct bottlenecks *b)
{
    struct page_report_entry *e = mem_array(REPORTS_MAX, sizeof *e);
    size_t n = model_page_reports(c->model, e, REPORTS_MAX);
    for (size_t i = 0; i < n; i++) {
        const struct sd_page_report *r = e[i].r;
        bool known = false;
        for (size_t k = 0; r->url && k < i; k++)
            known = known || str_eq(e[k].r->url, r->url);
        int64_t saves = r->opportunity_ns && r->opportunity_ns->n ? r->opportunity_ns->items[0] : SD_UNKNOWN;
        if (known || !r->url || !sd_known(saves) || saves <= 0)
            continue;
        struct bottleneck x = of(BOTTLENECK_PAGE, r->url);
        char time[UNIT_TEXT_MAX];
        x.affected_per_s = loads_per_s(c, w, r->url);
        x.impact_ns_per_s = x.affected_per_s * (double)saves;
        for (size_t k = 0; r->metrics && r->metric_values && k < MIN(r->metrics->n, r->metric_values->n); k++)
            if (str_eq(r->metrics->items[k], "lcp"))
                x.current_ns = r->metric_values->items[k] * 1e6;
        x.expected_ns = fmax(0, x.current_ns - (double)saves);
        x.saving_share = 1 - x.expected_ns / x.current_ns;
        bool told = r->opportunity_titles && r->opportunity_titles->n;
        x.approach = told ? r->opportunity_titles->items[0] : NULL;
        x.technique = "split";
        x.confidence = BOTTLENECK_ESTIMATED;
        x.origin = "Lighthouse";
        x.view = "page";
        x.select = r->url;
        char *text = mem_printf("Lighthouse says that a load can be %s shorter%s",
                                unit_format_int(UNIT_NS, saves, time),
                                isfinite(x.affected_per_s) ? "" : "; how often it is loaded is not known");
        x.text = text;
        bottleneck_more(b, &x);
        free(text);
    }
    free(e);
}

static void assets(const struct view_ctx *c, struct span w, struct bottlenecks *b)
{
    const struct table *t;
    struct doc *d = doc_of(c, w, "bundle", "findings", &t);
    for (size_t i = 0; d && i < MIN(table_rows(t), (size_t)EACH_MAX); i++) {
        const char *path = words(t, i, "path"), *package = words(t, i, "package"),
                   *kind = words(t, i, "kind");
        struct bottleneck x = of(BOTTLENECK_ASSET, doc_printf(d, "%s %s",
                                                              path      ? path
                                                              : package ? package
                                                                        : "?",
                                                              kind ? kind : ""));
        x.subject = path ? path : package;
        x.subject = x.subject ? x.subject : x.name;
        x.text = words(t, i, "message");
        x.technique = "split";
        x.approach = words(t, i, "advice");
        x.origin = "the build";
        x.view = "bundle";
        bottleneck_more(b, &x);
    }
    doc_free(d);
}

static void functions(const struct view_ctx *c, struct span w, struct bottlenecks *b)
{
    const struct table *t;
    struct doc *d = doc_of(c, w, "functions", "rows", &t);
    for (size_t i = 0; d && i < MIN(table_rows(t), (size_t)EACH_MAX); i++) {
        double self = number(t, i, "self_share");
        const char *name = words(t, i, "name");
        char share[UNIT_TEXT_MAX];
        if (!name || !(self >= FUNCTION_LEAST))
            continue;
        struct bottleneck x = of(BOTTLENECK_FUNCTION, name);
        x.text = doc_printf(d, "%s of the samples are in it alone; how long users wait for it is not known",
                            unit_format(UNIT_SHARE, self, share));
        x.origin = "a profile";
        x.samples = real_to_int(number(t, i, "self_samples"));
        x.view = "function";
        x.select = name;
        bottleneck_more(b, &x);
    }
    doc_free(d);
}

void worth_more(const struct view_ctx *c, struct span w, struct bottlenecks *b)
{
    if (!(b->seconds > 0))
        return;
    caches(c, w, b);
    pages(c, w, b);
    assets(c, w, b);
    functions(c, w, b);
}
