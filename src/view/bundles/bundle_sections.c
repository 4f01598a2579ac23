#include "view/bundles/bundle_sections.h"

#include <string.h>

#include "core/bundles/first_load.h"
#include "core/table.h"

/* X(key, title, unit, flags, priority, help) */
#define COLUMN(key_, title_, unit_, flags_, priority_, help_)                                                \
    {.key = #key_,                                                                                           \
     .title = title_,                                                                                        \
     .unit = unit_,                                                                                          \
     .flags = flags_,                                                                                        \
     .priority = priority_,                                                                                  \
     .help = help_,                                                                                          \
     .width = ((flags_)&COLUMN_GROW) ? 20 : 0},
#define NUMBER(prefix, key) prefix##_##key,

/* ---- modules: by number, there may be 100,000 ---- */

#define MODULES_OF(X)                                                                                        \
    X(path, "Module", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW | COLUMN_PATH, 0,                                 \
      "its path, from the first node_modules folder on; (glue) is the bundler's own code")                   \
    X(package, "Package", UNIT_NONE, COLUMN_LEFT, 3, "the package it is of; null: own code")                 \
    X(asset, "File", UNIT_NONE, COLUMN_LEFT | COLUMN_PATH, 2, "the file that has it")                        \
    X(kind, "Kind", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 6,                                               \
      "module; asset: nobody can look into it; glue, unmapped, no_source, line_ends, map_comment")           \
    X(size_bytes, "Source", UNIT_BYTES, 0, 4, "of its source, as the bundler gives it")                      \
    X(minified_bytes, "Minified", UNIT_BYTES, 0, 0,                                                          \
      "in the file; over a file they add up to its size, as the compressed ones do")                         \
    X(gzip_bytes, "Gzip", UNIT_BYTES, 0, 1, "its share of the compressed file")                              \
    X(brotli_bytes, "Brotli", UNIT_BYTES, 0, 5, "likewise")                                                  \
    X(estimated, "Estimate", UNIT_NONE, COLUMN_HIDDEN, 6, "are its minified bytes an estimate?")             \
    X(ignored, "Ignored", UNIT_NONE, COLUMN_HIDDEN, 6, "is it in the ignore list of the source map?")
#define M_ENUM(key, title, unit, flags, priority, help) NUMBER(M, key)
enum { MODULES_OF(M_ENUM) M_COLUMNS };
const struct column BUNDLE_MODULES[M_COLUMNS] = {MODULES_OF(COLUMN)};
const size_t BUNDLE_N_MODULES = M_COLUMNS;

static void module_row(void *ctx, size_t i, struct row *r)
{
    struct shown_build *x = ctx;
    const struct sd_bundle_module *m = &x->build->modules[shown_by_weight(x)[i]];
    r->cells[M_path] = cell_text(m->path);
    r->cells[M_package] = cell_text(m->package);
    r->cells[M_asset] = cell_text(x->build->assets[m->asset].name);
    r->cells[M_kind] = cell_text(m->part);
    r->cells[M_size_bytes] = cell_int(m->size_bytes);
    r->cells[M_minified_bytes] = cell_int(m->minified_bytes);
    r->cells[M_gzip_bytes] = cell_int(m->gzip_bytes);
    r->cells[M_brotli_bytes] = cell_int(m->brotli_bytes);
    r->cells[M_estimated] = cell_bool(m->estimated == 1);
    r->cells[M_ignored] = cell_bool(m->ignored == 1);
    r->copy = m->path;
    if (bundle_is_module(m))
        r->dive = (struct dive){.view = "module", .arg = m->path};
}

/* The same row of the same build, so that a cursor stays while other sources bring data. */
static uint64_t module_identity(void *ctx, size_t i)
{
    struct shown_build *x = ctx;
    return (uint64_t)shown_by_weight(x)[i] + 1;
}

static const struct table_source MODULE_ROWS = {.row = module_row, .identity = module_identity};

