/* page_list.c - reports by page, beside what real users measured, the worst first. */
#include "view/pages/page_list.h"

#include <ctype.h>
#include <stdlib.h>

#include "core/model/pages.h"
#include "core/pages/score.h"

#define POOR_SCORE 0.5

/* ---- values for people ---- */

enum severity page_lab_rating(const char *metric, double value)
{
    struct page_metric_limits l = page_metric_limits(metric);
    if (isnan(value) || isnan(l.good))
        return SEVERITY_NONE;
    return value <= l.good ? SEVERITY_GOOD : value <= l.poor ? SEVERITY_WARN : SEVERITY_BAD;
}

const char *page_value_text(struct doc *d, const char *metric, double value)
{
    char buf[UNIT_TEXT_MAX];
    if (isnan(value))
        return NULL;
    if (str_eq(metric, "cls"))
        return doc_printf(d, "%.*f", value < 0.1 ? 3 : 2, value);
    return doc_text(d, unit_format(UNIT_NS, value * 1e6, buf));
}

const char *page_metric_short(struct doc *d, const char *metric)
{
    char *text = mem_strdup(metric ? metric : "");
    for (char *p = text; *p; p++)
        *p = (char)toupper((unsigned char)*p);
    const char *kept = doc_text(d, strlen(text) <= 4 ? text : metric);
    free(text);
    return kept;
}

struct cell page_time_cell(const char *metric, double ms)
{
    return str_eq(metric, "cls") || isnan(ms) ? cell_unknown() : cell_int(real_to_int(floor(ms * 1e6 + 0.5)));
}

struct cell page_plain_cell(const char *metric, double value)
{
    return str_eq(metric, "cls") ? cell_real(value) : cell_unknown();
}

int64_t page_weight(const struct sd_page_report *r)
{
    int64_t sum = SD_UNKNOWN;
    for (size_t i = 0; r->resources && r->resource_bytes && i < MIN(r->resources->n, r->resource_bytes->n);
         i++)
        if (str_eq(r->resources->items[i], "total"))
            return r->resource_bytes->items[i];
    for (size_t i = 0; r->request_bytes && i < r->request_bytes->n; i++)
        sum = add_known(sum, r->request_bytes->items[i]);
    return sum;
}

/* ---- field beside lab ---- */

/* CrUX calls a mobile a phone, beacons may say either. */
static bool same_device(const char *form_factor, const char *key)
{
    return str_eq(form_factor, key) || (str_eq(form_factor, "mobile") && str_eq(key, "phone"));
}

/* Is it of this page? A URL of CrUX is compared as it stands, a template of beacons as a template. */
static bool is_of(const struct page_entry *e, const struct sd_page_field *f)
{
    if (!str_eq(f->by, "page") || !f->key)
        return false;
    if (str_eq(f->data, "crux"))
        return str_eq(f->key, e->lab->url) && (!f->form_factor || str_eq(f->form_factor, "all") ||
                                               same_device(e->lab->form_factor, f->form_factor));
    return str_eq(f->key, e->template);
}

static void find_field(const struct page_list *l, struct page_entry *e)
{
    for (size_t i = 0; i < l->n_fields; i++) {
        const struct sd_page_field *f = l->fields[i].r;
        enum vital v = vital_of_name(f->metric);
        if (v < VITAL_N && !e->field[v] && is_of(e, f)) {
            e->field[v] = f;
            e->before[v] = l->fields[i].before;
        }
    }
}

/* ---- the worst of a page ---- */

/* How many times its limit of what is poor. */
struct worst {
    double times;
    enum severity severity;
    const char *metric, *where;
    double value;
};

static void consider(struct worst *w, const char *metric, double value, const char *where)
{
    struct page_metric_limits l = page_metric_limits(metric);
    enum severity s = page_lab_rating(metric, value);
    if (s < SEVERITY_WARN || value / l.poor <= w->times)
        return;
    *w = (struct worst){
        .times = value / l.poor, .severity = s, .metric = metric, .where = where, .value = value};
}

static void judge(struct doc *d, struct page_entry *e)
{
    static const char *const lab[] = {"lcp", "tbt", "cls", "fcp"};
    struct worst w = {.times = 0};
    if (!e->lab->runs) {
        e->severity = SEVERITY_BAD;
        e->worst =
            doc_printf(d, "no result: %s", e->lab->cause ? e->lab->cause : "a metric was not measured");
    }
    for (size_t i = 0; i < ARRAY_LEN(lab); i++) {
        const struct page_spread *s = page_runs_metric(e->lab, lab[i]);
        if (s)
            consider(&w, lab[i], s->median, "in the lab");
    }
    for (int v = 0; v < VITAL_N; v++)
        if (e->field[v])
            consider(&w, VITALS[v].name, e->field[v]->p75, "of users");
    if (!w.metric || e->worst)
        return;
    e->severity = w.severity;
    e->worst =
        doc_printf(d, "%s %s %s, %s", page_metric_short(d, w.metric), page_value_text(d, w.metric, w.value),
                   w.where, w.severity == SEVERITY_BAD ? "poor" : "needs improvement");
}

