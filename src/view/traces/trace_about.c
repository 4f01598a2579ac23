#include "view/traces/trace_about.h"

#include <stdlib.h>

#include "core/insight/trace_summary.h"
#include "core/model/caches.h"
#include "core/traces/trace_network.h"

/* The cache of the product that the spans name: the first of them. Looked for once for each name. */
static const char *cache_of(struct shown_trace *x, const char *system)
{
    enum { CACHES_MAX = 64 };
    if (x->store && str_eq(x->store, system))
        return x->cache;
    struct cache_entry *e = mem_array(CACHES_MAX, sizeof *e);
    size_t n = model_caches(x->c->model, SPAN_ALL, INT64_MAX, e, CACHES_MAX);
    x->store = system;
    x->cache = NULL;
    for (size_t i = 0; i < n; i++) {
        if (!x->cache && str_eq(e[i].r.product, system))
            x->cache = doc_text(x->d, e[i].r.name);
        cache_entry_free(&e[i]);
    }
    free(e);
    return x->cache;
}

struct dive shown_dive(struct shown_trace *x, uint32_t node)
{
    const struct trace_span *s = shown_span(x, node);
    const char *system = span_db_system(x->t, s);
    const char *query = x->c->key ? shown_query(x, s) : NULL; /* printed, nothing can be opened */
    if (query)
        return (struct dive){.view = "query", .arg = query};
    const char *cache = x->c->key && db_system_is_store(system) ? cache_of(x, system) : NULL;
    if (cache)
        return (struct dive){.view = "cache", .arg = cache};
    return (struct dive){.view = NULL};
}

static void line(struct mixed_text *m, const char *label, const char *value)
{
    if (!value || !*value)
        return;
    strbuf_str(&m->b, m->b.len ? "\n" : "");
    strbuf_printf(&m->b, "%-12s  %s", label, value);
}

static void time_line(struct mixed_text *m, const char *label, int64_t ns)
{
    char text[UNIT_TEXT_MAX];
    if (sd_known(ns))
        line(m, label, unit_format_int(UNIT_NS, ns, text));
}

static void sentence(struct mixed_text *m, const char *text)
{
    if (!text)
        return;
    strbuf_str(&m->b, m->b.len ? "\n" : "");
    strbuf_str(&m->b, text);
}

/* The statement, laid out, and why Enter leads nowhere. */
static void statement(struct shown_trace *x, struct mixed_text *m, const struct trace_span *s)
{
    const char *system = span_db_system(x->t, s);
    if (!s->statement || !*s->statement)
        return;
    strbuf_str(&m->b, m->b.len ? "\n\n" : "");
    if (db_system_is_store(system)) {
        strbuf_str(&m->b, s->statement);
        return;
    }
    char *pretty = sql_pretty(s->statement);
    mixed_add(m, &sql_language, pretty);
    free(pretty);
    if (!shown_query(x, s))
        sentence(m, model_has(x->c->model, KINDS_SQL)
                        ? "No query of the database sources has this statement: add the database that ran it."
                        : "Its plan is not known: add its PostgreSQL as a source.");
    sentence(m, "");
}

static bool is_statement(const char *key)
{
    static const char *const keys[] = {"db.statement", "db.query.text", NULL};
    return str_find(keys, key) >= 0;
}

static void attributes(struct shown_trace *x, struct mixed_text *m, const struct trace_span *s)
{
    int widest = 0;
    for (uint32_t i = 0; i < s->n_attributes; i++)
        widest = MAX(widest, MIN((int)strlen(x->t->attributes[s->first_attribute + i].key), 30));
    for (uint32_t i = 0; i < s->n_attributes; i++) {
        const struct trace_attribute *a = &x->t->attributes[s->first_attribute + i];
        if (is_statement(a->key) && s->statement)
            continue;
        strbuf_str(&m->b, m->b.len ? "\n" : "");
        strbuf_printf(&m->b, "%-*s  %s", widest, a->key, a->value ? a->value : "");
    }
}