struct section *bundle_modules_section(struct doc *d, const char *key, const struct shown_build *x,
                                       size_t most)
{
    struct section *s = doc_table(d, key, "Modules", BUNDLE_MODULES, M_COLUMNS);
    size_t n = x->build ? x->build->n_modules : 0;
    s->weight = 1;
    s->empty = "The description names no modules.";
    if (n)
        doc_rows(d, &s->table, &MODULE_ROWS, (void *)(uintptr_t)x, most ? MIN(n, most) : n);
    if (most && n > most)
        s->note = doc_printf(d, "the %zu largest of %zu", most, n);
    return s;
}

/* ---- assets ---- */

#define ASSETS_OF(X)                                                                                         \
    X(name, "File", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW | COLUMN_PATH, 0,                                   \
      "its path below the build folder")                                                                     \
    X(type, "Type", UNIT_NONE, COLUMN_LEFT, 2, "js, css, image, font, html or wasm")                         \
    X(size_bytes, "Size", UNIT_BYTES, 0, 0, "of the file")                                                   \
    X(gzip_bytes, "Gzip", UNIT_BYTES, 0, 0, "compressed with zlib, level 9; null: the file is not there")    \
    X(brotli_bytes, "Brotli", UNIT_BYTES, 0, 1, "compressed with brotli, quality 11; null: likewise")        \
    X(initial, "First", UNIT_NONE, 0, 3, "is it loaded with an entry? null: not known")                      \
    X(source_bytes, "Source", UNIT_BYTES, 0, 4, "of the sources of its modules; null: not known")            \
    X(is, "Is", UNIT_NONE, COLUMN_LEFT | COLUMN_NO_JSON, 3, "of an image or a font: format, pixels, glyphs")
#define A_ENUM(key, title, unit, flags, priority, help) NUMBER(A, key)
enum { ASSETS_OF(A_ENUM) A_COLUMNS };
const struct column BUNDLE_ASSETS[A_COLUMNS] = {ASSETS_OF(COLUMN)};
const size_t BUNDLE_N_ASSETS = A_COLUMNS;

/* "png, 1200 x 800", "woff2, 300 glyphs, font-display: swap". NULL: nothing is known. */
static const char *file_facts(struct doc *d, const struct sd_bundle_asset *f)
{
    struct strbuf b = {0};
    if (f->format)
        strbuf_str(&b, f->format);
    if (f->width > 0 && f->height > 0)
        strbuf_printf(&b, "%s%lld x %lld", b.len ? ", " : "", (long long)f->width, (long long)f->height);
    if (f->glyphs > 0)
        strbuf_printf(&b, "%s%lld glyphs", b.len ? ", " : "", (long long)f->glyphs);
    if (f->font_display)
        strbuf_printf(&b, "%sfont-display: %s", b.len ? ", " : "", f->font_display);
    const char *text = b.len ? doc_text(d, b.text) : NULL;
    strbuf_free(&b);
    return text;
}

struct section *bundle_assets_section(struct doc *d, const char *key, const struct shown_build *x,
                                      size_t most)
{
    struct section *s = doc_table(d, key, "Files", BUNDLE_ASSETS, A_COLUMNS);
    size_t n = x->build ? x->build->n_assets : 0;
    for (size_t i = 0; i < n; i++) {
        const struct sd_bundle_asset *f = &x->build->assets[i];
        struct row *r = doc_row(d, &s->table);
        r->cells[A_name] = cell_text(f->name);
        r->cells[A_type] = cell_text(f->type);
        r->cells[A_size_bytes] = cell_int(f->size_bytes);
        r->cells[A_gzip_bytes] = cell_int(f->gzip_bytes);
        r->cells[A_brotli_bytes] = cell_int(f->brotli_bytes);
        r->cells[A_initial] = shown_flag(f->initial);
        r->cells[A_source_bytes] = cell_int(f->source_bytes);
        r->cells[A_is] = cell_text(file_facts(d, f));
        r->copy = f->name;
        if (!strcmp(f->type, "js") && f->gzip_bytes > LIMIT_SCRIPT)
            r->severity = SEVERITY_WARN;
    }
    s->weight = 1;
    s->empty = "The build has no files that are shipped.";
    table_sort(&s->table, A_size_bytes, true);
    if (most && n > most) {
        table_limit(&s->table, most);
        s->note = doc_printf(d, "the %zu largest of %zu", most, n);
    }
    return s;
}

