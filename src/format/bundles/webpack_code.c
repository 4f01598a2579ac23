/* webpack_code.c - what webpack's stats say of a module's code: who imports it and how, which exports are
 * used, why it could not be optimised. */
#include <stdlib.h>
#include <string.h>

#include "format/bundles/webpack_private.h"

enum { BAILOUTS_MOST = 16 };

/* ---- reasons ---- */

struct reason {
    struct raw module, resolved, type;
    bool active;
};

static struct reason read_reason(struct json_pull *j)
{
    struct reason r = {.active = true};
    if (!json_enter(j, '{'))
        return r;
    while (json_key(j)) {
        struct json_pull value = *j;
        if (json_is(j, "moduleIdentifier"))
            r.module = webpack_raw(&value);
        else if (json_is(j, "resolvedModuleIdentifier"))
            r.resolved = webpack_raw(&value);
        else if (json_is(j, "type"))
            r.type = webpack_raw(&value);
        else if (json_is(j, "active"))
            r.active = webpack_true(&value);
        json_skip(j);
    }
    return r;
}

static bool has(struct raw raw, const char *word)
{
    return raw.at && memmem(raw.at, raw.len, word, strlen(word));
}

/* As SD_BUNDLE_IMPORTS counts them. */
static int how_of(struct raw type)
{
    static const struct {
        const char *word;
        int how;
    } WAYS[] = {
        {"import()", 5}, {"new Worker", 5}, {"export imported", 3}, {"harmony", 1},
        {"esm", 1},      {"css import", 1}, {"context", 4},         {"require", 4},
        {"cjs", 4},      {"amd", 4},        {"commonjs", 4},
    };
    for (size_t i = 0; i < ARRAY_LEN(WAYS); i++)
        if (has(type, WAYS[i].word))
            return WAYS[i].how;
    return 0;
}

/* Re-exports of one module by another. They stand there twice where the other is in a concatenation: by its
 * name, and by that of the whole. */
struct reexport {
    uint64_t importer;
    int64_t direct, through;
};

struct reexports {
    struct reexport *items;
    size_t n, cap;
};

static void count_reexport(struct reexports *r, uint64_t importer, bool through)
{
    size_t i = r->n;
    while (i && r->items[i - 1].importer != importer)
        i--;
    if (!i) {
        if (r->n >= 4096) /* the search is linear */
            return;
        r->items = mem_grow(r->items, r->n, &r->cap, sizeof *r->items);
        r->items[r->n++] = (struct reexport){.importer = importer};
        i = r->n;
    }
    if (through)
        r->items[i - 1].through++;
    else
        r->items[i - 1].direct++;
}

static void add_edge(struct webpack_stats *w, struct webpack_edge edge)
{
    w->edges = mem_grow(w->edges, w->n_edges, &w->cap_edges, sizeof *w->edges);
    w->edges[w->n_edges++] = edge;
}

static void take_reason(struct webpack_stats *w, uint32_t m, const struct reason *r, struct reexports *all)
{
    struct raw from = r->resolved.at ? r->resolved : r->module;
    struct sd_bundle_code *code = &w->d->modules[m].code;
    if (!from.at) {
        w->modules[m].entry |= has(r->type, "entry");
        w->modules[m].has_reasons |= has(r->type, "entry");
        return;
    }
    int how = how_of(r->type);
    uint64_t importer = webpack_key("module", from);
    w->modules[m].has_reasons = true;
    bool es = has(r->type, "harmony") || has(r->type, "esm");
    add_edge(w, (struct webpack_edge){
                    .importer = importer, .imported = m, .how = how, .active = r->active, .es = es});
    if (es)
        code->imported_by_es = 1;
    if (how != 3)
        return;
    code->reexported = 1;
    count_reexport(
        all, importer,
        r->resolved.at && r->module.at &&
            !(r->module.len == r->resolved.len && !memcmp(r->module.at, r->resolved.at, r->module.len)));
}

static void read_reasons(struct webpack_stats *w, uint32_t m, struct json_pull list)
{
    struct reexports all = {0};
    if (!list.at || w->modules[m].has_reasons || !json_enter(&list, '['))
        return;
    while (json_item(&list)) {
        struct reason r = read_reason(&list);
        take_reason(w, m, &r, &all);
    }
    for (size_t i = 0; i < all.n; i++) {
        /* Whoever re-exports may come later. */
        int64_t times = MIN(MAX(all.items[i].direct, all.items[i].through), (int64_t)1000000);
        add_edge(w,
                 (struct webpack_edge){.importer = all.items[i].importer, .imported = m, .how = -(int)times});
    }
    free(all.items);
}

/* ---- exports ---- */

