/* One module of a bundle, or one package: why it is here, what it takes, who imports it, what is used of it.
 */
#include <string.h>

#include "view/bundles/bundle.h"
#include "view/bundles/bundle_sections.h"
#include "view/shared/common.h"

enum { ROWS_MOST = 500 };

/* ---- what both show ---- */

static const struct column CHAIN[] = {{.key = "path",
                                       .title = "Module",
                                       .flags = COLUMN_LEFT | COLUMN_GROW | COLUMN_PATH,
                                       .width = 20,
                                       .help = "a module, then the one it imports"}};

static void chain_section(struct doc *d, const struct shown_build *x, const char *path)
{
    struct section *s = doc_table(d, "chain", "Why is it here", CHAIN, ARRAY_LEN(CHAIN));
    size_t n = 0;
    const char *const *chain = path ? import_chain(x->graph, path, x->arena, &n) : NULL;
    for (size_t i = 0; i < n; i++) {
        struct row *r = doc_row(d, &s->table);
        r->cells[0] = cell_text(chain[i]);
        r->copy = chain[i];
        r->dive = (struct dive){.view = "module", .arg = chain[i]};
    }
    s->note = n ? "a shortest chain of imports, from an entry on" : NULL;
    s->weight = 1;
    s->empty = x->graph->n ? "No chain of imports from an entry is known."
                           : "The description of the build does not say who imports it.";
}

static const char *how_text(int how)
{
    static const char *const names[] = {
        [IMPORT_UNKNOWN] = NULL,           [IMPORT_NAMED] = "import",    [IMPORT_ALL] = "import *",
        [IMPORT_REEXPORT] = "export from", [IMPORT_REQUIRE] = "require", [IMPORT_LAZY] = "import()"};
    return names[how];
}

enum { I_path, I_how, I_COLUMNS };
static const struct column IMPORTERS[I_COLUMNS] = {
    [I_path] = {.key = "path",
                .title = "Module",
                .flags = COLUMN_LEFT | COLUMN_GROW | COLUMN_PATH,
                .width = 20,
                .help = "the module that imports it"},
    [I_how] = {.key = "how",
               .title = "How",
               .flags = COLUMN_LEFT,
               .help = "import, import *, export from, require or import(); null: not known"},
};

/* Who imports modules that `is_it` accepts, from outside of them. */
static struct section *importers_section(struct doc *d, const struct shown_build *x, const char *what,
                                         bool (*is_it)(const char *path, const char *what))
{
    struct section *s = doc_table(d, "importers", "Imported by", IMPORTERS, I_COLUMNS);
    const struct import_graph *g = x->graph;
    size_t left = 0;
    for (uint32_t i = 0; i < g->n; i++)
        for (uint32_t e = g->first_importer[i];
             g->paths[i] && is_it(g->paths[i], what) && e < g->first_importer[i + 1]; e++) {
            const char *from = g->paths[g->importers[e].module];
            if (!from || is_it(from, what))
                continue;
            if (s->table.n_rows == ROWS_MOST) {
                left++;
                continue;
            }
            struct row *r = doc_row(d, &s->table);
            r->cells[I_path] = cell_text(from);
            r->cells[I_how] = cell_text(how_text(g->importers[e].how));
            r->copy = from;
            r->dive = (struct dive){.view = "module", .arg = from};
        }
    s->weight = 1;
    s->note = left ? doc_printf(d, "%zu more are not shown", left) : NULL;
    s->empty = g->n ? "Nothing imports it: it is an entry." : "The description of the build does not say.";
    return s;
}

enum { U_asset, U_minified_bytes, U_gzip_bytes, U_estimated, U_COLUMNS };
static const struct column USES[U_COLUMNS] = {
    [U_asset] = {.key = "asset",
                 .title = "File",
                 .flags = COLUMN_LEFT | COLUMN_GROW | COLUMN_PATH,
                 .width = 20,
                 .help = "a file that has it"},
    [U_minified_bytes] = {.key = "minified_bytes",
                          .title = "Minified",
                          .unit = UNIT_BYTES,
                          .help = "what it takes there"},
    [U_gzip_bytes] = {.key = "gzip_bytes",
                      .title = "Gzip",
                      .unit = UNIT_BYTES,
                      .help = "its share of the compressed file"},
    [U_estimated] = {.key = "estimated",
                     .title = "Estimate",
                     .flags = COLUMN_HIDDEN,
                     .help = "is it an estimate?"},
};

/* ---- a module ---- */

static bool is_path(const char *path, const char *what)
{
    return !strcmp(path, what);
}

