/* cache_metrics.c - series to caches: which cache a series is of, and what it counts there. */
#include "format/metrics/cache_metrics.h"

#include <stdlib.h>

#include "base/num.h"
#include "format/metrics/cache_names.h"

enum { CACHES_MAX = 256, STARTS_MAX = 1024 };

/* A beginning that moves by less is the same one, read in rounded seconds. */
#define SAME_START (10 * SD_S)

struct start {
    char *name;
    sd_time since;
};

struct cache_metrics {
    struct start *starts;
    size_t n, cap;
};

/* One cache while it is put together. */
struct sums {
    char *name;
    const struct cache_product *product;
    struct sd_cache r;
    struct strbuf version, policy, role;
    int64_t lookups, up_ns;
    sd_time since;
    bool found;
};

struct reading {
    struct sums *items;
    size_t n, cap;
    const char *address;
    sd_time process; /* start of who was asked; SD_UNKNOWN */
};

struct cache_metrics *cache_metrics_new(void)
{
    return mem_alloc(sizeof(struct cache_metrics));
}

void cache_metrics_free(struct cache_metrics *m)
{
    for (size_t i = 0; m && i < m->n; i++)
        free(m->starts[i].name);
    if (m)
        free(m->starts);
    free(m);
}

static int by_name(const void *key, const void *row)
{
    return strcmp(key, ((const struct cache_name *)row)->name);
}

/* The first of the rows with that name; they stand together. NULL: none. */
static const struct cache_name *rows_of(const char *name)
{
    const struct cache_name *r = bsearch(name, CACHE_NAMES, CACHE_NAMES_N, sizeof *CACHE_NAMES, by_name);
    while (r && r > CACHE_NAMES && !strcmp(r[-1].name, name))
        r--;
    return r;
}

bool cache_metric_known(const char *name)
{
    return rows_of(name) || str_eq(name, "process_start_time_seconds");
}

/* ---- which cache ---- */

/* The value of the first of these labels, space separated, without its escapes. */
static bool add_label(struct strbuf *b, const char *labels, const char *keys)
{
    for (const char *k = keys; k && *k;) {
        size_t n = strcspn(k, " "), len = 0;
        char *key = mem_strndup(k, n);
        const char *v = exposition_label(labels, key, &len);
        free(key);
        for (size_t i = 0; v && i < len; i++)
            if (v[i] != '\\' || ++i < len)
                strbuf_char(b, v[i]);
        if (v)
            return true;
        k += n + (k[n] == ' ');
    }
    return false;
}

/* "redis 127.0.0.1:6379", "haproxy 10.0.0.1:8404 shop". */
static char *name_of(const struct reading *all, const struct cache_product *p, const char *labels)
{
    struct strbuf b = {0};
    strbuf_printf(&b, "%s ", p->name);
    if (!add_label(&b, labels, "instance addr server"))
        strbuf_str(&b, all->address);
    size_t before = b.len;
    strbuf_char(&b, ' ');
    if (!add_label(&b, labels, p->labels))
        b.text[b.len = before] = 0;
    return strbuf_detach(&b);
}

static struct sums *sums_of(struct reading *all, const struct cache_product *p, const char *labels)
{
    char *name = name_of(all, p, labels);
    for (size_t i = 0; i < all->n; i++)
        if (all->items[i].product == p && !strcmp(all->items[i].name, name)) {
            free(name);
            return &all->items[i];
        }
    if (all->n == CACHES_MAX) {
        free(name);
        return NULL;
    }
    all->items = mem_grow(all->items, all->n, &all->cap, sizeof *all->items);
    struct sums *s = &all->items[all->n++];
    *s = (struct sums){
        .name = name, .product = p, .lookups = SD_UNKNOWN, .up_ns = SD_UNKNOWN, .since = SD_UNKNOWN};
#define UNKNOWN_INT(name)               s->r.name = SD_UNKNOWN;
#define UNKNOWN_REAL(name)              s->r.name = (double)NAN;
#define UNKNOWN_TEXT(name)              s->r.name = NULL;
#define UNKNOWN_HIST(name)              s->r.name = NULL;
#define UNKNOWN_LIST_TEXT(name)         s->r.name = NULL;
#define UNKNOWN(type, name, unit, help) UNKNOWN_##type(name)
    SD_CACHE_FIELDS(UNKNOWN)
    return s;
}

/* ---- what it counts ---- */

static void add(int64_t *to, int64_t v)
{
    *to = sd_known(*to) ? add_sat(*to, v) : v;
}

static int64_t *field(struct sums *s, enum cache_figure f)
{
    switch (f) {
#define FIGURE_CASE(NAME, member)                                                                            \
    case FIGURE_##NAME:                                                                                      \
        return &s->r.member;
        CACHE_FIGURES(FIGURE_CASE)
#undef FIGURE_CASE
    case FIGURE_LOOKUPS:
        return &s->lookups;
    case FIGURE_SINCE:
        return &s->since;
    case FIGURE_UP:
        return &s->up_ns;
    default:
        return NULL;
    }
}