static struct sd_texts *read_names(struct webpack_stats *w, struct json_pull list, size_t most)
{
    struct sd_texts *t = arena_alloc(w->d->arena, sizeof *t);
    const char **names = NULL;
    size_t n = 0, cap = 0;
    json_enter(&list, '[');
    while (json_item(&list)) {
        if (n == most) {
            json_skip(&list);
            continue;
        }
        json_text(&list, &w->text);
        names = mem_grow(names, n, &cap, sizeof *names);
        names[n++] = arena_strdup(w->d->arena, strbuf_text(&w->text));
    }
    t->n = (uint32_t)n;
    t->items = n ? arena_copy(w->d->arena, names, n * sizeof *names) : NULL;
    free(names);
    return t;
}

static size_t length(struct json_pull list)
{
    size_t n = 0;
    json_enter(&list, '[');
    for (; json_item(&list); n++)
        json_skip(&list);
    return n;
}

static bool is_list(struct json_pull list)
{
    return list.at && json_peek(&list) == '[';
}

static struct sd_texts *unused_of(struct webpack_stats *w, const struct sd_texts *provided,
                                  struct json_pull used)
{
    struct id_table seen = {0};
    struct sd_texts *t = arena_alloc(w->d->arena, sizeof *t);
    const char **names = arena_alloc(w->d->arena, (provided->n + 1) * sizeof *names);
    if (is_list(used)) {
        json_enter(&used, '[');
        while (json_item(&used)) {
            json_text(&used, &w->text);
            id_table_put(&seen, str_hash(strbuf_text(&w->text), w->text.len), 1);
        }
    }
    for (uint32_t i = 0; i < provided->n; i++)
        if (id_table_get(&seen, str_hash(provided->items[i], strlen(provided->items[i]))) == ID_NONE)
            names[t->n++] = provided->items[i];
    t->items = names;
    id_table_free(&seen);
    return t;
}

static bool names_it(struct webpack_stats *w, struct json_pull list, const char *name)
{
    json_enter(&list, '[');
    while (json_item(&list)) {
        json_text(&list, &w->text);
        if (str_eq(strbuf_text(&w->text), name))
            return true;
    }
    return false;
}

static void read_exports(struct webpack_stats *w, struct sd_bundle_code *code,
                         const struct webpack_said *said)
{
    struct json_pull used = said->used;
    char c = used.at ? json_peek(&used) : 0;
    if (c == 't')
        code->uses_all = 1;
    else if (c == 'f')
        code->used = 0;
    else if (c == '[')
        code->used = (int64_t)length(used);
    if (!is_list(said->provided))
        return;
    size_t n = length(said->provided);
    if (n > w->names_left)
        return;
    w->names_left -= n;
    code->provided = read_names(w, said->provided, n);
    if (c == 'f' || c == '[') {
        code->unused = unused_of(w, code->provided, used);
        code->used = (int64_t)(code->provided->n - code->unused->n);
        /* How newer versions write that the module is used as an object. */
        if (c == '[' && n && !code->unused->n && names_it(w, used, "__esModule"))
            code->uses_all = 1;
    }
}

static void read_bailouts(struct webpack_stats *w, struct sd_bundle_code *code, struct json_pull list)
{
    static const char *const NOT_ES[] = {"Module is not an ECMAScript module", "Module is not in strict mode",
                                         "CommonJS bailout:"};
    if (!is_list(list))
        return;
    size_t n = MIN(length(list), (size_t)BAILOUTS_MOST);
    if (!n || n > w->names_left)
        return;
    w->names_left -= n;
    code->bailouts = read_names(w, list, n);
    for (uint32_t i = 0; i < code->bailouts->n; i++) {
        const char *text = code->bailouts->items[i];
        for (size_t k = 0; k < ARRAY_LEN(NOT_ES); k++)
            if (strstr(text, NOT_ES[k]) && !strstr(text, "Cannot concat with") && code->es_module != 1)
                code->es_module = 0;
        if (!code->kept_for && str_starts(text, "Statement (") && strstr(text, "with side effects"))
            code->kept_for = text;
    }
}

void webpack_read_code(struct webpack_stats *w, uint32_t m, const struct webpack_said *said)
{
    struct sd_bundle_code *code = &w->d->modules[m].code;
    read_reasons(w, m, said->reasons);
    if (!code->provided && code->used == SD_UNKNOWN && code->uses_all != 1)
        read_exports(w, code, said);
    if (!code->bailouts)
        read_bailouts(w, code, said->bailouts);
    w->modules[m].script |= is_list(said->bailouts) && !said->other;
    if (w->d->modules[m].runtime)
        return;
    code->path = w->d->modules[m].path;
    code->package = w->d->modules[m].package;
}
