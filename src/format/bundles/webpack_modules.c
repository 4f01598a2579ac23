/* webpack_modules.c - modules of webpack's stats, in which assets they are, and what imports what. */
#include <stdlib.h>
#include <string.h>

#include "format/bundles/webpack_private.h"

#define SPENT_AT_ONCE ((size_t)4 << 20)

/* A module as it stands there. */
struct entry {
    struct raw identifier, id, issuer;
    struct json_pull name, chunks, inner, group, size_at;
    struct webpack_said said;
    int64_t size;
    bool orphan, css, runtime, esm, asset, first;
};

static bool starts(struct raw raw, const char *with)
{
    return raw.at && raw.len >= strlen(with) && memcmp(raw.at, with, strlen(with)) == 0;
}

/* The keys that hold a text or a number. False: another key. */
static bool plain_key(struct json_pull *j, struct entry *e)
{
    struct json_pull value = *j;
    if (json_is(j, "identifier")) {
        e->identifier = webpack_raw(&value);
    } else if (json_is(j, "id")) {
        e->id = webpack_raw(&value);
    } else if (json_is(j, "issuer")) {
        e->issuer = webpack_raw(&value);
    } else if (json_is(j, "size")) {
        e->size_at = value;
    } else if (json_is(j, "orphan")) {
        e->orphan = webpack_true(&value);
    } else if (json_is(j, "depth")) {
        struct raw depth = webpack_raw(&value);
        e->first = depth.len == 1 && *depth.at == '0';
    } else if (json_is(j, "moduleType")) {
        struct raw type = webpack_raw(&value);
        e->css = starts(type, "css");
        e->runtime = starts(type, "runtime");
        e->esm = starts(type, "javascript/esm");
        e->asset = starts(type, "asset");
        e->said.other = type.at && !starts(type, "javascript");
    } else {
        return false;
    }
    return true;
}

static void read_keys(struct webpack_stats *w, struct json_pull *j, struct entry *e)
{
    const struct {
        const char *key;
        struct json_pull *to;
    } parts[] = {
        {"name", &e->name},
        {"chunks", &e->chunks},
        {"modules", &e->inner},
        {"children", &e->group},
        {"reasons", &e->said.reasons},
        {"usedExports", &e->said.used},
        {"providedExports", &e->said.provided},
        {"optimizationBailout", &e->said.bailouts},
    };
    while (json_key(j)) {
        bool known = plain_key(j, e);
        for (size_t i = 0; !known && i < ARRAY_LEN(parts); i++)
            if (json_is(j, parts[i].key)) {
                *parts[i].to = *j;
                break;
            }
        json_skip(j);
    }
    /* Of a file that becomes a data: URL webpack reckons the size, with a fraction. */
    double reckoned = e->asset && e->size_at.at
                          ? json_number(&(struct json_pull){.at = e->size_at.at, .end = e->size_at.end})
                          : -1;
    if (e->size_at.at && reckoned >= 0 && reckoned < 1e15)
        e->size = (int64_t)reckoned;
    else if (e->size_at.at)
        e->size = webpack_size(w, &e->size_at, "a module");
}

static bool filled(struct json_pull list)
{
    return list.at && json_enter(&list, '[') && json_item(&list);
}

/* The module of that identifier, which may have been seen already: as one that another is concatenated with,
 * and by itself. */
static uint32_t module_of(struct webpack_stats *w, const struct entry *e)
{
    struct json_pull name = e->name;
    uint64_t key = e->identifier.at ? webpack_key("module", e->identifier) : 0;
    uint32_t m = key ? id_table_get(&w->module_of, key) : ID_NONE;
    if (m == ID_NONE) {
        strbuf_clear(&w->text);
        if (name.at)
            json_text(&name, &w->text);
        else if (e->identifier.at)
            strbuf_add(&w->text, e->identifier.at, e->identifier.len);
        m = draft_module(w->d, strbuf_text(&w->text), e->size);
        w->modules = mem_grow(w->modules, w->n_modules, &w->cap_modules, sizeof *w->modules);
        w->modules[w->n_modules++] = (struct webpack_module){.root = ID_NONE};
        if (key)
            id_table_put(&w->module_of, key, m);
    }
    struct draft_module *d = &w->d->modules[m];
    d->size_bytes = d->size_bytes == SD_UNKNOWN ? e->size : d->size_bytes;
    d->runtime |= e->runtime;
    if (e->esm)
        d->code.es_module = 1;
    w->modules[m].entry |= e->first;
    if (e->issuer.at)
        w->modules[m].issuer = webpack_key("module", e->issuer);
    return m;
}

