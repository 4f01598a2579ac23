/* bundle_records.c - a measured build as records. */
#include <stdlib.h>
#include <string.h>

#include "core/schema.h"
#include "format/bundles/asset_type.h"
#include "source/bundle/bundle_measure.h"

struct out {
    const struct sd_host *host;
    struct sd_batch *b;
    const struct draft *d;
    const struct bundle_measured *m;
    bool full;
};

static void put(struct out *o, enum sd_kind kind, const void *record)
{
    o->full = o->full || !o->host->add(o->b, kind, record);
}

static struct sd_texts texts(const char *const *items, size_t n)
{
    return (struct sd_texts){.n = (uint32_t)n, .items = items};
}

static uint64_t key(const char *text)
{
    return str_hash(text, strlen(text));
}

/* ---- the build ---- */

/* Modules that the description gives, which are in an asset. */
static void count_described(const struct draft *d, struct sd_bundle *r)
{
    bool *in = mem_array(d->n_modules + 1, 1);
    r->modules = 0;
    for (size_t i = 0; i < d->n_parts; i++) {
        const struct draft_module *m = &d->modules[d->parts[i].module];
        if (m->runtime || in[d->parts[i].module])
            continue;
        in[d->parts[i].module] = true;
        r->modules++;
        if (m->size_bytes != SD_UNKNOWN)
            r->source_bytes = MAX(r->source_bytes, (int64_t)0) + m->size_bytes;
    }
    free(in);
}

/* Sources that the maps name. */
static void count_mapped(const struct bundle_measured *m, struct sd_bundle *r)
{
    struct id_table seen = {0};
    for (size_t a = 0; a < m->n_assets; a++)
        for (size_t i = 0; i < m->assets[a].rows.n; i++)
            if (str_eq(m->assets[a].rows.rows[i].part, "module"))
                id_table_put(&seen, key(m->assets[a].rows.rows[i].path), 0);
    if (seen.n)
        r->modules = (int64_t)seen.n;
    id_table_free(&seen);
}

static void put_build(struct out *o, const char *shown, bool final, bool with_code)
{
    const struct draft *d = o->d;
    struct sd_bundle r;
    const char **notes = mem_array(d->n_notes + 1, sizeof *notes);
    size_t n = 0;
    for (size_t i = 0; i < d->n_notes; i++)
        notes[n++] = d->notes[i];
    if (!with_code)
        notes[n++] = "The build is so large that what its stats say of the code of each module is left out.";
    struct sd_texts list = texts(notes, n);
    schema_clear(schema_of(SD_BUNDLE), &r);
    r.path = shown;
    r.build_kind = d->build_kind;
    r.measured = final;
    r.notes = &list;
    r.targets = o->m->targets;
    if (d->n_modules)
        count_described(d, &r);
    else
        count_mapped(o->m, &r);
    put(o, SD_BUNDLE, &r);
    free(notes);
}

/* ---- assets, and what they are made of ---- */

static int64_t sources_of(const struct asset_output *rows)
{
    int64_t sum = SD_UNKNOWN;
    for (size_t i = 0; i < rows->n; i++)
        if (rows->rows[i].size_bytes != SD_UNKNOWN)
            sum = MAX(sum, (int64_t)0) + rows->rows[i].size_bytes;
    return sum;
}

static void put_asset(struct out *o, size_t i)
{
    const struct measured_asset *m = &o->m->assets[i];
    struct sd_bundle_asset r;
    schema_clear(schema_of(SD_BUNDLE_ASSET), &r);
    r.name = o->d->assets[i].name;
    r.type = asset_type(r.name);
    r.size_bytes = m->rows.size_bytes;
    r.gzip_bytes = m->gzip_bytes;
    r.brotli_bytes = m->brotli_bytes;
    r.initial = o->d->assets[i].initial;
    r.source_bytes = sources_of(&m->rows);
    if (m->image.format) {
        r.format = m->image.format;
        r.width = m->image.width;
        r.height = m->image.height;
    } else if (m->font.format) {
        r.format = m->font.format;
        r.glyphs = m->font.glyphs;
        r.font_display = m->font_display;
    }
    put(o, SD_BUNDLE_ASSET, &r);
}

static void put_rows(struct out *o, size_t asset)
{
    const struct asset_output *rows = &o->m->assets[asset].rows;
    for (size_t i = 0; i < rows->n && !o->full; i++) {
        const struct asset_row *row = &rows->rows[i];
        struct sd_bundle_module r = {.asset = (int64_t)asset,
                                     .path = row->path,
                                     .package = row->package,
                                     .part = row->part,
                                     .size_bytes = row->size_bytes,
                                     .minified_bytes = row->minified_bytes,
                                     .gzip_bytes = row->gzip_bytes,
                                     .brotli_bytes = row->brotli_bytes,
                                     .estimated = row->estimated,
                                     .ignored = row->ignored};
        put(o, SD_BUNDLE_MODULE, &r);
    }
}

static void put_route(struct out *o, const struct draft_route *route)
{
    int64_t *assets = mem_array(route->n_assets + 1, sizeof *assets);
    for (size_t i = 0; i < route->n_assets; i++)
        assets[i] = route->assets[i];
    struct sd_ints list = {.n = (uint32_t)route->n_assets, .items = assets};
    struct sd_bundle_route r = {.name = route->name, .entry = route->entry, .assets = &list};
    put(o, SD_BUNDLE_ROUTE, &r);
    free(assets);
}