static void take_info(struct sums *s, const char *labels)
{
    strbuf_clear(&s->version);
    strbuf_clear(&s->policy);
    strbuf_clear(&s->role);
    if (add_label(&s->version, labels, "redis_version valkey_version version short_version"))
        s->r.version = strbuf_text(&s->version);
    if (add_label(&s->policy, labels, "maxmemory_policy"))
        s->r.policy = strbuf_text(&s->policy);
    if (add_label(&s->role, labels, "role"))
        s->r.role = str_eq(strbuf_text(&s->role), "slave") ? "replica" : strbuf_text(&s->role);
}

static bool has_label(const char *labels, const char *key, const char *value)
{
    size_t len;
    const char *v = key ? exposition_label(labels, key, &len) : NULL;
    return !key || (v && len == strlen(value) && !strncmp(v, value, len));
}

/* Does the series have the labels that the row asks for? */
static bool fits(const struct cache_name *n, const char *labels)
{
    return has_label(labels, n->label, n->value) && has_label(labels, n->and_label, n->and_value);
}

static void take_row(struct sums *s, const struct cache_name *n, const struct exposition_series *e)
{
    bool in_seconds = n->figure == FIGURE_UP && !e->unit;
    int64_t v = real_to_int(in_seconds ? e->value * 1e9 : e->value);
    if (n->figure == FIGURE_INFO)
        take_info(s, e->labels);
    int64_t *to = field(s, n->figure), *too = field(s, n->also);
    if (to && (n->figure != FIGURE_BYTES_MAX || v >= 0))
        add(to, v);
    if (too)
        add(too, v);
    s->found |= n->figure == FIGURE_HITS || n->figure == FIGURE_MISSES || n->figure == FIGURE_LOOKUPS;
}

static void take_series(struct reading *all, const struct exposition_series *e)
{
    if (str_eq(e->name, "process_start_time_seconds") && isfinite(e->value))
        all->process = real_to_int(e->value);
    const struct cache_name *n = isnan(e->value) ? NULL : rows_of(e->name),
                            *end = CACHE_NAMES + CACHE_NAMES_N;
    for (const char *name = e->name; n && n < end && !strcmp(n->name, name); n++) {
        struct sums *s = fits(n, e->labels) ? sums_of(all, &CACHE_PRODUCTS[n->product], e->labels) : NULL;
        if (s)
            take_row(s, n, e);
    }
}

/* ---- the records ---- */

static sd_time steady(struct cache_metrics *m, const char *name, sd_time since)
{
    size_t i = 0;
    while (i < m->n && strcmp(m->starts[i].name, name) != 0)
        i++;
    if (!sd_known(since) || i == STARTS_MAX)
        return since;
    if (i == m->n) {
        m->starts = mem_grow(m->starts, m->n, &m->cap, sizeof *m->starts);
        m->starts[m->n++] = (struct start){.name = mem_strdup(name), .since = since};
    }
    int64_t d = since - m->starts[i].since;
    if (d < -SAME_START || d > SAME_START)
        m->starts[i].since = since;
    return m->starts[i].since;
}

/* Two figures of three give the third. */
static void complete(struct sd_cache *r, int64_t lookups)
{
    if (!sd_known(lookups))
        return;
    if (sd_known(r->hits) && !sd_known(r->misses))
        r->misses = MAX(lookups - r->hits, 0);
    else if (sd_known(r->misses) && !sd_known(r->hits))
        r->hits = MAX(lookups - r->misses, 0);
}

/* Labels of what belongs to the server as a whole lack the part: its start is that of each of its caches. */
static sd_time start_of(const struct reading *all, const struct sums *s, sd_time at)
{
    sd_time since = s->since, up = s->up_ns;
    for (size_t i = 0; i < all->n && !sd_known(since) && !sd_known(up); i++)
        if (all->items[i].product == s->product &&
            !strncmp(s->name, all->items[i].name, strlen(all->items[i].name))) {
            since = all->items[i].since;
            up = all->items[i].up_ns;
        }
    if (sd_known(since))
        return since;
    if (sd_known(up) && up >= 0 && up < at)
        return (at - up) / SD_S * SD_S;
    return s->product->own_process ? all->process : SD_UNKNOWN;
}

static void finish(struct cache_metrics *m, const struct reading *all, struct sums *s, sd_time at,
                   void (*give)(void *ctx, const struct sd_cache *c), void *ctx)
{
    complete(&s->r, s->lookups);
    if (s->product->used_only && s->r.hits <= 0 && s->r.misses <= 0)
        return; /* every part of the server has the counters, also one without a cache */
    s->r.layer = s->product->layer;
    s->r.product = s->product->name;
    s->r.name = s->name;
    s->r.since = steady(m, s->name, start_of(all, s, at));
    give(ctx, &s->r);
}

void cache_metrics_each(struct cache_metrics *m, const struct exposition *x, const char *address, sd_time at,
                        void (*give)(void *ctx, const struct sd_cache *c), void *ctx)
{
    struct reading all = {.address = address, .process = SD_UNKNOWN};
    struct exposition_series e;
    for (size_t i = 0; exposition_each(x, &i, &e);)
        take_series(&all, &e);
    for (size_t i = 0; i < all.n; i++) {
        struct sums *s = &all.items[i];
        if (s->found)
            finish(m, &all, s, at, give, ctx);
    }
    for (size_t i = 0; i < all.n; i++) {
        free(all.items[i].name);
        strbuf_free(&all.items[i].version);
        strbuf_free(&all.items[i].policy);
        strbuf_free(&all.items[i].role);
    }
    free(all.items);
}
