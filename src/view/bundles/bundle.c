/* A build of a front end: what is shipped, of what it consists, and what could be spared. */
#include "view/bundles/bundle.h"

#include <string.h>

#include "view/bundles/bundle_boxes.h"
#include "view/bundles/bundle_sections.h"
#include "view/shared/common.h"

enum { ROWS_ON_PAPER = 15, LEVELS_ON_PAPER = 2 };

/* ---- the envelope ---- */

static const struct column SOURCES[] = {
    {.key = "path", .title = "Path", .help = "of the description or the folder"},
    {.key = "kind",
     .title = "Kind",
     .help = "webpack_stats, esbuild_metafile, rollup_visualizer, vite_build, next_build or assets"}};

static void add_sources(struct doc *d, const struct shown_build *x)
{
    struct table *t = doc_list(d, SOURCES, ARRAY_LEN(SOURCES));
    for (size_t i = 0; i < x->n; i++) {
        struct row *r = doc_row(d, t);
        r->cells[0] = cell_text(x->each[i]->head->path);
        r->cells[1] = cell_text(x->each[i]->head->build_kind);
    }
    doc_field(d, "sources", UNIT_NONE, cell_list(t));
}

#define TOTALS_OF(X)                                                                                         \
    X(assets, UNIT_COUNT, b ? (int64_t)b->n_assets : 0)                                                      \
    X(size_bytes, UNIT_BYTES, x->all.size)                                                                   \
    X(gzip_bytes, UNIT_BYTES, x->all.gzip)                                                                   \
    X(brotli_bytes, UNIT_BYTES, x->all.brotli)                                                               \
    X(modules, UNIT_COUNT, b && b->head->modules >= 0 ? b->head->modules : SD_UNKNOWN)                       \
    X(source_bytes, UNIT_BYTES, b && b->head->source_bytes >= 0 ? b->head->source_bytes : SD_UNKNOWN)

static void add_totals(struct doc *d, const struct shown_build *x)
{
#define TOTAL_COLUMN(name, unit_, value) {.key = #name, .title = #name, .unit = unit_, .help = #name},
    static const struct column columns[] = {TOTALS_OF(TOTAL_COLUMN)};
    const struct bundle_build *b = x->build;
#define TOTAL_CELL(name, unit, value) cell_int(value),
    const struct cell cells[] = {TOTALS_OF(TOTAL_CELL)};
    struct table *t = doc_list(d, columns, ARRAY_LEN(columns));
    memcpy(doc_row(d, t)->cells, cells, sizeof cells);
    t->is_object = true;
    doc_field(d, "totals", UNIT_NONE, cell_list(t));
}

/* ---- the picture ---- */

static const char *const COLOUR_NAMES[COLOURS] = {"package", "type", "change"};

static struct section *treemap_section(struct doc *d, const struct view_ctx *c, struct shown_build *x,
                                       bool change)
{
    struct section *s = doc_section(d, SECTION_BOXES, NULL, change ? "Treemap of the change" : "Treemap");
    int chosen = view_chosen(c, BUNDLE_COLOUR_CHOICE);
    enum bundle_colour colour = chosen > 0 && chosen < COLOURS ? (enum bundle_colour)chosen : COLOUR_PACKAGE;
    if (colour == COLOUR_CHANGE && !x->compared)
        colour = COLOUR_PACKAGE;
    s->weight = 3;
    s->kinds = KINDS_BUNDLE;
    s->empty = shown_build_empty(d, c);
    if (!x->build)
        return s;
    x->boxes = bundle_boxes_new(x, colour, change, c->key ? 0 : LEVELS_ON_PAPER);
    s->boxes = bundle_boxes_of(x->boxes);
    size_t without = bundle_boxes_without(x->boxes);
    s->empty = change ? "Nothing has changed." : "The description names no modules.";
    const char *left =
        without ? doc_printf(d, ", %zu module%s without bytes", without, without == 1 ? "" : "s") : "";
    if (change)
        s->note = doc_printf(d, "bytes added and removed%s",
                             without ? doc_printf(d, ", %zu modules are the same", without) : "");
    else
        s->note = doc_printf(d, "minified bytes, coloured by %s%s", COLOUR_NAMES[colour], left);
    return s;
}

/* ---- the documents ---- */

/* In the console what is looked up stands aside; on paper the largest come beside what programs read. */
static void add_tables(struct doc *d, const struct view_ctx *c, const struct shown_build *x)
{
    static struct section *(*const tables[])(struct doc *, const char *, const struct shown_build *,
                                             size_t) = {
        bundle_findings_section, bundle_duplicates_section, bundle_packages_section, bundle_routes_section,
        bundle_assets_section,   bundle_unused_section,     bundle_modules_section};
    static const char *const keys[] = {"findings", "duplicates",     "packages", "routes",
                                       "assets",   "unused_exports", "modules"};
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        struct section *s = tables[i](d, keys[i], x, 0);
        s->aside = !c->key || tables[i] != bundle_findings_section;
        s->kinds = KINDS_BUNDLE;
        if (!x->build)
            s->empty = shown_build_empty(d, c);
    }
    if (!c->key)
        d->focus = (int)d->n_sections - 1; /* CSV prints the modules */
    for (size_t i = 0; i < ARRAY_LEN(tables) && !c->key && x->build; i++)
        if (tables[i] != bundle_unused_section || x->build->n_codes)
            tables[i](d, NULL, x, ROWS_ON_PAPER);
}

