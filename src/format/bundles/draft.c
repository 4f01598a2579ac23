#include "format/bundles/draft.h"

#include <stdlib.h>
#include <string.h>

#include "core/schema.h"
#include "format/bundles/asset_type.h"
#include "format/bundles/module_path.h"

struct draft *draft_new(void)
{
    struct draft *d = mem_alloc(sizeof *d);
    d->arena = arena_new();
    d->build_kind = "assets";
    return d;
}

void draft_free(struct draft *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->n_routes; i++)
        free(d->routes[i].assets);
    free(d->assets);
    free(d->modules);
    free(d->parts);
    free(d->imports);
    free(d->entries);
    free(d->routes);
    free(d->notes);
    free(d->by_name);
    id_table_free(&d->in_route);
    arena_free(d->arena);
    free(d);
}

/* ---- assets by name ---- */

/* Where the name stands in the table, or the free place for it. */
static uint32_t *place(const struct draft *d, const char *name)
{
    size_t mask = d->n_by_name - 1, i = str_hash(name, strlen(name)) & mask;
    while (d->by_name[i] && !str_eq(d->assets[d->by_name[i] - 1].name, name))
        i = (i + 1) & mask;
    return &d->by_name[i];
}

static void grow_table(struct draft *d)
{
    if (d->n_by_name > 2 * d->n_assets)
        return;
    free(d->by_name);
    d->n_by_name = MAX((size_t)16, 4 * d->n_by_name);
    d->by_name = mem_array(d->n_by_name, sizeof *d->by_name);
    for (size_t i = 0; i < d->n_assets; i++)
        *place(d, d->assets[i].name) = (uint32_t)i + 1;
}

uint32_t draft_asset(struct draft *d, const char *name)
{
    grow_table(d);
    uint32_t *at = place(d, name);
    if (!*at) {
        d->assets = mem_grow(d->assets, d->n_assets, &d->cap_assets, sizeof *d->assets);
        d->assets[d->n_assets++] = (struct draft_asset){
            .name = arena_strdup(d->arena, name), .size_bytes = SD_UNKNOWN, .initial = SD_UNKNOWN};
        *at = (uint32_t)d->n_assets;
    }
    return *at - 1;
}

uint32_t draft_find_asset(const struct draft *d, const char *name)
{
    return d->n_by_name ? *place(d, name) - 1 : ID_NONE;
}

/* ---- modules, and what they have to do with each other ---- */

uint32_t draft_module(struct draft *d, const char *as_given, int64_t size_bytes)
{
    struct strbuf path = {0};
    size_t len = 0;
    module_path(as_given, strlen(as_given), &path);
    struct draft_module m = {.path = arena_strdup(d->arena, strbuf_text(&path)), .size_bytes = size_bytes};
    strbuf_free(&path);
    const char *package = module_path_package(m.path, &len);
    if (package)
        m.package = arena_strndup(d->arena, package, len);
    schema_clear(schema_of(SD_BUNDLE_CODE), &m.code);
    d->modules = mem_grow(d->modules, d->n_modules, &d->cap_modules, sizeof *d->modules);
    d->modules[d->n_modules] = m;
    return (uint32_t)d->n_modules++;
}

void draft_part(struct draft *d, uint32_t asset, uint32_t module, int64_t minified_bytes)
{
    d->parts = mem_grow(d->parts, d->n_parts, &d->cap_parts, sizeof *d->parts);
    d->parts[d->n_parts++] =
        (struct draft_part){.asset = asset, .module = module, .minified_bytes = minified_bytes};
}

void draft_import(struct draft *d, uint32_t importer, uint32_t imported, int how)
{
    d->imports = mem_grow(d->imports, d->n_imports, &d->cap_imports, sizeof *d->imports);
    d->imports[d->n_imports++] =
        (struct draft_import){.importer = importer, .imported = imported, .how = how};
}

void draft_entry(struct draft *d, uint32_t module)
{
    d->entries = mem_grow(d->entries, d->n_entries, &d->cap_entries, sizeof *d->entries);
    d->entries[d->n_entries++] = module;
}

/* ---- routes, notes ---- */

struct draft_route *draft_route(struct draft *d, const char *name, const char *entry)
{
    d->routes = mem_grow(d->routes, d->n_routes, &d->cap_routes, sizeof *d->routes);
    struct draft_route *r = &d->routes[d->n_routes++];
    *r = (struct draft_route){.name = arena_strdup(d->arena, name), .entry = arena_strdup(d->arena, entry)};
    return r;
}

bool draft_route_asset(struct draft *d, struct draft_route *r, uint32_t asset)
{
    uint64_t key = (uint64_t)(r - d->routes) << 32 | asset;
    if (id_table_get(&d->in_route, key) != ID_NONE)
        return true;
    if (d->in_route.n >= DRAFT_ROUTE_ASSETS_MOST) {
        if (!d->cut_routes)
            draft_note(d, "The routes name more than %d files: the rest is left out.",
                       DRAFT_ROUTE_ASSETS_MOST);
        d->cut_routes = true;
        return false;
    }
    id_table_put(&d->in_route, key, 0);
    size_t n = r->n_assets; /* room doubles at powers of two */
    if (!(n & (n - 1)))
        r->assets = mem_realloc(r->assets, MAX((size_t)1, 2 * n) * sizeof *r->assets);
    r->assets[r->n_assets++] = asset;
    return true;
}

static void keep_route(struct draft_route *r, const uint32_t *now)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_assets; i++)
        if (now[r->assets[i]] != ID_NONE)
            r->assets[n++] = now[r->assets[i]];
    r->n_assets = n;
}

void draft_keep_shipped(struct draft *d)
{
    uint32_t *now = mem_array(d->n_assets + 1, sizeof *now);
    size_t n = 0, n_parts = 0;
    for (size_t i = 0; i < d->n_assets; i++) {
        now[i] = asset_type(d->assets[i].name) ? (uint32_t)n : ID_NONE;
        if (now[i] != ID_NONE)
            d->assets[n++] = d->assets[i];
    }
    d->n_assets = n;
    for (size_t i = 0; i < d->n_parts; i++)
        if (now[d->parts[i].asset] != ID_NONE) {
            d->parts[n_parts] = d->parts[i];
            d->parts[n_parts++].asset = now[d->parts[i].asset];
        }
    d->n_parts = n_parts;
    for (size_t i = 0; i < d->n_routes; i++)
        keep_route(&d->routes[i], now);
    /* Their numbers are others now. */
    if (d->n_by_name)
        memset(d->by_name, 0, d->n_by_name * sizeof *d->by_name);
    for (size_t i = 0; i < d->n_assets; i++)
        *place(d, d->assets[i].name) = (uint32_t)i + 1;
    free(now);
}

void draft_note(struct draft *d, const char *fmt, ...)
{
    struct strbuf text = {0};
    va_list ap;
    va_start(ap, fmt);
    strbuf_vprintf(&text, fmt, ap);
    va_end(ap);
    d->notes = mem_grow(d->notes, d->n_notes, &d->cap_notes, sizeof *d->notes);
    d->notes[d->n_notes++] = arena_strdup(d->arena, strbuf_text(&text));
    strbuf_free(&text);
}
