#include "format/bundles/vite_manifest.h"

#include <stdlib.h>
#include <string.h>

#include "format/bundles/asset_type.h"
#include "format/bundles/id_table.h"
#include "format/json_check.h"
#include "format/json_pull.h"

struct chunk {
    const char *name; /* of its source */
    struct json_pull file, css, assets, imports, dynamic;
    bool entry, dynamic_entry;
};

struct manifest {
    struct draft *d;
    struct chunk *chunks;
    size_t n, cap;
    struct id_table by_key;
    struct strbuf text;
    /* A walk: which chunks were seen, and what is still to be looked at. */
    bool *seen;
    uint32_t *todo;
};

/* Shared chunks stand first and may name their file only. */
int vite_manifest_sure(const char *text, size_t len)
{
    static const char *const parts[] = {"src", "isEntry", "name", "imports"};
    struct json_pull j = json_pull(text, len);
    if (json_peek(&j) != '{' || !json_enter(&j, '{'))
        return 0;
    while (json_key(&j) && json_peek(&j) == '{') {
        struct json_pull file = json_find(j, "file");
        if (!file.at || json_peek(&file) != '"')
            return 0;
        for (size_t i = 0; i < ARRAY_LEN(parts); i++)
            if (json_find(j, parts[i]).at)
                return 85;
        json_skip(&j);
    }
    return 0;
}

static bool is_true(struct json_pull value)
{
    return value.at && json_peek(&value) == 't';
}

static void read_chunk(struct manifest *m, struct json_pull *j)
{
    struct json_pull key = json_pull(j->key - 1, j->key_len + 2), object = *j;
    struct json_pull src = json_find(object, "src");
    struct chunk c = {.file = json_find(object, "file"),
                      .css = json_find(object, "css"),
                      .assets = json_find(object, "assets"),
                      .imports = json_find(object, "imports"),
                      .dynamic = json_find(object, "dynamicImports"),
                      .entry = is_true(json_find(object, "isEntry")),
                      .dynamic_entry = is_true(json_find(object, "isDynamicEntry"))};
    json_skip(j);
    json_text(&key, &m->text);
    id_table_put(&m->by_key, str_hash(strbuf_text(&m->text), m->text.len), (uint32_t)m->n);
    if (src.at)
        json_text(&src, &m->text);
    c.name = arena_strdup(m->d->arena, strbuf_text(&m->text));
    m->chunks = mem_grow(m->chunks, m->n, &m->cap, sizeof *m->chunks);
    m->chunks[m->n++] = c;
}

/* ---- files ---- */

/* Gives the file to a route; SIZE_MAX: it is only made known. False: there is no room for more. */
static bool take_file(struct manifest *m, struct json_pull *name, size_t route, bool loaded)
{
    json_text(name, &m->text);
    if (!m->text.len || !asset_type(m->text.text))
        return true;
    uint32_t a = draft_asset(m->d, m->text.text);
    const char *type = asset_type(m->text.text);
    bool code = str_eq(type, "js") || str_eq(type, "css");
    if (code && m->d->assets[a].initial == SD_UNKNOWN)
        m->d->assets[a].initial = 0;
    if (code && loaded)
        m->d->assets[a].initial = 1;
    return route == SIZE_MAX || !code || draft_route_asset(m->d, &m->d->routes[route], a);
}

static void take_list(struct manifest *m, struct json_pull list, size_t route, bool loaded)
{
    if (list.at && json_enter(&list, '['))
        while (json_item(&list) && take_file(m, &list, route, loaded))
            ;
}

static void take_files(struct manifest *m, const struct chunk *c, size_t route, bool loaded)
{
    struct json_pull file = c->file;
    if (file.at)
        take_file(m, &file, route, loaded);
    take_list(m, c->css, route, loaded);
    if (route == SIZE_MAX)
        take_list(m, c->assets, SIZE_MAX, false);
}

/* ---- routes ---- */

static void push(struct manifest *m, struct json_pull keys, size_t *n)
{
    if (keys.at && json_enter(&keys, '['))
        while (json_item(&keys)) {
            json_text(&keys, &m->text);
            uint32_t i = id_table_get(&m->by_key, str_hash(strbuf_text(&m->text), m->text.len));
            if (i != ID_NONE && !m->seen[i]) {
                m->seen[i] = true;
                m->todo[n[0]++] = i;
            }
        }
}

/* The files of a chunk and of those it imports. */
static void load(struct manifest *m, uint32_t chunk, size_t route, bool initial)
{
    size_t n = 0;
    memset(m->seen, 0, m->n);
    m->seen[chunk] = true;
    m->todo[n++] = chunk;
    while (n && !m->d->cut_routes) {
        const struct chunk *c = &m->chunks[m->todo[--n]];
        take_files(m, c, route, initial);
        push(m, c->imports, &n);
    }
}

/* Which entry reaches each chunk first, whatever the way; ID_NONE: none does. What an earlier entry reached,
 * it has reached with all behind it. */
static uint32_t *first_entries(struct manifest *m)
{
    uint32_t *first = mem_array(m->n + 1, sizeof *first);
    memset(first, 0xff, m->n * sizeof *first);
    memset(m->seen, 0, m->n);
    for (uint32_t i = 0; i < m->n; i++) {
        size_t n = 0;
        if (!m->chunks[i].entry || m->seen[i])
            continue;
        m->seen[i] = true;
        m->todo[n++] = i;
        while (n) {
            uint32_t at = m->todo[--n];
            first[at] = i;
            push(m, m->chunks[at].imports, &n);
            push(m, m->chunks[at].dynamic, &n);
        }
    }
    return first;
}

static void add_routes(struct manifest *m)
{
    m->seen = mem_array(m->n + 1, 1);
    m->todo = mem_array(m->n + 1, sizeof *m->todo);
    for (uint32_t i = 0; i < m->n; i++)
        if (m->chunks[i].entry) {
            draft_route(m->d, m->chunks[i].name, NULL);
            load(m, i, m->d->n_routes - 1, true);
        }
    uint32_t *first = first_entries(m);
    for (uint32_t i = 0; i < m->n; i++)
        if (m->chunks[i].dynamic_entry && !m->chunks[i].entry && first[i] != ID_NONE) {
            draft_route(m->d, m->chunks[i].name, m->chunks[first[i]].name);
            load(m, first[i], m->d->n_routes - 1, true);
            load(m, i, m->d->n_routes - 1, false);
        }
    free(first);
    free(m->seen);
    free(m->todo);
}

bool vite_manifest_read(const char *text, size_t len, struct draft *d, struct sd_error *err)
{
    struct manifest m = {.d = d};
    struct json_pull j = json_pull(text, len);
    if (!json_check(text, len, err))
        return false;
    d->build_kind = "vite_build";
    if (json_enter(&j, '{'))
        while (json_key(&j))
            read_chunk(&m, &j);
    for (size_t i = 0; i < m.n; i++)
        take_files(&m, &m.chunks[i], SIZE_MAX, false);
    add_routes(&m);
    free(m.chunks);
    id_table_free(&m.by_key);
    strbuf_free(&m.text);
    return true;
}
