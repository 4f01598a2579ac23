/* links.c - which endpoint runs which query, from sampled sessions whose
 * statements carry a route tag. */
#include "core/model/parts.h"

#include "core/endpoints/route.h"
#include "core/model/trace_links.h"

/* "GET /orders/{id}" has a method; "/orders/{id}" and "orders/show" have none. */
static const char *route_part(const char *tag)
{
    const char *space = strchr(tag, ' ');
    if (!space || space == tag || space - tag > 16)
        return tag;
    for (const char *p = tag; p < space; p++)
        if (*p < 'A' || *p > 'Z')
            return tag;
    return space + 1;
}

static struct name *folded(struct part *p, const char *method, size_t method_len, const char *route)
{
    char text[ROUTE_MAX + 24], out[ROUTE_MAX];
    route_fold_tag(route, out);
    snprintf(text, sizeof text, "%.*s%s%s", (int)MIN(method_len, 16), method ? method : "",
             method_len ? " " : "", out);
    return model_name(p, text);
}

struct name *link_route(struct part *p, const char *tag)
{
    if (!tag || !*tag)
        return NULL;
    struct name *raw = model_name(p, tag);
    if (!raw)
        return NULL;
    if (!raw->folded) {
        const char *route = route_part(raw->text);
        struct name *f = folded(p, raw->text, route > raw->text ? (size_t)(route - raw->text) - 1 : 0, route);
        raw->folded = f;
    }
    return raw->folded;
}

struct name *link_endpoint_route(struct part *p, const char *method, const char *route)
{
    return folded(p, method, method ? strlen(method) : 0, route);
}

/* ---- all pairs of query and route of a span, found in one pass ----
 * Thousands of queries are asked about in a row: the samples are gone through for the
 * first, the others find their pairs. Good until the samples change or another span is asked. */
struct pair {
    struct query *query; /* NULL: the server did not say which */
    struct name *route;  /* NULL: not tagged. One of the two there is */
    int64_t ns;
    struct wait_sums waits;
};
struct link_cache {
    struct part *part; /* whose bytes are counted */
    struct span span;
    uint64_t version;   /* of the sessions, of which it was found; 0: nothing is */
    struct pair *pairs; /* by query */
    size_t n, cap;
    uint32_t *places; /* while they are gathered: open addressing, pair + 1 */
    size_t n_places;
};

struct link_cache *links_new(struct part *p)
{
    struct link_cache *k = model_take(p, sizeof *k);
    k->part = p;
    return k;
}

void links_forget(struct link_cache *k)
{
    k->pairs = model_resize(k->part, k->pairs, k->cap, 0, sizeof *k->pairs);
    k->n = k->cap = 0;
    k->version = 0;
}

static uint32_t *place_of(const struct link_cache *k, const struct query *q, const struct name *route)
{
    uint64_t h =
        ((uint64_t)(uintptr_t)q * 0x9E3779B97F4A7C15u) ^ ((uint64_t)(uintptr_t)route * 0xC2B2AE3D27D4EB4Fu);
    size_t i = (size_t)(h >> 20) & (k->n_places - 1);
    while (k->places[i] &&
           (k->pairs[k->places[i] - 1].query != q || k->pairs[k->places[i] - 1].route != route))
        i = (i + 1) & (k->n_places - 1);
    return &k->places[i];
}

static void more_places(struct link_cache *k)
{
    free(k->places);
    k->n_places = k->n_places ? 2 * k->n_places : 1024;
    k->places = mem_array(k->n_places, sizeof *k->places);
    for (size_t i = 0; i < k->n; i++)
        *place_of(k, k->pairs[i].query, k->pairs[i].route) = (uint32_t)i + 1;
}

static void add_wait(struct wait_sums *w, const struct load_entry *e)
{
    double s = (double)e->ns / (double)SD_S;
    w->seconds[wait_group_of(name_text(e->wait_type))] += s;
    w->total += s;
    if (!e->worker)
        w->waited += s;
}