/* ---- packages ---- */

#define PACKAGES_OF(X)                                                                                       \
    X(name, "Package", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0,                                              \
      "(own): own code; (rest): what is of no module; together they are all of the files")                   \
    X(modules, "Modules", UNIT_COUNT, 0, 2, "of it in the build, with different paths")                      \
    X(size_bytes, "Source", UNIT_BYTES, 0, 3, "of their sources, each once")                                 \
    X(minified_bytes, "Minified", UNIT_BYTES, 0, 0, "in all files")                                          \
    X(gzip_bytes, "Gzip", UNIT_BYTES, 0, 1, "its share of the compressed files")                             \
    X(brotli_bytes, "Brotli", UNIT_BYTES, 0, 4, "likewise")                                                  \
    X(share, "Share", UNIT_SHARE, COLUMN_BAR | COLUMN_NO_JSON, 1, "of the minified bytes of all files")
#define P_ENUM(key, title, unit, flags, priority, help) NUMBER(P, key)
enum { PACKAGES_OF(P_ENUM) P_COLUMNS };
const struct column BUNDLE_PACKAGES[P_COLUMNS] = {PACKAGES_OF(COLUMN)};
const size_t BUNDLE_N_PACKAGES = P_COLUMNS;

struct section *bundle_packages_section(struct doc *d, const char *key, const struct shown_build *x,
                                        size_t most)
{
    struct section *s = doc_table(d, key, "Packages", BUNDLE_PACKAGES, P_COLUMNS);
    size_t n = most ? MIN(x->n_packages, most) : x->n_packages;
    int64_t all = 0;
    for (size_t i = 0; i < x->n_packages; i++)
        all = bundle_sum(all, x->packages[i].bytes.minified);
    for (size_t i = 0; i < n; i++) {
        const struct bundle_package_use *p = &x->packages[i];
        struct row *r = doc_row(d, &s->table);
        r->cells[P_name] = cell_text(p->name);
        r->cells[P_modules] = cell_int(p->modules);
        r->cells[P_size_bytes] = cell_int(p->bytes.size);
        r->cells[P_minified_bytes] = cell_int(p->bytes.minified);
        r->cells[P_gzip_bytes] = cell_int(p->bytes.gzip);
        r->cells[P_brotli_bytes] = cell_int(p->bytes.brotli);
        if (all > 0 && p->bytes.minified >= 0)
            r->cells[P_share] = cell_real((double)p->bytes.minified / (double)all);
        r->copy = p->name;
        if (*p->name != '(')
            r->dive = (struct dive){.view = "package", .arg = p->name};
    }
    s->weight = 1;
    s->empty = "Nothing is known of packages.";
    s->table.sort_column = P_minified_bytes;
    s->table.sort_reverse = true;
    if (n < x->n_packages)
        s->note = doc_printf(d, "the %zu largest of %zu", n, x->n_packages);
    return s;
}

/* ---- duplicates ---- */

#define DUPLICATES_OF(X)                                                                                     \
    X(package, "Package", UNIT_NONE, COLUMN_LEFT, 0, "that is there more than once; null: own code")         \
    X(module, "Module", UNIT_NONE, COLUMN_LEFT | COLUMN_PATH, 1, "of own code its path; else null")          \
    X(versions, "Versions", UNIT_NONE, COLUMN_LEFT, 2,                                                       \
      "from the lock file beside the build; empty: not known")                                               \
    X(copies, "Copies", UNIT_COUNT, 0, 0, "different pairs of its folder and a file")                        \
    X(wasted_bytes, "Spared", UNIT_BYTES, 0, 0, "minified, what the copies beside the largest take")         \
    X(importers, "Imported by", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 1,                                     \
      "packages that import a copy; (own): own code")
#define D_ENUM(key, title, unit, flags, priority, help) NUMBER(D, key)
enum { DUPLICATES_OF(D_ENUM) D_COLUMNS };
const struct column BUNDLE_DUPLICATES[D_COLUMNS] = {DUPLICATES_OF(COLUMN)};
const size_t BUNDLE_N_DUPLICATES = D_COLUMNS;

