/* caches_linked.c - the caches of an endpoint and of the endpoints that run a statement, and what a cache is
 * asked for. A cache in front of an endpoint is known by its routes; one that the code asks by the traces,
 * whose statements name the keys. */
#include <stdlib.h>

#include "core/model/traces.h"
#include "view/caches/caches.h"

enum { PARTS_MAX = 20000, LINKS_MAX = 64, NAMED_MAX = 8, USES_MAX = 5000, CACHES_MOST = 256 };

struct known {
    const struct view_ctx *c;
    struct record_entry *parts;
    size_t n_parts;
    struct trace_use *uses;
    size_t n_uses;
    struct cache_entry *caches;
    size_t n_caches;
};

/* Texts, each once. */
struct texts {
    const char *items[NAMED_MAX];
    size_t n;
};

static void add(struct texts *x, const char *text)
{
    bool known = !text || x->n == NAMED_MAX;
    for (size_t i = 0; i < x->n && !known; i++)
        known = str_eq(x->items[i], text);
    if (!known)
        x->items[x->n++] = text;
}

static struct known known_of(const struct view_ctx *c)
{
    struct known k = {.c = c,
                      .parts = mem_array(PARTS_MAX, sizeof *k.parts),
                      .uses = mem_array(USES_MAX, sizeof *k.uses),
                      .caches = mem_array(CACHES_MOST, sizeof *k.caches)};
    k.n_parts = model_cache_records(c->model, SD_CACHE_PREFIX, c->span, c->now, k.parts, PARTS_MAX);
    k.n_uses = model_trace_uses(c->model, c->span, k.uses, USES_MAX);
    k.n_caches = model_caches(c->model, c->span, c->now, k.caches, CACHES_MOST);
    return k;
}

static void known_free(struct known *k)
{
    for (size_t i = 0; i < k->n_caches; i++)
        cache_entry_free(&k->caches[i]);
    free(k->caches);
    free(k->uses);
    free(k->parts);
}

/* ---- which cache a statement asks ---- */

/* "GET feed:*" is for keys of "feed:*". */
static bool asks_for(const char *statement, const char *prefix)
{
    const char *key = statement ? strchr(statement, ' ') : NULL;
    size_t n = prefix ? strlen(prefix) : 0;
    return key && n && !strncmp(key + 1, prefix, n) && (!key[1 + n] || key[1 + n] == ' ');
}

static bool same_product(const char *system, const char *product)
{
    return str_eq(system, product) || (str_eq(system, "redis") && str_eq(product, "valkey"));
}

/* By the keys; where those of no cache are known, the only one of that product. */
static bool asks(const struct known *k, const struct trace_use *u, const struct sd_cache *cache)
{
    size_t alike = 0;
    bool named = false;
    if (!same_product(u->system, cache->product))
        return false;
    for (size_t i = 0; i < k->n_caches; i++)
        alike += same_product(u->system, k->caches[i].r.product);
    for (size_t i = 0; i < k->n_parts && !named; i++) {
        const struct sd_cache_prefix *p = k->parts[i].r;
        named = str_eq(p->cache, cache->name) && asks_for(u->statement, p->prefix);
    }
    return named || alike == 1;
}

/* ---- of an endpoint or a query ---- */

static void in_front(const struct known *k, const char *route, struct texts *caches)
{
    for (size_t i = 0; route && i < k->n_parts; i++) {
        const struct sd_cache_prefix *p = k->parts[i].r;
        if (str_eq(p->kind, "route") && str_eq(p->prefix, route))
            add(caches, p->cache);
    }
}

static void asked_by(const struct known *k, const char *endpoint, struct texts *caches)
{
    for (size_t i = 0; i < k->n_uses; i++)
        for (size_t n = 0; n < k->n_caches && str_eq(k->uses[i].endpoint, endpoint); n++)
            if (asks(k, &k->uses[i], &k->caches[n].r))
                add(caches, k->caches[n].r.name);
}

/* Several are told apart by their names. */
static void add_caches(struct link_list *l, const struct texts *caches, const char *label)
{
    for (size_t i = 0; i < caches->n; i++) {
        const char *name = arena_strdup(l->arena, caches->items[i]);
        linked_add(
            l, (struct linked){.label = caches->n > 1 ? arena_printf(l->arena, "%s: %s", label, name) : label,
                               .n = LINKED_UNCOUNTED,
                               .view = "cache",
                               .arg = name});
    }
}

static void of_endpoint(const struct known *k, const char *name, struct link_list *l)
{
    struct texts front = {.n = 0}, asked = {.n = 0};
    in_front(k, name, &front);
    asked_by(k, name, &asked);
    add_caches(l, &front, "the cache in front of it");
    add_caches(l, &asked, "a cache it asks");
}

static void of_query(const struct known *k, const char *name, struct link_list *l)
{
    struct texts front = {.n = 0}, asked = {.n = 0};
    struct link links[LINKS_MAX];
    const struct query *q = model_find_query(k->c->model, name);
    size_t n = q ? query_links(k->c->model, q, k->c->span, links, LINKS_MAX) : 0;
    for (size_t i = 0; i < n; i++)
        if (links[i].endpoint)
            in_front(k, endpoint_name(links[i].endpoint), &front);
    for (size_t i = 0; q && i < k->n_uses; i++)
        for (size_t c = 0; c < k->n_caches && str_eq(k->uses[i].statement, query_text(q)); c++)
            if (asks(k, &k->uses[i], &k->caches[c].r))
                add(&asked, k->caches[c].r.name);
    add_caches(l, &front, "the cache in front of its endpoints");
    add_caches(l, &asked, "the cache it asks");
}

/* ---- of a cache ---- */

static void of_cache(const struct known *k, const char *name, struct link_list *l)
{
    struct texts endpoints = {.n = 0}, statements = {.n = 0};
    const struct sd_cache *cache = NULL;
    for (size_t i = 0; i < k->n_caches && !cache; i++)
        cache = str_eq(k->caches[i].r.name, name) ? &k->caches[i].r : NULL;
    for (size_t i = 0; i < k->n_parts; i++) {
        const struct sd_cache_prefix *p = k->parts[i].r;
        if (str_eq(p->cache, name) && str_eq(p->kind, "route"))
            add(&endpoints, p->prefix ? strchr(p->prefix, '/') : NULL);
    }
    for (size_t i = 0; cache && i < k->n_uses; i++)
        if (asks(k, &k->uses[i], cache)) {
            add(&endpoints, k->uses[i].endpoint ? strchr(k->uses[i].endpoint, '/') : NULL);
            add(&statements, k->uses[i].statement);
        }
    linked_add(l, (struct linked){.label = "endpoints it serves",
                                  .n = endpoints.n,
                                  .view = "endpoints",
                                  .filter = linked_filter(l, endpoints.items, endpoints.n)});
    linked_add(l, (struct linked){.label = "statements that ask it",
                                  .n = statements.n,
                                  .view = "queries",
                                  .filter = linked_filter(l, statements.items, statements.n)});
}

void caches_linked(const struct view_ctx *c, const char *what, const char *name, struct link_list *l)
{
    static const char *const KINDS[] = {"endpoint", "query", "cache", NULL};
    int kind = str_find(KINDS, what);
    if (kind < 0)
        return;
    struct known k = known_of(c);
    if (kind == 0)
        of_endpoint(&k, name, l);
    else if (kind == 1)
        of_query(&k, name, l);
    else
        of_cache(&k, name, l);
    known_free(&k);
}