/* The root of a concatenation has its own function in the asset; the modules in it have none. */
static void take_id(struct webpack_stats *w, uint32_t m, struct raw id, bool own)
{
    if (!id.at || !id.len || (w->d->modules[m].id && (!own || w->modules[m].own_id)))
        return;
    struct json_pull text = id.at[-1] == '"' ? json_pull(id.at - 1, id.len + 2) : (struct json_pull){0};
    if (text.at)
        json_text(&text, &w->text);
    w->d->modules[m].id = text.at ? arena_strdup(w->d->arena, strbuf_text(&w->text))
                                  : arena_strndup(w->d->arena, id.at, id.len);
    w->modules[m].own_id = own;
}

/* A row in the asset of each chunk. */
static void add_parts(struct webpack_stats *w, uint32_t m, struct json_pull chunks, bool css)
{
    if (!chunks.at || !json_enter(&chunks, '['))
        return;
    while (json_item(&chunks)) {
        struct raw id = webpack_raw(&chunks);
        uint32_t c = id.at ? id_table_get(&w->chunk_of, webpack_key("chunk", id)) : ID_NONE;
        if (c == ID_NONE)
            continue;
        uint32_t asset = css ? w->chunks[c].css : w->chunks[c].js;
        uint64_t both = ((uint64_t)asset << 32 | m) * 0x9e3779b97f4a7c15u | 1;
        if (asset == ID_NONE || id_table_get(&w->part_of, both) != ID_NONE)
            continue;
        id_table_put(&w->part_of, both, m);
        draft_part(w->d, asset, m, SD_UNKNOWN);
    }
}

static void read_module(struct webpack_stats *w, struct json_pull *j, const struct entry *root);

static void read_list(struct webpack_stats *w, struct json_pull list, const struct entry *root)
{
    if (list.at && json_enter(&list, '['))
        while (json_item(&list) && !w->failed)
            read_module(w, &list, root);
}

/* A concatenated module is its inner ones: whoever names it means the first. */
static void read_inner(struct webpack_stats *w, const struct entry *e)
{
    size_t before = w->n_modules;
    read_list(w, e->inner, e);
    struct json_pull first = e->inner;
    json_enter(&first, '[');
    json_item(&first);
    struct json_pull identifier = json_find(first, "identifier");
    struct raw raw = identifier.at ? webpack_raw(&identifier) : (struct raw){0};
    uint32_t m = raw.at ? id_table_get(&w->module_of, webpack_key("module", raw)) : ID_NONE;
    if (m == ID_NONE && w->n_modules > before)
        m = (uint32_t)before;
    if (m == ID_NONE)
        return;
    if (e->identifier.at)
        id_table_put(&w->module_of, webpack_key("module", e->identifier), m);
    for (size_t i = before; i < w->n_modules; i++)
        if (i != m)
            w->modules[i].root = m;
    w->modules[m].entry |= e->first;
    /* What its bailouts say is why no more could be concatenated; its reasons are those of the first. */
    webpack_read_code(w, m, &(struct webpack_said){.reasons = e->said.reasons});
}

static void read_module(struct webpack_stats *w, struct json_pull *j, const struct entry *root)
{
    struct entry e = {.size = SD_UNKNOWN};
    if (!json_enter(j, '{'))
        return;
    read_keys(w, j, &e);
    if (w->failed)
        return;
    if (!e.identifier.at &&
        filled(e.group)) { /* of several, as stats that are for people put them together */
        read_list(w, e.group, root);
        return;
    }
    if (filled(e.inner)) {
        if (root)
            e.chunks = root->chunks, e.orphan = root->orphan, e.id = e.id.at ? e.id : root->id;
        read_inner(w, &e);
        return;
    }
    uint32_t m = module_of(w, &e);
    take_id(w, m, e.id, true);
    webpack_read_code(w, m, &e.said);
    if (root) {
        take_id(w, m, root->id, false);
        if (!root->css) /* only ES modules are concatenated */
            w->d->modules[m].code.es_module = 1;
    }
    if (!e.orphan && !root)
        add_parts(w, m, e.chunks, e.css);
    else if (root && !root->orphan)
        add_parts(w, m, root->chunks, root->css);
}

