#include "conf/hop_policy.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/trust.h"
#include "base/units.h"
#include "conf/tree.h"

enum { PLANS_MAX = 1000, HOPS_MAX = 100 };

static const char *const SECTIONS[] = {"kpis",      "slos",    "escalations", "receivers", "silences",
                                       "playbooks", "budgets", "hops",        "costs",     "efforts",
                                       "targets",   "roadmap", "history",     "heartbeat"};
static const char *const PLAN_KEYS[] = {"name", "match", "max", "hops"};
static const char *const HOP_KEYS[] = {"name", "signal", "max"};
static const char *const MATCH_KEYS[] = {"method", "route", "host", "alert", "instance", "severity"};

struct reader {
    struct arena *arena;
    struct tree_report report;
    char first[400]; /* the first problem */
};

static void keep_first(void *ctx, const char *sentence)
{
    struct reader *r = ctx;
    if (!*r->first)
        snprintf(r->first, sizeof r->first, "%s", sentence);
}

static void wrong(struct reader *r, const struct tree_node *n, const char *what, const char *expected)
{
    tree_problem(&r->report, n->line, n->column, "%s is %s; expected %s", what,
                 n->kind == TREE_SCALAR ? "not understood" : tree_kind_name(n->kind), expected);
}

/* The value of a key; every other key of the map must be one of `keys`. */
static const struct tree_node *member(const struct tree_node *map, const char *key)
{
    for (const struct tree_node *k = map->child; k; k = k->next)
        if (!strcmp(k->key->text, key))
            return k;
    return NULL;
}

static void only(struct reader *r, const struct tree_node *map, const char *const *keys, size_t n,
                 const char *what)
{
    for (const struct tree_node *k = map->child; k; k = k->next) {
        bool known = false;
        for (size_t i = 0; i < n; i++)
            known |= !strcmp(k->key->text, keys[i]);
        if (keys == MATCH_KEYS && !strncmp(k->key->text, "labels.", 7))
            known = true;
        if (known)
            continue;
        const char *meant = tree_suggest(k->key->text, keys, n);
        tree_problem(&r->report, k->key->line, k->key->column, "unknown key \"%.60s\" in %s%s%s%s",
                     k->key->text, what, meant ? "; did you mean \"" : "", meant ? meant : "",
                     meant ? "\"?" : "");
    }
}

static const char *text_of(struct reader *r, const struct tree_node *map, const char *key, const char *what)
{
    const struct tree_node *n = member(map, key);
    if (!n)
        return NULL;
    if (n->kind != TREE_SCALAR || !*n->text) {
        wrong(r, n, what, "a text");
        return NULL;
    }
    return arena_strdup(r->arena, n->text);
}

static const char *name_of(struct reader *r, const struct tree_node *map, const char *what)
{
    const char *name = text_of(r, map, "name", "name");
    if (!name && !member(map, "name"))
        tree_problem(&r->report, map->line, map->column, "%s has no name", what);
    return name ? name : "";
}

static int64_t limit_of(struct reader *r, const struct tree_node *map, const char *what)
{
    const struct tree_node *n = member(map, "max");
    struct sd_error err;
    int64_t ns = 0;
    if (!n) {
        tree_problem(&r->report, map->line, map->column, "%s has no max, such as 50ms", what);
    } else if (n->kind != TREE_SCALAR || !unit_parse_duration(n->text, &ns, &err) || ns <= 0) {
        wrong(r, n, "max", "a duration such as 50ms");
    }
    return ns;
}

static bool is_signal(const char *s)
{
    return !strcmp(s, "db.latency") || !strcmp(s, "http.latency") || str_starts(s, "metric:");
}

static struct hop hop_of(struct reader *r, const struct tree_node *n)
{
    struct hop h = {.name = ""};
    if (n->kind != TREE_MAP) {
        wrong(r, n, "a hop", "name and max");
        return h;
    }
    only(r, n, HOP_KEYS, ARRAY_LEN(HOP_KEYS), "a hop");
    h.name = name_of(r, n, "a hop");
    h.signal = text_of(r, n, "signal", "signal");
    h.max_ns = limit_of(r, n, "a hop");
    if (h.signal && !is_signal(h.signal))
        wrong(r, member(n, "signal"), "signal", "db.latency, http.latency or metric:NAME");
    return h;
}

