/* promql_query.c - PromQL as text. */
#include "format/metrics/promql_query.h"

#include <ctype.h>
#include <stdlib.h>

#include "format/metrics/runtime_names.h"

/* Labels by which series of runtimes are kept apart. */
#define RUNTIME_LABELS                                                                                       \
    "area,id,action,cause,gc,kind,pool,pool_name,generation,gc_generation,space,state,name,jvm_memory_type," \
    "jvm_memory_pool_name,jvm_gc_name,v8js_gc_type"

/* Matchers without their braces. */
static void matchers(struct strbuf *out, const struct promql_scope *p, bool first)
{
    const char *s = p->match ? p->match : "";
    size_t n = strlen(s);
    while (n && isspace((unsigned char)s[n - 1]))
        n--;
    while (n && isspace((unsigned char)*s)) {
        s++;
        n--;
    }
    if (n >= 2 && *s == '{' && s[n - 1] == '}') {
        s++;
        n -= 2;
    }
    if (!n)
        return;
    if (!first)
        strbuf_char(out, ',');
    strbuf_add(out, s, n);
}

static void selector(struct strbuf *out, const struct promql_scope *p, const char *name)
{
    strbuf_printf(out, "{__name__=\"%s\"", name);
    matchers(out, p, false);
    strbuf_char(out, '}');
}

/* ---- which there are ---- */

static void pattern(struct strbuf *out, const struct latency_name *row, size_t *n)
{
    strbuf_printf(out, "%s%s", (*n)++ ? "|" : "", row->name);
}

void promql_names(struct strbuf *out, const struct promql_scope *p, const struct latency_metrics *own)
{
    size_t n, k, written = 0;
    const struct latency_name *all = latency_names(&n), *users = latency_metrics_own(own, &k);
    strbuf_str(out, "count by (__name__) ({__name__=~\"(?:.+[_:])?(?:");
    for (size_t i = 0; i < n; i++)
        if (all[i].ends)
            pattern(out, &all[i], &written);
    strbuf_str(out, ")(?:_bucket|_count|_sum)?|(?:");
    written = 0;
    for (size_t i = 0; i < n; i++)
        if (!all[i].ends)
            pattern(out, &all[i], &written);
    for (size_t i = 0; i < k; i++)
        pattern(out, &users[i], &written);
    strbuf_str(out, ")(?:_bucket|_count|_sum)?|(?:.+[_:])?http_requests?_total");
    for (size_t i = 0; i < n; i++)
        if (all[i].failed && (!i || all[i - 1].failed != all[i].failed))
            strbuf_printf(out, "|%s", all[i].failed);
    const struct runtime_name *r = runtime_names(&n);
    for (size_t i = 0; i < n; i++)
        strbuf_printf(out, "|%s", r[i].name);
    strbuf_str(out, "\"");
    matchers(out, p, false);
    strbuf_str(out, "})");
}

/* ---- families ---- */

struct list {
    struct strbuf *out;
    struct strbuf seen; /* ",a,b," */
};

static void add_label(void *ctx, const char *name, size_t len)
{
    struct list *l = ctx;
    char *key = mem_printf(",%.*s,", (int)len, name);
    if (!strstr(strbuf_text(&l->seen), key)) {
        strbuf_printf(l->out, "%s%.*s", l->seen.len > 1 ? "," : "", (int)len, name);
        strbuf_printf(&l->seen, "%.*s,", (int)len, name);
    }
    free(key);
}

/* Names of labels alone: the user's go into the query as they are, otherwise. */
static void by_labels(struct strbuf *out, const struct promql_scope *p, const struct latency_name *row,
                      const char *more)
{
    struct list l = {.out = out};
    strbuf_char(&l.seen, ',');
    if (more)
        add_label(&l, more, strlen(more));
    latency_label_names(row, add_label, &l);
    add_label(&l, "envoy_response_code_class", strlen("envoy_response_code_class"));
    const char *eq = row->only ? strchr(row->only, '=') : NULL;
    if (eq)
        add_label(&l, row->only, (size_t)(eq - row->only));
    for (const char *b = p->by ? p->by : ""; *b;) {
        size_t n = strspn(b, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
        if (n)
            add_label(&l, b, n);
        b += n + (b[n] != 0);
    }
    strbuf_free(&l.seen);
}

static long seconds(int64_t ns)
{
    return (long)MAX(ns / SD_S, (int64_t)1);
}

void promql_family_series(struct strbuf *out, const struct promql_family *f, enum promql_ask ask)
{
    size_t name = strlen(f->name), known = strlen(f->row->name);
    switch (ask) {
    case ASK_BUCKETS:
    case ASK_SERIES:
        strbuf_printf(out, "%s_bucket", f->name);
        break;
    case ASK_COUNT:
        strbuf_printf(out, "%s_count", f->name);
        break;
    case ASK_SUM:
        strbuf_printf(out, "%s_sum", f->name);
        break;
    case ASK_FAILED:
        strbuf_printf(out, "%.*s%s", (int)(name - MIN(name, known)), f->name, f->row->failed);
        break;
    default:
        strbuf_str(out, f->name);
    }
}

void promql_family_query(struct strbuf *out, const struct promql_scope *p, const struct promql_family *f,
                         enum promql_ask ask)
{
    struct strbuf series = {0}, by = {0}, sel = {0};
    promql_family_series(&series, f, ask);
    selector(&sel, p, strbuf_text(&series));
    by_labels(&by, p, f->row, ask == ASK_BUCKETS ? "le" : ask == ASK_TOLD ? "quantile" : NULL);
    const char *s = strbuf_text(&sel), *b = strbuf_text(&by);
    if (ask == ASK_SERIES)
        strbuf_str(out, s);
    else if (ask == ASK_IS_NATIVE)
        strbuf_printf(out, "group(histogram_count(%s))", s);
    else if (ask == ASK_TOLD)
        strbuf_printf(out, "max by (%s) (%s) and (count by (%s) (%s) == 1)", b, s, b, s);
    else
        strbuf_printf(out, "sum by (%s) (rate(%s[%lds]))", b, s, seconds(p->window_ns));
    strbuf_free(&series);
    strbuf_free(&by);
    strbuf_free(&sel);
}

/* ---- runtimes ---- */

void promql_runtime_query(struct strbuf *out, const struct promql_scope *p, const char *const *names,
                          size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct runtime_name *r = runtime_name_of(names[i], strlen(names[i]));
        bool most = r && (r->kind == RUNTIME_LOOP || r->kind == RUNTIME_GC_MAX);
        strbuf_printf(out, "%slabel_replace(%s by (" RUNTIME_LABELS "%s%s) (%s", i ? " or " : "",
                      most ? "max" : "sum", p->by && *p->by ? "," : "", p->by ? p->by : "",
                      r && r->counter ? "rate(" : "");
        selector(out, p, names[i]);
        if (r && r->counter)
            strbuf_printf(out, "[%lds])", seconds(p->window_ns));
        strbuf_printf(out, "), \"" PROMQL_NAME_LABEL "\", \"%s\", \"\", \"\")", names[i]);
    }
}

void promql_form(struct strbuf *out, const char *key, const char *value)
{
    strbuf_printf(out, "%s%s=", out->len ? "&" : "", key);
    for (const unsigned char *v = (const unsigned char *)value; *v; v++)
        if (isalnum(*v) || strchr("-_.~", *v))
            strbuf_char(out, (char)*v);
        else
            strbuf_printf(out, "%%%02X", *v);
}