void webpack_read_modules(struct webpack_stats *w, struct json_pull list)
{
    const char *unread = list.at;
    if (!list.at || !json_enter(&list, '['))
        return;
    while (json_item(&list) && !w->failed) {
        read_module(w, &list, NULL);
        if (w->d->spent && (size_t)(list.at - unread) >= SPENT_AT_ONCE) {
            w->d->spent(unread, (size_t)(list.at - unread));
            unread = list.at;
        }
    }
}

/* ---- imports ---- */

struct link {
    uint32_t importer, imported;
    int how;
    bool active;
};

static int link_order(const void *a, const void *b)
{
    /* Of several ways between two modules: a static one before import(), the most telling first. */
    static const int RANK[] = {5, 2, 1, 0, 3, 4};
    const struct link *x = a, *y = b;
    if (x->importer != y->importer)
        return x->importer < y->importer ? -1 : 1;
    if (x->imported != y->imported)
        return x->imported < y->imported ? -1 : 1;
    if (x->active != y->active)
        return x->active ? -1 : 1;
    return RANK[x->how] - RANK[y->how];
}

/* What the stats give no reasons for: who imported it first, or the root it is concatenated with. */
static bool guess(struct webpack_stats *w, uint32_t m, struct link *out)
{
    struct webpack_module *x = &w->modules[m];
    uint32_t issuer = x->issuer ? id_table_get(&w->module_of, x->issuer) : ID_NONE;
    if (x->has_reasons)
        return false;
    if (issuer == ID_NONE || issuer == m)
        issuer = x->root;
    *out = (struct link){.importer = issuer, .imported = m, .active = true};
    return issuer != ID_NONE && issuer != m;
}

/* False: the edge is none, but says how many re-exports its importer has of one module. */
static bool take_edge(struct webpack_stats *w, const struct webpack_edge *e, struct link *out)
{
    uint32_t importer = id_table_get(&w->module_of, e->importer);
    if (importer == ID_NONE || importer == e->imported)
        return false;
    struct sd_bundle_code *code = &w->d->modules[importer].code;
    if (e->es && code->es_module != 1) {
        code->es_module = 1;
        code->reexports = 0;
    }
    if (e->how < 0)
        code->reexports = MAX(code->reexports, (int64_t)0) - e->how;
    *out = (struct link){.importer = importer, .imported = e->imported, .how = e->how, .active = e->active};
    return e->how >= 0;
}

/* That a module is of ES is said of few: it shows where nothing says that it is of CommonJS. */
static void take_for_es(const struct webpack_module *m, struct sd_bundle_code *code)
{
    if (m->script && code->es_module == SD_UNKNOWN && code->uses_all == 1 && code->imported_by_es == 1 &&
        code->provided && code->provided->n)
        code->es_module = 1;
}

void webpack_link_modules(struct webpack_stats *w)
{
    struct link *links = mem_array(w->n_edges + w->n_modules + 1, sizeof *links);
    bool *has_active = mem_array(w->n_modules + 1, 1);
    size_t n = 0;
    for (size_t i = 0; i < w->n_edges; i++)
        n += take_edge(w, &w->edges[i], &links[n]);
    for (uint32_t m = 0; m < w->n_modules; m++)
        n += guess(w, m, &links[n]);
    qsort(links, n, sizeof *links, link_order);
    /* What is inactive drags nothing in, unless nothing else does. */
    for (size_t i = 0; i < n; i++)
        has_active[links[i].imported] |= links[i].active;
    for (size_t i = 0; i < n; i++) {
        const struct link *l = &links[i];
        bool same = i && l[-1].importer == l->importer && l[-1].imported == l->imported;
        if (!same && (l->active || !has_active[l->imported]))
            draft_import(w->d, l->importer, l->imported, l->how);
    }
    for (uint32_t m = 0; m < w->n_modules; m++) {
        take_for_es(&w->modules[m], &w->d->modules[m].code);
        if (w->modules[m].entry && !w->d->modules[m].runtime)
            draft_entry(w->d, m);
    }
    free(links);
    free(has_active);
}