static size_t uses_section(struct doc *d, struct shown_build *x, const char *path)
{
    struct section *s = doc_table(d, "rows", "What it takes", USES, U_COLUMNS);
    for (size_t i = 0; x->build && i < x->build->n_modules; i++) {
        const struct sd_bundle_module *m = &x->build->modules[shown_by_weight(x)[i]];
        if (strcmp(m->path, path) != 0)
            continue;
        struct row *r = doc_row(d, &s->table);
        r->cells[U_asset] = cell_text(x->build->assets[m->asset].name);
        r->cells[U_minified_bytes] = cell_int(m->minified_bytes);
        r->cells[U_gzip_bytes] = cell_int(m->gzip_bytes);
        r->cells[U_estimated] = cell_bool(m->estimated == 1);
    }
    s->empty = "It is in no file of the build.";
    return s->table.n_rows;
}

static void add_list(struct strbuf *b, const char *what, const struct sd_texts *list)
{
    enum { NAMES_MOST = 40 };
    for (uint32_t i = 0; list && i < MIN(list->n, NAMES_MOST); i++)
        strbuf_printf(b, "%s%s", i ? ", " : what, list->items[i] ? list->items[i] : "");
    if (list && list->n > NAMES_MOST)
        strbuf_printf(b, " and %u more", list->n - NAMES_MOST);
}

/* What the bundler says of its code, a line each. */
static void code_section(struct doc *d, const struct shown_build *x, const char *path)
{
    struct strbuf b = {0};
    const struct sd_bundle_code *c = NULL;
    for (size_t i = 0; x->build && i < x->build->n_codes && !c; i++)
        if (!strcmp(x->build->codes[i].path, path))
            c = &x->build->codes[i];
    for (size_t i = 0; i < x->n_findings; i++)
        if (str_eq(x->findings[i].path, path))
            strbuf_printf(&b, "%s\n%s\n", x->findings[i].message, x->findings[i].advice);
    if (c && c->es_module >= 0)
        strbuf_str(&b, c->es_module ? "It is an ES module." : "It is no ES module (CommonJS).");
    if (c && c->kept_for)
        strbuf_printf(&b, "\nIt has a side effect: %s", c->kept_for);
    if (c && c->side_effect_free >= 0)
        strbuf_printf(&b, "\nIts package says that it %s side effects.",
                      c->side_effect_free ? "has no" : "has");
    if (c)
        add_list(&b, "\nThe bundler says: ", c->bailouts);
    if (c && c->uses_all == 1)
        strbuf_str(&b, "\nAll of its exports are kept.");
    if (c)
        add_list(&b, "\nExports: ", c->provided);
    if (c)
        add_list(&b, "\nNothing uses: ", c->unused);
    if (b.len)
        doc_section(d, SECTION_TEXT, NULL, "Its code")->text = doc_text(d, b.text);
    strbuf_free(&b);
}

static const char *heaviest_path(struct shown_build *x)
{
    for (size_t i = 0; x->build && i < x->build->n_modules; i++)
        if (bundle_is_module(&x->build->modules[shown_by_weight(x)[i]]))
            return x->build->modules[shown_by_weight(x)[i]].path;
    return NULL;
}

static struct doc *nothing(struct doc *d, const struct view_ctx *c, const struct shown_build *x,
                           const char *what, const char *name)
{
    struct section *s = doc_table(d, "rows", "What it takes", USES, U_COLUMNS);
    if (x->build && name) {
        s->empty = doc_printf(d, "The build has no %s %s.", what, name);
        d->missing = doc_printf(d, "the build has no %s %s", what, name);
    } else {
        s->empty = shown_build_empty(d, c);
    }
    return d;
}

static struct doc *build_module(const struct view_ctx *c)
{
    struct shown_build *x = shown_build(c);
    const char *path = c->arg ? c->arg : heaviest_path(x);
    struct doc *d = doc_new("module", path ? path : "Module");
    doc_own(d, x, shown_build_free);
    shown_build_envelope(d, c, x);
    doc_field(d, "module", UNIT_NONE, cell_text(path ? doc_text(d, path) : NULL));
    if (!x->build || !path)
        return nothing(d, c, x, "module", path);
    bool known = uses_section(d, x, path) > 0 || import_graph_has(x->graph, path);
    if (!known)
        d->missing = doc_printf(d, "the build has no module %s", path);
    chain_section(d, x, path);
    importers_section(d, x, path, is_path);
    code_section(d, x, path);
    return d;
}

static const struct column MODULE_ALSO[] = {
    {.key = "module", .title = "Module", .help = "its path"},
    {.key = "chain", .title = "Chain", .help = "a shortest chain of imports from an entry to it"},
    {.key = "importers", .title = "Importers", .help = "who imports it: path, how"},
};

const struct view module_view = {
    .name = "module",
    .place = PLACE_PAGES,
    .title = "Module",
    .summary = "one module of a bundle: why it is here, who imports it, what is used of it",
    .about = "module",
    .needs = KINDS_BUNDLE,
    .made_of = KINDS_BUNDLE,
    .verb_bytes = (size_t)1 << 30,
    .build = build_module,
    .columns = USES,
    .n_columns = U_COLUMNS,
    .also = MODULE_ALSO,
    .n_also = ARRAY_LEN(MODULE_ALSO),
};