static void gather_slot(void *ctx, const struct load_slot *s)
{
    struct link_cache *k = ctx;
    if (!span_is_all(k->span) && !span_has(k->span, &s->slot))
        return;
    for (size_t i = 0; i < s->n; i++) {
        const struct load_entry *e = &s->entries[i];
        if ((!e->query && !e->route) || e->ns <= 0)
            continue;
        if (2 * k->n >= k->n_places)
            more_places(k);
        uint32_t *place = place_of(k, e->query, e->route);
        if (!*place) {
            if (k->n == k->cap) {
                size_t want = k->cap ? 2 * k->cap : 64;
                k->pairs = model_resize(k->part, k->pairs, k->cap, want, sizeof *k->pairs);
                k->cap = want;
            }
            k->pairs[k->n++] = (struct pair){.query = e->query, .route = e->route};
            *place = (uint32_t)k->n;
        }
        struct pair *p = &k->pairs[*place - 1];
        p->ns = add_known(p->ns, e->ns);
        add_wait(&p->waits, e);
    }
}

static int by_query(const void *a, const void *b)
{
    const struct pair *p = a, *q = b;
    uintptr_t x = (uintptr_t)p->query, y = (uintptr_t)q->query;
    return (x > y) - (x < y);
}

static const struct link_cache *pairs_of(const struct model *m, struct span span)
{
    struct link_cache *k = sessions_links(m);
    if (k->version == k->part->version && k->version && k->span.from == span.from && k->span.to == span.to)
        return k;
    links_forget(k);
    k->span = span;
    sessions_each(m, span, gather_slot, k);
    free(k->places);
    k->places = NULL;
    k->n_places = 0;
    if (k->n)
        qsort(k->pairs, k->n, sizeof *k->pairs, by_query);
    k->version = k->part->version;
    return k;
}

void links_free(struct link_cache *k)
{
    links_forget(k);
    model_give(k->part, k, sizeof *k);
}

/* ---- asking ---- */

static int by_weight(const void *a, const void *b)
{
    const struct link *p = a, *q = b;
    if (p->weight != q->weight)
        return p->weight < q->weight ? 1 : -1;
    int order = strcmp(query_key(p->query), query_key(q->query));
    return order ? order : strcmp(p->route, q->route);
}

/* Shares, order; frees `all`. */
static size_t best(struct link *all, size_t n, struct link *out, size_t max)
{
    double total = 0;
    for (size_t i = 0; i < n; i++)
        total += all[i].weight;
    for (size_t i = 0; i < n; i++)
        all[i].share = total > 0 ? all[i].weight / total : 1 / (double)n;
    if (n)
        qsort(all, n, sizeof *all, by_weight);
    size_t given = MIN(n, max);
    if (given)
        memcpy(out, all, given * sizeof *out);
    free(all);
    return given;
}

/* ---- what traces show ----
 * Their time is what the client waited in the traces that are kept, not sampled seconds: where both are known
 * of a query, their ratio brings the others to the same scale. */

struct links {
    struct link *items;
    size_t n, cap;
};

static struct link *link_with(struct links *l, const struct query *q, const char *route)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->items[i].query == q && (!route || strcmp(l->items[i].route, route) == 0))
            return &l->items[i];
    return NULL;
}

static void add_spans(struct links *l, const struct trace_link *t, const struct endpoint *e)
{
    struct link *own = link_with(l, t->query, e ? NULL : t->route->text);
    if (!own) {
        l->items = mem_grow(l->items, l->n, &l->cap, sizeof *l->items);
        own = &l->items[l->n++];
        *own = (struct link){.endpoint = e ? e : t->route->endpoint,
                             .route = e ? e->folded_name->text : t->route->text,
                             .query = t->query,
                             .weight = (double)NAN};
    }
    own->span_calls = add_sat(own->span_calls, t->calls);
    own->span_ns = add_sat(own->span_ns, t->total_ns);
    own->span_requests = MAX(own->span_requests, t->requests);
}

static void weigh_spans(struct links *l)
{
    double sampled = 0, spans = 0;
    for (size_t i = 0; i < l->n; i++)
        if (!isnan(l->items[i].weight) && l->items[i].span_calls) {
            sampled += l->items[i].weight;
            spans += (double)l->items[i].span_ns / (double)SD_S;
        }
    double scale = sampled > 0 && spans > 0 ? sampled / spans : 1;
    for (size_t i = 0; i < l->n; i++) {
        struct link *k = &l->items[i];
        k->evidence = !k->span_calls     ? "sampled activity"
                      : isnan(k->weight) ? "database spans"
                                         : "sampled activity, database spans";
        if (isnan(k->weight))
            k->weight = scale * (double)k->span_ns / (double)SD_S;
    }
}

