#include "core/bundles/duplicates.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "core/name_index.h"
#include "core/bundles/package_list.h"

enum { LEAST_BYTES = 512, LEAST_PART = 10 };
static const char FOLDER[] = "node_modules/";

/* Where the last folder node_modules ends in a path; NULL: there is none. */
static const char *behind_folder(const char *path)
{
    const char *last = NULL;
    for (const char *p = path; (p = strstr(p, FOLDER)); p += sizeof FOLDER - 1)
        if (p == path || p[-1] == '/')
            last = p + sizeof FOLDER - 1;
    return last;
}

const char *bundle_package_in(const char *path, size_t *len)
{
    const char *p = behind_folder(path);
    if (!p)
        return NULL;
    size_t n = strcspn(p, "/");
    if (*p == '@' && p[n])
        n += 1 + strcspn(p + n + 1, "/");
    *len = n;
    return p;
}

/* What bundlers add by themselves. */
static bool is_overhead(const char *path)
{
    return strstr(path, "webpack/bootstrap") || strstr(path, "webpack/runtime") ||
           strstr(path, "(webpack)/buildin") || strstr(path, "external ");
}

struct copy {
    const char *path, *same; /* `same`: what is equal for all copies of a module */
    const char *package;
    const char *asset;
    int64_t bytes;
    uint32_t of; /* number of the package, or of the own module */
};

static int in_groups(const void *a, const void *b)
{
    const struct copy *x = a, *y = b;
    int by_name = strcmp(x->same, y->same);
    if (by_name)
        return by_name;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? 1 : -1;
    int by_path = strcmp(x->path, y->path);
    return by_path ? by_path : strcmp(x->asset, y->asset);
}

/* Modules of scripts that somebody else may have as well. Only what is there twice is sorted. */
static struct copy *find_copies(const struct bundle_build *x, struct arena *a, size_t *n)
{
    struct name_index names = {0};
    struct copy *out = arena_alloc(a, (x->n_modules + 1) * sizeof *out);
    uint32_t *counts = arena_alloc(a, (x->n_modules + 1) * sizeof *counts),
             *number = arena_alloc(a, (x->n_modules + 1) * sizeof *number);
    size_t all = 0;
    name_index_reserve(&names, x->n_modules);
    for (size_t i = 0; i < x->n_modules; i++) {
        const struct sd_bundle_module *m = &x->modules[i];
        const char *behind = m->package ? behind_folder(m->path) : NULL;
        if (!bundle_is_module(m) || (!m->package && is_overhead(m->path)) ||
            strcmp(x->assets[m->asset].type, "js") != 0)
            continue;
        out[all] = (struct copy){.path = m->path,
                                 .same = behind ? behind : m->path,
                                 .package = behind ? m->package : NULL,
                                 .asset = x->assets[m->asset].name,
                                 .bytes = MAX(m->minified_bytes, 0)};
        number[all] = name_index_of(&names, out[all].same);
        counts[number[all++]]++;
    }
    *n = 0;
    for (size_t i = 0; i < all; i++)
        if (counts[number[i]] > 1)
            out[(*n)++] = out[i];
    name_index_free(&names);
    qsort(out, *n, sizeof *out, in_groups);
    return out;
}

/* Of each group the copies that count; *n becomes how many are left. */
static void keep_large(struct copy *c, size_t *n)
{
    size_t kept = 0;
    for (size_t i = 0, k; i < *n; i = k) {
        size_t from = kept;
        int64_t most = c[i].bytes;
        for (k = i; k < *n && !strcmp(c[k].same, c[i].same); k++)
            if (c[k].bytes >= LEAST_BYTES && c[k].bytes >= (most + LEAST_PART - 1) / LEAST_PART)
                c[kept++] = c[k];
        if (kept - from < 2)
            kept = from;
    }
    *n = kept;
}

/* ---- groups to packages ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "node_modules/a/node_modules/lodash in main.js". */
static const char *place_of(const struct copy *c, struct arena *a)
{
    size_t len = 0;
    const char *p = bundle_package_in(c->path, &len);
    int folder = p && c->package ? (int)(p + len - c->path) : (int)strlen(c->path);
    return arena_printf(a, "%.*s\n%s", folder, c->path, c->asset);
}