static const struct table *versions_of(struct doc *d, const struct shown_build *x, const char *package)
{
    for (size_t i = 0; package && i < x->build->n_packages; i++) {
        const struct sd_bundle_package *p = &x->build->packages[i];
        if (!strcmp(p->name, package) && p->versions)
            return shown_texts(d, p->versions->items, p->versions->n);
    }
    return shown_texts(d, NULL, 0);
}

/* The copies, a line each, and who brings them. */
static const char *duplicate_about(struct doc *d, const struct section *s, const struct row *r, bool chosen)
{
    const struct shown_build *x = s->about_ctx;
    const struct bundle_duplicate *f = r->number < x->n_duplicates ? &x->duplicates[r->number] : NULL;
    struct strbuf b = {0};
    (void)chosen;
    for (size_t i = 0; f && i < f->n_copied; i++)
        strbuf_printf(&b, "%s%s in %s", i ? "\n" : "", f->copied[i], f->in[i]);
    for (size_t i = 0; f && i < f->n_importers; i++)
        strbuf_printf(&b, "%s%s", i ? ", " : "\nImported by ", f->importers[i]);
    const char *text = doc_text(d, strbuf_text(&b));
    strbuf_free(&b);
    return text;
}

struct section *bundle_duplicates_section(struct doc *d, const char *key, const struct shown_build *x,
                                          size_t most)
{
    struct section *s = doc_table(d, key, "Duplicates", BUNDLE_DUPLICATES, D_COLUMNS);
    size_t n = most ? MIN(x->n_duplicates, most) : x->n_duplicates;
    for (size_t i = 0; i < n; i++) {
        const struct bundle_duplicate *f = &x->duplicates[i];
        struct row *r = doc_row(d, &s->table);
        r->cells[D_package] = cell_text(f->package);
        r->cells[D_module] = cell_text(f->module);
        r->cells[D_versions] = cell_list(versions_of(d, x, f->package));
        r->cells[D_copies] = cell_int(f->copies);
        r->cells[D_wasted_bytes] = cell_int(f->wasted_bytes);
        r->cells[D_importers] = cell_list(shown_texts(d, (const char *const *)f->importers, f->n_importers));
        r->number = i;
        r->copy = f->package ? f->package : f->module;
        r->dive = f->package ? (struct dive){.view = "package", .arg = f->package}
                             : (struct dive){.view = "module", .arg = f->module};
    }
    s->weight = 1;
    s->about = duplicate_about;
    s->about_ctx = (void *)(uintptr_t)x;
    s->about_lines = 4;
    s->empty = "Nothing is there more than once.";
    if (n < x->n_duplicates)
        s->note = doc_printf(d, "the first %zu of %zu", n, x->n_duplicates);
    return s;
}

/* ---- findings ---- */

#define FINDINGS_OF(X)                                                                                       \
    X(kind, "Finding", UNIT_NONE, COLUMN_LEFT, 0, "commonjs, namespace_import, barrel, side_effects ...")    \
    X(path, "Module", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 5, "the module or file; null: the package")    \
    X(package, "Package", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 5,                                         \
      "the package; null: own code or a file")                                                               \
    X(bytes, "Bytes", UNIT_BYTES, 0, 0, "at stake, minified")                                                \
    X(of, "Of", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW | COLUMN_NO_JSON | COLUMN_PATH, 0, "what it is about")  \
    X(message, "Finding", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 5, "what was found, one sentence")         \
    X(advice, "What to do", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 5, "what to write instead")
#define F_ENUM(key, title, unit, flags, priority, help) NUMBER(F, key)
enum { FINDINGS_OF(F_ENUM) F_COLUMNS };
const struct column BUNDLE_FINDINGS[F_COLUMNS] = {FINDINGS_OF(COLUMN)};

/* From here a finding is worth a look by itself. */
enum { FINDING_WARN = 50000 };

static const char *finding_about(struct doc *d, const struct section *s, const struct row *r, bool chosen)
{
    (void)s, (void)chosen;
    return doc_printf(d, "%s\n%s", r->cells[F_message].type == CELL_TEXT ? r->cells[F_message].s : "",
                      r->cells[F_advice].type == CELL_TEXT ? r->cells[F_advice].s : "");
}

