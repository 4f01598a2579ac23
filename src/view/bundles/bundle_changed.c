/* Two builds beside each other. */
#include <stdlib.h>
#include <string.h>

#include "view/bundles/bundle_sections.h"
#include "view/shared/common.h"

enum { ROWS_ON_PAPER = 25 };

/* X(key, title, unit, flags, priority, help) */
#define COLUMN(key_, title_, unit_, flags_, priority_, help_)                                                \
    {.key = #key_,                                                                                           \
     .title = title_,                                                                                        \
     .unit = unit_,                                                                                          \
     .flags = flags_,                                                                                        \
     .priority = priority_,                                                                                  \
     .help = help_,                                                                                          \
     .width = ((flags_)&COLUMN_GROW) ? 20 : 0},

#define FILES_OF(X)                                                                                          \
    X(name, "File", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW | COLUMN_PATH, 0, "its name without hashes")        \
    X(change, "Change", UNIT_NONE, COLUMN_LEFT, 0, "added, removed, grown, shrunk or same")                  \
    X(growth, "Growth", UNIT_BYTES, COLUMN_NO_JSON, 0, "how much larger it is")                              \
    X(before_bytes, "Before", UNIT_BYTES, 0, 1, "size in the earlier build; 0: not there")                   \
    X(after_bytes, "After", UNIT_BYTES, 0, 1, "size in this one; 0: no longer there")                        \
    X(before_gzip_bytes, "gzip before", UNIT_BYTES, 0, 2, "the same, compressed with zlib")                  \
    X(after_gzip_bytes, "gzip after", UNIT_BYTES, 0, 2, "the same, compressed with zlib")
#define F_ENUM(key, title, unit, flags, priority, help) F_##key,
enum { FILES_OF(F_ENUM) F_COLUMNS };
static const struct column FILES[F_COLUMNS] = {FILES_OF(COLUMN)};

#define ROUTES_OF(X)                                                                                         \
    X(name, "Route", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, "of the entry, the page or the chunk")         \
    X(change, "Change", UNIT_NONE, COLUMN_LEFT, 0, "of its scripts: added, removed, grown, shrunk or same")  \
    X(growth, "Growth", UNIT_BYTES, COLUMN_NO_JSON, 0, "how much larger its scripts are")                    \
    X(before_js_bytes, "Before", UNIT_BYTES, 0, 1, "size of its scripts in the earlier build")               \
    X(after_js_bytes, "After", UNIT_BYTES, 0, 1, "in this one")                                              \
    X(before_js_gzip_bytes, "gzip before", UNIT_BYTES, 0, 2, "the same, compressed with zlib")               \
    X(after_js_gzip_bytes, "gzip after", UNIT_BYTES, 0, 2, "the same, compressed with zlib")
static const struct column ROUTES[F_COLUMNS] = {ROUTES_OF(COLUMN)};

#define MODULES_OF(X)                                                                                        \
    X(path, "Module", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW | COLUMN_PATH, 0, "its path")                     \
    X(package, "Package", UNIT_NONE, COLUMN_LEFT, 3, "the package it is of; null: own code")                 \
    X(change, "Change", UNIT_NONE, COLUMN_LEFT, 0, "added, removed, grown, shrunk or same, minified")        \
    X(moved, "Moved", UNIT_NONE, 0, 2, "is it in other files than before?")                                  \
    X(growth, "Growth", UNIT_BYTES, COLUMN_NO_JSON, 0, "how much larger it is")                              \
    X(before_bytes, "Before", UNIT_BYTES, 0, 1, "minified, in all files; 0: not there")                      \
    X(after_bytes, "After", UNIT_BYTES, 0, 1, "likewise; 0: no longer there")                                \
    X(before_assets, "Was in", UNIT_NONE, COLUMN_LEFT, 4, "the files that had it, without hashes")           \
    X(after_assets, "Is in", UNIT_NONE, COLUMN_LEFT, 4, "the files that have it, without hashes")
#define M_ENUM(key, title, unit, flags, priority, help) M_##key,
enum { MODULES_OF(M_ENUM) M_COLUMNS };
static const struct column MODULES[M_COLUMNS] = {MODULES_OF(COLUMN)};

static enum severity severity_of(const struct bundle_pair *p)
{
    enum { GREW_WARN = 10000 };
    int64_t growth = bundle_pair_growth(p);
    return growth >= GREW_WARN ? SEVERITY_WARN : SEVERITY_NONE;
}

static struct cell size_cell(int64_t v)
{
    return cell_int(v < 0 ? SD_UNKNOWN : v);
}

static void pair_row(struct row *r, const struct bundle_pair *p)
{
    r->cells[F_name] = cell_text(p->name);
    r->cells[F_change] = cell_text(bundle_change_name(p->change));
    r->cells[F_growth] = cell_int(bundle_pair_growth(p));
    r->cells[F_before_bytes] = size_cell(p->before);
    r->cells[F_after_bytes] = size_cell(p->after);
    r->cells[F_before_gzip_bytes] = size_cell(p->gzip_before);
    r->cells[F_after_gzip_bytes] = size_cell(p->gzip_after);
    r->severity = severity_of(p);
    r->copy = p->name;
}