struct gathering {
    struct copy *copies;
    size_t n_copies;
    struct bundle_duplicate *items;
    size_t n;
    const struct bundle_build *build;
    struct arena *a;
};

/* The package in whose folder the copy lies: "a" of node_modules/a/node_modules/lodash. NULL: none. */
static const char *nested_in(const struct copy *c, struct arena *a)
{
    const char *last = behind_folder(c->path);
    if (!c->package || !last || last - c->path < (long)sizeof FOLDER)
        return NULL;
    char *outer = arena_strndup(a, c->path, (size_t)(last - c->path) - sizeof FOLDER);
    size_t len = 0;
    const char *p = bundle_package_in(outer, &len);
    return p && len ? arena_strndup(a, p, len) : NULL;
}

/* Numbers of things, those of each package together. */
struct by_package {
    uint32_t *first; /* of each package, and behind the last */
    uint32_t *items;
};

/* `of` may be NAME_NONE: the thing is of no package. */
static struct by_package sort_by_package(const uint32_t *of, size_t n, size_t packages, struct arena *a)
{
    struct by_package p = {.first = arena_alloc(a, (packages + 2) * sizeof *p.first),
                           .items = arena_alloc(a, (n + 1) * sizeof *p.items)};
    for (size_t i = 0; i < n; i++)
        if (of[i] != NAME_NONE)
            p.first[of[i] + 2]++;
    for (size_t i = 2; i < packages + 2; i++)
        p.first[i] += p.first[i - 1];
    for (uint32_t i = 0; i < n; i++)
        if (of[i] != NAME_NONE)
            p.items[p.first[of[i] + 1]++] = i;
    return p;
}

static void add_importers_by_folder(const struct gathering *g, const struct by_package *copies, uint32_t of,
                                    struct name_index *names)
{
    for (uint32_t i = copies->first[of]; i < copies->first[of + 1]; i++) {
        const char *outer = nested_in(&g->copies[copies->items[i]], g->a);
        if (outer)
            name_index_of(names, outer);
    }
}

/* Whoever imports a module of a copy, from outside of its package. */
static void add_importers_by_graph(const struct gathering *g, const struct import_graph *graph,
                                   const struct by_package *modules, struct name_index *names, uint32_t of)
{
    const struct bundle_duplicate *x = &g->items[of];
    for (uint32_t k = modules->first[of]; k < modules->first[of + 1]; k++) {
        uint32_t i = modules->items[k];
        for (uint32_t e = graph->first_importer[i]; e < graph->first_importer[i + 1]; e++) {
            const char *from = graph->paths[graph->importers[e].module];
            size_t len = 0;
            const char *p = from ? bundle_package_in(from, &len) : NULL;
            const char *package = p ? arena_strndup(g->a, p, len) : PACKAGE_OWN;
            if (from && !(x->package && str_eq(package, x->package)))
                name_index_of(names, package);
        }
    }
}

static void fill_importers(const struct gathering *g, const struct import_graph *graph)
{
    struct name_index paths = {0};
    uint32_t *of_path = arena_alloc(g->a, (graph->n + 1) * sizeof *of_path);
    uint32_t *of = arena_alloc(g->a, (g->n_copies + 1) * sizeof *of);
    uint32_t *of_copy = arena_alloc(g->a, (g->n_copies + 1) * sizeof *of_copy);
    for (size_t i = 0; i < g->n_copies; i++)
        of[name_index_of(&paths, g->copies[i].path)] = of_copy[i] = g->copies[i].of;
    for (size_t i = 0; i < graph->n; i++) {
        uint32_t k = graph->paths[i] ? name_index_find(&paths, graph->paths[i]) : NAME_NONE;
        of_path[i] = k == NAME_NONE ? NAME_NONE : of[k];
    }
    struct by_package modules = sort_by_package(of_path, graph->n, g->n, g->a),
                      copies = sort_by_package(of_copy, g->n_copies, g->n, g->a);
    for (uint32_t i = 0; i < g->n; i++) {
        struct name_index names = {0};
        add_importers_by_graph(g, graph, &modules, &names, i);
        add_importers_by_folder(g, &copies, i, &names);
        struct bundle_duplicate *x = &g->items[i];
        x->n_importers = names.n;
        x->importers = arena_alloc(g->a, (names.n + 1) * sizeof *x->importers);
        for (size_t k = 0; k < names.n; k++)
            x->importers[k] = names.names[k];
        qsort(x->importers, names.n, sizeof *x->importers, by_text);
        name_index_free(&names);
    }
    name_index_free(&paths);
}

