/* Own modules of which more is kept than is used. What the bundler says is quoted. */
#include <string.h>

#include "core/bundles/finding_rules.h"

/* Runs over the own modules that are in the build. */
static const struct sd_bundle_code *next_own(const struct finding_run *f, size_t *i)
{
    while (*i < f->build->n_codes) {
        const struct sd_bundle_code *c = &f->build->codes[(*i)++];
        if (!c->package && name_index_find(&f->own, c->path) != NAME_NONE)
            return c;
    }
    return NULL;
}

/* "; the bundler says: CommonJS bailout: ..." */
static const char *in_its_words(const struct finding_run *f, const struct sd_bundle_code *c)
{
    const char *text = c->bailouts && c->bailouts->n ? c->bailouts->items[0] : NULL;
    return text && *text ? arena_printf(f->a, "; the bundler says: %.200s", text) : "";
}

void find_commonjs(struct finding_run *f)
{
    const struct sd_bundle_code *c;
    for (size_t i = 0; (c = next_own(f, &i));)
        if (c->es_module == 0 && c->imported_by_es == 1)
            finding_add(f,
                        (struct bundle_finding){
                            .path = c->path,
                            .bytes = finding_bytes(f, c->path),
                            .message = arena_printf(f->a,
                                                    "%s is a CommonJS module that ES modules import: all "
                                                    "of it is kept%s.",
                                                    c->path, in_its_words(f, c)),
                            .advice = "Write export instead of module.exports and exports.NAME, and import "
                                      "what is used by name."});
}

enum { KNOWN = 1, IMPORTED = 2 };

/* Of each path: is it known who imports it, and does anybody in another way than import()? Exports of what is
 * loaded with import() are all kept as well, and those of an entry: only others can be imported by name
 * instead. Where nothing is known of its imports the bundler's word counts. */
static const uint8_t *how_imported(const struct finding_run *f)
{
    const struct import_graph *g = f->graph;
    const uint32_t *path = f->build->import_path_of;
    uint8_t *out = arena_alloc(f->a, f->build->n_paths + 1);
    bool any = g->n && g->first_importer[g->n] > 0;
    for (size_t i = 0; any && i < g->n_entries; i++)
        out[path[g->entries[i]]] |= KNOWN;
    for (uint32_t i = 0; i < g->n; i++)
        for (uint32_t e = g->first_importer[i]; e < g->first_importer[i + 1]; e++)
            out[path[i]] |= KNOWN | (g->importers[e].how != IMPORT_LAZY ? IMPORTED : 0);
    return out;
}

void find_namespace_import(struct finding_run *f)
{
    const struct sd_bundle_code *c;
    const uint8_t *how = how_imported(f);
    for (size_t i = 0; (c = next_own(f, &i));)
        if (c->es_module == 1 && c->uses_all == 1 &&
            how[f->own_path[name_index_find(&f->own, c->path)]] != KNOWN)
            finding_add(f,
                        (struct bundle_finding){
                            .path = c->path,
                            .bytes = finding_bytes(f, c->path),
                            .message = arena_printf(f->a,
                                                    "All exports of %s are kept, since it is imported as a "
                                                    "whole (import *) and used as an object%s.",
                                                    c->path, in_its_words(f, c)),
                            .advice = "Import by name: import { a, b } from it, instead of import * as x; "
                                      "do not pass the object on."});
}

void find_barrel(struct finding_run *f)
{
    const struct sd_bundle_code *c;
    for (size_t i = 0; (c = next_own(f, &i));)
        if (c->reexports >= BUNDLE_LIMIT[BUNDLE_BARREL])
            finding_add(f, (struct bundle_finding){
                               .path = c->path,
                               .bytes = finding_bytes(f, c->path),
                               .message = arena_printf(f->a,
                                                       "%s takes %lld exports from other modules (a barrel "
                                                       "file): who imports one of them meets them all%s.",
                                                       c->path, (long long)c->reexports, in_its_words(f, c)),
                               .advice = "Import from the module that has the code; with \"sideEffects\": "
                                         "false in package.json the bundler passes over the barrel."});
}

void find_side_effects(struct finding_run *f)
{
    const struct sd_bundle_code *c;
    for (size_t i = 0; (c = next_own(f, &i));)
        if (c->used == 0 && c->kept_for && c->reexported == 1)
            finding_add(f,
                        (struct bundle_finding){
                            .path = c->path,
                            .bytes = finding_bytes(f, c->path),
                            .message = arena_printf(f->a,
                                                    "No export of %s is used; it is kept for a side effect "
                                                    "at its top level: %.200s%s.",
                                                    c->path, c->kept_for, in_its_words(f, c)),
                            .advice = "List it as free of side effects (\"sideEffects\" in package.json), "
                                      "or move that code into a function; /*#__PURE__*/ before a call says "
                                      "that it has none."});
}