static bool named(const struct hop *h, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(h[i].name, name))
            return true;
    return false;
}

static void read_hops(struct reader *r, const struct tree_node *list, struct hop_plan *p)
{
    struct hop *h = arena_alloc(r->arena, HOPS_MAX * sizeof *h);
    if (list->kind != TREE_LIST || !list->child) {
        wrong(r, list, "hops", "a list of hops");
        return;
    }
    for (const struct tree_node *i = list->child; i; i = i->next) {
        struct hop x = hop_of(r, i);
        if (p->n == HOPS_MAX || named(h, p->n, x.name)) {
            tree_problem(&r->report, i->line, i->column,
                         p->n == HOPS_MAX ? "there are more than 100 hops"
                                          : "a hop of this name is there before");
            return;
        }
        h[p->n++] = x;
    }
    p->hops = h;
}

static struct hop_plan plan_of(struct reader *r, const struct tree_node *n)
{
    struct hop_plan p = {.name = ""};
    if (n->kind != TREE_MAP) {
        wrong(r, n, "an item of hops", "name, match, max and hops");
        return p;
    }
    only(r, n, PLAN_KEYS, ARRAY_LEN(PLAN_KEYS), "an item of hops");
    p.name = name_of(r, n, "an item of hops");
    p.max_ns = limit_of(r, n, "an item of hops");
    const struct tree_node *match = member(n, "match"), *hops = member(n, "hops");
    if (match && match->kind != TREE_MAP) {
        wrong(r, match, "match", "keys such as route: /checkout");
    } else if (match) {
        only(r, match, MATCH_KEYS, ARRAY_LEN(MATCH_KEYS), "match");
        p.route = text_of(r, match, "route", "route");
        p.method = text_of(r, match, "method", "method");
        p.host = text_of(r, match, "host", "host");
    }
    if (hops)
        read_hops(r, hops, &p);
    else
        tree_problem(&r->report, n->line, n->column, "this item of hops lists no hops");
    return p;
}

static void read_plans(struct reader *r, const struct tree_node *list, struct hop_plans *out)
{
    struct hop_plan *p = NULL;
    size_t n = 0, cap = 0;
    if (list->kind != TREE_LIST) {
        wrong(r, list, "hops", "a list");
        return;
    }
    for (const struct tree_node *i = list->child; i && n < PLANS_MAX; i = i->next) {
        struct hop_plan x = plan_of(r, i);
        for (size_t k = 0; k < n; k++)
            if (!strcmp(p[k].name, x.name))
                tree_problem(&r->report, i->line, i->column, "a budget of hops of this name is there before");
        p = mem_grow(p, n, &cap, sizeof *p);
        p[n++] = x;
    }
    out->items = arena_copy(r->arena, p, n * sizeof *p);
    out->n = n;
    free(p);
}

bool hop_policy_read_text(struct hop_plans *out, const char *name, const char *text, size_t len,
                          struct sd_error *err)
{
    struct reader r = {.arena = arena_new()};
    r.report = (struct tree_report){.file = name, .problem = keep_first, .ctx = &r};
    *out = (struct hop_plans){.arena = r.arena};
    const struct tree_node *root = tree_read(r.arena, text, len, &r.report);
    if (root && root->kind != TREE_MAP) {
        wrong(&r, root, "the policy", "sections such as hops:");
    } else if (root) {
        only(&r, root, SECTIONS, ARRAY_LEN(SECTIONS), "a policy");
        if (member(root, "hops"))
            read_plans(&r, member(root, "hops"), out);
    }
    return !r.report.n || fail(err, "%s", r.first);
}

bool hop_policy_read(struct hop_plans *out, const char *path, bool required, struct sd_error *err)
{
    char *text = NULL;
    size_t len = 0;
    *out = (struct hop_plans){0};
    if (!required && access(path, F_OK) != 0)
        return true;
    if (!trust_read("policy", path, TREE_BYTES_MAX, &text, &len, err))
        return false;
    bool ok = hop_policy_read_text(out, path, text, len, err);
    free(text);
    return ok;
}

void hop_policy_free(struct hop_plans *p)
{
    if (p->arena)
        arena_free(p->arena);
    *p = (struct hop_plans){0};
}
