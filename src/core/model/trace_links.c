/* trace_links.c - statements of spans to queries, by their fingerprint.
 *
 * libpg_query takes 50 us for a fingerprint: those of the statements that the spans have are kept. */
#include "core/model/trace_links.h"

#include "core/model/traces.h"
#include "core/sql/statement.h"

enum { USES_MOST = 4096, PRINTS_MOST = 8192 };

struct print {
    UT_hash_handle hh; /* by statement */
    char fingerprint[17];
    char statement[];
};
struct known_query {
    const char *fingerprint;
    struct query *query;
};
struct trace_links {
    struct span span;
    uint64_t traces, queries; /* versions */
    struct trace_link *items;
    size_t n, cap;
    struct print *prints;
    size_t n_prints;
};

static void forget_prints(struct part *p, struct trace_links *k)
{
    struct print *x, *next;
    HASH_ITER(hh, k->prints, x, next)
    {
        HASH_DEL(k->prints, x);
        model_give(p, x, sizeof *x + strlen(x->statement) + 1);
    }
    k->n_prints = 0;
}

void trace_links_free(struct part *p, struct trace_links *k)
{
    if (!k)
        return;
    forget_prints(p, k);
    k->items = model_resize(p, k->items, k->cap, 0, sizeof *k->items);
    model_give(p, k, sizeof *k);
}

/* "": it cannot be parsed. */
static const char *fingerprint_of(struct part *p, struct trace_links *k, const char *statement)
{
    size_t n = strlen(statement);
    struct print *x;
    HASH_FIND(hh, k->prints, statement, n, x);
    if (x)
        return x->fingerprint;
    if (k->n_prints >= PRINTS_MOST)
        forget_prints(p, k);
    x = model_take(p, sizeof *x + n + 1);
    memcpy(x->statement, statement, n);
    if (!sql_fingerprint(statement, x->fingerprint))
        x->fingerprint[0] = 0;
    HASH_ADD_KEYPTR(hh, k->prints, x->statement, n, x);
    k->n_prints++;
    return x->fingerprint;
}

static int by_fingerprint(const void *a, const void *b)
{
    const struct known_query *x = a, *y = b;
    int order = strcmp(x->fingerprint, y->fingerprint);
    return order ? order : strcmp(query_key(x->query), query_key(y->query));
}

/* Those with a fingerprint, sorted by it; not those of traces that a server counts as well. */
static struct known_query *known_queries(const struct model *m, size_t *n)
{
    struct known_query *all = mem_array(model_queries(m) + 1, sizeof *all);
    *n = 0;
    for (size_t i = 0; i < model_queries(m); i++) {
        struct query *q = model_query(m, i);
        if (query_fingerprint(q) && !q->shadowed)
            all[(*n)++] = (struct known_query){.fingerprint = query_fingerprint(q), .query = q};
    }
    qsort(all, *n, sizeof *all, by_fingerprint);
    return all;
}

static size_t first_with(const struct known_query *all, size_t n, const char *fingerprint)
{
    size_t lo = 0, hi = n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (strcmp(all[mid].fingerprint, fingerprint) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static void add(struct part *p, struct trace_links *k, struct trace_link l)
{
    for (size_t i = 0; i < k->n; i++) /* texts that differ, of one query */
        if (k->items[i].query == l.query && k->items[i].route == l.route) {
            k->items[i].calls = add_sat(k->items[i].calls, l.calls);
            k->items[i].total_ns = add_sat(k->items[i].total_ns, l.total_ns);
            return;
        }
    if (k->n == k->cap) {
        size_t want = k->cap ? 2 * k->cap : 32;
        k->items = model_resize(p, k->items, k->cap, want, sizeof *k->items);
        k->cap = want;
    }
    k->items[k->n++] = l;
}

static void find_links(struct part *p, struct trace_links *k, const struct model *m, struct span span)
{
    size_t n_known;
    struct known_query *known = known_queries(m, &n_known);
    struct trace_use *uses = n_known ? mem_array(USES_MOST, sizeof *uses) : NULL;
    size_t n = uses ? model_trace_uses(m, span, uses, USES_MOST) : 0;
    k->n = 0;
    for (size_t i = 0; i < n; i++) {
        struct name *route = uses[i].endpoint ? link_route(p, uses[i].endpoint) : NULL;
        const char *print = route ? fingerprint_of(p, k, uses[i].statement) : "";
        size_t at = *print ? first_with(known, n_known, print) : n_known;
        /* One that several databases know is the first one's: the spans do not tell enough. */
        if (at < n_known && strcmp(known[at].fingerprint, print) == 0)
            add(p, k,
                (struct trace_link){.query = known[at].query,
                                    .route = route,
                                    .calls = uses[i].calls,
                                    .total_ns = uses[i].total_ns,
                                    .requests = uses[i].requests});
    }
    free(uses);
    free(known);
}

const struct trace_link *trace_links_of(const struct model *m, struct span span, size_t *n)
{
    struct part *p = &((struct model *)(uintptr_t)m)->parts[DOMAIN_traces]; /* what is found out is kept */
    struct trace_links **held = traces_links(m);
    uint64_t queries = m->parts[DOMAIN_queries].version;
    *n = 0;
    if (!p->version || !model_has(m, SD_KIND_BIT(SD_SPANS)))
        return NULL;
    if (!*held)
        *held = model_take(p, sizeof **held);
    struct trace_links *k = *held;
    if (k->traces != p->version || k->queries != queries || k->span.from != span.from ||
        k->span.to != span.to)
        find_links(p, k, m, span);
    k->traces = p->version;
    k->queries = queries;
    k->span = span;
    *n = k->n;
    return k->items;
}