static double score_of(const struct page_entry *e)
{
    return isnan(e->lab->score) ? -1 : e->lab->score;
}

static int worst_first(const void *a, const void *b)
{
    const struct page_entry *x = a, *y = b;
    if (x->severity != y->severity)
        return x->severity < y->severity ? 1 : -1;
    if (score_of(x) != score_of(y))
        return score_of(x) < score_of(y) ? -1 : 1;
    return x->lab < y->lab ? -1 : x->lab > y->lab; /* in the order of their reports */
}

static struct record_entry *records(const struct view_ctx *c, enum sd_kind kind, size_t *n)
{
    size_t room = model_page_count(c->model, kind, c->now);
    struct record_entry *e = mem_array(room + 1, sizeof *e);
    *n = model_page_records(c->model, kind, c->span, c->now, e, room);
    return e;
}

/* ---- hosts ---- */

static size_t host_length(const char *url)
{
    const char *host = url ? strstr(url, "://") : NULL;
    return host ? (size_t)(host - url) + 3 + strcspn(host + 3, "/?#") : 0;
}

static size_t common_host(const struct page_list *l)
{
    size_t len = 0;
    for (size_t i = 0; i < l->n; i++) {
        const char *url = l->items[i].lab->url, *first = l->items[0].lab->url;
        len = host_length(url);
        if (!len || !url[len] || len != host_length(first) || strncmp(url, first, len) != 0)
            return 0;
    }
    return len;
}

struct page_list page_list_of(struct doc *d, const struct view_ctx *c)
{
    struct page_list l = {.items = NULL};
    l.reports = records(c, SD_PAGE_REPORT, &l.n_reports);
    l.fields = records(c, SD_PAGE_FIELD, &l.n_fields);
    const struct sd_page_report **all = mem_array(l.n_reports + 1, sizeof *all);
    for (size_t i = 0; i < l.n_reports; i++)
        all[i] = l.reports[i].r;
    l.runs = page_runs_of(all, l.n_reports, &l.n);
    free(all);
    l.items = mem_array(l.n + 1, sizeof *l.items);
    for (size_t i = 0; i < l.n; i++) {
        struct page_entry *e = &l.items[i];
        e->lab = &l.runs[i];
        page_template(e->lab->url ? e->lab->url : "", strlen(e->lab->url ? e->lab->url : ""), e->template);
        find_field(&l, e);
        judge(d, e);
    }
    if (l.n)
        qsort(l.items, l.n, sizeof *l.items, worst_first);
    l.host = common_host(&l);
    return l;
}

const char *page_url_shown(const struct page_list *l, const char *url)
{
    const char *scheme = url ? strstr(url, "://") : NULL;
    return !url ? "?" : l->host ? url + l->host : scheme ? scheme + 3 : url;
}

const char *page_host_shown(struct doc *d, const struct page_list *l)
{
    return l->host ? doc_printf(d, "%.*s", (int)l->host, l->items[0].lab->url) : "";
}

void page_list_free(struct page_list *l)
{
    free(l->reports);
    free(l->fields);
    free(l->runs);
    free(l->items);
}

/* ---- names ---- */

static bool has_both(const struct page_list *l, const struct page_entry *e)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++)
        n += str_eq(l->items[i].lab->url, e->lab->url);
    return n > 1;
}

const char *page_entry_name(struct doc *d, const struct page_list *l, const struct page_entry *e)
{
    const char *url = e->lab->url ? e->lab->url : "?";
    return has_both(l, e) ? doc_printf(d, "%s %s", url, e->lab->form_factor) : doc_text(d, url);
}

static bool is_named(const struct page_entry *e, const char *arg)
{
    const char *url = e->lab->url ? e->lab->url : "?";
    size_t n = strlen(url);
    return str_eq(arg, url) ||
           (!strncmp(arg, url, n) && arg[n] == ' ' && str_eq(arg + n + 1, e->lab->form_factor));
}

const struct page_entry *page_list_find(const struct page_list *l, const char *arg)
{
    if (!arg)
        return l->n ? &l->items[0] : NULL;
    for (size_t i = 0; i < l->n; i++)
        if (is_named(&l->items[i], arg))
            return &l->items[i];
    for (size_t i = 0; i < l->n; i++)
        if (str_eq(l->items[i].template, arg))
            return &l->items[i];
    return NULL;
}