static void events(struct shown_trace *x, struct mixed_text *m, const struct trace_span *s)
{
    char text[UNIT_TEXT_MAX];
    for (uint32_t i = 0; i < s->n_events; i++) {
        const struct trace_event *e = &x->t->events[s->first_event + i];
        strbuf_str(&m->b, m->b.len ? "\n" : "");
        if (sd_known(e->at) && sd_known(s->start))
            strbuf_printf(&m->b, "after %s: ", unit_format_int(UNIT_NS, add_sat(e->at, -s->start), text));
        strbuf_str(&m->b, e->text ? e->text : "(an event)");
    }
}

static void network(struct shown_trace *x, struct mixed_text *m, uint32_t node)
{
    struct network_call call;
    if (!trace_network(x->tree, node, &call))
        return;
    char *text = trace_network_text(&call);
    line(m, "Network", *text ? doc_text(x->d, text) : NULL);
    free(text);
}

static void span_text(struct shown_trace *x, struct mixed_text *m, uint32_t node)
{
    static const char *const kinds[] = {NULL, "internal", "server", "client", "producer", "consumer"};
    const struct trace_span *s = shown_span(x, node);
    const struct tree_node *n = &x->tree->nodes[node];
    line(m, "Service", s->service);
    line(m, "Operation", s->name);
    line(m, "Kind", s->kind < ARRAY_LEN(kinds) ? kinds[s->kind] : NULL);
    line(m, "Failed", s->error ? "yes" : NULL);
    if (sd_known(s->start))
        time_line(m, "Begins after", add_sat(s->start, -x->tree->start));
    time_line(m, "Duration", s->duration);
    time_line(m, "Self", n->self_ns);
    if (n->on_critical_path)
        time_line(m, "Critical", n->critical_self_ns);
    line(m, "Waits", s->follows ? "its parent does not wait for it" : NULL);
    network(x, m, node);
    statement(x, m, s);
    if (!s->statement && (s->n_events || s->n_attributes))
        sentence(m, "");
    events(x, m, s);
    attributes(x, m, s);
    line(m, "Span", s->id);
}

static void repeats_text(struct shown_trace *x, struct mixed_text *m, const struct shown_row *s)
{
    int64_t least = INT64_MAX, most = 0, sum = 0;
    char a[UNIT_TEXT_MAX], b[UNIT_TEXT_MAX], c[UNIT_TEXT_MAX];
    uint32_t at = s->node;
    for (uint32_t k = 0; k < s->count; k++, at += x->tree->nodes[at].n_below + 1) {
        int64_t ns = shown_span(x, at)->duration;
        ns = sd_known(ns) ? ns : 0;
        least = MIN(least, ns);
        most = MAX(most, ns);
        sum = add_sat(sum, ns);
    }
    sentence(m, doc_printf(x->d,
                           "%u alike, one after the other: %s together, %s to %s each. Right opens them; "
                           "this is the first:",
                           s->count, unit_format_int(UNIT_NS, sum, a), unit_format_int(UNIT_NS, least, b),
                           unit_format_int(UNIT_NS, most, c)));
    sentence(m, "");
}

static void gap_text(struct shown_trace *x, struct mixed_text *m, const struct shown_row *s)
{
    const char *what = shown_operation(x, s->node);
    sentence(m, doc_printf(x->d,
                           "The request waited for %s, and no span says what it did: its own work, a call "
                           "that is not instrumented, waiting for a connection or a processor, or a "
                           "pause of the garbage collector.",
                           what));
}

const char *shown_about(struct doc *d, const struct section *sec, const struct row *r, bool chosen)
{
    (void)chosen;
    struct shown_trace *x = sec->about_ctx;
    struct mixed_text m = {.n = 0};
    if (r->number >= x->n_rows)
        return NULL;
    const struct shown_row *s = &x->rows[r->number];
    const struct trace_finding *f = s->finding ? &x->findings[s->finding - 1] : NULL;
    if (f) {
        sentence(&m, f->text);
        sentence(&m, trace_advice(d->arena, x->tree, f));
        sentence(&m, "");
    }
    if (s->kind == SHOWN_GAP) {
        gap_text(x, &m, s);
    } else {
        if (s->kind == SHOWN_REPEATS)
            repeats_text(x, &m, s);
        span_text(x, &m, s->node);
    }
    return mixed_done(d, &m);
}
