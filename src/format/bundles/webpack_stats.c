#include "format/bundles/webpack_stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "format/bundles/asset_type.h"
#include "format/bundles/webpack_private.h"
#include "format/json_check.h"

enum { EXPORT_NAMES_MOST = 200000 };
#define BYTES_MOST ((int64_t)1 << 53)

/* ---- values ---- */

struct raw webpack_raw(struct json_pull *j)
{
    char c = json_peek(j);
    const char *from = j->at + (c == '"');
    bool named = c == '"' || c == '-' || (c >= '0' && c <= '9');
    json_skip(j);
    if (!named || j->broken)
        return (struct raw){0};
    return (struct raw){.at = from, .len = (size_t)(j->at - (c == '"') - from)};
}

uint64_t webpack_key(const char *what, struct raw raw)
{
    uint64_t key = str_hash(raw.at, raw.len) ^ str_hash(what, strlen(what));
    return key ? key : 1;
}

/* -1: it is none. A real could not tell 2^53 from the next. */
static int64_t whole_number(struct raw raw)
{
    char text[24];
    double v;
    if (!raw.at || raw.at[-1] == '"' || raw.len >= sizeof text)
        return -1;
    memcpy(text, raw.at, raw.len);
    text[raw.len] = 0;
    if (strspn(text, "0123456789") == raw.len)
        return raw.len <= 16 && strtoll(text, NULL, 10) <= BYTES_MOST ? strtoll(text, NULL, 10) : -1;
    v = strtod(text, NULL); /* 1e3 */
    return v >= 0 && v < (double)BYTES_MOST && v == floor(v) ? (int64_t)v : -1;
}

int64_t webpack_size(struct webpack_stats *w, struct json_pull *j, const char *of_what)
{
    if (json_peek(j) == 'n') {
        json_skip(j);
        return SD_UNKNOWN;
    }
    int64_t size = whole_number(webpack_raw(j));
    if (size >= 0)
        return size;
    if (!w->failed)
        fail(w->err, "The size of %s is no whole number of bytes from 0 to 2^53.", of_what);
    w->failed = true;
    return SD_UNKNOWN;
}

bool webpack_true(struct json_pull *j)
{
    char c = json_peek(j);
    json_skip(j);
    return c == 't';
}

/* ---- assets ---- */

/* The name in w->text, without what follows a question mark; false: it is not shipped. */
static bool shipped_name(struct webpack_stats *w)
{
    char *end = w->text.len ? strchr(w->text.text, '?') : NULL;
    if (end) {
        *end = 0;
        w->text.len = (size_t)(end - w->text.text);
    }
    return w->text.len && asset_type(w->text.text);
}

static void read_asset(struct webpack_stats *w, struct json_pull *j)
{
    int64_t size = SD_UNKNOWN;
    strbuf_clear(&w->text);
    if (!json_enter(j, '{'))
        return;
    while (json_key(j)) {
        if (json_is(j, "name"))
            json_text(j, &w->text);
        else if (json_is(j, "size"))
            size = webpack_size(w, j, "an asset");
        else
            json_skip(j);
    }
    if (!shipped_name(w))
        return;
    uint32_t asset = draft_asset(w->d, w->text.text);
    w->d->assets[asset].size_bytes = size;
}

/* ---- chunks ---- */

static void chunk_file(struct webpack_stats *w, struct webpack_chunk *c, bool initial_known)
{
    uint32_t asset = shipped_name(w) ? draft_find_asset(w->d, w->text.text) : ID_NONE;
    if (asset == ID_NONE)
        return;
    const char *type = asset_type(w->text.text);
    uint32_t *first = str_eq(type, "js") ? &c->js : str_eq(type, "css") ? &c->css : NULL;
    if (!first)
        return;
    if (*first == ID_NONE && !strstr(w->text.text, ".hot-update."))
        *first = asset;
    int64_t *initial = &w->d->assets[asset].initial;
    if (initial_known)
        *initial = c->initial || *initial == 1;
}