/* ---- versions ---- */

static void put_package(struct out *o, const char *name, struct id_table *seen)
{
    size_t n;
    if (!name || id_table_get(seen, key(name)) != ID_NONE)
        return;
    id_table_put(seen, key(name), 0);
    const struct package_version *first = package_lock_find(&o->m->versions, name, &n);
    if (!first)
        return;
    const char **versions = mem_array(n, sizeof *versions);
    for (size_t i = 0; i < n; i++)
        versions[i] = first[i].version;
    struct sd_texts list = texts(versions, n);
    put(o, SD_BUNDLE_PACKAGE, &(struct sd_bundle_package){.name = name, .versions = &list});
    free(versions);
}

static void put_packages(struct out *o)
{
    struct id_table seen = {0};
    for (size_t a = 0; a < o->m->n_assets; a++)
        for (size_t i = 0; i < o->m->assets[a].rows.n; i++)
            put_package(o, o->m->assets[a].rows.rows[i].package, &seen);
    id_table_free(&seen);
}

/* ---- imports ---- */

/* Modules of one path are one. */
struct nodes {
    struct id_table numbers;
    const char **paths;
    size_t n, cap;
};

static int64_t node(struct nodes *all, const char *path)
{
    uint32_t i = id_table_get(&all->numbers, key(path));
    if (i != ID_NONE)
        return i;
    all->paths = mem_grow(all->paths, all->n, &all->cap, sizeof *all->paths);
    all->paths[all->n] = path;
    id_table_put(&all->numbers, key(path), (uint32_t)all->n);
    return (int64_t)all->n++;
}

static size_t collect_entries(const struct draft *d, struct nodes *all, int64_t *entries)
{
    struct id_table seen = {0};
    size_t n = 0;
    for (size_t i = 0; i < d->n_entries; i++) {
        int64_t at = node(all, d->modules[d->entries[i]].path);
        if (id_table_get(&seen, (uint64_t)at) == ID_NONE)
            entries[n++] = at;
        id_table_put(&seen, (uint64_t)at, 0);
    }
    id_table_free(&seen);
    return n;
}

static void put_imports(struct out *o)
{
    const struct draft *d = o->d;
    struct nodes all = {0};
    struct id_table pairs = {0};
    int64_t *lists[4];
    size_t n = 0;
    if (!d->n_imports && !d->n_entries)
        return;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        lists[i] = mem_array(MAX(d->n_imports, d->n_entries) + 1, sizeof *lists[i]);
    size_t n_entries = collect_entries(d, &all, lists[3]);
    for (size_t i = 0; i < d->n_imports; i++) {
        int64_t from = node(&all, d->modules[d->imports[i].importer].path),
                to = node(&all, d->modules[d->imports[i].imported].path);
        uint64_t pair = (uint64_t)from << 32 | (uint64_t)to;
        if (from == to || id_table_get(&pairs, pair) != ID_NONE)
            continue;
        id_table_put(&pairs, pair, 0);
        lists[0][n] = from;
        lists[1][n] = to;
        lists[2][n++] = d->imports[i].how;
    }
    struct sd_texts modules = texts(all.paths, all.n);
    struct sd_ints importers = {.n = (uint32_t)n, .items = lists[0]},
                   imported = {.n = (uint32_t)n, .items = lists[1]},
                   how = {.n = (uint32_t)n, .items = lists[2]},
                   entries = {.n = (uint32_t)n_entries, .items = lists[3]};
    put(o, SD_BUNDLE_IMPORTS,
        &(struct sd_bundle_imports){.modules = &modules,
                                    .entries = &entries,
                                    .importers = &importers,
                                    .imported = &imported,
                                    .how = &how});
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        free(lists[i]);
    free(all.paths);
    id_table_free(&all.numbers);
    id_table_free(&pairs);
}

/* ---- code ---- */

/* Of a package's modules only what could be spared is told. */
static bool worth_telling(const struct sd_bundle_code *c)
{
    return c->path && (!c->package || (c->es_module == 0 && c->imported_by_es == 1) || c->uses_all == 1 ||
                       (c->unused && c->unused->n) || c->kept_for);
}

static void put_codes(struct out *o)
{
    struct id_table seen = {0};
    for (size_t i = 0; i < o->d->n_parts && !o->full; i++) {
        const struct draft_module *m = &o->d->modules[o->d->parts[i].module];
        if (m->runtime || !worth_telling(&m->code) || id_table_get(&seen, key(m->path)) != ID_NONE)
            continue;
        id_table_put(&seen, key(m->path), 0);
        put(o, SD_BUNDLE_CODE, &m->code);
    }
    id_table_free(&seen);
}

bool bundle_add_records(const struct sd_host *host, struct sd_batch *b, const char *shown,
                        const struct draft *d, const struct bundle_measured *m, bool final, bool with_code)
{
    struct out o = {.host = host, .b = b, .d = d, .m = m};
    put_build(&o, shown, final, with_code);
    for (size_t i = 0; i < m->n_assets; i++)
        put_asset(&o, i);
    for (size_t i = 0; i < m->n_assets; i++)
        put_rows(&o, i);
    for (size_t i = 0; i < d->n_routes; i++)
        put_route(&o, &d->routes[i]);
    put_packages(&o);
    put_imports(&o);
    if (with_code)
        put_codes(&o);
    return !o.full;
}