struct section *bundle_findings_section(struct doc *d, const char *key, const struct shown_build *x,
                                        size_t most)
{
    struct section *s = doc_table(d, key, "What could be spared", BUNDLE_FINDINGS, F_COLUMNS);
    size_t n = most ? MIN(x->n_findings, most) : x->n_findings;
    for (size_t i = 0; i < n; i++) {
        const struct bundle_finding *f = &x->findings[i];
        struct row *r = doc_row(d, &s->table);
        r->cells[F_kind] = cell_text(f->kind);
        r->cells[F_path] = cell_text(f->path);
        r->cells[F_package] = cell_text(f->package);
        r->cells[F_bytes] = cell_int(f->bytes);
        r->cells[F_of] = cell_text(f->path ? f->path : f->package);
        r->cells[F_message] = cell_text(f->message);
        r->cells[F_advice] = cell_text(f->advice);
        r->severity = f->bytes >= FINDING_WARN ? SEVERITY_WARN : SEVERITY_INFO;
        r->copy = f->path ? f->path : f->package;
        if (f->package)
            r->dive = (struct dive){.view = "package", .arg = f->package};
        else if (f->path && !f->is_file)
            r->dive = (struct dive){.view = "module", .arg = f->path};
    }
    s->about = finding_about;
    s->about_lines = 3;
    s->weight = 1;
    s->empty = "Nothing was found.";
    if (n < x->n_findings)
        s->note = doc_printf(d, "the first %zu of %zu", n, x->n_findings);
    return s;
}

/* ---- routes ---- */

#define ROUTES_OF(X)                                                                                         \
    X(name, "Route", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, "of the entry, the page or the chunk")         \
    X(entry, "From", UNIT_NONE, COLUMN_LEFT, 2, "of a later part the route that loads it; null: an entry")   \
    X(assets, "Files", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 6, "names of what is loaded, each once")      \
    X(js_size_bytes, "Scripts", UNIT_BYTES, 0, 1, "size of its scripts")                                     \
    X(js_gzip_bytes, "gzip", UNIT_BYTES, 0, 0, "the same, compressed with zlib")                             \
    X(js_brotli_bytes, "brotli", UNIT_BYTES, 0, 4, "the same, compressed with brotli")                       \
    X(css_size_bytes, "Styles", UNIT_BYTES, 0, 2, "size of its styles")                                      \
    X(css_gzip_bytes, "gzip", UNIT_BYTES, 0, 1, "the same, compressed with zlib")                            \
    X(css_brotli_bytes, "brotli", UNIT_BYTES, 0, 4, "the same, compressed with brotli")
#define R_ENUM(key, title, unit, flags, priority, help) NUMBER(R, key)
enum { ROUTES_OF(R_ENUM) R_COLUMNS };
const struct column BUNDLE_ROUTES[R_COLUMNS] = {ROUTES_OF(COLUMN)};

static const struct table *assets_of(struct doc *d, const struct shown_build *x,
                                     const struct sd_bundle_route *r)
{
    size_t n = r->assets ? r->assets->n : 0;
    const char **names = arena_alloc(d->arena, (n + 1) * sizeof *names);
    for (size_t i = 0; i < n; i++)
        names[i] = x->build->assets[r->assets->items[i]].name;
    return shown_texts(d, names, n);
}

