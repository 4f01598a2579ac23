#include "core/bundles/build_compare.h"

#include <stdlib.h>
#include <string.h>

#include "core/bundles/asset_name.h"
#include "core/bundles/first_load.h"
#include "core/name_index.h"

const char *bundle_change_name(enum bundle_change c)
{
    static const char *const names[] = {[BUNDLE_SAME] = "same",
                                        [BUNDLE_ADDED] = "added",
                                        [BUNDLE_REMOVED] = "removed",
                                        [BUNDLE_GROWN] = "grown",
                                        [BUNDLE_SHRUNK] = "shrunk"};
    return names[c];
}

/* Things of both builds by name. */
struct pairing {
    struct arena *a;
    struct name_index names;
    struct bundle_pair *items;
    uint8_t *sides; /* bit 0: it is in the earlier one, bit 1: in the later */
    size_t cap, cap_sides;
};
enum side { BEFORE = 1, AFTER = 2 };

static struct bundle_pair *pair_of(struct pairing *x, const char *name, enum side side)
{
    size_t known = x->names.n;
    uint32_t i = name_index_of(&x->names, name);
    if (i == known) {
        x->items = mem_grow(x->items, i, &x->cap, sizeof *x->items);
        x->sides = mem_grow(x->sides, i, &x->cap_sides, sizeof *x->sides);
        x->items[i] = (struct bundle_pair){.name = name};
        x->sides[i] = 0;
    }
    x->sides[i] |= (uint8_t)side;
    return &x->items[i];
}

static void add_sizes(struct bundle_pair *p, enum side side, int64_t bytes, int64_t gzip)
{
    int64_t *to = side == BEFORE ? &p->before : &p->after;
    int64_t *to_gzip = side == BEFORE ? &p->gzip_before : &p->gzip_after;
    *to = bundle_sum(*to, bytes);
    *to_gzip = bundle_sum(*to_gzip, gzip);
}

int64_t bundle_pair_growth(const struct bundle_pair *p)
{
    return p->before < 0 || p->after < 0 ? SD_UNKNOWN : p->after - p->before;
}

static int most_first(const void *a, const void *b)
{
    const struct bundle_pair *x = a, *y = b;
    int64_t dx = llabs(MAX(bundle_pair_growth(x), -INT64_MAX)),
            dy = llabs(MAX(bundle_pair_growth(y), -INT64_MAX));
    if (dx != dy)
        return dx < dy ? 1 : -1;
    if (x->after != y->after)
        return x->after < y->after ? 1 : -1;
    return strcmp(x->name, y->name);
}

/* What became of them, in order; they are the arena's. */
static struct bundle_pair *finish(struct pairing *x, size_t *n)
{
    *n = x->names.n;
    for (size_t i = 0; i < *n; i++) {
        struct bundle_pair *p = &x->items[i];
        p->change = x->sides[i] == BEFORE       ? BUNDLE_REMOVED
                    : x->sides[i] == AFTER      ? BUNDLE_ADDED
                    : bundle_pair_growth(p) > 0 ? BUNDLE_GROWN
                    : p->before > p->after      ? BUNDLE_SHRUNK
                                                : BUNDLE_SAME;
    }
    if (*n)
        qsort(x->items, *n, sizeof *x->items, most_first);
    struct bundle_pair *out = arena_alloc(x->a, (*n + 1) * sizeof *out);
    if (*n)
        memcpy(out, x->items, *n * sizeof *out);
    free(x->items);
    free(x->sides);
    name_index_free(&x->names);
    return out;
}

/* The plain names of a build's assets. */
static const char **plain_names(const struct bundle_build *x, struct arena *a)
{
    const char **out = arena_alloc(a, (x->n_assets + 1) * sizeof *out);
    for (size_t i = 0; i < x->n_assets; i++) {
        char *plain = asset_name_plain(x->assets[i].name);
        out[i] = arena_strdup(a, plain);
        free(plain);
    }
    return out;
}

static void pair_assets(struct pairing *x, const struct bundle_build *b, const char **plain, enum side side)
{
    for (size_t i = 0; i < b->n_assets; i++)
        add_sizes(pair_of(x, plain[i], side), side, b->assets[i].size_bytes, b->assets[i].gzip_bytes);
}