/* ---- a package ---- */

static bool is_of_package(const char *path, const char *package)
{
    size_t len = 0;
    const char *in = bundle_package_in(path, &len);
    return in && strlen(package) == len && !strncmp(in, package, len);
}

enum { S_path, S_asset, S_minified_bytes, S_gzip_bytes, S_COLUMNS };
static const struct column MEMBERS[S_COLUMNS] = {
    [S_path] = {.key = "path",
                .title = "Module",
                .flags = COLUMN_LEFT | COLUMN_GROW | COLUMN_PATH,
                .width = 20,
                .help = "a module of it"},
    [S_asset] = {.key = "asset",
                 .title = "File",
                 .flags = COLUMN_LEFT | COLUMN_PATH,
                 .priority = 1,
                 .help = "that has it"},
    [S_minified_bytes] = {.key = "minified_bytes",
                          .title = "Minified",
                          .unit = UNIT_BYTES,
                          .help = "what it takes there"},
    [S_gzip_bytes] = {.key = "gzip_bytes",
                      .title = "Gzip",
                      .unit = UNIT_BYTES,
                      .priority = 1,
                      .help = "its share of the compressed file"},
};

static const char *members_section(struct doc *d, struct shown_build *x, const char *package)
{
    struct section *s = doc_table(d, "rows", "Its modules", MEMBERS, S_COLUMNS);
    const char *first = NULL;
    size_t left = 0;
    for (size_t i = 0; i < x->build->n_modules; i++) {
        const struct sd_bundle_module *m = &x->build->modules[shown_by_weight(x)[i]];
        if (!bundle_is_module(m) || !str_eq(m->package, package))
            continue;
        first = first ? first : m->path;
        if (s->table.n_rows == ROWS_MOST) {
            left++;
            continue;
        }
        struct row *r = doc_row(d, &s->table);
        r->cells[S_path] = cell_text(m->path);
        r->cells[S_asset] = cell_text(x->build->assets[m->asset].name);
        r->cells[S_minified_bytes] = cell_int(m->minified_bytes);
        r->cells[S_gzip_bytes] = cell_int(m->gzip_bytes);
        r->copy = m->path;
        r->dive = (struct dive){.view = "module", .arg = m->path};
    }
    s->weight = 1;
    s->note = left ? doc_printf(d, "the largest; %zu more", left) : NULL;
    s->empty = "It is not in the build.";
    return first;
}

/* The findings about it, with what to do. */
static void package_findings(struct doc *d, const struct shown_build *x, const char *package)
{
    struct strbuf b = {0};
    for (size_t i = 0; i < x->n_findings; i++)
        if (str_eq(x->findings[i].package, package))
            strbuf_printf(&b, "%s%s\n%s", b.len ? "\n" : "", x->findings[i].message, x->findings[i].advice);
    if (b.len)
        doc_section(d, SECTION_TEXT, NULL, "What could be spared")->text = doc_text(d, b.text);
    strbuf_free(&b);
}

static const char *heaviest_package(const struct shown_build *x)
{
    for (size_t i = 0; i < x->n_packages; i++)
        if (*x->packages[i].name != '(')
            return x->packages[i].name;
    return NULL;
}

static struct doc *build_package(const struct view_ctx *c)
{
    struct shown_build *x = shown_build(c);
    const char *name = c->arg ? c->arg : heaviest_package(x);
    struct doc *d = doc_new("package", name ? name : "Package");
    doc_own(d, x, shown_build_free);
    shown_build_envelope(d, c, x);
    doc_field(d, "package", UNIT_NONE, cell_text(name ? doc_text(d, name) : NULL));
    if (!x->build || !name)
        return nothing(d, c, x, "package", name);
    package_findings(d, x, name);
    const char *first = members_section(d, x, name);
    if (!first)
        d->missing = doc_printf(d, "the build has no package %s", name);
    importers_section(d, x, name, is_of_package)->empty = "Nothing outside of it imports it.";
    chain_section(d, x, first);
    return d;
}

static const struct column PACKAGE_ALSO[] = {
    {.key = "package", .title = "Package", .help = "its name"},
    {.key = "chain",
     .title = "Chain",
     .help = "a shortest chain of imports from an entry to its largest module"},
    {.key = "importers", .title = "Importers", .help = "who imports it: path, how"},
};

const struct view package_view = {
    .name = "package",
    .place = PLACE_PAGES,
    .title = "Package",
    .summary = "one package of a bundle: its modules, who imports it, what could be spared",
    .about = "package",
    .needs = KINDS_BUNDLE,
    .made_of = KINDS_BUNDLE,
    .verb_bytes = (size_t)1 << 30,
    .build = build_package,
    .columns = MEMBERS,
    .n_columns = S_COLUMNS,
    .also = PACKAGE_ALSO,
    .n_also = ARRAY_LEN(PACKAGE_ALSO),
};