struct section *bundle_routes_section(struct doc *d, const char *key, const struct shown_build *x,
                                      size_t most)
{
    struct section *s = doc_table(d, key, "First load", BUNDLE_ROUTES, R_COLUMNS);
    size_t all = x->build ? x->build->n_routes : 0, n = most ? MIN(all, most) : all;
    for (size_t i = 0; i < n; i++) {
        const struct sd_bundle_route *e = &x->build->routes[i];
        struct bundle_first_load load;
        bundle_first_load(x->build, e, &load);
        struct row *r = doc_row(d, &s->table);
        r->cells[R_name] = cell_text(e->name);
        r->cells[R_entry] = cell_text(e->entry);
        r->cells[R_assets] = cell_list(assets_of(d, x, e));
        r->cells[R_js_size_bytes] = cell_int(load.js.size);
        r->cells[R_js_gzip_bytes] = cell_int(load.js.gzip);
        r->cells[R_js_brotli_bytes] = cell_int(load.js.brotli);
        r->cells[R_css_size_bytes] = cell_int(load.css.size);
        r->cells[R_css_gzip_bytes] = cell_int(load.css.gzip);
        r->cells[R_css_brotli_bytes] = cell_int(load.css.brotli);
        r->copy = e->name;
    }
    s->weight = 1;
    s->empty = "The description names no entries.";
    if (n < all)
        s->note = doc_printf(d, "the first %zu of %zu", n, all);
    return s;
}

/* ---- exports that nothing uses ---- */

enum { E_path, E_exports, E_COLUMNS };
static const struct column UNUSED[E_COLUMNS] = {
    [E_path] = {.key = "path",
                .title = "Module",
                .flags = COLUMN_LEFT | COLUMN_GROW | COLUMN_PATH,
                .width = 20,
                .help = "an own module"},
    [E_exports] = {.key = "exports",
                   .title = "Nothing uses",
                   .flags = COLUMN_LEFT,
                   .help = "names of its exports that nothing in the build uses"},
};

struct section *bundle_unused_section(struct doc *d, const char *key, const struct shown_build *x,
                                      size_t most)
{
    struct section *s = doc_table(d, key, "Unused exports", UNUSED, E_COLUMNS);
    size_t n = 0;
    for (size_t i = 0; x->build && i < x->build->n_codes; i++) {
        const struct sd_bundle_code *c = &x->build->codes[i];
        if (c->package || !c->unused || !c->unused->n || (n++ >= most && most))
            continue;
        struct row *r = doc_row(d, &s->table);
        r->cells[E_path] = cell_text(c->path);
        r->cells[E_exports] = cell_list(shown_texts(d, c->unused->items, c->unused->n));
        r->copy = c->path;
        r->dive = (struct dive){.view = "module", .arg = c->path};
    }
    s->weight = 1;
    s->empty = "The description names no exports that nothing uses.";
    if (most && n > most)
        s->note = doc_printf(d, "the first %zu of %zu", most, n);
    return s;
}

/* ---- against what is allowed ---- */

/* "scripts 210 kB of 200 kB" among those over the limit, or those within. */
static void limit_part(struct strbuf *b, const char *what, int64_t bytes, int64_t limit)
{
    char is[UNIT_TEXT_MAX], allowed[UNIT_TEXT_MAX];
    strbuf_printf(b, "%s%s %s of %s", b->len ? ", " : "", what, unit_format_int(UNIT_BYTES, bytes, is),
                  unit_format_int(UNIT_BYTES, limit, allowed));
}

struct section *bundle_limits_section(struct doc *d, const struct shown_build *x)
{
    const struct {
        const char *what;
        int64_t bytes, limit;
    } sizes[] = {{"scripts", x->scripts.gzip, LIMIT_SCRIPTS},
                 {"one script", x->largest_script, LIMIT_SCRIPT},
                 {"styles", x->styles.gzip, LIMIT_STYLES}};
    struct strbuf over = {0}, within = {0};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
        if (sizes[i].bytes > 0)
            limit_part(sizes[i].bytes > sizes[i].limit ? &over : &within, sizes[i].what, sizes[i].bytes,
                       sizes[i].limit);
    struct section *s = doc_section(d, SECTION_TEXT, NULL, over.len ? "Size: over the limit" : "Size");
    s->text = !over.len && !within.len
                  ? "Compressed sizes are not known: the files are not there."
                  : doc_printf(d, "%s%s%s%s%s.", over.len ? "Over the usual limit (gzip): " : "",
                               strbuf_text(&over), over.len && within.len ? ". " : "",
                               within.len ? "Within (gzip): " : "", strbuf_text(&within));
    if (x->build && x->build->head->measured == 0)
        s->text = "Compressed sizes are being measured.";
    s->note = shown_build_note(d, x);
    strbuf_free(&over);
    strbuf_free(&within);
    return s;
}