static void pair_routes(struct pairing *x, const struct bundle_build *b, enum side side)
{
    for (size_t i = 0; i < b->n_routes; i++) {
        struct bundle_first_load load;
        bundle_first_load(b, &b->routes[i], &load);
        add_sizes(pair_of(x, b->routes[i].name, side), side, load.js.size, load.js.gzip);
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, each once; how many. */
static size_t unique(const char **list, size_t n)
{
    size_t kept = 0;
    qsort(list, n, sizeof *list, by_text);
    for (size_t i = 0; i < n; i++)
        if (!kept || strcmp(list[kept - 1], list[i]) != 0)
            list[kept++] = list[i];
    return kept;
}

/* Rows of one path stand in a chain: the row before the one at i that has the same path, one more; 0 ends. */
struct rows_by_path {
    uint32_t *last, *earlier;
};

static void pair_modules(struct pairing *x, const struct bundle_build *b, enum side side,
                         struct rows_by_path *r)
{
    for (size_t i = 0; i < b->n_modules; i++) {
        const struct sd_bundle_module *m = &b->modules[i];
        if (!bundle_is_module(m))
            continue;
        struct bundle_pair *p = pair_of(x, m->path, side);
        p->package = m->package;
        add_sizes(p, side, m->minified_bytes, 0);
        size_t k = (size_t)(p - x->items);
        r->earlier[i] = r->last[k];
        r->last[k] = (uint32_t)i + 1;
    }
}

static const char *const *assets_in(const struct bundle_build *b, const char **plain,
                                    const struct rows_by_path *r, size_t k, struct arena *a, size_t *n)
{
    *n = 0;
    for (uint32_t i = r->last[k]; i; i = r->earlier[i - 1])
        ++*n;
    const char **out = arena_alloc(a, (*n + 1) * sizeof *out);
    *n = 0;
    for (uint32_t i = r->last[k]; i; i = r->earlier[i - 1])
        out[(*n)++] = plain[b->modules[i - 1].asset];
    *n = unique(out, *n);
    return out;
}

static bool same_lists(const struct bundle_pair *p)
{
    bool same = p->n_in_before == p->n_in_after;
    for (size_t i = 0; same && i < p->n_in_before; i++)
        same = !strcmp(p->in_before[i], p->in_after[i]);
    return same;
}

static struct bundle_pair *compare_modules(const struct bundle_build *before,
                                           const struct bundle_build *after, const char **plain_before,
                                           const char **plain_after, struct arena *a, size_t *n)
{
    struct pairing x = {.a = a};
    size_t most = before->n_modules + after->n_modules + 1;
    struct rows_by_path was = {.last = arena_alloc(a, most * sizeof *was.last),
                               .earlier = arena_alloc(a, (before->n_modules + 1) * sizeof *was.earlier)};
    struct rows_by_path is = {.last = arena_alloc(a, most * sizeof *is.last),
                              .earlier = arena_alloc(a, (after->n_modules + 1) * sizeof *is.earlier)};
    pair_modules(&x, before, BEFORE, &was);
    pair_modules(&x, after, AFTER, &is);
    for (size_t i = 0; i < x.names.n; i++) {
        struct bundle_pair *p = &x.items[i];
        p->in_before = assets_in(before, plain_before, &was, i, a, &p->n_in_before);
        p->in_after = assets_in(after, plain_after, &is, i, a, &p->n_in_after);
        p->moved = x.sides[i] == (BEFORE | AFTER) && !same_lists(p);
    }
    return finish(&x, n);
}

const struct bundle_comparison *bundle_compare(const struct bundle_build *before,
                                               const struct bundle_build *after, struct arena *a)
{
    struct bundle_comparison *out = arena_alloc(a, sizeof *out);
    const char **plain_before = plain_names(before, a), **plain_after = plain_names(after, a);
    struct bundle_sizes was = bundle_asset_sizes(before, NULL), is = bundle_asset_sizes(after, NULL);
    out->total = (struct bundle_pair){
        .before = was.size, .after = is.size, .gzip_before = was.gzip, .gzip_after = is.gzip};
    struct pairing assets = {.a = a}, routes = {.a = a};
    pair_assets(&assets, before, plain_before, BEFORE);
    pair_assets(&assets, after, plain_after, AFTER);
    out->assets = finish(&assets, &out->n_assets);
    pair_routes(&routes, before, BEFORE);
    pair_routes(&routes, after, AFTER);
    out->routes = finish(&routes, &out->n_routes);
    out->modules = compare_modules(before, after, plain_before, plain_after, a, &out->n_modules);
    return out;
}