static void read_chunk(struct webpack_stats *w, struct json_pull *j)
{
    struct webpack_chunk c = {.js = ID_NONE, .css = ID_NONE};
    struct json_pull files = {0};
    struct raw id = {0};
    bool initial_known = false;
    if (!json_enter(j, '{'))
        return;
    while (json_key(j)) {
        struct json_pull value = *j;
        if (json_is(j, "id")) {
            id = webpack_raw(&value);
        } else if (json_is(j, "initial")) {
            initial_known = true;
            c.initial = webpack_true(&value);
        } else if (json_is(j, "files")) {
            files = value;
        } else if (json_is(j, "children")) {
            c.children = value;
        } else if (json_is(j, "modules")) {
            c.modules = value;
        }
        json_skip(j);
    }
    if (files.at && json_enter(&files, '['))
        while (json_item(&files)) {
            json_text(&files, &w->text);
            chunk_file(w, &c, initial_known);
        }
    w->chunks = mem_grow(w->chunks, w->n_chunks, &w->cap_chunks, sizeof *w->chunks);
    if (id.at)
        id_table_put(&w->chunk_of, webpack_key("chunk", id), (uint32_t)w->n_chunks);
    w->chunks[w->n_chunks++] = c;
}

static void each(struct webpack_stats *w, struct json_pull list,
                 void (*read)(struct webpack_stats *w, struct json_pull *j))
{
    if (list.at && json_enter(&list, '['))
        while (json_item(&list) && !w->failed)
            read(w, &list);
}

/* ---- routes ---- */

static uint32_t chunk_at(const struct webpack_stats *w, struct json_pull *ids)
{
    struct raw id = webpack_raw(ids);
    return id.at ? id_table_get(&w->chunk_of, webpack_key("chunk", id)) : ID_NONE;
}

/* Marks chunks as reached by an entry, and those that they load later. What an earlier entry reached, it has
 * reached with all behind it. */
static void reach(struct webpack_stats *w, struct json_pull ids, uint32_t entry, uint32_t *first,
                  uint32_t *todo)
{
    size_t n = 0;
    for (;;) {
        if (ids.at && json_enter(&ids, '['))
            while (json_item(&ids)) {
                uint32_t c = chunk_at(w, &ids);
                if (c != ID_NONE && first[c] == ID_NONE) {
                    first[c] = entry;
                    todo[n++] = c;
                }
            }
        if (!n)
            break;
        ids = w->chunks[todo[--n]].children;
    }
}

/* The first entry that reaches one of the chunks, as a route; 0: none is known. */
static size_t first_route(struct webpack_stats *w, struct json_pull ids, const uint32_t *first)
{
    uint32_t least = ID_NONE;
    if (ids.at && json_enter(&ids, '['))
        while (json_item(&ids)) {
            uint32_t c = chunk_at(w, &ids);
            if (c != ID_NONE)
                least = MIN(least, first[c]);
        }
    return least == ID_NONE ? 0 : least;
}

/* Files of an entry or a group: names, or objects with a name. */
static void route_files(struct webpack_stats *w, size_t route, struct json_pull files)
{
    if (!files.at || !json_enter(&files, '['))
        return;
    while (json_item(&files)) {
        struct json_pull name = json_peek(&files) == '{' ? json_find(files, "name") : files;
        json_skip(&files);
        if (!name.at)
            continue;
        json_text(&name, &w->text);
        uint32_t asset = shipped_name(w) ? draft_find_asset(w->d, w->text.text) : ID_NONE;
        if (asset != ID_NONE)
            draft_route_asset(w->d, &w->d->routes[route], asset);
    }
}

/* Its key is in *j. */
static void key_text(struct webpack_stats *w, const struct json_pull *j)
{
    struct json_pull key = json_pull(j->key - 1, j->key_len + 2);
    json_text(&key, &w->text);
}

