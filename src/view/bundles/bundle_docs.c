/* The other documents of the view `bundle`: how a module came in, and a flat layout for programs. */
#include <stdlib.h>
#include <string.h>

#include "core/bundles/module_cells.h"
#include "view/bundles/bundle_sections.h"
#include "view/shared/common.h"

/* ---- why is it here ---- */

static bool is_in_build(const struct shown_build *x, const char *path)
{
    for (size_t i = 0; i < x->build->n_modules; i++)
        if (!strcmp(x->build->modules[i].path, path))
            return true;
    return import_graph_has(x->graph, path);
}

static const char *no_chain(struct doc *d, const struct shown_build *x, const char *path)
{
    if (!is_in_build(x, path))
        return doc_printf(d, "the build has no module %s", path);
    if (!x->graph->n)
        return doc_printf(d, "the description of the build does not say who imports %s", path);
    return doc_printf(d, "no chain of imports from an entry to %s is known", path);
}

struct doc *why_doc(const struct view_ctx *c, struct shown_build *x, const char *path)
{
    static const struct column columns[] = {{.key = "path",
                                             .title = "Imported from the entry on",
                                             .flags = COLUMN_LEFT | COLUMN_GROW,
                                             .help = "a module, then the one it imports"}};
    struct doc *d = doc_new("bundle", "Why is it here");
    size_t n = 0;
    doc_own(d, x, shown_build_free);
    shown_build_envelope(d, c, x);
    doc_field(d, "path", UNIT_NONE, cell_text(path));
    const char *const *chain = import_chain(x->graph, path, x->arena, &n);
    doc_field(d, "chain", UNIT_NONE, cell_list(shown_texts(d, chain, n)));
    struct section *s = doc_table(d, NULL, "Why is it here", columns, ARRAY_LEN(columns));
    s->empty = "No chain is known.";
    for (size_t i = 0; i < n; i++)
        doc_row(d, &s->table)->cells[0] = cell_text(chain[i]);
    if (!n)
        d->missing = no_chain(d, x, path);
    return d;
}

/* ---- a layout ---- */

bool layout_size(const char *text, double *width, double *height, struct sd_error *err)
{
    enum { MOST = 1000000 };
    char *end = NULL;
    long w = text ? strtol(text, &end, 10) : 0;
    long h = end && end != text && (*end == 'x' || *end == 'X') ? strtol(end + 1, &end, 10) : 0;
    *width = (double)w;
    *height = (double)h;
    return (end && !*end && w > 0 && h > 0 && w <= MOST && h <= MOST) ||
           fail(err, "--treemap %s is no size; write WIDTHxHEIGHT, such as 120x40", text ? text : "");
}

enum { L_path, L_asset, L_size_bytes, L_x0, L_y0, L_x1, L_y1, L_COLUMNS };
static const struct column LAYOUT[L_COLUMNS] = {
    [L_path] = {.key = "path", .title = "Module", .flags = COLUMN_LEFT | COLUMN_GROW, .help = "its path"},
    [L_asset] = {.key = "asset", .title = "File", .flags = COLUMN_LEFT, .help = "the file that has it"},
    [L_size_bytes] = {.key = "size_bytes",
                      .title = "Size",
                      .unit = UNIT_BYTES,
                      .help = "minified: its weight"},
    [L_x0] = {.key = "x0", .title = "x0", .help = "its left edge"},
    [L_y0] = {.key = "y0", .title = "y0", .help = "its upper edge; y grows downward"},
    [L_x1] = {.key = "x1", .title = "x1", .help = "its right edge"},
    [L_y1] = {.key = "y1", .title = "y1", .help = "its lower edge"},
};

/* The number of the file; -1: of all is asked. False: there is none of that name. */
static bool asset_named(const struct shown_build *x, const char *name, int64_t *asset)
{
    *asset = -1;
    for (size_t i = 0; name && i < x->build->n_assets; i++)
        if (!strcmp(x->build->assets[i].name, name))
            *asset = (int64_t)i;
    return !name || *asset >= 0;
}

struct doc *layout_doc(const struct view_ctx *c, struct shown_build *x, const char *size)
{
    struct doc *d = doc_new("bundle", "Treemap");
    struct sd_error err = {""};
    double width, height;
    int64_t asset;
    size_t n = 0, omitted = 0;
    doc_own(d, x, shown_build_free);
    shown_build_envelope(d, c, x);
    if (!layout_size(size, &width, &height, &err))
        d->missing = doc_text(d, err.text);
    if (!asset_named(x, c->arg, &asset))
        d->missing = doc_printf(d, "the build has no file %s", c->arg);
    const struct bundle_cell *cells =
        d->missing ? NULL : bundle_cells(x->build, asset, width, height, x->arena, &n, &omitted);
    doc_field(d, "width", UNIT_NONE, cell_real(width));
    doc_field(d, "height", UNIT_NONE, cell_real(height));
    doc_field(d, "omitted", UNIT_COUNT, cell_int((int64_t)omitted));
    struct section *s = doc_table(d, "cells", "Treemap", LAYOUT, L_COLUMNS);
    s->empty = "Nothing has bytes.";
    for (size_t i = 0; i < n; i++) {
        struct row *r = doc_row(d, &s->table);
        r->cells[L_path] = cell_text(cells[i].m->path);
        r->cells[L_asset] = cell_text(x->build->assets[cells[i].m->asset].name);
        r->cells[L_size_bytes] = cell_int(cells[i].m->minified_bytes);
        r->cells[L_x0] = cell_real(cells[i].r.x0);
        r->cells[L_y0] = cell_real(cells[i].r.y0);
        r->cells[L_x1] = cell_real(cells[i].r.x1);
        r->cells[L_y1] = cell_real(cells[i].r.y1);
    }
    return d;
}