/* On paper, where no row can be chosen: what to do, and what was left out. */
static void add_sentences(struct doc *d, const struct shown_build *x)
{
    struct strbuf b = {0};
    const struct sd_texts *notes = x->build->head->notes;
    for (size_t i = 0; i < MIN(x->n_findings, (size_t)ROWS_ON_PAPER); i++)
        strbuf_printf(&b, "%s%s %s", i ? "\n" : "", x->findings[i].message, x->findings[i].advice);
    if (b.len)
        doc_section(d, SECTION_TEXT, NULL, "What to do")->text = doc_text(d, b.text);
    strbuf_clear(&b);
    for (uint32_t i = 0; notes && i < notes->n; i++)
        strbuf_printf(&b, "%s%s", i ? "\n" : "", notes->items[i] ? notes->items[i] : "");
    if (b.len)
        doc_section(d, SECTION_TEXT, NULL, "Notes")->text = doc_text(d, b.text);
    strbuf_free(&b);
}

static struct doc *usual_doc(const struct view_ctx *c, struct shown_build *x)
{
    struct doc *d = doc_new("bundle", "Bundle");
    doc_own(d, x, shown_build_free);
    shown_build_envelope(d, c, x);
    add_sources(d, x);
    add_totals(d, x);
    if (c->key && x->build)
        bundle_limits_section(d, x);
    if (c->key || !x->build) {
        d->focus = (int)d->n_sections;
        treemap_section(d, c, x, false);
    }
    if (!c->key && x->build)
        bundle_limits_section(d, x);
    add_tables(d, c, x);
    if (!c->key && x->build) {
        treemap_section(d, c, x, false);
        add_sentences(d, x);
    }
    return d;
}

/* The treemap of the change, and what has changed in rows. */
static struct doc *comparison(const struct view_ctx *c, struct shown_build *x)
{
    struct doc *d = changed_doc(c, x);
    if (c->key) {
        d->focus = (int)d->n_sections;
        treemap_section(d, c, x, true);
    }
    changed_tables(d, c, x);
    return d;
}

/* The file that --select names, when it is none: a sentence. */
static const char *unknown_asset(struct doc *d, const struct shown_build *x, const char *name)
{
    for (size_t i = 0; x->build && i < x->build->n_assets; i++)
        if (!strcmp(x->build->assets[i].name, name))
            return NULL;
    return doc_printf(d, "the build has no file %s", name);
}

static struct doc *build_bundle(const struct view_ctx *c)
{
    struct shown_build *x = shown_build(c);
    const char *why = c->key ? NULL : view_chosen_text(c, BUNDLE_WHY_CHOICE);
    const char *size = c->key ? NULL : view_chosen_text(c, BUNDLE_LAYOUT_CHOICE);
    if (x->build && why)
        return why_doc(c, x, why);
    if (x->build && size)
        return layout_doc(c, x, size);
    if (x->compared)
        return comparison(c, x);
    struct doc *d = usual_doc(c, x);
    if (c->arg && !c->key && x->build)
        d->missing = unknown_asset(d, x, c->arg);
    return d;
}

static const struct column ALSO[] = {
    {.key = "sources", .title = "Sources", .help = "the builds: path, kind (webpack_stats ...)"},
    {.key = "totals",
     .title = "Totals",
     .help = "assets (how many), size_bytes, gzip_bytes, brotli_bytes, modules (each once), source_bytes"},
    {.key = "assets",
     .title = "Files",
     .help = "what is shipped: name, type, size_bytes, gzip_bytes, brotli_bytes, initial, source_bytes"},
    {.key = "packages",
     .title = "Packages",
     .help = "what each takes: name ((own), (rest)), modules, size_bytes, minified_bytes, gzip_bytes, "
             "brotli_bytes"},
    {.key = "duplicates",
     .title = "Duplicates",
     .help = "what is there more than once: package, module, versions, copies, wasted_bytes, importers"},
    {.key = "findings",
     .title = "Findings",
     .help = "what could be spared: kind, path, package, bytes, message, advice"},
    {.key = "routes",
     .title = "Routes",
     .help =
         "first load: name, entry, assets, js_size_bytes, js_gzip_bytes, js_brotli_bytes, css_size_bytes, "
         "css_gzip_bytes, css_brotli_bytes; with --baseline name, change, before_js_bytes, "
         "after_js_bytes, before_js_gzip_bytes, after_js_gzip_bytes. With --baseline also totals "
         "(before_bytes, after_bytes, before_gzip_bytes, after_gzip_bytes), assets (name, change, and "
         "the same four) and modules (path, package, change, moved, before_bytes, after_bytes, "
         "before_assets, after_assets)"},
    {.key = "unused_exports",
     .title = "Unused exports",
     .help = "own modules with exports that nothing uses: path, exports"},
    {.key = "path", .title = "Path", .help = "with --why: the module"},
    {.key = "chain", .title = "Chain", .help = "with --why: a shortest chain of imports from an entry to it"},
    {.key = "width", .title = "Width", .help = "with --treemap: of the layout"},
    {.key = "height", .title = "Height", .help = "with --treemap: of the layout"},
    {.key = "omitted", .title = "Omitted", .help = "with --treemap: rows of 0 bytes, which have no cell"},
    {.key = "cells",
     .title = "Cells",
     .help =
         "with --treemap: path, asset, size_bytes (minified), x0, y0, x1, y1, in the order of the layout"},
};

const struct view bundle_view = {
    .name = "bundle",
    .aliases = "bundles",
    .place = PLACE_PAGES,
    .title = "Bundle",
    .summary = "what a front end ships: a treemap, what is there twice, what could be spared",
    .lists = NULL,
    .needs = KINDS_BUNDLE,
    .made_of = KINDS_BUNDLE,
    .compares = true,
    .verb_bytes = (size_t)1 << 30,
    .build = build_bundle,
    .actions = BUNDLE_ACTIONS,
    .worst = bundle_worst,
    .figures = bundle_figures,
    .linked = bundle_linked,
    .columns = BUNDLE_MODULES,
    .n_columns = 10,
    .rows = "modules",
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