static void read_entry(struct webpack_stats *w, struct json_pull *j)
{
    key_text(w, j);
    draft_route(w->d, strbuf_text(&w->text), NULL);
    route_files(w, w->d->n_routes - 1, json_find(*j, "assets"));
    json_skip(j);
}

static void read_group(struct webpack_stats *w, struct json_pull *j, const uint32_t *first)
{
    struct json_pull group = *j;
    size_t from = first_route(w, json_find(group, "chunks"), first);
    key_text(w, j);
    json_skip(j);
    draft_route(w->d, strbuf_text(&w->text), w->d->routes[from].name);
    size_t own = w->d->n_routes - 1;
    for (size_t i = 0; i < w->d->routes[from].n_assets; i++)
        if (!draft_route_asset(w->d, &w->d->routes[own], w->d->routes[from].assets[i]))
            break;
    route_files(w, own, json_find(group, "assets"));
}

/* Groups that have a name and are no entries are loaded later. */
static void read_groups(struct webpack_stats *w, struct json_pull groups, const uint32_t *first)
{
    struct id_table entries = {0};
    for (size_t i = 0; i < w->d->n_routes; i++)
        id_table_put(&entries, str_hash(w->d->routes[i].name, strlen(w->d->routes[i].name)), 0);
    json_enter(&groups, '{');
    while (json_key(&groups)) {
        key_text(w, &groups);
        if (id_table_get(&entries, str_hash(strbuf_text(&w->text), w->text.len)) != ID_NONE)
            json_skip(&groups);
        else
            read_group(w, &groups, first);
    }
    id_table_free(&entries);
}

static void read_routes(struct webpack_stats *w, const struct webpack_build *b)
{
    uint32_t *first = mem_array(w->n_chunks + 1, sizeof *first),
             *todo = mem_array(w->n_chunks + 1, sizeof *todo);
    struct json_pull list = b->entrypoints, groups = b->groups;
    memset(first, 0xff, w->n_chunks * sizeof *first);
    if (list.at && json_enter(&list, '{'))
        while (json_key(&list)) {
            struct json_pull entry = list;
            read_entry(w, &list);
            reach(w, json_find(entry, "chunks"), (uint32_t)w->d->n_routes - 1, first, todo);
        }
    if (groups.at && w->d->n_routes && json_peek(&groups) == '{')
        read_groups(w, groups, first);
    free(first);
    free(todo);
}

/* ---- the whole ---- */

static struct webpack_build read_build(struct json_pull j)
{
    struct webpack_build b = {0};
    const struct {
        const char *key;
        struct json_pull *to;
    } parts[] = {
        {"assets", &b.assets},           {"chunks", &b.chunks},           {"modules", &b.modules},
        {"entrypoints", &b.entrypoints}, {"namedChunkGroups", &b.groups}, {"children", &b.children},
        {"errors", &b.errors},
    };
    if (json_enter(&j, '{'))
        while (json_key(&j)) {
            for (size_t i = 0; i < ARRAY_LEN(parts); i++)
                if (json_is(&j, parts[i].key))
                    *parts[i].to = j;
            json_skip(&j);
        }
    return b;
}

static bool empty(struct json_pull list)
{
    return !list.at || !json_enter(&list, '[') || !json_item(&list);
}

static size_t length(struct json_pull list)
{
    size_t n = 0;
    if (list.at && json_enter(&list, '['))
        for (; json_item(&list); n++)
            json_skip(&list);
    return n;
}

/* Modules stand in a list of their own, or only in those of the chunks. */
static void read_all_modules(struct webpack_stats *w, const struct webpack_build *b)
{
    if (!empty(b->modules)) {
        webpack_read_modules(w, b->modules);
        return;
    }
    for (size_t i = 0; i < w->n_chunks; i++)
        if (w->chunks[i].modules.at)
            webpack_read_modules(w, w->chunks[i].modules);
}