/* Of an endpoint, or of a query. */
static void join_spans(const struct model *m, const struct endpoint *e, const struct query *q,
                       struct span span, struct links *l)
{
    size_t n;
    const struct trace_link *t = trace_links_of(m, span, &n);
    for (size_t i = 0; i < n; i++)
        if (e ? t[i].route == e->folded_name || t[i].route == e->folded_route : t[i].query == q)
            add_spans(l, &t[i], e);
    weigh_spans(l);
}

static struct link link_of(const struct pair *p, const struct endpoint *e)
{
    return (struct link){
        .endpoint = e ? e : p->route->endpoint,
        .route = e ? e->folded_name->text : p->route->text,
        .query = p->query,
        .weight = (double)p->ns / (double)SD_S,
    };
}

size_t endpoint_links(const struct model *m, const struct endpoint *e, struct span span, struct link *out,
                      size_t max)
{
    if (!e->folded_name)
        return 0;
    const struct link_cache *k = pairs_of(m, span);
    struct links all = {0};
    for (size_t i = 0; i < k->n; i++) {
        const struct pair *p = &k->pairs[i];
        if (!p->query || (p->route != e->folded_name && p->route != e->folded_route))
            continue;
        struct link l = link_of(p, e);
        if (all.n && all.items[all.n - 1].query == p->query) { /* with and without its method */
            all.items[all.n - 1].weight += l.weight;
            continue;
        }
        all.items = mem_grow(all.items, all.n, &all.cap, sizeof *all.items);
        all.items[all.n++] = l;
    }
    join_spans(m, e, NULL, span, &all);
    return best(all.items, all.n, out, max);
}

/* Pairs [*lo, *hi) are the query's. */
static void pairs_with(const struct link_cache *k, const struct query *q, size_t *lo, size_t *hi)
{
    size_t from = 0, to = k->n;
    while (from < to) {
        size_t mid = from + (to - from) / 2;
        if ((uintptr_t)k->pairs[mid].query < (uintptr_t)q)
            from = mid + 1;
        else
            to = mid;
    }
    for (*lo = *hi = from; *hi < k->n && k->pairs[*hi].query == q;)
        ++*hi;
}

size_t query_links(const struct model *m, const struct query *q, struct span span, struct link *out,
                   size_t max)
{
    size_t lo, hi;
    struct links all = {0};
    const struct link_cache *k = pairs_of(m, span);
    pairs_with(k, q, &lo, &hi);
    for (size_t i = lo; i < hi; i++)
        if (k->pairs[i].route) {
            all.items = mem_grow(all.items, all.n, &all.cap, sizeof *all.items);
            all.items[all.n++] = link_of(&k->pairs[i], NULL);
        }
    join_spans(m, NULL, q, span, &all);
    return best(all.items, all.n, out, max);
}

static void add_sums(struct wait_sums *out, const struct wait_sums *more)
{
    for (size_t i = 0; i < WAIT_GROUPS_N; i++)
        out->seconds[i] += more->seconds[i];
    out->total += more->total;
    out->waited += more->waited;
}

void query_waits(const struct model *m, const struct query *q, struct span span, struct wait_sums *out)
{
    size_t lo, hi;
    const struct link_cache *k = pairs_of(m, span);
    *out = (struct wait_sums){0};
    for (pairs_with(k, q, &lo, &hi); lo < hi; lo++)
        add_sums(out, &k->pairs[lo].waits);
}

void endpoint_waits(const struct model *m, const struct endpoint *e, struct span span, struct wait_sums *out)
{
    const struct link_cache *k = pairs_of(m, span);
    *out = (struct wait_sums){0};
    for (size_t i = 0; e->folded_name && i < k->n; i++)
        if (k->pairs[i].route == e->folded_name || k->pairs[i].route == e->folded_route)
            add_sums(out, &k->pairs[i].waits);
}