/* The packages of the copies, with what they waste. */
static void fill_items(struct gathering *g)
{
    struct name_index of = {0};
    g->items = arena_alloc(g->a, (g->n_copies + 1) * sizeof *g->items);
    for (size_t i = 0; i < g->n_copies; i++) {
        struct copy *c = &g->copies[i];
        const char *key =
            c->package ? arena_printf(g->a, "p%s", c->package) : arena_printf(g->a, "m%s", c->same);
        c->of = name_index_of(&of, key);
        struct bundle_duplicate *x = &g->items[c->of];
        x->package = c->package;
        x->module = c->package ? NULL : c->same;
        if (i && !strcmp(g->copies[i - 1].same, c->same)) /* the first of its group is the largest */
            x->wasted_bytes = add_sat(x->wasted_bytes, c->bytes);
    }
    g->n = of.n;
    name_index_free(&of);
}

static void fill_copied(struct gathering *g)
{
    const char ***lists = arena_alloc(g->a, (g->n + 1) * sizeof *lists);
    struct name_index seen = {0};
    uint32_t *room = arena_alloc(g->a, (g->n + 1) * sizeof *room);
    for (size_t i = 0; i < g->n_copies; i++)
        room[g->copies[i].of]++;
    for (size_t i = 0; i < g->n; i++)
        lists[i] = arena_alloc(g->a, ((size_t)room[i] + 1) * sizeof *lists[i]);
    for (size_t i = 0; i < g->n_copies; i++) {
        const struct copy *c = &g->copies[i];
        size_t before = seen.n;
        struct bundle_duplicate *x = &g->items[c->of];
        if (name_index_of(&seen, place_of(c, g->a)) == before)
            lists[c->of][x->n_copied++] = place_of(c, g->a);
    }
    name_index_free(&seen);
    for (size_t i = 0; i < g->n; i++) {
        struct bundle_duplicate *x = &g->items[i];
        const char **in = arena_alloc(g->a, (x->n_copied + 1) * sizeof *in);
        qsort(lists[i], x->n_copied, sizeof *lists[i], by_text);
        for (size_t k = 0; k < x->n_copied; k++) {
            const char *line = strchr(lists[i][k], '\n');
            in[k] = line + 1;
            lists[i][k] = arena_strndup(g->a, lists[i][k], (size_t)(line - lists[i][k]));
        }
        x->copied = lists[i];
        x->in = in;
        x->copies = (int64_t)x->n_copied;
    }
}

static int most_first(const void *a, const void *b)
{
    const struct bundle_duplicate *x = a, *y = b;
    if (x->wasted_bytes != y->wasted_bytes)
        return x->wasted_bytes < y->wasted_bytes ? 1 : -1;
    return strcmp(x->package ? x->package : x->module, y->package ? y->package : y->module);
}

const struct bundle_duplicate *bundle_duplicates(const struct bundle_build *x, const struct import_graph *g,
                                                 struct arena *a, size_t *n)
{
    struct gathering all = {.build = x, .a = a};
    all.copies = find_copies(x, a, &all.n_copies);
    keep_large(all.copies, &all.n_copies);
    fill_items(&all);
    fill_copied(&all);
    fill_importers(&all, g);
    qsort(all.items, all.n, sizeof *all.items, most_first);
    *n = all.n;
    return all.items;
}