static void module_row(struct doc *d, struct row *r, const struct bundle_pair *p)
{
    r->cells[M_path] = cell_text(p->name);
    r->cells[M_package] = cell_text(p->package);
    r->cells[M_change] = cell_text(bundle_change_name(p->change));
    r->cells[M_moved] = cell_bool(p->moved);
    r->cells[M_growth] = cell_int(bundle_pair_growth(p));
    r->cells[M_before_bytes] = size_cell(p->before);
    r->cells[M_after_bytes] = size_cell(p->after);
    r->cells[M_before_assets] = cell_list(shown_texts(d, p->in_before, p->n_in_before));
    r->cells[M_after_assets] = cell_list(shown_texts(d, p->in_after, p->n_in_after));
    r->severity = severity_of(p);
    r->copy = p->name;
    r->dive = (struct dive){.view = "module", .arg = p->name};
}

/* What changed comes first; for people nothing else does. */
static size_t changed_first(const struct bundle_pair *p, size_t n)
{
    size_t changed = 0;
    while (changed < n && (p[changed].change != BUNDLE_SAME || p[changed].moved))
        changed++;
    return changed;
}

static void pairs_section(struct doc *d, const char *key, const char *title, const struct column *columns,
                          const struct bundle_pair *p, size_t n, bool people)
{
    struct section *s = doc_table(d, people ? NULL : key, title, columns, F_COLUMNS);
    size_t changed = changed_first(p, n), most = people ? MIN(changed, (size_t)ROWS_ON_PAPER) : n;
    for (size_t i = 0; i < most; i++)
        pair_row(doc_row(d, &s->table), &p[i]);
    s->aside = !people;
    s->weight = 1;
    s->empty = "Nothing has changed.";
    if (people)
        s->note = doc_printf(d, "%zu changed, %zu the same", changed, n - changed);
}

static void modules_pairs(struct doc *d, const struct bundle_comparison *k, bool people)
{
    struct section *s = doc_table(d, people ? NULL : "modules", "Modules", MODULES, M_COLUMNS);
    size_t changed = changed_first(k->modules, k->n_modules);
    size_t most = people ? MIN(changed, (size_t)ROWS_ON_PAPER) : k->n_modules;
    for (size_t i = 0; i < most; i++)
        module_row(d, doc_row(d, &s->table), &k->modules[i]);
    s->aside = !people;
    s->weight = 1;
    s->empty = "Nothing has changed.";
    if (people)
        s->note = doc_printf(d, "%zu changed, %zu the same", changed, k->n_modules - changed);
}

static void add_totals(struct doc *d, const struct bundle_pair *p)
{
    static const struct column columns[] = {
        {.key = "before_bytes", .title = "Before", .unit = UNIT_BYTES, .help = "of all files"},
        {.key = "after_bytes", .title = "After", .unit = UNIT_BYTES, .help = "of all files"},
        {.key = "before_gzip_bytes", .title = "gzip before", .unit = UNIT_BYTES, .help = "compressed"},
        {.key = "after_gzip_bytes", .title = "gzip after", .unit = UNIT_BYTES, .help = "compressed"},
    };
    const struct cell cells[] = {size_cell(p->before), size_cell(p->after), size_cell(p->gzip_before),
                                 size_cell(p->gzip_after)};
    struct table *t = doc_list(d, columns, ARRAY_LEN(columns));
    memcpy(doc_row(d, t)->cells, cells, sizeof cells);
    t->is_object = true;
    doc_field(d, "totals", UNIT_NONE, cell_list(t));
}

/* "12.3 kB larger (1.20 MB, was 1.19 MB); gzip 3.1 kB larger (...)". */
static void difference(struct strbuf *b, const char *what, int64_t before, int64_t after)
{
    char is[UNIT_TEXT_MAX], was[UNIT_TEXT_MAX], by[UNIT_TEXT_MAX];
    if (before < 0 || after < 0)
        return;
    unit_format_int(UNIT_BYTES, after, is);
    if (before == after) {
        strbuf_printf(b, "%s%s: the same, %s", b->len ? "\n" : "", what, is);
        return;
    }
    strbuf_printf(b, "%s%s: %s %s (%s, was %s)", b->len ? "\n" : "", what,
                  unit_format_int(UNIT_BYTES, llabs(after - before), by),
                  after > before ? "larger" : "smaller", is, unit_format_int(UNIT_BYTES, before, was));
}

static void summary_section(struct doc *d, const struct shown_build *x)
{
    struct strbuf b = {0};
    const struct bundle_pair *p = &x->compared->total;
    const char *was = x->before->head->path ? x->before->head->path : x->before->origin;
    difference(&b, "All files", p->before, p->after);
    difference(&b, "gzip", p->gzip_before, p->gzip_after);
    struct section *s = doc_section(d, SECTION_TEXT, NULL, "Change of size");
    s->text = b.len ? doc_text(d, b.text) : "The sizes are not known.";
    s->note = doc_printf(d, "%s, compared with %s", shown_build_note(d, x), was);
    strbuf_free(&b);
}

struct doc *changed_doc(const struct view_ctx *c, struct shown_build *x)
{
    struct doc *d = doc_new("bundle", "Bundle, compared");
    doc_own(d, x, shown_build_free);
    shown_build_envelope(d, c, x);
    add_totals(d, &x->compared->total);
    summary_section(d, x);
    return d;
}

void changed_tables(struct doc *d, const struct view_ctx *c, const struct shown_build *x)
{
    const struct bundle_comparison *k = x->compared;
    if (!c->key)
        d->focus = (int)d->n_sections;
    for (int people = 1; people >= 0; people--) {
        if (people && c->key)
            continue;
        size_t first = d->n_sections;
        modules_pairs(d, k, people);
        pairs_section(d, "routes", "First load", ROUTES, k->routes, k->n_routes, people);
        pairs_section(d, "assets", "Files", FILES, k->assets, k->n_assets, people);
        if (c->key)
            d->sections[first].aside = false;
    }
}