static void forget_chunks(struct webpack_stats *w)
{
    id_table_free(&w->chunk_of);
    w->n_chunks = 0;
}

/* Does a chunk of the build put out a listed asset that no chunk of the whole does? Such a build is that of a
 * worker; one of a plugin's own has no asset that is shipped. */
static bool ships(struct webpack_stats *w, const bool *taken)
{
    for (size_t i = 0; i < w->n_chunks; i++)
        if (w->chunks[i].js != ID_NONE && !taken[w->chunks[i].js])
            return true;
    return false;
}

static void read_children(struct webpack_stats *w, struct json_pull children)
{
    if (empty(children))
        return;
    bool *taken = mem_array(w->d->n_assets + 1, 1);
    for (size_t i = 0; i < w->n_chunks; i++)
        if (w->chunks[i].js != ID_NONE)
            taken[w->chunks[i].js] = true;
    json_enter(&children, '[');
    while (json_item(&children) && !w->failed) {
        struct webpack_build b = read_build(children);
        json_skip(&children);
        forget_chunks(w);
        each(w, b.chunks, read_chunk);
        if (ships(w, taken))
            read_all_modules(w, &b);
    }
    free(taken);
}

static void read_whole(struct webpack_stats *w, struct json_pull j)
{
    struct webpack_build b = read_build(j);
    while (empty(b.assets) && !empty(b.children)) {
        json_enter(&b.children, '[');
        json_item(&b.children);
        b = read_build(b.children);
    }
    each(w, b.assets, read_asset);
    each(w, b.chunks, read_chunk);
    if (!w->failed)
        read_routes(w, &b);
    if (!w->failed)
        read_all_modules(w, &b);
    if (!w->failed)
        read_children(w, b.children);
    if (!w->failed)
        webpack_link_modules(w);
    size_t errors = length(b.errors);
    if (errors)
        draft_note(w->d, "The build failed with %zu error%s: what its stats say may not be all of it.",
                   errors, errors == 1 ? "" : "s");
}

bool webpack_stats_read(const char *text, size_t len, struct draft *d, struct sd_error *err)
{
    if (!json_check(text, len, err))
        return false;
    struct webpack_stats w = {.d = d, .err = err, .names_left = EXPORT_NAMES_MOST};
    d->build_kind = "webpack_stats";
    read_whole(&w, json_pull(text, len));
    strbuf_free(&w.text);
    id_table_free(&w.chunk_of);
    id_table_free(&w.module_of);
    id_table_free(&w.part_of);
    free(w.chunks);
    free(w.modules);
    free(w.edges);
    return !w.failed;
}

/* Is `key` there with an array? Of a key twice the last counts. */
static bool has_list(struct json_pull object, const char *key)
{
    struct json_pull value = json_find(object, key);
    return value.at && json_peek(&value) == '[';
}

static bool has_both(struct json_pull object)
{
    return json_peek(&object) == '{' && has_list(object, "assets") && has_list(object, "chunks");
}

/* Stats cut down to some of their parts, or those of several builds, which stand in `children`. */
static bool looks_like_stats(struct json_pull j)
{
    if (has_both(j))
        return true;
    struct json_pull children = json_find(j, "children");
    return children.at && json_enter(&children, '[') && json_item(&children) && has_both(children);
}

int webpack_stats_sure(const char *head, size_t len)
{
    static const char *const v5[] = {"hash", "assetsByChunkName", NULL};
    static const char *const other[] = {"assets", "chunks", NULL},
                             *const named[] = {"namedChunkGroups", NULL},
                             *const entries[] = {"entrypoints", NULL}, *const old[] = {"publicPath", NULL};
    if (json_names(head, len, v5))
        return 95;
    return (json_names(head, len, other) &&
            (json_names(head, len, named) || json_names(head, len, entries) || json_names(head, len, old))) ||
                   looks_like_stats(json_pull(head, len))
               ? 85
               : 0;
}
